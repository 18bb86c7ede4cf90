import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../errors.ts';
import { findWriteFault, LOCK, makePrivateFolder, openDataFolder } from './data-folder.ts';
import { explainEnd, explainFailedStart, openLogPart } from './server-log.ts';
import type { LogPart } from './server-log.ts';

export type EmbeddedRedis = {
  readonly socketPath: string;
  /** Whether this process started the server; another one did when false, and may end it. */
  readonly owned: boolean;
  /** Resolves with the reason when the server is gone, unless we are done with it. */
  readonly gone: Promise<AppError>;
  /** Ends an owned server; leaves another process's server alone. */
  readonly dispose: () => Promise<void>;
};

/**
 * Finds or starts the Redis of a data folder: one `redis-server` or `valkey-server` from PATH on a unix socket, which
 * ends with the process that started it, however that ends. `connectOnly` never starts one.
 * @throws AppError `invalid` (the folder cannot be used), `unavailable` (no server on PATH, it did not start, or there
 * is none to connect to)
 */
export const openEmbeddedRedis = async (options: {
  readonly dataDir: string;
  readonly connectOnly?: boolean;
}): Promise<EmbeddedRedis> => {
  const dataDir = options.connectOnly
    ? await realpath(options.dataDir).catch(() => resolve(options.dataDir))
    : await openDataFolder(options.dataDir);
  const socketPath = await placeSocket(dataDir);
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    const state = await probe(socketPath);
    if (state === 'ready' && hasLivingOwner(dataDir))
      return {
        socketPath,
        owned: false,
        ...watch(socketPath, await openLogPart(dataDir, join(dataDir, LOG))),
      };
    if (state === 'absent') {
      if (options.connectOnly) throw nothingRuns(dataDir);
      const launched = await launch(dataDir, socketPath, deadline);
      if (launched !== null) {
        const { gone, dispose: stopWatching } = watch(socketPath, launched.log);
        return { socketPath, owned: true, gone, dispose: () => stopWatching().then(launched.dispose) };
      }
    }
    await sleep(POLL_MS);
  }
  throw new AppError('unavailable', `The Redis of ${dataDir} was not ready within ${START_MS / 1_000} s`, {
    hint: `Look at ${join(dataDir, LOG)}, or set REDIS_URL.`,
  });
};

const LOG = 'redis.log';
/** A named pipe that the owner holds open for reading. */
const OWNER = 'redis.owner';
/** Loading a large append-only file takes its time. */
const START_MS = 60_000;
const POLL_MS = 50;

/** `sun_path` holds 104 bytes on macOS and 108 on Linux, the last one a NUL. */
const MAX_SOCKET_BYTES = 103;

/** The socket lies in the data folder, or where that path is too long in a private folder of its own named after it. */
const placeSocket = async (dataDir: string): Promise<string> => {
  const inDataDir = join(dataDir, 'redis.sock');
  if (Buffer.byteLength(inDataDir) <= MAX_SOCKET_BYTES) return inDataDir;
  const folder = join(tmpdir(), `quotagram-${hash('sha256', dataDir, 'hex').slice(0, 16)}`);
  const elsewhere = join(folder, 'redis.sock');
  if (Buffer.byteLength(elsewhere) > MAX_SOCKET_BYTES)
    throw new AppError('invalid', `The path of the data folder ${dataDir} is too long for a unix socket`, {
      hint: 'Set dataDir to a shorter path, or set REDIS_URL.',
    });
  await makePrivateFolder(folder);
  const found = await lstat(folder);
  // Anyone may make folders there first.
  if (!found.isDirectory() || found.uid !== process.getuid?.())
    throw new AppError('invalid', `${folder} belongs to somebody else`, {
      hint: 'Set dataDir to a shorter path, or set REDIS_URL.',
    });
  return elsewhere;
};

type SocketState = 'absent' | 'starting' | 'ready';

/** Asks whatever listens on the socket for a PONG; a socket file that a killed server left refuses connections. */
const probe = (socketPath: string): Promise<SocketState> =>
  new Promise((settle, fail) => {
    const socket = connect(socketPath, () => socket.write('PING\r\n'));
    const conclude = (state: SocketState): void => {
      socket.destroy();
      settle(state);
    };
    socket.setTimeout(1_000, () => conclude('starting'));
    socket.once('data', (answer) => conclude(answer.toString().startsWith('+PONG') ? 'ready' : 'starting'));
    socket.once('end', () => conclude('starting'));
    socket.once('error', (fault) => {
      if ('code' in fault && (fault.code === 'EACCES' || fault.code === 'EPERM'))
        fail(
          new AppError('invalid', `The Redis socket ${socketPath} belongs to somebody else`, {
            hint: 'Set dataDir to a folder of your own, or set REDIS_URL.',
            cause: fault,
          }),
        );
      else conclude('absent');
    });
  });

/** Holds a connection for no other purpose than to see it break. */
const watch = (socketPath: string, log: LogPart): Pick<EmbeddedRedis, 'gone' | 'dispose'> => {
  const socket = connect(socketPath).unref();
  socket.on('error', () => {}); // it closes, too
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  let isOver = false;
  const gone = closed.then(() => (isOver ? new Promise<never>(() => {}) : explainEnd(log)));
  return {
    gone,
    dispose: () => {
      isOver = true;
      socket.destroy();
      return closed;
    },
  };
};

/** A server answers for a moment longer than its owner lives. Only while somebody reads can the pipe be opened to write. */
const hasLivingOwner = (dataDir: string): boolean => {
  try {
    closeSync(openSync(join(dataDir, OWNER), constants.O_WRONLY | constants.O_NONBLOCK));
    return true;
  } catch {
    return false;
  }
};

const nothingRuns = (dataDir: string): AppError =>
  new AppError('unavailable', `No Redis runs for the data folder ${dataDir}`, {
    hint: 'A single role shares the queue with the others: set REDIS_URL, or run `quotagram start` on this data folder first.',
  });

/**
 * The lock is the kernel's: the server inherits the locked file, so it is free exactly when no server lives, whoever
 * was killed and how. The watcher outlives the shell, ends the server politely at the first line and with SIGKILL at
 * the end of input, which comes when our process is gone; every write is on disk by then (`appendfsync always`).
 */
const SCRIPT = `
lock=$1; owner=$2; log=$3; shift 3
umask 077
exec 2>>"$log"
server=$(command -v redis-server || command -v valkey-server) || exit 127
exec 9>"$lock"
if command -v flock >/dev/null
then flock -n 9
else perl -e 'open(my $file, ">&=", 9); exit(flock($file, 6) ? 0 : 1)'
fi || exit 75
[ -p "$owner" ] || mkfifo "$owner" || exit 1
echo locked
exec 3<&0 >&2
"$server" "$@" </dev/null 3<&- &
pid=$!
{ read -r _ && kill "$pid" && read -r _; kill -9 "$pid"; } <&3 9>&- &
watcher=$!
wait "$pid"; status=$?
kill "$watcher"
exit "$status"
`;
const NO_SERVER = 127;
const IS_LOCKED = 75;

/** Starts the server and gives its log and what ends it, once it is ready; null when another process holds the lock. */
const launch = async (
  dataDir: string,
  socketPath: string,
  deadline: number,
): Promise<{ readonly log: LogPart; readonly dispose: () => Promise<void> } | null> => {
  const fault = await findWriteFault(dataDir);
  if (fault !== null) throw fault;
  const [lock, owner] = [join(dataDir, LOCK), join(dataDir, OWNER)];
  const log = await openLogPart(dataDir, join(dataDir, LOG));
  const shell = spawn(
    'sh',
    ['-c', SCRIPT, 'quotagram-redis', lock, owner, log.file, ...settings(dataDir, socketPath)],
    // A session of its own: Ctrl-C ends us first, and we end the server.
    { detached: true, stdio: ['pipe', 'pipe', 'ignore'] },
  );
  shell.stdin.on('error', () => {}); // it may be gone when we say goodbye
  await Promise.race([once(shell.stdout, 'data'), once(shell, 'exit')]);
  shell.stdout.destroy();

  while (!hasEnded(shell) && Date.now() < deadline) {
    if ((await probe(socketPath)) === 'ready') {
      // Who forgets to dispose of it still ends, and the server with it.
      shell.unref();
      const ownership = openSync(owner, constants.O_RDONLY | constants.O_NONBLOCK);
      let isOpen = true;
      const dispose = async (): Promise<void> => {
        if (isOpen) closeSync(ownership);
        isOpen = false;
        await end(shell);
      };
      return { log: await openLogPart(dataDir, log.file), dispose };
    }
    await sleep(POLL_MS);
  }
  if (shell.exitCode === IS_LOCKED) return null;
  await end(shell);
  throw shell.exitCode === NO_SERVER ? noServer() : await explainFailedStart(log);
};

type Shell = ChildProcessByStdio<Writable, Readable, null>;

const settings = (dataDir: string, socketPath: string): readonly string[] => {
  const place = ['--port', '0', '--unixsocket', socketPath, '--unixsocketperm', '700', '--dir', dataDir];
  const keep = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
  return [...place, ...keep, '--maxmemory-policy', 'noeviction'];
};

const hasEnded = ({ exitCode, signalCode }: Shell): boolean => exitCode !== null || signalCode !== null;

const end = async (shell: Shell): Promise<void> => {
  if (hasEnded(shell)) return;
  const exit = once(shell, 'exit');
  shell.ref();
  shell.stdin.write('\n');
  await Promise.race([exit, sleep(GOODBYE_MS, null, { ref: false })]);
  shell.stdin.end();
  await exit;
};

const GOODBYE_MS = 5_000;

const noServer = (): AppError =>
  new AppError('unavailable', 'Neither redis-server nor valkey-server is on PATH', {
    hint: 'Install one (apt-get install redis-server, or brew install redis), or set REDIS_URL.',
  });
