import type { ReportFrame } from '../../usage/report/report.ts';
import type { Run } from '../records/run.ts';

/** The run that weighed these namespaces by itself, outside the queue: sealed the moment it was made. */
export const sealedRun = (
  slot: Pick<Run, 'id' | 'kind'>,
  { cluster, snapshot, generatedAt }: ReportFrame,
  { at, namespaces }: { readonly at: string; readonly namespaces: readonly string[] },
): Run => ({
  ...slot,
  state: 'sealed',
  claimedAt: at,
  cluster: { name: cluster.name, apiUrl: cluster.apiUrl },
  takenAt: generatedAt,
  exact: snapshot.exact,
  lists: snapshot.lists,
  unreadableKinds: snapshot.unreadableKinds,
  namespaces,
  clusterUsedBytes: cluster.usedBytes,
  sumOfNamespacesBytes: cluster.sumOfNamespacesBytes,
  findings: snapshot.findings,
  givenUp: [],
  sealedAt: at,
  endedAt: null,
  stopReason: null,
});
