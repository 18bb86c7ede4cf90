import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatBytes,
  formatCell,
  formatCellAtLeast,
  formatChoice,
  formatCount,
  formatDay,
  formatBeside,
  formatLimit,
  formatList,
  formatLongDay,
  formatMoment,
  formatOver,
  formatOverAtLeast,
  formatPercent,
  formatPercentAtLeast,
  formatShare,
  formatShareAtLeast,
  formatSome,
  formatSpan,
  formatAtLeast,
  formatBound,
  formatUsed,
  formatUser,
  formatWeek,
  unitOfTable,
} from '../../src/usage/format.ts';

const KI = 1024;
const MI = KI * 1024;
const GI = MI * 1024;
const TI = GI * 1024;
const UNITS: Readonly<Record<string, number>> = { B: 1, KiB: KI, MiB: MI, GiB: GI, TiB: TI };

describe('formatBytes', () => {
  test.each<[string, number, string]>([
    ['nothing is exact', 0, '0 B'],
    ['a byte is the smallest unit', 1, '1 B'],
    ['the last size in bytes', 1023, '1,023 B'],
    ['an exact KiB has no decimal', KI, '1 KiB'],
    ['a byte more has one', KI + 1, '1.0 KiB'],
    ['the last size in KiB', 1_048_524, '1,023.9 KiB'],
    ['what would round to 1,024.0 KiB is 1.0 MiB', 1_048_525, '1.0 MiB'],
    ['what would round to 1,024.0 MiB is 1.0 GiB', GI - 1, '1.0 GiB'],
    ['below one unit the smaller unit stays', Math.round(0.96 * MI), '983.0 KiB'],
    ['a half tenth rounds up', 1.25 * GI, '1.3 GiB'],
    ['just below a half tenth rounds down', 1.25 * GI - 1, '1.2 GiB'],
    ['a typical image', 933_000_000, '889.8 MiB'],
    ['an exact quota', 50 * GI, '50 GiB'],
    ['TiB is the largest unit', 5000 * TI, '5,000 TiB'],
    ['the largest exact integer', Number.MAX_SAFE_INTEGER, '8,192.0 TiB'],
  ])('%s', (_name, bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test('is never further from the size than half a tenth of its unit, and never reaches the next unit', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (bytes) => {
        const [number = '', unit = ''] = formatBytes(bytes).split(' ');
        const shown = Number(number.replaceAll(',', ''));
        const unitBytes = UNITS[unit] ?? Number.NaN;
        expect(Math.abs(shown - bytes / unitBytes)).toBeLessThanOrEqual(0.05 + 1e-9);
        if (unit !== 'TiB') expect(shown).toBeLessThan(1024);
        if (unit !== 'B') expect(shown).toBeGreaterThanOrEqual(1);
        expect(number.includes('.')).toBe(bytes % unitBytes !== 0);
      }),
    );
  });

  test('never shows the larger of two sizes as the smaller', () => {
    const shownBytes = (bytes: number): number => {
      const [number = '', unit = ''] = formatBytes(bytes).split(' ');
      return Number(number.replaceAll(',', '')) * (UNITS[unit] ?? Number.NaN);
    };
    const nearAUnit = fc
      .tuple(fc.constantFrom(KI, MI, GI, TI), fc.integer({ min: -(2 ** 20), max: 2 ** 20 }))
      .map(([unit, step]) => Math.max(0, unit + step));
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeNat(), nearAUnit), fc.nat(2 ** 20), (bytes, more) => {
        expect(shownBytes(bytes)).toBeLessThanOrEqual(shownBytes(bytes + more));
      }),
    );
  });
});

describe('a table', () => {
  const cellsOf = (sizes: readonly number[], limitBytes: number | null): readonly string[] => {
    const unit = unitOfTable(sizes, limitBytes);
    return sizes.map((bytes) => formatCell(bytes, unit));
  };

  test.each<[string, readonly number[], number | null, readonly string[]]>([
    [
      'takes the unit of its largest size',
      [1.1 * GI, 1001.6 * MI, 60 * MI],
      null,
      ['1.1 GiB', '1.0 GiB', '0.1 GiB'],
    ],
    ['whatever its order', [60 * MI, 2 * GI], null, ['0.1 GiB', '2 GiB']],
    [
      'tells something too small for it from nothing',
      [GI, 50 * MI, 1, 0],
      null,
      ['1 GiB', '< 0.1 GiB', '< 0.1 GiB', '0'],
    ],
    ['takes GiB for what is larger', [3 * TI, GI / 2], null, ['3,072 GiB', '0.5 GiB']],
    [
      'takes no larger unit than that of the quota it stands beside',
      [3 * GI, 60 * MI],
      512 * MI,
      ['3,072 MiB', '60 MiB'],
    ],
    [
      'takes a smaller one where nothing fills the unit of the quota',
      [300 * MI, 2 * MI],
      50 * GI,
      ['300 MiB', '2 MiB'],
    ],
    ['has no unit to keep to beside a quota of 0', [3 * GI, 60 * MI], 0, ['3 GiB', '0.1 GiB']],
    ['needs no unit for nothing', [0, 0], GI, ['0', '0']],
    ['has none without sizes', [], GI, []],
  ])('%s', (_name, sizes, limitBytes, cells) => {
    expect(cellsOf(sizes, limitBytes)).toEqual(cells);
  });

  test('tells what is less than nothing, as where images disagree about a size', () => {
    const unit = unitOfTable([GI], null);
    expect([-600 * MI, -GI, -1].map((bytes) => formatCell(bytes, unit))).toEqual([
      '-0.6 GiB',
      '-1 GiB',
      '< 0.1 GiB',
    ]);
  });

  test('has one unit, whatever stands in it, and no 0.0', () => {
    const limits = fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 2 ** 45 }));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 45 })), limits, (sizes, limitBytes) => {
        const cells = cellsOf(sizes, limitBytes);
        const units = cells.flatMap((cell) => cell.split(' ').slice(-1)).filter((unit) => unit !== '0');
        expect(new Set(units).size).toBeLessThanOrEqual(1);
        for (const [index, cell] of cells.entries()) {
          expect(cell === '0').toBe(sizes[index] === 0);
          expect(cell).not.toMatch(/\b0\.0\b/);
        }
      }),
    );
  });

  test.each([
    [12.4 * GI, '≥ 12.4 GiB'],
    [0, 'unknown'],
    // “At least less than 0.1 GiB” would say nothing.
    [12, '≥ 12 B'],
  ])('tells that %d bytes are a lower bound', (bytes, cell) => {
    expect(formatCellAtLeast(bytes, unitOfTable([20 * GI], null))).toBe(cell);
  });

  test('of namespaces takes one unit for all of them and their quotas', () => {
    const unit = unitOfTable([2 * GI, 50 * GI, 512 * MI, 600 * MI], null);
    expect(formatUsed(600 * MI, 512 * MI, unit)).toBe('0.6 of 0.5 GiB');
    expect(formatOver(600 * MI, 512 * MI, unit)).toBe('0.1 over');
    expect(formatOver(512 * MI + 1, 512 * MI, unit)).toBe('over by less than 0.1 GiB');
    expect(formatAtLeast(600 * MI, 512 * MI, unit)).toBe('at least 0.6 of 0.5 GiB');
    expect(formatOverAtLeast(600 * MI, 512 * MI, unit)).toBe('at least 0.1 over');
    expect(formatUsed(600 * MI, null, unit)).toBe('0.6 GiB');
  });
});

describe('usage beside its limit', () => {
  test.each<[string, number, number | null, string]>([
    ['takes the unit of the quota', Math.round(62.4 * GI), 50 * GI, '62.4 of 50 GiB'],
    ['keeps it when usage is far larger', 62 * GI, 512 * MI, '63,488 of 512 MiB'],
    ['keeps it when usage is smaller', 400 * MI, GI, '0.4 of 1 GiB'],
    ['says that there is something', 12, 50 * GI, 'less than 0.1 of 50 GiB'],
    ['says nothing as nothing', 0, 50 * GI, '0 of 50 GiB'],
    [
      'shows a quota that only the unit below says exactly in that unit',
      1612 * MI,
      1500 * MI,
      '1,612 of 1,500 MiB',
    ],
    ['shows one and a half as it is', GI, 1536 * MI, '1 of 1.5 GiB'],
    ['rounds a decimal quota', GI, 1_500_000_000, '1 of 1.4 GiB'],
    ['lends its unit to a quota of 0', 3 * MI, 0, '3 of 0 MiB'],
    ['stands alone without a limit', Math.round(62.4 * GI), null, '62.4 GiB'],
  ])('%s', (_name, usedBytes, limitBytes, text) => {
    expect(formatUsed(usedBytes, limitBytes)).toBe(text);
  });

  test.each<[string, number, number, string, string]>([
    ['12.4 GiB over', Math.round(62.4 * GI), 50 * GI, '12.4 over', '12.4 GiB'],
    ['12 bytes over', 50 * GI + 12, 50 * GI, 'over by less than 0.1 GiB', 'less than 0.1 GiB'],
    ['exactly a unit over', 51 * GI, 50 * GI, '1 over', '1 GiB'],
    ['everything is over a quota of 0', 3 * MI, 0, '3 over', '3 MiB'],
  ])('is over: %s', (_name, usedBytes, limitBytes, verdict, excess) => {
    expect(formatOver(usedBytes, limitBytes)).toBe(verdict);
    expect(formatBeside(usedBytes - limitBytes, limitBytes)).toBe(excess);
  });

  test('stands near no limit in a unit of its own', () => {
    expect(formatBeside(1_036.4 * MI, null)).toBe('1.0 GiB');
  });

  test('is never over by 0.0', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 45 }),
        fc.integer({ min: 1, max: 2 ** 40 }),
        (limit, over) => {
          expect(formatOver(limit + over, limit)).not.toMatch(/\b0\.0\b|^0 /);
        },
      ),
    );
  });

  test('a limit stands alone in its own unit', () => {
    expect([50 * GI, 1500 * MI, 0, null].map((limit) => formatLimit(limit))).toEqual([
      '50 GiB',
      '1,500 MiB',
      '0 B',
      'unlimited',
    ]);
  });
});

describe('words', () => {
  test.each([
    [124.8, '124.8% of quota'],
    [100, '100% of quota'],
    [100.01, 'over quota by less than 0.1%'],
    [99.98, 'less than 0.1% under quota'],
    [0.04, 'less than 0.1% of quota'],
    [0, '0% of quota'],
  ])('%d%% of a quota is “%s” in a sentence', (percent, words) => {
    expect(formatShare(percent)).toBe(words);
  });

  test.each([
    [64.1, 'at least 64.1% of quota'],
    [99.98, 'at least 99.9% of quota'],
    [100.01, 'at least 100% of quota'],
    [0.1, 'at least 0.1% of quota'],
    [0.04, ''],
    [0, ''],
  ])('%d%% of a quota and more is “%s”', (percent, words) => {
    expect(formatShareAtLeast(percent)).toBe(words);
  });

  test('a percentage that one decimal would show as 0 or 100 says on which side it is', () => {
    expect([0.04, 99.95, 99.949, 99.999999, 100.000000002, 100.04, 100.05].map(formatPercent)).toEqual([
      '< 0.1%',
      '< 100%',
      '99.9%',
      '< 100%',
      '> 100%',
      '> 100%',
      '100.1%',
    ]);
  });

  test('a percentage that is a lower bound says so, and nothing of next to nothing', () => {
    expect([64.1, 99.98, 100.01, 0.04, 0].map(formatPercentAtLeast)).toEqual([
      '≥ 64.1%',
      '≥ 99.9%',
      '≥ 100%',
      '-',
      '-',
    ]);
  });

  test('a percentage keeps the one decimal it has', () => {
    expect([0, 0.1, 99.9, 100, 124.8, 6240, 12345.6].map(formatPercent)).toEqual([
      '0%',
      '0.1%',
      '99.9%',
      '100%',
      '124.8%',
      '6,240%',
      '12,345.6%',
    ]);
  });

  test('one of a thing is singular', () => {
    expect([0, 1, 2, 1400].map((count) => formatCount(count, 'tag'))).toEqual([
      '0 tags',
      '1 tag',
      '2 tags',
      '1,400 tags',
    ]);
    expect(formatCount(2, 'has', 'have')).toBe('2 have');
  });

  test('a list ends in "and", a choice in "or", a shortened list in how many more there are', () => {
    expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(formatList)).toEqual([
      '',
      'a',
      'a and b',
      'a, b and c',
    ]);
    expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(formatChoice)).toEqual([
      '',
      'a',
      'a or b',
      'a, b or c',
    ]);
    expect(formatSome(['a', 'b'], 5)).toBe('a, b and 3 more');
    expect(formatSome(['a', 'b'], 2)).toBe('a and b');
    expect(formatSome([], 4)).toBe('4 more');
  });
});

test.each([
  ['running', 'a/Pod/b (running)'],
  ['scaled-to-0', 'a/Pod/b (scaled to 0)'],
  ['old-rollout', 'a/Pod/b (old rollout)'],
  ['build-input', 'a/Pod/b (builds from it)'],
  ['named', 'a/Pod/b (names it)'],
] as const)('a workload is shown with how it uses an image: %s', (how, shown) => {
  expect(formatUser('a/Pod/b', how)).toBe(shown);
});

describe('times', () => {
  test('are shown in UTC', () => {
    const time = '2026-11-24T08:00:59Z';
    expect(formatDay(time)).toBe('2026-11-24');
    expect(formatLongDay(time)).toBe('24 November 2026');
    expect(formatMoment(time)).toBe('Tuesday 24 November 08:00 UTC');
    expect(formatDay('2026-11-23T23:30:00-08:00')).toBe('2026-11-24');
  });

  test('a week is named by its Monday, also on a Sunday and across a new year', () => {
    expect(formatWeek('2026-11-23T00:00:00Z')).toBe('week of 23 November 2026');
    expect(formatWeek('2026-11-29T23:59:59Z')).toBe('week of 23 November 2026');
    expect(formatWeek('2027-01-01T00:00:00Z')).toBe('week of 28 December 2026');
  });

  test('what is missing or no time is unknown', () => {
    expect([null, '', 'yesterday'].map(formatDay)).toEqual(['unknown', 'unknown', 'unknown']);
    expect(formatMoment('soon')).toBe('unknown');
    expect(formatLongDay(null)).toBe('unknown');
  });
});

test.each([
  ['2026-11-24T08:00:00Z', '2026-11-24T08:00:12.900Z', '24 November 2026, 08:00:00–08:00:12 UTC'],
  ['2026-11-24T08:00:00.100Z', '2026-11-24T08:00:00.900Z', '24 November 2026, 08:00:00 UTC'],
  [
    '2026-11-24T23:59:58Z',
    '2026-11-25T00:00:03Z',
    '24 November 2026, 23:59:58 – 25 November 2026, 00:00:03 UTC',
  ],
  ['2026-11-24T08:00:00Z', null, null],
  ['yesterday', '2026-11-24T08:00:00Z', null],
])('from %s to %s is %s', (from, to, text) => {
  expect(formatSpan(from, to)).toBe(text);
});

test.each([
  [62.4 * 1024 ** 3, 50 * 1024 ** 3, 'at least 62.4 of 50 GiB'],
  [12, 50 * 1024 ** 3, 'at least 12 B of 50 GiB'],
  [0, 50 * 1024 ** 3, 'at least 0 of 50 GiB'],
  [12, null, 'at least 12 B'],
])('%d bytes and more of %s are %s', (usedBytes, limitBytes, text) => {
  expect(formatAtLeast(usedBytes, limitBytes)).toBe(text);
});

test.each([
  [Math.round(62.4 * GI), 50 * GI, 'at least 12.4 over'],
  [51 * GI, 50 * GI, 'at least 1 over'],
  [50 * GI + 12, 50 * GI, 'over by at least 12 B'],
])('%d bytes and more of %d are %s', (usedBytes, limitBytes, text) => {
  expect(formatOverAtLeast(usedBytes, limitBytes)).toBe(text);
});

test.each<[number, number | null, string]>([
  [12 * 1024 ** 3 + 1, 50 * 1024 ** 3, '12.0 GiB'],
  [12, 50 * 1024 ** 3, '12 B'],
  [0, 50 * 1024 ** 3, '0 GiB'],
  [12, null, '12 B'],
])('a bound of %d bytes near %s is %s', (bytes, limitBytes, text) => {
  expect(formatBound(bytes, limitBytes)).toBe(text);
});
