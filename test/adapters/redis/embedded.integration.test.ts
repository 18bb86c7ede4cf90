import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
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

const pidOf = async ({ client }: RedisConnection): Promise<number> =>
  Number(/^process_id:(\d+)/m.exec(await client.info('server'))?.[1]);

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

  test('makes folders on the way to the data folder private, too', async () => {
    await openHere({ dataDir: join(dataDir, 'below') });
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
  });

  test.each([
    { name: 'an empty folder', content: [] },
    { name: 'the root of a new file system', content: ['lost+found'] },
    { name: 'one where an earlier version found no server', content: ['redis.log'] },
    { name: 'one that an earlier version worked in', content: ['redis.log', 'redis.lock', 'notes.txt'] },
  ])('takes $name, leaves its mode as it is, and keeps what is ours private', async ({ content }) => {
    await mkdir(dataDir);
    await chmod(dataDir, 0o775);
    for (const name of content) await writeFile(join(dataDir, name), '', { mode: 0o600 });
    const { socketPath } = await openHere({ dataDir });
    expect((await stat(dataDir)).mode & 0o777).toBe(0o775);
    const ours = [
      socketPath,
      ...['redis.log', 'redis.lock', 'appendonlydir'].map((name) => join(dataDir, name)),
    ];
    expect(await Promise.all(ours.map(async (path) => (await stat(path)).mode & 0o077))).toEqual(
      ours.map(() => 0),
    );
  });

  test.each([['notes.txt'], ['.git'], ['appendonlydir'], ['appendonlydir', 'redis.log']])(
    'leaves a folder alone that holds %s',
    async (...content) => {
      await mkdir(dataDir);
      await chmod(dataDir, 0o755);
      for (const name of content) await writeFile(join(dataDir, name), '');
      await expect(openEmbeddedRedis({ dataDir })).rejects.toMatchObject({
        code: 'invalid',
        message: `The data folder ${dataDir} is not empty, and nothing in it is Quotagram's`,
        hint: 'Set dataDir to a folder that is empty or does not exist yet, or set REDIS_URL.',
      });
      expect((await stat(dataDir)).mode & 0o777).toBe(0o755);
      expect((await readdir(dataDir)).toSorted()).toEqual(content.toSorted());
    },
  );

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
    const pid = await pidOf(redis);
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

  test.each([
    { name: 'a file', path: 'file', reason: 'a part of its path is a file' },
    { name: 'below a file', path: 'file/data', reason: 'a part of its path is a file' },
    { name: 'a link in a circle', path: 'circle/data', reason: 'its links lead in a circle' },
    {
      name: 'where the system makes the folders',
      path: '/proc/quotagram/data',
      reason: 'no folder can be made there',
    },
  ])('says why $name cannot be the data folder', async ({ path, reason }) => {
    await writeFile(join(folder, 'file'), '');
    await symlink('circle', join(folder, 'circle'));
    const asked = resolve(folder, path);
    await expect(openEmbeddedRedis({ dataDir: asked })).rejects.toMatchObject({
      code: 'invalid',
      message: `The data folder ${asked} cannot be used: ${reason}`,
      hint: 'Set dataDir to a folder of your own, or set REDIS_URL.',
    });
  });

  test('quotes the last line of the log when the server does not start', async () => {
    await mkdir(join(dataDir, 'appendonlydir'), { recursive: true });
    await writeFile(join(dataDir, 'redis.lock'), '');
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

describe('the reason for its end', { timeout: 30_000 }, () => {
  test('is that the process that started it has ended', async () => {
    const owner = await openHere({ dataDir });
    const { gone } = await openHere({ dataDir });
    await owner.dispose();
    expect(await gone).toMatchObject({
      code: 'unavailable',
      message: `The Redis of the data folder ${dataDir} has ended: the process that started it has ended`,
      hint: `Start again. ${join(dataDir, 'redis.log')} may tell more.`,
    });
  });

  test('is that it was killed', async () => {
    const { gone, socketPath } = await openHere({ dataDir });
    process.kill(await pidOf(await connectHere(socketPath)), 'SIGKILL');
    expect(await gone).toMatchObject({
      message: expect.stringMatching(/ has ended: it was killed, or crashed without a word$/),
    });
  });

  test('is what it says of a crash', async () => {
    const { gone, socketPath } = await openHere({ dataDir });
    process.kill(await pidOf(await connectHere(socketPath)), 'SIGSEGV');
    expect(await gone).toMatchObject({
      message: expect.stringMatching(/ has ended: Redis .* crashed by signal/),
    });
  });
});

const canMount = spawnSync('unshare', ['--map-root-user', '--mount', 'true']).status === 0;

describe.skipIf(!canMount)('on a file system of its own (needs unshare)', { timeout: 60_000 }, () => {
  test('that is read-only is said to be', async () => {
    expect(await sayOn('ro', 'stay')).toEqual({
      code: 'invalid',
      message: `The data folder ${dataDir}/below cannot be used: its file system is read-only`,
      hint: 'Set dataDir to a folder of your own, or set REDIS_URL.',
    });
  });

  const full = () => ({
    code: 'unavailable',
    message: `The data folder ${dataDir}/below cannot be used: its disk is full`,
    hint: 'Free some space there and start again, or set dataDir to a folder on another disk.',
  });

  test('that is full from the start is said to be', async () => {
    expect(await sayOn('size=64k', 'stay')).toEqual(full());
  });

  test('that fills up later is said to be when Redis has ended', async () => {
    const message = `The Redis of the data folder has ended. ${full().message}`;
    expect(await sayOn('size=400k', 'fill')).toEqual({ ...full(), message });
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

/** What a process says whose data folder lies on a tmpfs with these options. */
const sayOn = async (mountOptions: string, then: 'stay' | 'fill'): Promise<unknown> => {
  await mkdir(dataDir);
  const script = 'mount -t tmpfs -o "$1" tmpfs "$2" && shift 2 && exec "$@"';
  const command = [process.execPath, PROCESS, join(dataDir, 'below'), then];
  const child = spawn(
    'unshare',
    ['--map-root-user', '--mount', 'sh', '-c', script, 'sh', mountOptions, dataDir, ...command],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onTestFinished(() => kill(child));
  return JSON.parse(await firstLine(child));
};

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
