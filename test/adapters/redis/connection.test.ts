import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'vitest';
import type { TestContext } from 'vitest';
import { startRedisServer } from '../../../sandbox/redis-server.ts';
import type { RedisServer } from '../../../sandbox/redis-server.ts';
import { connectRedis } from '../../../src/adapters/redis/connection.ts';
import type { RedisConnection } from '../../../src/adapters/redis/connection.ts';

type Context = Pick<TestContext, 'onTestFinished'>;

const startServer = async (context: Context, settings: readonly string[] = []): Promise<RedisServer> => {
  const server = await startRedisServer(settings);
  context.onTestFinished(server.close);
  return server;
};

const connect = async (
  context: Context,
  address: string,
  warnings: string[] = [],
): Promise<RedisConnection> => {
  const redis = await connectRedis(address, (warning) => warnings.push(warning));
  context.onTestFinished(redis.dispose);
  return redis;
};

describe.concurrent('connecting', { timeout: 30_000 }, () => {
  test('asks a server that keeps everything without a warning', async (context) => {
    const { expect } = context;
    const warnings: string[] = [];
    const redis = await connect(context, (await startServer(context)).url, warnings);
    expect(await redis.ask('server', (client) => client.ping())).toBe('PONG');
    expect(warnings).toEqual([]);
    expect(redis.evictsNothing).toBe(true);
  });

  test('warns of settings under which Redis loses data', async (context) => {
    const { expect } = context;
    const warnings: string[] = [];
    const { url } = await startServer(context, ['--appendonly', 'no', '--maxmemory-policy', 'allkeys-lru']);
    const redis = await connect(context, url, warnings);
    expect(warnings).toEqual([
      `Redis at ${url} may drop data when memory is short: set maxmemory-policy to noeviction`,
      `Redis at ${url} loses jobs and delivery records in a crash: set appendonly to yes`,
    ]);
    expect(redis.evictsNothing).toBe(false);
  });

  test('says nothing of settings that it may not read', async (context) => {
    const { expect } = context;
    const warnings: string[] = [];
    const { url } = await startServer(context, ['--appendonly', 'no', '--rename-command', 'CONFIG', '']);
    await connect(context, url, warnings);
    expect(warnings).toEqual([]);
  });

  test('says clearly that nothing answers, without the password', async (context) => {
    const { expect } = context;
    const port = await closedPort();
    await expect(connectRedis(`redis://someone:s3cret@127.0.0.1:${port}/0`)).rejects.toMatchObject({
      code: 'unavailable',
      message: `Redis at redis://127.0.0.1:${port}/0 does not answer: connect ECONNREFUSED 127.0.0.1:${port}`,
      hint: 'Check that Redis runs there and that the address is right: REDIS_URL, or redis.url of the configuration.',
    });
  });

  test('says clearly that something answers nothing', async (context) => {
    const { expect } = context;
    const silent = createServer().listen(0, '127.0.0.1');
    context.onTestFinished(async () => {
      silent.close();
    });
    await once(silent, 'listening');
    await expect(connectRedis(`redis://127.0.0.1:${portOf(silent.address())}`)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/ does not answer$/),
    });
  });

  test('says that the owner of a socket may have ended', async (context) => {
    const { expect } = context;
    await expect(connectRedis('/nonexistent/redis.sock')).rejects.toMatchObject({
      code: 'unavailable',
      message: 'Redis at /nonexistent/redis.sock does not answer: connect ENOENT /nonexistent/redis.sock',
      hint: 'The process that started this Redis may have ended: start it again, or set REDIS_URL.',
    });
  });

  test.for(['redis://:wrong@', 'redis://'])(
    'says that %s… is refused for its credentials',
    async (start, context) => {
      const { expect } = context;
      const { url } = await startServer(context, ['--requirepass', 'right']);
      await expect(connectRedis(url.replace('redis://', start))).rejects.toMatchObject({
        code: 'forbidden',
        message: `Redis at ${url} refuses the credentials`,
        hint: 'Check the user and the password in REDIS_URL.',
      });
    },
  );

  test('logs in with a password', async (context) => {
    const { expect } = context;
    const { url } = await startServer(context, ['--requirepass', 'right']);
    const redis = await connect(context, url.replace('redis://', 'redis://:right@'));
    expect(await redis.ask('server', (client) => client.ping())).toBe('PONG');
  });

  test.for(['localhost:6379', 'https://redis.example.com', 'redis.sock', ''])(
    'refuses %j as an address',
    async (address, { expect }) => {
      await expect(connectRedis(address)).rejects.toMatchObject({
        code: 'invalid',
        hint: expect.stringContaining('redis://host:6379'),
      });
    },
  );
});

describe.concurrent('asking', { timeout: 30_000 }, () => {
  test('fails clearly while Redis is away and works again when it is back', async (context) => {
    const { expect } = context;
    const warnings: string[] = [];
    const server = await startServer(context);
    const redis = await connect(context, server.url, warnings);
    await redis.ask('key', (client) => client.set('key', 'before'));
    await server.kill();
    await expect(redis.ask('key', (client) => client.get('key'))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(`Redis at ${server.url} does not answer`),
    });
    await server.restart();
    expect(await redis.ask('key', (client) => client.get('key'))).toBe('before');
    expect(warnings).toEqual([
      `Redis at ${server.url} stopped answering; trying again`,
      `Redis at ${server.url} answers again`,
    ]);
  });

  test('waits for the connection after a short break', async (context) => {
    const { expect } = context;
    const server = await startServer(context);
    const redis = await connect(context, server.url);
    await server.restart();
    expect(await redis.ask('server', (client) => client.ping())).toBe('PONG');
  });

  test('does not carry out later what failed while Redis was away', async (context) => {
    const { expect } = context;
    const server = await startServer(context);
    const redis = await connect(context, server.url);
    await server.kill();
    await untilLost(redis);
    const asked = Array.from({ length: 20 }, () => redis.ask('key', (client) => client.set('key', 'late')));
    expect((await Promise.allSettled(asked)).map(({ status }) => status)).toEqual(
      asked.map(() => 'rejected'),
    );
    await server.restart();
    expect(await redis.ask('key', (client) => client.get('key'))).toBeNull();
  });

  test('names the subject of a command that Redis refuses', async (context) => {
    const { expect } = context;
    const redis = await connect(context, (await startServer(context)).url);
    await redis.client.rpush('list', 'a');
    await expect(redis.ask('list', (client) => client.get('list'))).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringMatching(/^Redis refused a command on list: WRONGTYPE/),
    });
  });

  test('says that a full Redis takes no writes', async (context) => {
    const { expect } = context;
    const server = await startServer(context, ['--maxmemory', '1', '--maxmemory-policy', 'noeviction']);
    const redis = await connect(context, server.url);
    await expect(redis.ask('key', (client) => client.set('key', 'value'))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(`Redis at ${server.url} takes no writes: OOM`),
    });
  });

  test('leaves what is no fault of Redis as it is', async (context) => {
    const { expect } = context;
    const redis = await connect(context, (await startServer(context)).url);
    const defect = new TypeError('a defect');
    await expect(redis.ask('key', () => Promise.reject(defect))).rejects.toBe(defect);
  });
});

const untilLost = async (redis: RedisConnection): Promise<void> => {
  while (redis.client.status === 'ready') await sleep(5);
};

const closedPort = async (): Promise<number> => {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const port = portOf(listener.address());
  listener.close();
  return port;
};

const portOf = (address: AddressInfo | string | null): number => {
  if (address === null || typeof address === 'string') throw new Error('The listener has no port');
  return address.port;
};
