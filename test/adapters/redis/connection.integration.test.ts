import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { Redis } from 'ioredis';
import { describe, test } from 'vitest';
import type { TestContext } from 'vitest';
import { makeCertificate } from '../../../sandbox/certificate.ts';
import { findFreePort } from '../../../sandbox/free-port.ts';
import { startRedisServer } from '../../../sandbox/redis-server.ts';
import type { RedisServer } from '../../../sandbox/redis-server.ts';
import { connectRedis, KEY_TAG } from '../../../src/adapters/redis/connection.ts';
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

  test('works in the database that the URL names', async (context) => {
    const { expect } = context;
    const { url } = await startServer(context);
    const third = await connect(context, `${url}/3`);
    await third.ask('key', (client) => client.set('key', 'in 3'));
    const other = third.openPatient();
    context.onTestFinished(() => other.disconnect());
    expect(await other.get('key')).toBe('in 3');
    const first = await connect(context, url);
    expect(await first.ask('key', (client) => client.get('key'))).toBeNull();
  });

  test('refuses a database that the server does not have, and leaves the others alone', async (context) => {
    const { expect } = context;
    const warnings: string[] = [];
    const { url } = await startServer(context);
    await expect(connectRedis(`${url}/99`, (warning) => warnings.push(warning))).rejects.toMatchObject({
      code: 'invalid',
      message: `Redis at ${url}/99 does not have that database: ERR DB index is out of range`,
      hint: expect.stringContaining('0 to 15'),
    });
    expect(warnings).toEqual([]);
  });

  test('logs in as a user who may touch nothing but our keys', async (context) => {
    const { expect } = context;
    const rights = ['~{quotagram}*', '+@all'];
    const { url } = await startServer(context, ['--user', 'app', 'on', '>right', ...rights]);
    const redis = await connect(context, url.replace('redis://', 'redis://app:right@'));
    await redis.ask('key', (client) => client.set('{quotagram}:key', 'value'));
    await expect(redis.ask('key', (client) => client.set('key', 'value'))).rejects.toMatchObject({
      code: 'forbidden',
      hint: expect.stringContaining(rights.join(' ')),
    });
  });

  test('says that a user may not touch our keys', async (context) => {
    const { expect } = context;
    const { url } = await startServer(context, ['--user', 'app', 'on', '>right', '~theirs:*', '+@all']);
    await expect(connectRedis(url.replace('redis://', 'redis://app:right@'))).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringMatching(/ does not let this user do its work: NOPERM /),
    });
  });

  test('talks TLS to a server whose certificate is trusted', async (context) => {
    const { expect } = context;
    const { key, cert } = makeCertificate(new Date());
    const folder = await mkdtemp(join(tmpdir(), 'quotagram-tls-'));
    context.onTestFinished(() => rm(folder, { recursive: true }));
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    await writeFile(keyFile, key);
    await writeFile(certFile, cert);
    const port = await findFreePort();
    const place = ['--tls-port', String(port), '--tls-cert-file', certFile, '--tls-key-file', keyFile];
    await startServer(context, [...place, '--tls-auth-clients', 'no']);
    await expect(connectRedis(`rediss://localhost:${port}`)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('self-signed certificate'),
    });
    const usual = getCACertificates('default');
    setDefaultCACertificates([...usual, cert]);
    context.onTestFinished(() => setDefaultCACertificates(usual));
    const redis = await connect(context, `rediss://localhost:${port}/1`);
    expect(await redis.ask('server', (client) => client.ping())).toBe('PONG');
  });

  test('refuses a node of Redis Cluster that leads elsewhere', async (context) => {
    const { expect } = context;
    const [node, other] = [await startNode(context), await startNode(context)];
    const otherId = await other.client.cluster('MYID');
    await node.client.cluster('MEET', '127.0.0.1', Number(new URL(other.url).port), other.busPort);
    while (!String(await node.client.cluster('NODES')).includes(otherId)) await sleep(20);
    const slot = await node.client.cluster('KEYSLOT', KEY_TAG);
    await node.client.cluster('SETSLOT', slot, 'NODE', otherId);
    while (!(await node.client.cluster('INFO')).includes('cluster_state:ok')) await sleep(20);
    await expect(connectRedis(node.url)).rejects.toMatchObject({
      code: 'invalid',
      message: `Redis at ${node.url} is a node of Redis Cluster, which is not supported`,
    });
  });

  test.for(['localhost:6379', 'https://redis.example.com', 'redis.sock', ''])(
    'refuses %j as an address',
    async (address, { expect }) => {
      await expect(connectRedis(address)).rejects.toMatchObject({
        code: 'invalid',
        message: expect.stringContaining('The address of Redis must be redis://host:6379'),
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

  test('ends at once when it is disposed of while Redis does not answer', async (context) => {
    const { expect } = context;
    const { url } = await startServer(context);
    const redis = await connect(context, url);
    const other = await connect(context, url);
    await other.client.client('PAUSE', 60_000, 'ALL');
    const asked = expect(redis.client.get('key')).rejects.toThrow('Connection is closed');
    await redis.dispose();
    // Not by its own timeout.
    await asked;
    other.client.disconnect();
  });

  test('leaves what is no fault of Redis as it is', async (context) => {
    const { expect } = context;
    const redis = await connect(context, (await startServer(context)).url);
    const defect = new TypeError('a defect');
    await expect(redis.ask('key', () => Promise.reject(defect))).rejects.toBe(defect);
  });
});

/** An empty node of a cluster that works without most of its slots. */
const startNode = async (context: Context) => {
  const busPort = await findFreePort();
  const settings = ['--cluster-enabled', 'yes', '--cluster-require-full-coverage', 'no'];
  const { url } = await startServer(context, [...settings, '--cluster-port', String(busPort)]);
  const client = new Redis(url);
  context.onTestFinished(() => client.disconnect());
  return { url, busPort, client };
};

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
