import type { Redis } from 'ioredis';
import { once } from 'node:events';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startRedisServer } from '../../../sandbox/redis-server.ts';
import { connectRedis } from '../../../src/adapters/redis/connection.ts';
import { createQueue } from '../../../src/adapters/redis/queue.ts';
import { IDLE } from './idle-handlers.ts';

/** What sizing jobs are about. */
const RUN_1 = { runId: 'run-1', takenAt: '2026-11-23T16:00:00Z' };

type Waits = NonNullable<Parameters<typeof createQueue>[0]['waits']>;

/**
 * A queue on a Redis of its own. BullMQ's worker duplicates its client to block on it; this lets a test have that
 * connection, which comes back after `retryMs` once it is lost.
 */
const setUp = async (options: { readonly retryMs?: number; readonly waits?: Waits }) => {
  const server = await startRedisServer();
  onTestFinished(server.close);
  const redis = await connectRedis(server.url);
  onTestFinished(redis.dispose);
  const blocking = Promise.withResolvers<Redis>();
  const openPatient = (): Redis => {
    const client = redis.openPatient();
    const duplicate = client.duplicate.bind(client);
    client.duplicate = (override) => {
      const copy = duplicate({ ...override, retryStrategy: () => options.retryMs ?? 100 });
      blocking.resolve(copy);
      return copy;
    };
    return client;
  };
  const queue = createQueue({
    redis: { ...redis, openPatient },
    observe: () => {},
    concurrency: { sizer: 1, mailer: 1 },
    mailsPerSecond: 1_000,
    waits: options.waits ?? {},
  });
  onTestFinished(queue.dispose);
  return { redis, queue, blocking: blocking.promise };
};

const untilBlocked = async (client: Redis): Promise<void> => {
  while (!String(await client.client('LIST')).includes('cmd=bzpopmin')) await sleep(10);
};

describe('a worker whose blocking connection was lost', { timeout: 15_000 }, () => {
  test.for(['reconnecting', 'connecting', 'connect', 'ready'])(
    'stops while that is in the state "%s"',
    async (state) => {
      const { redis, queue, blocking } = await setUp({});
      const stop = await queue.work('sizer', IDLE);
      await untilBlocked(redis.client);
      const connection = await blocking;
      const stopped = new Promise((resolve) => connection.once(state, () => resolve(stop())));
      connection.disconnect(true);
      await stopped;
      expect(connection.status).toBe('end');
    },
  );

  test('stops when that does not come back', async () => {
    const { redis, queue, blocking } = await setUp({ retryMs: 3_600_000 });
    const began = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const stop = await queue.work('sizer', {
      ...IDLE,
      size: () => {
        began.resolve();
        return goOn.promise;
      },
    });
    await untilBlocked(redis.client);
    await queue.addSizing(RUN_1, ['a']);
    await began.promise;
    const connection = await blocking;
    const lost = once(connection, 'reconnecting');
    connection.disconnect(true);
    await lost;
    const stopped = stop();
    goOn.resolve();
    await stopped;
    expect(connection.status).toBe('end');
  });
});

describe('a worker that is given a job while it stops', { timeout: 15_000 }, () => {
  test('leaves it to another one when it does not end', async () => {
    const { redis, queue } = await setUp({ waits: { stopMs: 500, lockMs: 500 } });
    const began = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const beganLate = Promise.withResolvers<void>();
    const stop = await queue.work('sizer', {
      ...IDLE,
      size: async ({ namespace }) => {
        if (namespace === 'a') {
          began.resolve();
          return goOn.promise;
        }
        beganLate.resolve();
        return new Promise(() => {});
      },
    });
    await queue.addSizing(RUN_1, ['a', 'b']);
    await began.promise;
    // The worker says that it is done with the one and asks for the other, but is not answered before it stops.
    await redis.client.client('PAUSE', 10_000, 'WRITE');
    goOn.resolve();
    await turn();
    const stopped = stop();
    await redis.client.client('UNPAUSE');
    await beganLate.promise;
    await stopped;

    const sized = Promise.withResolvers<string>();
    onTestFinished(
      await queue.work('sizer', { ...IDLE, size: async ({ namespace }) => sized.resolve(namespace) }),
    );
    expect(await sized.promise).toBe('b');
  });
});
