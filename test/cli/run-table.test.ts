import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { summaryText } from '../../src/cli/run-table.ts';
import type { RunSummary, RunSummaryRow } from '../../src/pipeline/ports.ts';

const MI = 1024 ** 2;
const GI = 1024 ** 3;
const out = new PassThrough();

describe('the total of a run', () => {
  const run = { clusterUsedBytes: 10 * GI, sumOfNamespacesBytes: 14 * GI };

  test('is told beside the sum of the namespaces, with the reason why they differ', () => {
    expect(summaryText(out, summaryOf([row('a', {})], run))).toContain(
      '\nIn all 10 GiB. The namespaces add up to 14 GiB, because what they share counts in each.\n',
    );
  });

  test('is told once where they are the same', () => {
    const same = { ...run, sumOfNamespacesBytes: 10 * GI };
    expect(summaryText(out, summaryOf([row('a', {})], same))).toContain('\nIn all 10 GiB.\n');
  });

  test.each([
    ['sizes are unknown in a namespace', { unknownRevisions: 1 }],
    ['a namespace was given up, so that it is not known', { usedBytes: null, limitBytes: null, level: null }],
  ] as const)('is a lower bound, and so is the sum, where %s', (_name, change) => {
    expect(summaryText(out, summaryOf([row('a', {}), row('b', change)], run))).toContain(
      '\nIn all at least 10 GiB. The namespaces add up to at least 14 GiB, because',
    );
  });
});

const row = (namespace: string, change: Partial<RunSummaryRow>): RunSummaryRow => ({
  namespace,
  usedBytes: 100 * MI,
  unknownRevisions: 0,
  limitBytes: GI,
  level: 'ok',
  recipients: 1,
  noRecipientReason: null,
  mails: {},
  problem: null,
  ...change,
});

const summaryOf = (rows: readonly RunSummaryRow[], change: Partial<RunSummary['run']> = {}): RunSummary => ({
  run: {
    id: 'weekly-2026-11-23',
    kind: 'weekly',
    state: 'finished',
    claimedAt: '2026-11-23T16:00:00Z',
    cluster: { name: 'silver', apiUrl: null },
    takenAt: '2026-11-23T16:00:02Z',
    exact: true,
    lists: [],
    unreadableKinds: [],
    namespaces: rows.map(({ namespace }) => namespace),
    clusterUsedBytes: null,
    sumOfNamespacesBytes: null,
    findings: [],
    givenUp: [],
    sealedAt: null,
    endedAt: null,
    stopReason: null,
    ...change,
  },
  rows,
  mails: {},
  advice: [],
  failing: [],
});
