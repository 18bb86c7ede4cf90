import type { RunSummary, RunSummaryRow } from '../src/pipeline/ports.ts';

/** The summary of a weekly run that came to these rows. */
export const summaryOf = (
  rows: readonly RunSummaryRow[],
  change: Partial<RunSummary['run']> = {},
): RunSummary => ({
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
