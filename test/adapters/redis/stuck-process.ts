import { connectRedis } from '../../../src/adapters/redis/connection.ts';
import { createQueue } from '../../../src/adapters/redis/queue.ts';

/** A sizer of its own on the Redis at `argv[2]` that says which namespace it has begun and never ends it. */

const redis = await connectRedis(process.argv[2] ?? '');
const queue = createQueue({
  redis,
  observe: () => {},
  concurrency: { sizer: 1, mailer: 1 },
  mailsPerSecond: 1,
  waits: { lockMs: 500 },
});
const unused = async (): Promise<void> => {};
await queue.work('sizer', {
  tick: unused,
  collect: unused,
  seal: unused,
  finish: unused,
  mail: unused,
  size: ({ namespace }) => {
    process.stdout.write(`${namespace}\n`);
    return new Promise(() => {});
  },
});
