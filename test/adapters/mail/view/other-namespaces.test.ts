import { describe, expect, test } from 'vitest';
import { viewOthers } from '../../../../src/adapters/mail/view/other-namespaces.ts';
import { inventNamespace } from '../invented.ts';

const MI = 1024 ** 2;
const GI = 1024 ** 3;

describe('namespaces for which a mail has room for a line only', () => {
  const other = (name: string, cleanupName: string | null, unknownRevisions = 0) => ({
    namespace: inventNamespace(1, { name, unknownRevisions }),
    csvName: `usage-${name}.csv`,
    cleanupName,
  });

  test('promise only what is attached', () => {
    const [none, one] = [other('a-dev', null), other('b-dev', 'cleanup-b-dev.txt')];
    expect(viewOthers([none])?.intro).toBe(
      'There is no more room here: every image stream, tag and revision is in the attached files.',
    );
    expect(viewOthers([none, one])?.intro).toBe(
      'There is no more room here: every image stream, tag and revision is in the attached files, and so is what to delete first, where anything is proposed.',
    );
    expect(viewOthers([none, one])?.tables.flatMap(({ rows }) => rows.map(({ files }) => files))).toEqual([
      'usage-a-dev.csv',
      'usage-b-dev.csv and cleanup-b-dev.txt',
    ]);
  });

  test('have one unit, quotas too', () => {
    const quota = (limitBytes: number) => ({ ...inventNamespace(1).quota, limitBytes });
    const sizes = [
      { usedBytes: 62 * GI, quota: quota(50 * GI) },
      { usedBytes: 700 * MI, quota: quota(512 * MI) },
      { usedBytes: 0, unknownRevisions: 1, quota: quota(512 * MI) },
    ];
    const others = sizes.map((change) => ({ ...other('x', null), namespace: inventNamespace(1, change) }));
    expect(viewOthers(others)?.tables.flatMap(({ rows }) => rows.map(({ usage }) => usage))).toEqual([
      '62 of 50 GiB',
      '0.7 of 0.5 GiB',
      'size unknown, quota 0.5 GiB',
    ]);
  });

  test.each([
    [[0], 'And 1 more namespace that uses 336 MiB: its files are attached, too.'],
    [[1], 'And 1 more namespace that uses at least 336 MiB: its files are attached, too.'],
    [
      [0, 1],
      'And 2 more namespaces that use at least 672 MiB, each on its own: their files are attached, too.',
    ],
  ])('say of those without a line what they use, with so many unknown sizes: %j', (unknown, expected) => {
    const hundred = Array.from({ length: 100 }, (_, index) => other(`n-${String(index)}`, null));
    const rest = unknown.map((count, index) => other(`rest-${String(index)}`, null, count));
    expect(viewOthers([...hundred, ...rest])?.rest).toBe(expected);
  });

  test('say of those without a line that nothing is known, where nothing is', () => {
    const unknown = inventNamespace(1, { usedBytes: 0, unknownRevisions: 1 });
    const others = Array.from({ length: 102 }, () => ({
      namespace: unknown,
      csvName: 'x.csv',
      cleanupName: null,
    }));
    expect(viewOthers(others)?.rest).toBe(
      'And 2 more namespaces of unknown size: their files are attached, too.',
    );
  });
});
