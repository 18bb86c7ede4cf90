import { RETRYABLE, toAppError } from '../../errors.ts';
import type { Observe } from '../events.ts';
import type { RunJob } from '../jobs.ts';
import type { Attempt, Cluster, Now, Queue, Store } from '../ports.ts';
import type { Run } from '../records/run.ts';
import { queueSizing, requireRun, stopRun } from '../runs/run.ts';
import { splitInventory } from '../direct/weigh.ts';
import type { WeighingRules } from '../direct/weigh.ts';

export type CollectorDeps = {
  readonly cluster: Cluster;
  readonly store: Store;
  readonly queue: Queue;
  readonly now: Now;
  readonly observe: Observe;
};

/**
 * Reads the whole cluster, saves one snapshot per namespace and queues their sizing. A cluster that cannot be read
 * stops the run before any mail, with the reason. Safe to run twice: snapshots are saved before the run moves on.
 */
export const collect = async (
  deps: CollectorDeps,
  rules: WeighingRules,
  job: RunJob & { readonly attempt: Attempt },
): Promise<void> => {
  const run = await requireRun(deps.store, job.runId);
  if (run.state === 'sizing') return queueSizing(deps, run);
  if (run.state !== 'claimed') return;
  try {
    const collected = await saveSnapshots(deps, rules, run);
    // Somebody else collected or stopped the run: its record says what it is about.
    if (!(await deps.store.advanceRun('claimed', collected))) return await collect(deps, rules, job);
    deps.observe({ type: 'run-collected', runId: run.id, namespaces: collected.namespaces.length });
    await queueSizing(deps, collected);
  } catch (thrown) {
    const error = toAppError(thrown);
    if (RETRYABLE[error.code] && job.attempt.retryInMs !== null) throw error;
    await stopRun(deps, run.id, error.hint === null ? error.message : `${error.message}. ${error.hint}`);
  }
};

/** A write waits for the disk, so a few snapshots share one; not all, which would be in memory at once. */
const SAVED_AT_ONCE = 20;

const saveSnapshots = async (deps: CollectorDeps, rules: WeighingRules, run: Run): Promise<Run> => {
  const inventory = await deps.cluster.readInventory({ namespaces: null });
  const snapshots = splitInventory(inventory, rules, null);
  for (let from = 0; from < snapshots.names.length; from += SAVED_AT_ONCE)
    await deps.store.saveSnapshots(
      run.id,
      snapshots.names.slice(from, from + SAVED_AT_ONCE).map(snapshots.takeSnapshot),
    );
  return {
    ...run,
    state: 'sizing',
    cluster: inventory.cluster,
    takenAt: inventory.readAt,
    exact: inventory.exact,
    lists: inventory.lists,
    unreadableKinds: inventory.unreadableKinds.toSorted(),
    namespaces: snapshots.names,
    clusterUsedBytes: snapshots.clusterUsedBytes,
    sumOfNamespacesBytes: snapshots.sumOfNamespacesBytes,
    findings: snapshots.findings,
  };
};
