import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from './free-port.ts';

export type RedisServer = {
  readonly url: string;
  /** Ends the server with SIGKILL, as a crash would. */
  readonly kill: () => Promise<void>;
  /** Starts it again on the same data and port. */
  readonly restart: () => Promise<void>;
  /** Ends it and deletes its data. */
  readonly close: () => Promise<void>;
};

/**
 * Starts a throwaway `redis-server` or `valkey-server` on a free loopback port, its append-only file in a temporary folder.
 * `settings` are more arguments for it, e.g. `['--requirepass', 'x']`.
 */
export const startRedisServer = async (settings: readonly string[] = []): Promise<RedisServer> => {
  const folder = await mkdtemp(join(tmpdir(), 'quotagram-redis-'));
  const port = await findFreePort();
  let server = await start(folder, port, settings);
  const killOnExit = (): boolean => server.kill('SIGKILL');
  process.once('exit', killOnExit);

  const kill = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exit = once(server, 'exit');
    server.ref();
    server.kill('SIGKILL');
    await exit;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    kill,
    restart: async () => {
      await kill();
      server = await start(folder, port, settings);
    },
    close: async () => {
      process.off('exit', killOnExit);
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

const start = async (folder: string, port: number, settings: readonly string[]): Promise<ChildProcess> => {
  const place = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--logfile', 'redis.log'];
  const keep = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
  const server = spawn('sh', ['-c', EXEC, 'redis', ...place, ...keep, ...settings], { stdio: 'ignore' });
  server.unref();
  await once(server, 'spawn');
  while (!(await isAnswering(port))) {
    if (server.exitCode !== null) throw new Error(`redis-server ended with exit code ${server.exitCode}`);
    await sleep(20);
  }
  return server;
};

const EXEC = 'exec "$(command -v redis-server || command -v valkey-server)" "$@"';

/** Whether the server has loaded its data; a server that wants a password counts as answering. */
const isAnswering = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', (answer) => {
      socket.destroy();
      resolve(/^(\+PONG|-NOAUTH)/.test(answer.toString()));
    });
    socket.once('error', () => resolve(false));
  });
