import { FlowProducer, Queue as BullQueue, UnrecoverableError, Worker } from 'bullmq';
import type { Job, JobsOptions } from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';
import { RETRYABLE, toAppError } from '../../errors.ts';
import type { Observe } from '../../pipeline/events.ts';
import { JOBS, jobId, mailJobSchema, runJobSchema, sizeJobSchema } from '../../pipeline/jobs.ts';
import type { JobName, Role } from '../../pipeline/jobs.ts';
import type { Attempt, JobHandlers, Queue } from '../../pipeline/ports.ts';
import { isConnectionFault, KEY_TAG } from './connection.ts';
import type { RedisConnection } from './connection.ts';

export type RedisQueueOptions = {
  readonly redis: RedisConnection;
  readonly observe: Observe;
  /** Hears of faults of the queue itself. */
  readonly onWarning?: (warning: string) => void;
  /** How many jobs of a role run at once in this process. */
  readonly concurrency: { readonly sizer: number; readonly mailer: number };
  /** Over all processes. */
  readonly mailsPerSecond: number;
  /** Waits in milliseconds; for tests. */
  readonly waits?: Partial<Waits>;
};

type Waits = {
  /** Before the second try of a mail; each further one waits four times as long, up to an hour. */
  readonly mailRetryMs: number;
  /** The same for every other job. */
  readonly retryMs: number;
  /** After a worker's last sign of life its jobs are given to another one. */
  readonly lockMs: number;
  /** How long a stopping worker waits for its jobs under way before it leaves them to others. */
  readonly stopMs: number;
};

/** The queue on BullMQ: `run` holds ticks and the steps of runs, `size` and `mail` one job per namespace and delivery. */
export const createQueue = (
  options: RedisQueueOptions,
): Queue & { readonly dispose: () => Promise<void> } => {
  const { redis, onWarning = () => {} } = options;
  const waits: Waits = { ...WAITS, ...options.waits };
  const producer = { connection: redis.client, prefix: KEY_TAG, skipVersionCheck: true };
  const runQueue = new BullQueue('run', producer);
  const sizeQueue = new BullQueue('size', producer);
  const mailQueue = new BullQueue('mail', producer);
  const flows = new FlowProducer(producer);
  const warn = (fault: Error): void => {
    if (!isConnectionFault(fault)) onWarning(`The job queue reports: ${fault.message}`);
  };
  for (const part of [runQueue, sizeQueue, mailQueue, flows]) part.on('error', warn);

  /** A job of a run that failed for good gets a new start; any other one is left as it is. */
  const revive = async (id: string): Promise<string> => {
    const state = await runQueue.getJobState(id);
    if (state === 'failed')
      await (await runQueue.getJob(id))?.retry('failed', { resetAttemptsMade: true });
    return state;
  };

  const addFlow = async (flow: Flow): Promise<void> => {
    const { runId, parent, child, children } = flow;
    const id = jobId(parent, runId);
    const state = await revive(id);
    if (state !== 'unknown' && state !== 'waiting-children') return;
    // One transaction, so there is never half a flow. Only when the parent is not there: adding it again would make it
    // wait for children that have failed already.
    if (state === 'unknown')
      await flows.add({
        name: parent,
        queueName: 'run',
        data: { runId },
        opts: jobOptions(parent, id),
        children: children.map(({ id: childId, data }) => ({
          name: child,
          queueName: child,
          data,
          opts: { ...jobOptions(child, childId), ignoreDependencyOnFailure: true },
        })),
      });
    await forgetFailed(child === 'size' ? sizeQueue : mailQueue, children);
  };

  return {
    addCollect: (runId) =>
      redis.ask('the queue', async () => {
        const id = jobId('collect', runId);
        if ((await revive(id)) === 'unknown')
          await runQueue.add('collect', { runId }, jobOptions('collect', id));
      }),

    addSizing: (runId, namespaces) =>
      redis.ask('the queue', () =>
        addFlow({
          runId,
          parent: 'seal',
          child: 'size',
          children: namespaces.map((namespace) => ({
            id: jobId('size', runId, namespace),
            data: { runId, namespace },
          })),
        }),
      ),

    addMails: (runId, deliveryIds) =>
      redis.ask('the queue', () =>
        addFlow({
          runId,
          parent: 'finish',
          child: 'mail',
          children: deliveryIds.map((deliveryId) => ({
            id: jobId('mail', runId, deliveryId),
            data: { runId, deliveryId },
          })),
        }),
      ),

    // Replacing a scheduler deletes a tick that is overdue, so an unchanged one is left alone.
    schedule: ({ cron, timeZone }) =>
      redis.ask('the queue', async () => {
        const known = await runQueue.getJobScheduler('tick');
        if (known?.pattern === cron && known.tz === timeZone) return;
        await runQueue.upsertJobScheduler(
          'tick',
          { pattern: cron, tz: timeZone },
          { name: 'tick', opts: KEPT },
        );
      }),

    work: async (role, handlers) => {
      const client = redis.openPatient();
      const underWay = new Set<Promise<void>>();
      const worker = new Worker(
        QUEUE_OF[role],
        (job) => track(underWay, perform(job, handlers)),
        {
          ...producer,
          connection: client,
          ...(role === 'mailer' && { limiter: { max: 1, duration: Math.ceil(1_000 / options.mailsPerSecond) } }),
          concurrency: role === 'collector' ? 1 : options.concurrency[role],
          lockDuration: waits.lockMs,
          stalledInterval: waits.lockMs,
          // Being killed is no fault of the job; one that kills its worker each time must end all the same.
          maxStalledCount: 5,
          runRetryDelay: 1_000,
          settings: {
            backoffStrategy: (triesMade, _type, _fault, job) =>
              growing(job?.name === 'mail' ? waits.mailRetryMs : waits.retryMs, triesMade),
          },
        },
      );
      worker.on('error', warn);
      worker.on('failed', (job, fault) =>
        options.observe({
          type: 'job-failed',
          job: job?.id ?? QUEUE_OF[role],
          attempt: job?.attemptsMade ?? 0,
          reason: withoutAddresses(fault.message),
        }),
      );
      return async () => {
        await worker.pause(true);
        const haveEnded = await endsWithin(waits.stopMs, Promise.allSettled(underWay));
        const isGraceful = haveEnded && client.status === 'ready';
        await endsWithin(waits.stopMs, worker.close(!isGraceful));
        client.disconnect();
      };
    },

    dispose: async () => {
      await Promise.all([runQueue.close(), sizeQueue.close(), mailQueue.close(), flows.close()]);
    },
  };
};
