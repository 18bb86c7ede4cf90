import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A server program that lives as long as this process at most. */
export type Tethered = AsyncDisposable & {
  /** Everything it has said so far. */
  readonly readLog: () => Promise<string>;
};

/** A folder for all that a server has, which its own users can enter, and the file in there for what it says. */
export const makeServerFolder = async (
  name: string,
): Promise<{ readonly folder: string; readonly log: string }> => {
  const folder = await mkdtemp(join(tmpdir(), `quotagram-${name}-`));
  await chmod(folder, 0o755);
  return { folder, log: join(folder, LOG) };
};

/**
 * Starts a program that stays in the foreground and waits until something listens at `door`, a port of loopback or a
 * unix socket. Disposing ends the program and removes its folder; the end of this process, however it ends, does too.
 */
export const startTethered = async (
  folder: string,
  command: readonly [string, ...string[]],
  door: number | string,
): Promise<Tethered> => {
  const shell = spawn('sh', ['-c', SCRIPT, 'tethered', folder, join(folder, LOG), ...command], {
    detached: true, // a process group of its own, which ends as a whole
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.unref();
  shell.stdin.on('error', () => {}); // it may be gone when we let go
  const hasEnded = (): boolean => shell.exitCode !== null || shell.signalCode !== null;
  const readLog = (): Promise<string> => readFile(join(folder, LOG), 'utf8').catch(() => '');
  const close = async (): Promise<void> => {
    if (!hasEnded()) {
      const exit = once(shell, 'exit');
      shell.ref();
      shell.stdin.end();
      await exit;
    }
    shell.stdin.destroy();
    await rm(folder, { recursive: true, force: true });
  };
  await once(shell, 'spawn');
  while (!(await isListening(door))) {
    if (hasEnded()) {
      const log = await readLog();
      await close();
      throw new Error(`${command[0]} ended: ${log}`);
    }
    await sleep(20);
  }
  return { readLog, [Symbol.asyncDispose]: close };
};

const LOG = 'log';

/**
 * The end of input comes when we let go or are gone. The server then has a moment to end what is outside of its process
 * group; the folder goes, and with the shell all the rest of the group. Some take seconds where nobody insists.
 */
const SCRIPT = `
folder=$1; log=$2; shift 2
exec 3<&0
"$@" </dev/null >>"$log" 2>&1 3<&- &
pid=$!
{ cat <&3 >/dev/null; : >"$folder/over"; kill "$pid"; sleep 0.5; kill -9 "$pid"; } 2>/dev/null &
wait "$pid"
[ -e "$folder/over" ] && rm -rf "$folder"
kill -9 0
`;

const isListening = (door: number | string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = typeof door === 'number' ? connect(door, '127.0.0.1') : connect(door);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
