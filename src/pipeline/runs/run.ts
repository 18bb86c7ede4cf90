import { AppError } from '../../errors.ts';
import { listUsageMails } from './deliveries.ts';
import type { Observe } from '../events.ts';
import type { Now, Queue, Store } from '../ports.ts';
import type { Run } from '../records/run.ts';

export type RunDeps = {
  readonly store: Store;
  readonly queue: Queue;
  readonly now: Now;
  readonly observe: Observe;
};

/**
 * Claims a slot and starts its run. A slot that somebody claimed before is not run again: when its run has not ended it
 * is resumed from where its record says it is, else it is left alone. Returns the run as it stands.
 */
export const startRun = async (
  deps: RunDeps,
  slot: { readonly id: string; readonly kind: Run['kind'] },
): Promise<Run> => {
  const run: Run = {
    id: slot.id,
    kind: slot.kind,
    state: 'claimed',
    claimedAt: deps.now().toISOString(),
    cluster: null,
    takenAt: null,
    exact: true,
    lists: [],
    unreadableKinds: [],
    namespaces: [],
    clusterUsedBytes: null,
    sumOfNamespacesBytes: null,
    findings: [],
    givenUp: [],
    sealedAt: null,
    endedAt: null,
    stopReason: null,
  };
  if (await deps.store.claimRun(run)) {
    deps.observe({ type: 'run-claimed', runId: run.id });
    await deps.queue.addCollect(run.id);
    return run;
  }
  return resumeRun(deps, slot.id);
};

/** Queues the sizing of every namespace of a run; adding what is queued already changes nothing. */
export const queueSizing = async (deps: Pick<RunDeps, 'queue'>, run: Run): Promise<void> => {
  const { id, takenAt, namespaces } = run;
  if (takenAt === null) throw new AppError('internal', `the run ${id} has read no cluster`);
  await deps.queue.addSizing({ runId: id, takenAt }, namespaces);
};

/** Queues whatever a run that has not ended needs next; adding what is queued already changes nothing. */
const resumeRun = async (deps: RunDeps, runId: string): Promise<Run> => {
  const run = await requireRun(deps.store, runId);
  switch (run.state) {
    case 'finished':
    case 'stopped':
      return run;
    case 'claimed':
      await deps.queue.addCollect(run.id);
      break;
    case 'sizing':
      await queueSizing(deps, run);
      break;
    case 'sealed':
      await queueMails(deps, run.id);
      break;
  }
  const delayed = (await listUsageMails(deps.store, run.id)).flatMap(({ nextTryAt }) => nextTryAt ?? []);
  deps.observe({
    type: 'run-resumed',
    runId: run.id,
    state: run.state,
    delayedMails: delayed.length,
    nextTryAt: delayed.toSorted()[0] ?? null,
  });
  return run;
};

/** Ends a run before any mail, with the reason. Does nothing to a run that is sealed or has ended. */
export const stopRun = async (
  deps: { readonly store: Store; readonly now: Now; readonly observe: Observe },
  runId: string,
  reason: string,
): Promise<void> => {
  const run = await requireRun(deps.store, runId);
  if (run.state !== 'claimed' && run.state !== 'sizing') return;
  const stopped: Run = { ...run, state: 'stopped', endedAt: deps.now().toISOString(), stopReason: reason };
  if (await deps.store.advanceRun(run.state, stopped)) deps.observe({ type: 'run-stopped', runId, reason });
};

/** The run of that id. @throws AppError `not_found` */
export const requireRun = async (store: Pick<Store, 'loadRun'>, runId: string): Promise<Run> => {
  const run = await store.loadRun(runId);
  if (run === null) throw new AppError('not_found', `there is no run ${runId}`);
  return run;
};

/** Queues the mails that the seal planned; a mail that ended already ends again without being sent. */
export const queueMails = async (
  deps: { readonly store: Store; readonly queue: Queue },
  runId: string,
): Promise<void> => {
  const mails = await listUsageMails(deps.store, runId);
  await deps.queue.addMails(
    runId,
    mails.map(({ id }) => id),
  );
};
