import { FlowProducer, Queue as BullQueue } from 'bullmq';
import type { JobsOptions } from 'bullmq';
import { jobId } from '../../pipeline/jobs.ts';
import type { JobName, MailJob, SizeJob } from '../../pipeline/jobs.ts';
import type { Queue } from '../../pipeline/ports.ts';
import { triesOf } from '../../pipeline/runs/retry-policy.ts';
import { KEY_TAG } from './connection.ts';
import { isConnectionFault } from './redis-faults.ts';
import { startWorker } from './worker.ts';
import type { WorkerOptions } from './worker.ts';

/** The queue on BullMQ: `run` holds ticks and the steps of runs, `size` and `mail` one job per namespace or delivery. */
export const createQueue = (
  options: Omit<WorkerOptions, 'onFault'> & {
    /** Hears of faults of the queue itself that nobody's call could be told of. */
    readonly onWarning?: (warning: string) => void;
  },
): Queue & { readonly dispose: () => Promise<void> } => {
  const { redis, onWarning = () => {} } = options;
  const producer = { connection: redis.client, prefix: KEY_TAG, skipVersionCheck: !redis.evictsNothing };
  const runQueue = new BullQueue('run', producer);
  const childQueues = { size: new BullQueue('size', producer), mail: new BullQueue('mail', producer) };
  const flows = new FlowProducer(producer);

  const onFault = (fault: Error): void => {
    if (!isConnectionFault(fault)) onWarning(`The job queue reports: ${fault.message}`);
  };
  const queues = [runQueue, childQueues.size, childQueues.mail];
  for (const queue of queues) queue.on('error', onFault);
  flows.on('error', onFault);

  /** A step that failed for good gets a new start, any other is left as it is. Returns the state it was found in. */
  const revive = async (id: string): Promise<string> => {
    const state = await runQueue.getJobState(id);
    if (state !== 'failed') return state;
    const job = await runQueue.getJob(id);
    try {
      await job?.retry('failed', { resetAttemptsMade: true });
    } catch (thrown) {
      // Somebody else may have been quicker.
      if ((await runQueue.getJobState(id)) === 'failed') throw thrown;
    }
    return state;
  };

  /** One transaction, so there is never half a flow; only where its parent is absent: adding it again is no no-op. */
  const addFlow = async (flow: Flow): Promise<void> => {
    const parentId = jobId(flow.parent, flow.runId);
    const state = await revive(parentId);
    if (state === 'unknown')
      await flows.add({
        name: flow.parent,
        queueName: 'run',
        data: { runId: flow.runId },
        opts: { ...jobOptions(flow.parent), jobId: parentId },
        children: flow.children.map(({ id, payload }) => ({
          name: flow.child,
          queueName: flow.child,
          data: payload,
          opts: { ...jobOptions(flow.child), jobId: id, ignoreDependencyOnFailure: true },
        })),
      });
    if (state === 'unknown' || state === 'waiting-children') await releaseFromFailed(flow);
  };

  /**
   * A child that had failed before its parent was added (two processes added the flow, or the parent was lost) is one
   * that the parent would wait for in vain.
   */
  const releaseFromFailed = async ({ child, children }: Flow): Promise<void> => {
    const failed = new Set(await childQueues[child].getRanges(['failed'], 0, -1));
    for (const { id } of children.filter((job) => failed.has(job.id))) {
      const job = await childQueues[child].getJob(id);
      if (job?.parentKey !== undefined) await job.removeChildDependency();
    }
  };

  return {
    addCollect: (runId) =>
      redis.ask('the queue', async () => {
        const id = jobId('collect', runId);
        if ((await revive(id)) === 'unknown')
          await runQueue.add('collect', { runId }, { ...jobOptions('collect'), jobId: id });
      }),

    addSizing: ({ runId, takenAt }, namespaces) => {
      const children = namespaces.map((namespace) => ({
        id: jobId('size', runId, namespace),
        payload: { runId, takenAt, namespace },
      }));
      return redis.ask('the queue', () => addFlow({ runId, parent: 'seal', child: 'size', children }));
    },

    addMails: (runId, deliveryIds) => {
      const children = deliveryIds.map((deliveryId) => ({
        id: jobId('mail', runId, deliveryId),
        payload: { runId, deliveryId },
      }));
      return redis.ask('the queue', () => addFlow({ runId, parent: 'finish', child: 'mail', children }));
    },

    schedule: ({ cron, timeZone }) =>
      redis.ask('the queue', async () => {
        const known = await runQueue.getJobScheduler('tick');
        // Replacing a scheduler deletes a tick that is overdue.
        if (known?.pattern === cron && known.tz === timeZone) return;
        await runQueue.upsertJobScheduler(
          'tick',
          { pattern: cron, tz: timeZone },
          { name: 'tick', opts: jobOptions('tick') },
        );
      }),

    work: async (role, handlers) => startWorker(role, handlers, { ...options, onFault }),

    dispose: async () => {
      await Promise.all([...queues, flows].map((part) => part.close()));
    },
  };
};

type Flow = {
  readonly runId: string;
  readonly parent: 'seal' | 'finish';
  readonly child: 'size' | 'mail';
  readonly children: readonly { readonly id: string; readonly payload: SizeJob | MailJob }[];
};

/** An ended job keeps its id taken until it is removed: longer than any run lasts, so that none is done twice. */
const KEPT_SECONDS = 14 * 24 * 3_600;

const jobOptions = (name: JobName): JobsOptions => ({
  attempts: triesOf(name),
  backoff: { type: 'by-policy' },
  removeOnComplete: { age: KEPT_SECONDS },
  removeOnFail: { age: KEPT_SECONDS },
  stackTraceLimit: 1,
});
