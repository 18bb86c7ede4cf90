import { connectRedis } from '../../../src/adapters/redis/connection.ts';
import { openEmbeddedRedis } from '../../../src/adapters/redis/embedded.ts';
import { toAppError } from '../../../src/errors.ts';

/**
 * A process of its own that opens the Redis of the data folder `argv[2]`, says what it got and stays, or leaves, or fills
 * the disk and says why Redis has ended.
 */

const [, , dataDir = '', then = 'stay'] = process.argv;
try {
  const embedded = await openEmbeddedRedis({ dataDir });
  const redis = await connectRedis(embedded.socketPath);
  const info = await redis.ask('server', (client) => client.info('server'));
  if (then === 'fill') {
    const fill = async (): Promise<never> => {
      for (;;) await redis.client.append('key', 'x'.repeat(10_000));
    };
    throw await Promise.race([embedded.gone, fill().catch(() => embedded.gone)]);
  }
  await redis.dispose();
  const serverPid = Number(/^process_id:(\d+)/m.exec(info)?.[1]);
  process.stdout.write(`${JSON.stringify({ owned: embedded.owned, serverPid })}\n`);
  if (then === 'stay') setInterval(() => {}, 60_000);
} catch (thrown) {
  const { code, message, hint } = toAppError(thrown);
  process.stdout.write(`${JSON.stringify({ code, message, hint })}\n`);
}
