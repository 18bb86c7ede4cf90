import { startRedisServer } from '../../../sandbox/redis-server.ts';
import { connectRedis } from '../../../src/adapters/redis/connection.ts';
import { createStore } from '../../../src/adapters/redis/store.ts';
import { createFakeStore } from '../../fakes.ts';
import { describeStore } from '../../pipeline/store-contract.ts';

describeStore('in memory', async () => ({ store: createFakeStore(), dispose: async () => {} }));

describeStore('on Redis', async () => {
  const server = await startRedisServer();
  const redis = await connectRedis(server.url);
  return {
    store: createStore(redis),
    dispose: async () => {
      await redis.dispose();
      await server.close();
    },
  };
});
