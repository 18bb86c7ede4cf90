import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { connectRedis } from '../../../src/adapters/redis/connection.ts';
import type { RedisConnection } from '../../../src/adapters/redis/connection.ts';
import { openEmbeddedRedis } from '../../../src/adapters/redis/embedded.ts';
import type { EmbeddedRedis } from '../../../src/adapters/redis/embedded.ts';

let folder: string;
let dataDir: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quotagram-embedded-'));
  dataDir = join(folder, 'data');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const openHere = async (options: { dataDir: string; connectOnly?: boolean }): Promise<EmbeddedRedis> => {
  const embedded = await openEmbeddedRedis(options);
  onTestFinished(embedded.dispose);
  return embedded;
};

const connectHere = async (socketPath: string): Promise<RedisConnection> => {
  const redis = await connectRedis(socketPath);
  onTestFinished(redis.dispose);
  return redis;
};

describe('in one process', { timeout: 30_000 }, () => {
  test('starts a server that keeps every write, on a socket only we can open and on no port', async () => {
    const { socketPath, owned } = await openHere({ dataDir });
    expect(owned).toBe(true);
    expect(dirname(socketPath)).toBe(dataDir);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    expect((await stat(socketPath)).mode & 0o777).toBe(0o700);
    const { client } = await connectHere(socketPath);
    const settings = ['port', 'appendonly', 'appendfsync', 'save', 'maxmemory-policy'];
    const read = await Promise.all(settings.map((name) => client.config('GET', name)));
    expect(read).toEqual([
      ['port', '0'],
      ['appendonly', 'yes'],
      ['appendfsync', 'always'],
      ['save', ''],
      ['maxmemory-policy', 'noeviction'],
    ]);
  });

  test('keeps the log of the server in the data folder', async () => {
    await openHere({ dataDir });
    expect(await readFile(join(dataDir, 'redis.log'), 'utf8')).toContain('ready to accept connections');
    expect((await stat(join(dataDir, 'redis.log'))).mode & 0o777).toBe(0o600);
  });

  test('makes a data folder private that others could read', async () => {
    await mkdir(dataDir, { mode: 0o755 });
    await openHere({ dataDir });
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
  });

  test('gives a second caller the same server, which that caller does not end', async () => {
    const first = await openHere({ dataDir });
    const second = await openEmbeddedRedis({ dataDir });
    expect(second).toMatchObject({ socketPath: first.socketPath, owned: false });
    await second.dispose();
    const redis = await connectHere(first.socketPath);
    expect(await redis.client.ping()).toBe('PONG');
  });

  test('ends with its owner and has everything again the next time', async () => {
    const first = await openEmbeddedRedis({ dataDir });
    const redis = await connectRedis(first.socketPath);
    await redis.client.set('kept', 'yes');
    await redis.dispose();
    await first.dispose();
    await expect(stat(first.socketPath)).rejects.toMatchObject({ code: 'ENOENT' });

    const second = await openHere({ dataDir });
    expect(second.owned).toBe(true);
    expect(await (await connectHere(second.socketPath)).client.get('kept')).toBe('yes');
  });

  test('starts again after its server was killed', async () => {
    const first = await openHere({ dataDir });
    const redis = await connectHere(first.socketPath);
    await redis.client.set('kept', 'yes');
    const pid = Number(/^process_id:(\d+)/m.exec(await redis.client.info('server'))?.[1]);
    process.kill(pid, 'SIGKILL');
    await untilGone(pid);

    const second = await openHere({ dataDir });
    expect(second.owned).toBe(true);
    expect(await (await connectHere(second.socketPath)).client.get('kept')).toBe('yes');
  });

  test('places the socket elsewhere when the path of the data folder is too long for one', async () => {
    const long = join(dataDir, 'x'.repeat(100));
    const { socketPath, owned } = await openHere({ dataDir: long });
    onTestFinished(() => rm(dirname(socketPath), { recursive: true }));
    expect(owned).toBe(true);
    expect(Buffer.byteLength(socketPath)).toBeLessThan(104);
    expect((await stat(dirname(socketPath))).mode & 0o777).toBe(0o700);
    expect((await openHere({ dataDir: long })).owned).toBe(false);
  });

  test('says why a data folder cannot be used', async () => {
    await writeFile(dataDir, 'a file');
    await expect(openEmbeddedRedis({ dataDir: join(dataDir, 'below') })).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringMatching(/^The data folder .*data\/below cannot be used: ENOTDIR/),
      hint: 'Set dataDir to a folder of your own, or set REDIS_URL.',
    });
  });

  test('quotes the last line of the log when the server does not start', async () => {
    await mkdir(join(dataDir, 'appendonlydir'), { recursive: true });
    await writeFile(join(dataDir, 'appendonlydir', 'appendonly.aof.manifest'), 'nonsense\n');
    await expect(openEmbeddedRedis({ dataDir })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^redis-server did not start: .*manifest/i),
      hint: `Look at ${join(dataDir, 'redis.log')}, or set REDIS_URL.`,
    });
  });

  test('starts none for a single role, and leaves no folder behind', async () => {
    await expect(openEmbeddedRedis({ dataDir, connectOnly: true })).rejects.toMatchObject({
      code: 'unavailable',
      message: `No Redis runs for the data folder ${dataDir}`,
      hint: expect.stringContaining('set REDIS_URL, or run `quotagram start`'),
    });
    await expect(stat(dataDir)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('connects a single role to a server that runs', async () => {
    const { socketPath } = await openHere({ dataDir });
    expect(await openHere({ dataDir, connectOnly: true })).toMatchObject({ socketPath, owned: false });
  });
});

describe('in several processes', { timeout: 60_000 }, () => {
  test('one of six that start at the same moment owns the server and all use it', async () => {
    const opened = await Promise.all(Array.from({ length: 6 }, () => openElsewhere(dataDir)));
    expect(opened.filter(({ said }) => said.owned)).toHaveLength(1);
    expect(new Set(opened.map(({ said }) => said.serverPid)).size).toBe(1);
  });

  test('the server ends when its owner is killed', async () => {
    const { child, said } = await openElsewhere(dataDir);
    await kill(child);
    await untilGone(said.serverPid);
  });

  test('a process that starts right after its predecessor was killed owns a server of its own', async () => {
    const first = await openElsewhere(dataDir);
    await kill(first.child);
    const second = await openElsewhere(dataDir);
    expect(second.said.owned).toBe(true);
    expect(second.said.serverPid).not.toBe(first.said.serverPid);
  });

  test('the files of an owner and a server that were both killed are in nobody’s way', async () => {
    const first = await openElsewhere(dataDir);
    process.kill(first.said.serverPid, 'SIGKILL');
    await kill(first.child);
    await untilGone(first.said.serverPid);
    expect((await stat(join(dataDir, 'redis.sock'))).isSocket()).toBe(true);
    expect((await stat(join(dataDir, 'redis.lock'))).isFile()).toBe(true);
    const next = await Promise.all([openElsewhere(dataDir), openElsewhere(dataDir)]);
    expect(next.filter(({ said }) => said.owned)).toHaveLength(1);
    expect(new Set(next.map(({ said }) => said.serverPid)).size).toBe(1);
  });

  test('a process with nothing left to do ends, and its server with it', async () => {
    const { child, said } = await openElsewhere(dataDir, { then: 'leave' });
    if (child.exitCode === null) await once(child, 'exit');
    expect(child.exitCode).toBe(0);
    await untilGone(said.serverPid);
  });

  test('takes valkey-server, and locks with perl, where that is all there is', async () => {
    const path = await pathOf({ sh: 'sh', mkfifo: 'mkfifo', perl: 'perl', 'valkey-server': 'redis-server' });
    const opened = await Promise.all([1, 2].map(() => openElsewhere(dataDir, { path })));
    expect(opened.filter(({ said }) => said.owned)).toHaveLength(1);
    expect(new Set(opened.map(({ said }) => said.serverPid)).size).toBe(1);
  });

  test('names the ways to get a server when there is none on PATH', async () => {
    const child = start(dataDir, { path: await pathOf({ sh: 'sh', flock: 'flock' }), then: 'leave' });
    expect(JSON.parse(await firstLine(child))).toEqual({
      code: 'unavailable',
      message: 'Neither redis-server nor valkey-server is on PATH',
      hint: 'Install one (apt-get install redis-server, or brew install redis), or set REDIS_URL.',
    });
  });
});

type Options = { readonly path?: string; readonly then?: 'stay' | 'leave' };

const start = (dataDir: string, { path, then = 'stay' }: Options): ChildProcess => {
  const child = spawn(process.execPath, [PROCESS, dataDir, then], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...(path !== undefined && { PATH: path }) },
  });
  onTestFinished(() => kill(child));
  return child;
};

const PROCESS = fileURLToPath(new URL('embedded-process.ts', import.meta.url));

const openElsewhere = async (dataDir: string, options: Options = {}) => {
  const child = start(dataDir, options);
  return { child, said: openedSchema.parse(JSON.parse(await firstLine(child))) };
};

const openedSchema = z.strictObject({ owned: z.boolean(), serverPid: z.int() });

const firstLine = async (child: ChildProcess): Promise<string> => {
  if (child.stdout === null) throw new Error('The process has no output');
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('The process said nothing');
};

const kill = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
};

const untilGone = async (pid: number): Promise<void> => {
  while (isAlive(pid)) await sleep(20);
};

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** A PATH with nothing but these commands, by the name they have on it. */
const pathOf = async (commands: Readonly<Record<string, string>>): Promise<string> => {
  const bin = await mkdtemp(join(folder, 'bin-'));
  for (const [name, target] of Object.entries(commands)) await symlink(await which(target), join(bin, name));
  return bin;
};

const which = async (command: string): Promise<string> => {
  const child = spawn('sh', ['-c', 'command -v "$1"', 'which', command], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return firstLine(child);
};
