import { UnrecoverableError, Worker } from 'bullmq';
import type { Job } from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { AppError, RETRYABLE, toAppError } from '../../errors.ts';
import { withoutAddresses } from '../../pipeline/events.ts';
import type { Observe } from '../../pipeline/events.ts';
import { JOBS, mailJobSchema, runJobSchema, sizeJobSchema } from '../../pipeline/jobs.ts';
import type { Role } from '../../pipeline/jobs.ts';
import type { Attempt, JobHandlers } from '../../pipeline/ports.ts';
import { retryWaitMs } from '../../pipeline/runs/retry-policy.ts';
import { KEY_TAG } from './connection.ts';
import type { RedisConnection } from './connection.ts';

export type WorkerOptions = {
  readonly redis: RedisConnection;
  readonly observe: Observe;
  /** Hears of faults that belong to no job, broken connections among them. */
  readonly onFault: (fault: Error) => void;
  /** How many jobs of a role run at once in this process. */
  readonly concurrency: { readonly sizer: number; readonly mailer: number };
  /** Over all processes. */
  readonly mailsPerSecond: number;
  /** Other waits than the usual ones, for tests. */
  readonly waits?: Partial<Waits>;
  /** Another wait between two tries than the usual one, for tests. */
  readonly retryWaitMs?: typeof retryWaitMs;
};

type Waits = {
  /** After its worker's last sign of life a job goes to another worker. */
  readonly lockMs: number;
  /** How long a stopping worker waits for jobs under way before it leaves them to others. */
  readonly stopMs: number;
};

const WAITS: Waits = { lockMs: 30_000, stopMs: 30_000 };

const QUEUE_OF: Readonly<Record<Role, string>> = { collector: 'run', sizer: 'size', mailer: 'mail' };

/** Works on a role's jobs until the returned function is called; it ends in bounded time, whatever a job does. */
export const startWorker = (
  role: Role,
  handlers: JobHandlers,
  options: WorkerOptions,
): (() => Promise<void>) => {
  const waits: Waits = { ...WAITS, ...options.waits };
  const client = options.redis.openPatient();
  const underWay = new Set<Promise<void>>();
  /** A job that is not ours is not tried again. */
  const waitAfter = (job: Partial<Pick<Job, 'name' | 'id'>> | undefined, tried: number): number | null => {
    const name = JOBS.find((known) => known === job?.name);
    return name === undefined
      ? null
      : (options.retryWaitMs ?? retryWaitMs)({ name, id: job?.id ?? '' }, tried);
  };
  const perform = async (job: Job): Promise<void> => {
    const number = job.attemptsMade + 1;
    const performance = performJob(job, handlers, { number, retryInMs: waitAfter(job, number) });
    underWay.add(performance);
    await performance.finally(() => underWay.delete(performance));
  };

  const worker = new Worker(QUEUE_OF[role], perform, {
    connection: client,
    prefix: KEY_TAG,
    // The check prints when the server may evict, which we have said; without it retries start up to a second late.
    skipVersionCheck: !options.redis.evictsNothing,
    concurrency: role === 'collector' ? 1 : options.concurrency[role],
    // A window of more than one mail would let twice as many through around its edge.
    ...(role === 'mailer' && { limiter: { max: 1, duration: Math.ceil(1_000 / options.mailsPerSecond) } }),
    lockDuration: waits.lockMs,
    stalledInterval: waits.lockMs,
    // A killed worker is no fault of the job, but a job that kills its workers must end, too.
    maxStalledCount: 5,
    runRetryDelay: 1_000,
    settings: {
      // -1: never again.
      backoffStrategy: (tried, _type, _fault, job) => waitAfter(job, tried) ?? -1,
    },
  });
  worker.on('error', options.onFault);
  worker.on('failed', (job, fault) => {
    const attempt = job?.attemptsMade ?? 0;
    const retryInMs = fault instanceof UnrecoverableError ? null : waitAfter(job, attempt);
    options.observe({
      type: 'job-failed',
      job: job?.id ?? QUEUE_OF[role],
      attempt,
      reason: withoutAddresses(fault.message),
      nextTryAt: retryInMs === null ? null : new Date(Date.now() + retryInMs).toISOString(),
    });
  });

  return async () => {
    await worker.pause(true);
    const haveEnded = await endsWithin(waits.stopMs, Promise.allSettled(underWay));
    // BullMQ's close waits without limit, for jobs as for Redis; once begun it cannot be forced.
    const isGraceful =
      haveEnded &&
      (await endsWithin(PONG_MS, client.ping())) &&
      (await endsWithin(RECONNECT_MS, untilBlockingIsConnected(worker)));
    const isClosed = await endsWithin(waits.stopMs, worker.close(!isGraceful));
    // Until its close has come that far, BullMQ's worker renews locks, and its timer keeps the process alive.
    if (!isClosed) await worker['lockManager'].close();
    client.disconnect();
  };
};

const PONG_MS = 1_000;
/** Longer than the longest wait between two tries to connect (`openPatient`). */
const RECONNECT_MS = 2_000;

/**
 * BullMQ's close ends the connection on which the worker waits for jobs, and waits for its `end`. Between two tries to
 * connect there is no socket that could close, so ioredis would drop the next try and never say `end` (BullMQ's #4656).
 */
const untilBlockingIsConnected = async (worker: Worker): Promise<void> => {
  const blocking = await worker.getBackend().blockingClient;
  while (blocking !== undefined && blocking.status !== 'ready')
    await new Promise((resolve) => blocking.once('ready', resolve));
};

const performJob = async (job: Job, handlers: JobHandlers, attempt: Attempt): Promise<void> => {
  try {
    await callHandler(job, handlers, attempt);
  } catch (thrown) {
    const error = toAppError(thrown);
    throw RETRYABLE[error.code] ? error : new UnrecoverableError(error.message);
  }
};

const callHandler = (job: Job, handlers: JobHandlers, attempt: Attempt): Promise<void> => {
  const name = parse(z.enum(JOBS), job.name);
  switch (name) {
    case 'tick':
      return handlers.tick();
    case 'size':
      return handlers.size(parse(sizeJobSchema, job.data), attempt);
    case 'mail':
      return handlers.mail(parse(mailJobSchema, job.data), attempt);
    case 'collect':
    case 'seal':
    case 'finish':
      return handlers[name](parse(runJobSchema, job.data), attempt);
  }
};

const parse = <Value>(schema: z.ZodType<Value>, value: unknown): Value => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AppError('invalid', 'The queue holds a job that this version did not add', {
    cause: parsed.error,
  });
};

const endsWithin = (limitMs: number, ending: Promise<unknown>): Promise<boolean> =>
  Promise.race([
    ending.then(
      () => true,
      () => false,
    ),
    sleep(limitMs, false, { ref: false }),
  ]);
