import { Queue as BullQueue } from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import { startRedisServer } from '../../../sandbox/redis-server.ts';
import type { RedisServer } from '../../../sandbox/redis-server.ts';
import { connectRedis, KEY_TAG } from '../../../src/adapters/redis/connection.ts';
import type { RedisConnection } from '../../../src/adapters/redis/connection.ts';
import { createQueue } from '../../../src/adapters/redis/queue.ts';
import type { RunEvent } from '../../../src/pipeline/events.ts';
import { createFakeQueue } from '../../fakes.ts';
import { describeQueue } from '../../pipeline/queue-contract.ts';
import { retryQuickly } from './retry-quickly.ts';

describeQueue('in memory', async () => {
  const events: RunEvent[] = [];
  const queue = createFakeQueue((event) => events.push(event));
  return { queue, events, settle: queue.drain, dispose: async () => {} };
});

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.close());

describeQueue('on Redis', async () => {
  const redis = await connectRedis(server.url);
  await redis.client.flushall();
  const events: RunEvent[] = [];
  const queue = createQueue({
    redis,
    observe: (event) => events.push(event),
    concurrency: { sizer: 2, mailer: 2 },
    mailsPerSecond: 1_000,
    retryWaitMs: retryQuickly,
  });
  return {
    queue,
    events,
    settle: () => untilIdle(redis),
    dispose: async () => {
      await queue.dispose();
      await redis.dispose();
    },
  };
});

/** Waits until nothing is left that somebody works on; `run` is read last, for its jobs add the others. */
const untilIdle = async (redis: RedisConnection): Promise<void> => {
  const queues = ['size', 'mail', 'run'].map(
    (name) => new BullQueue(name, { connection: redis.client, prefix: KEY_TAG, skipMetasUpdate: true }),
  );
  for (;;) {
    let open = 0;
    for (const queue of queues)
      if ((await queue.getWorkersCount()) > 0)
        open += await queue.getJobCountByTypes('waiting', 'active', 'delayed', 'waiting-children');
    if (open === 0) break;
    await sleep(10);
  }
  await Promise.all(queues.map((queue) => queue.close()));
};
