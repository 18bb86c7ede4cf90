import { FlowProducer, Queue as BullQueue } from 'bullmq';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startRedisServer } from '../../../sandbox/redis-server.ts';
import type { RedisServer } from '../../../sandbox/redis-server.ts';
import { connectRedis, KEY_TAG } from '../../../src/adapters/redis/connection.ts';
import type { RedisConnection } from '../../../src/adapters/redis/connection.ts';
import { createQueue } from '../../../src/adapters/redis/queue.ts';
import { createStore } from '../../../src/adapters/redis/store.ts';
import { AppError } from '../../../src/errors.ts';
import type { RunEvent } from '../../../src/pipeline/events.ts';
import { ROLES } from '../../../src/pipeline/jobs.ts';
import type { JobHandlers, Queue } from '../../../src/pipeline/ports.ts';
import { IDLE } from './idle-handlers.ts';
import { retryQuickly } from './retry-quickly.ts';

/** What sizing jobs are about. */
const RUN_1 = { runId: 'run-1', takenAt: '2026-11-23T16:00:00Z' };

type Waits = NonNullable<Parameters<typeof createQueue>[0]['waits']>;

/** A queue on a Redis of its own, and what was observed and warned of. */
const setUp = async (waits: Waits = {}) => {
  const server: RedisServer = await startRedisServer();
  onTestFinished(server.close);
  const redis = await connectRedis(server.url);
  onTestFinished(redis.dispose);
  const events: RunEvent[] = [];
  const warnings: string[] = [];
  const queue = createQueue({
    redis,
    observe: (event) => events.push(event),
    onWarning: (warning) => warnings.push(warning),
    concurrency: { sizer: 2, mailer: 2 },
    mailsPerSecond: 1_000,
    waits,
    retryWaitMs: retryQuickly,
  });
  onTestFinished(queue.dispose);
  return { server, redis, queue, events, warnings };
};

const workAll = async (queue: Queue, handlers: Partial<JobHandlers>): Promise<void> => {
  for (const role of ROLES) onTestFinished(await queue.work(role, { ...IDLE, ...handlers }));
};

/** A promise and what ends it. */
const signal = (): PromiseWithResolvers<void> => Promise.withResolvers<void>();

const bullQueue = (redis: RedisConnection, name: string): BullQueue => {
  const queue = new BullQueue(name, { connection: redis.client, prefix: KEY_TAG });
  onTestFinished(() => queue.close());
  return queue;
};

describe('when a process is killed', { timeout: 30_000 }, () => {
  test('its job goes to another worker, and the run is sealed once', async () => {
    const { server, queue } = await setUp({ lockMs: 500 });
    const stuck = spawn(process.execPath, [STUCK, server.url], { stdio: ['ignore', 'pipe', 'inherit'] });
    await queue.addSizing(RUN_1, ['a']);
    expect(String(await once(stuck.stdout, 'data'))).toBe('a\n');
    stuck.kill('SIGKILL');
    await once(stuck, 'exit');

    const calls: string[] = [];
    const sealed = signal();
    await workAll(queue, {
      size: async ({ namespace }, { number }) => {
        calls.push(`size ${namespace}, try ${number}`);
      },
      seal: async () => {
        calls.push('seal');
        sealed.resolve();
      },
    });
    await sealed.promise;
    expect(calls).toEqual(['size a, try 1', 'seal']);
  });
});

const STUCK = fileURLToPath(new URL('stuck-process.ts', import.meta.url));

describe('when Redis is killed and comes back', { timeout: 60_000 }, () => {
  test('no job and no record is lost, and the run is sealed once', async () => {
    // A job whose worker never heard that it got it is taken up again when its lock has run out.
    const { server, redis, queue } = await setUp({ lockMs: 2_000 });
    const store = createStore(redis);
    const namespaces = Array.from({ length: 20 }, (_, index) => `ns-${index}`);
    const sealed = signal();
    let sized = 0;
    let seals = 0;
    await queue.addSizing(RUN_1, namespaces);
    await workAll(queue, {
      size: async ({ runId, namespace }) => {
        await store.saveResult(runId, { status: 'given-up', namespace, reason: 'a test' });
        sized += 1;
      },
      seal: async () => {
        seals += 1;
        sealed.resolve();
      },
    });
    for (const enough of [5, 12]) {
      while (sized < enough) await sleep(1);
      await server.restart();
    }
    await sealed.promise;
    const results = await Promise.all(namespaces.map((namespace) => store.loadResult('run-1', namespace)));
    expect(results.map((result) => result?.namespace)).toEqual(namespaces);
    expect(seals).toBe(1);
  });

  test('jobs that waited and records that were written are still there', async () => {
    const { server, redis, queue } = await setUp();
    const store = createStore(redis);
    await queue.addCollect('run-1');
    await store.saveResult('run-1', { status: 'given-up', namespace: 'a', reason: 'a test' });
    await server.restart();
    expect(await store.loadResult('run-1', 'a')).toMatchObject({ reason: 'a test' });
    const collected = signal();
    await workAll(queue, { collect: async () => collected.resolve() });
    await collected.promise;
  });
});

describe('when Redis is gone', { timeout: 30_000 }, () => {
  test('adding a job says so', async () => {
    const { server, queue } = await setUp();
    await server.kill();
    const gone = { code: 'unavailable', message: expect.stringContaining('does not answer') };
    await Promise.all([
      expect(queue.addCollect('run-1')).rejects.toMatchObject(gone),
      expect(queue.addSizing(RUN_1, ['a'])).rejects.toMatchObject(gone),
      expect(queue.schedule({ cron: '0 8 * * 1', timeZone: 'UTC' })).rejects.toMatchObject(gone),
    ]);
  });

  test('a worker stops all the same', async () => {
    const { server, queue, warnings } = await setUp();
    const began = signal();
    const goOn = signal();
    const stop = await queue.work('collector', {
      ...IDLE,
      collect: () => {
        began.resolve();
        return goOn.promise;
      },
    });
    await queue.addCollect('run-1');
    await began.promise;
    await server.kill();
    goOn.resolve();
    await stop();
    expect(warnings).toEqual([]);
  });
});

describe('stopping', { timeout: 30_000 }, () => {
  test('waits for the job under way and takes no other', async () => {
    const { queue } = await setUp();
    const began = signal();
    const goOn = signal();
    const calls: string[] = [];
    const stop = await queue.work('sizer', {
      ...IDLE,
      size: async ({ namespace }) => {
        calls.push(namespace);
        if (calls.length === 2) began.resolve();
        await goOn.promise;
        calls.push(`${namespace} done`);
      },
    });
    await queue.addSizing(RUN_1, ['a', 'b', 'c', 'd']);
    await began.promise;
    const stopping = stop();
    goOn.resolve();
    await stopping;
    expect(calls.filter((call) => call.endsWith('done'))).toHaveLength(2);
    expect(calls).toHaveLength(4);
  });

  test('leaves a job that does not end to another worker', async () => {
    const { queue } = await setUp({ stopMs: 50, lockMs: 500 });
    const began = signal();
    const stop = await queue.work('collector', {
      ...IDLE,
      collect: () => {
        began.resolve();
        return new Promise(() => {});
      },
    });
    await queue.addCollect('run-1');
    await began.promise;
    await stop();

    const collected = signal();
    await workAll(queue, { collect: async () => collected.resolve() });
    await collected.promise;
  });
});

describe('resuming a flow', { timeout: 30_000 }, () => {
  test('runs the parent when its children had ended, well or not, and it was lost', async () => {
    const { redis, queue } = await setUp();
    const sizes = bullQueue(redis, 'size');
    const calls: string[] = [];
    const sealed = signal();
    await workAll(queue, {
      size: async ({ namespace }) => {
        calls.push(`size ${namespace}`);
        if (namespace === 'b') throw new AppError('rejected', 'no use');
      },
      seal: async () => {
        calls.push('seal');
        sealed.resolve();
      },
    });
    for (const namespace of ['a', 'b'])
      await sizes.add('size', { ...RUN_1, namespace }, { jobId: `size/run-1/${namespace}` });
    while ((await sizes.getJobCountByTypes('completed', 'failed')) < 2) await sleep(10);

    await queue.addSizing(RUN_1, ['a', 'b']);
    await sealed.promise;
    expect(calls.toSorted()).toEqual(['seal', 'size a', 'size b']);
  });

  test('frees a parent that waits for a child that had failed', async () => {
    const { redis, queue } = await setUp();
    const sizes = bullQueue(redis, 'size');
    const goOn = signal();
    const sealed = signal();
    await workAll(queue, {
      size: async ({ namespace }) => {
        if (namespace === 'b') throw new AppError('rejected', 'no use');
        await goOn.promise;
      },
      seal: async () => sealed.resolve(),
    });
    await queue.addSizing(RUN_1, ['a', 'b']);
    while ((await sizes.getFailedCount()) < 1) await sleep(10);
    // A second process that had not seen the flow yet adds it now.
    const flows = new FlowProducer({ connection: redis.client, prefix: KEY_TAG });
    await flows.add({
      name: 'seal',
      queueName: 'run',
      opts: { jobId: 'seal/run-1' },
      children: ['a', 'b'].map((namespace) => ({
        name: 'size',
        queueName: 'size',
        opts: { jobId: `size/run-1/${namespace}`, ignoreDependencyOnFailure: true },
      })),
    });
    await flows.close();
    goOn.resolve();
    while ((await sizes.getCompletedCount()) < 1) await sleep(10);
    expect(await bullQueue(redis, 'run').getJobState('seal/run-1')).toBe('waiting-children');

    await queue.addSizing(RUN_1, ['a', 'b']);
    await sealed.promise;
  });
});

describe('the timer', { timeout: 30_000 }, () => {
  const weekly = { cron: '0 8 * * 1', timeZone: 'America/Vancouver' };

  test('is replaced when its definition changes', async () => {
    const { redis, queue } = await setUp();
    const runs = bullQueue(redis, 'run');
    await queue.schedule(weekly);
    await queue.schedule({ ...weekly, timeZone: 'UTC' });
    expect(await runs.getJobSchedulers()).toMatchObject([{ key: 'tick', pattern: '0 8 * * 1', tz: 'UTC' }]);
    expect(await runs.getDelayedCount()).toBe(1);
    const [tick] = await runs.getDelayed();
    const due = new Date((tick?.timestamp ?? 0) + (tick?.delay ?? 0));
    expect([due.getUTCDay(), due.getUTCHours(), due.getUTCMinutes()]).toEqual([1, 8, 0]);
  });

  test('keeps a tick that is overdue when it is scheduled again unchanged', async () => {
    const { redis, queue } = await setUp();
    const runs = bullQueue(redis, 'run');
    await queue.schedule(weekly);
    const [tick] = await runs.getDelayed();
    await redis.client.zadd(runs.toKey('delayed'), 1, tick?.id ?? '');

    await queue.schedule(weekly);
    const ticked = signal();
    await workAll(queue, { tick: async () => ticked.resolve() });
    await ticked.promise;
  });
});

describe('a job', { timeout: 30_000 }, () => {
  test('that is not ours fails without a second try', async () => {
    const { redis, queue, events } = await setUp();
    await workAll(queue, {});
    await bullQueue(redis, 'size').add('size', { namespace: 3 }, { jobId: 'foreign', attempts: 3 });
    while (events.length === 0) await sleep(10);
    expect(events).toEqual([
      {
        type: 'job-failed',
        job: 'foreign',
        attempt: 1,
        reason: 'The queue holds a job that this version did not add',
        nextTryAt: null,
      },
    ]);
    expect(await bullQueue(redis, 'size').getJobState('foreign')).toBe('failed');
  });

  test('that fails is observed without the addresses its error names', async () => {
    const { queue, events } = await setUp();
    await workAll(queue, {
      mail: async () => {
        throw new AppError('rejected', '550 <ann.lee+x@mail.example.com>: no such user');
      },
    });
    await queue.addMails('run-1', ['d1']);
    while (events.length === 0) await sleep(10);
    expect(events).toMatchObject([{ job: 'mail/run-1/d1', reason: '550 <(address)>: no such user' }]);
  });

  test('that ended is kept for two weeks and its answer is empty', async () => {
    const { redis, queue } = await setUp();
    const finished = signal();
    await workAll(queue, { finish: async () => finished.resolve() });
    await queue.addMails('run-1', ['d1']);
    await finished.promise;
    const mail = await bullQueue(redis, 'mail').getJob('mail/run-1/d1');
    expect(mail?.opts).toMatchObject({
      removeOnComplete: { age: 1_209_600 },
      removeOnFail: { age: 1_209_600 },
    });
    expect(mail?.returnvalue).toBeNull();
  });
});
