import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { namespaceDetails, namespaceTable } from '../../src/cli/report-tables.ts';
import { layOut } from '../../src/cli/table.ts';
import { weighCluster } from '../../src/pipeline/direct/weigh.ts';

import type { Report, ReportRules } from '../../src/usage/report/report.ts';
import { image, inventory, NAMESPACE, namespace, rules, stream, uses } from '../usage/build.ts';
import { gather } from '../listed-inventory.ts';
import type { ListedInventory } from '../listed-inventory.ts';

const out = new PassThrough();

const reportOn = async (
  given: Partial<ListedInventory>,
  change: Partial<ReportRules> = {},
): Promise<Report> => {
  const cluster = { readInventory: () => Promise.resolve(gather(inventory(given))) };
  const selection = { isReported: () => true, groupByLabel: null };
  return (await weighCluster({ cluster }, { ...rules(change), ...selection }, null)).report;
};

describe('the table of one namespace', () => {
  const images = [image('a', { layers: { a: 1 } }), image('b', { layers: { b: 2 } })];

  test('names the strongest use of a revision with its workload, and counts the others', async () => {
    const references = [
      uses('other/Job/b', { type: 'digest', digest: 'a' }, { how: 'finished' }),
      uses('other/Deployment/a', { type: 'digest', digest: 'a' }, { how: 'scaled-to-0' }),
    ];
    const table = namespaceDetails(
      out,
      await reportOn({ images, streams: [stream('api', { v1: ['a', 'b'] })], references }),
    );
    expect(table).toMatch(/2026-01-01 .* by other\/Deployment\/a \(scaled to 0\) and 1 more$/m);
    expect(table).toMatch(/2026-01-01 .* no$/m);
    expect(table).toMatch(/^ {2}:v1 .* yes$/m);
  });

  test('names who uses a tag without revisions', async () => {
    const streams = [stream('api', { next: [] })];
    const references = [uses(`${NAMESPACE}/CronJob/x`, `${NAMESPACE}/api:next`, { how: 'scheduled' })];
    expect(namespaceDetails(out, await reportOn({ streams, references }))).toMatch(
      new RegExp(`^ {2}:next .* by ${NAMESPACE}/CronJob/x \\(scheduled\\)$`, 'm'),
    );
  });

  test('says once, at its end, what cannot be seen at all', async () => {
    const namespaces = [namespace('a'), namespace('b')];
    const table = namespaceDetails(out, await reportOn({ namespaces }));
    expect(table.split('Not seen at all:')).toHaveLength(2);
    expect(table).toMatch(/\nNot seen at all: pulls from outside the cluster, .*\n$/);
  });

  test('ends with advice where there is any', async () => {
    const streams = [stream('api', { v1: ['a'], v2: ['b'] })];
    const advice = { maxTags: 1, maxLayer: 1, maxImported: null };
    expect(namespaceDetails(out, await reportOn({ images, streams }, { advice }))).toContain(
      '\nAdvice\n  api: 2 tags, more than 1: ',
    );
    expect(namespaceDetails(out, await reportOn({ images, streams }))).not.toContain('Advice');
  });
});

describe('text that others wrote', () => {
  /** Clears the screen, and turns the text after it around. */
  const HOSTILE = '\u001B[2J\u202Eabc';

  test.each([
    ['a digest', { streams: [stream('api', { v1: [`sha256:${HOSTILE}`] })] }],
    ['a digest of another form', { streams: [stream('api', { v1: [HOSTILE] })] }],
    ['a tag', { streams: [stream('api', { [HOSTILE]: [] })] }],
    ['a stream', { streams: [stream(HOSTILE, { v1: [] })] }],
    ['a namespace', { namespaces: [namespace(HOSTILE)] }],
    ['the cluster', { cluster: { name: HOSTILE, apiUrl: null } }],
    ['a kind', { unreadableKinds: [HOSTILE] }],
    [
      'a workload',
      {
        streams: [stream('api', { v1: ['a'] })],
        references: [uses(`${NAMESPACE}/${HOSTILE}/x`, { type: 'digest', digest: 'a' })],
      },
    ],
  ] satisfies readonly (readonly [string, Partial<ListedInventory>])[])(
    'as %s does not steer the terminal',
    async (_name, given) => {
      const report = await reportOn(given);
      const text = namespaceDetails(out, report) + namespaceTable(out, report);
      expect(text).toContain('[2J');
      expect(text).not.toMatch(/[\u001B\u202E]/);
    },
  );

  test('does not take the place of colours in a table', () => {
    const painted = '\u001B[31mover\u001B[39m';
    const columns = [
      { heading: 'A', align: 'right' },
      { heading: 'B', align: 'left' },
    ] as const;
    expect(
      layOut(columns, [
        [painted, 'x\r\ny'],
        ['warning', 'z'],
      ]),
    ).toBe(`      A  B\n   ${painted}  x y\nwarning  z\n`);
  });
});

describe('a column', () => {
  const MI = 1024 ** 2;
  const images = [
    image('a', { layers: { a: 1100 * MI } }),
    image('b', { layers: { b: 1001 * MI } }),
    image('c', { layers: { c: 3 } }),
  ];
  const quota = (limitBytes: number) => ({ quota: { ...rules().quota, default: limitBytes } });

  test('has one unit in a list of namespaces, their quotas too', async () => {
    const streams = [['a'], ['b'], ['c'], []].map((digests, index) =>
      stream('api', { v1: digests }, { namespace: `n${String(index)}` }),
    );
    const table = namespaceTable(out, await reportOn({ images, streams }, quota(1000 * MI)));
    expect(table.match(/^n\d.*?%/gm)?.map((line) => line.split(/ {2,}/))).toEqual([
      ['n0', '1.1 GiB', '1.0 GiB', '110%'],
      ['n1', '1.0 GiB', '1.0 GiB', '100.1%'],
      ['n2', '< 0.1 GiB', '1.0 GiB', '< 0.1%'],
      ['n3', '0', '1.0 GiB', '0%'],
    ]);
  });

  test.each([
    [50 * 1024 * MI, ['1.1 GiB', '1.0 GiB', '< 0.1 GiB']],
    // Not a larger one than that of the quota above it.
    [512 * MI, ['1,100 MiB', '1,001 MiB', '< 0.1 MiB']],
  ])('has one unit in the list of a namespace with a quota of %d bytes', async (limitBytes, frees) => {
    const streams = [stream('api', { a: ['a'] }), stream('web', { b: ['b'] }), stream('etc', { c: ['c'] })];
    const table = namespaceDetails(out, await reportOn({ images, streams }, quota(limitBytes)));
    const cells = table
      .match(/^(?:api|web|etc) .*(?=(?:yes|no)$)/gm)
      ?.map((line) => line.trim().split(/ {2,}/).at(-1));
    expect(cells).toEqual(frees);
  });
});

test('a lower bound is told in its own unit where the quota’s cannot tell it', async () => {
  const report = await reportOn(
    {
      images: [image('a', { layers: { a: 12 } })],
      streams: [stream('api', { v1: ['a', 'gone'] })],
    },
    { quota: { ...rules().quota, default: 50 * 1024 ** 3 } },
  );
  expect(namespaceDetails(out, report)).toContain(`${NAMESPACE} uses at least 12 B of 50 GiB`);
  expect(namespaceTable(out, report)).toMatch(/ ≥ 12 B +50 GiB /);
});

test('a digest is cut to twelve characters, and a short one is still one', async () => {
  const digests = [`sha256:${'ab'.repeat(32)}`, 'sha256:abc', 'abc', ''];
  const table = namespaceDetails(out, await reportOn({ streams: [stream('api', { v1: digests })] }));
  expect(table.match(/^ {4}(?! ).*?(?= {2})/gm)).toEqual([
    '    abababababab',
    '    abc',
    '    abc',
    '    (no image)',
  ]);
});

test('the time of reading and whether all of it is exact stand in one line', async () => {
  const lists = ['00', '12'].map((second) => ({
    kind: 'pods',
    readAt: `2026-11-24T08:00:${second}Z`,
    exact: true,
  }));
  const line = '\nRead on 24 November 2026, 08:00:00–08:00:12 UTC; all lists are exact.\n';
  const report = await reportOn({ lists, namespaces: [namespace()] });
  expect(namespaceTable(out, report)).toContain(line);
  expect(namespaceDetails(out, report)).toContain(line);
});

test('advice of one kind is cut after the ten worst, and says how much more there is', async () => {
  const images = Array.from({ length: 12 }, (_, position) =>
    image(`i${position}`, { layers: { [`l${position}`]: 1000 + position } }),
  );
  const streams = [stream('api', Object.fromEntries(images.map(({ digest }) => [digest, [digest]])))];
  const advice = { maxTags: 1, maxLayer: 1, maxImported: null };
  const lines = namespaceDetails(out, await reportOn({ images, streams }, { advice })).split('\n');
  expect(lines.filter((line) => line.includes('Smaller layers are better'))).toHaveLength(10);
  expect(lines).toContain('  and 2 more large-layer: --output json has all of them');
});

test('the table of all namespaces counts advice by kind', async () => {
  const streams = ['a', 'b'].map((name) => stream('api', { v1: [], v2: [] }, { namespace: name }));
  const advice = { maxTags: 1, maxLayer: null, maxImported: null };
  expect(namespaceTable(out, await reportOn({ streams }, { advice }))).toContain(
    '\nAdvice: 2 many-tags; quotagram report -n NAME tells it.\n',
  );
  expect(namespaceTable(out, await reportOn({ streams }))).not.toContain('Advice');
});

test('the total of a cluster is a lower bound, and so is the sum, where sizes are unknown', async () => {
  const images = [image('a', { layers: { a: 1024 } })];
  const shared = ['a', 'b'].map((name) => stream('api', { v1: ['a'] }, { namespace: name }));
  const unknown = stream('web', { v1: ['gone'] }, { namespace: 'a' });
  expect(namespaceTable(out, await reportOn({ images, streams: shared }))).toContain(
    ': 1 KiB in all. The namespaces add up to 2 KiB, because',
  );
  expect(namespaceTable(out, await reportOn({ images, streams: [...shared, unknown] }))).toContain(
    ': at least 1 KiB in all. The namespaces add up to at least 2 KiB, because',
  );
});
