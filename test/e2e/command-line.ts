import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** How a command ended and what it printed. */
export type Ended = {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** A command under way. Disposing of it kills it where it still runs. */
export type Running = AsyncDisposable & {
  /** Resolves as soon as stderr holds the text. Rejects with what was printed when the command ends before. */
  readonly sayingOnStderr: (text: string) => Promise<void>;
  /** The same for stdout; resolves with all that it holds by then. */
  readonly sayingOnStdout: (text: string) => Promise<string>;
  readonly signal: (name: 'SIGINT' | 'SIGTERM' | 'SIGKILL') => void;
  readonly ended: Promise<Ended>;
};

export type CommandOptions = {
  /** Where it runs; a configuration there is found. */
  readonly cwd: string;
  /** Added to PATH, without which neither Node nor redis-server is found. HOME is `cwd`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Closes its stdout as soon as it has printed something, as `head` does. */
  readonly closesStdoutEarly?: boolean;
  /** Closes stdout and stderr as soon as something is on stderr, as `2>&1 | head -1` does. */
  readonly closesOutputEarly?: boolean;
};

/** The program's entry. */
export const LAUNCHER = fileURLToPath(new URL('../../bin/quotagram.js', import.meta.url));

/** Starts the real program as a process of its own, in an environment that holds nothing but what is given. */
export const startQuotagram = (args: readonly string[], options: CommandOptions): Running => {
  const { cwd, env = {}, closesStdoutEarly = false, closesOutputEarly = false } = options;
  const child = spawn(process.execPath, [LAUNCHER, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  if (closesStdoutEarly) child.stdout.once('data', () => child.stdout.destroy());
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  if (closesOutputEarly)
    child.stderr.once('data', () => [child.stdout, child.stderr].forEach((stream) => stream.destroy()));
  const ended = once(child, 'close').then((): Ended => ({ exitCode: child.exitCode, stdout, stderr }));
  return {
    sayingOnStderr: async (text) => {
      while (!stderr.includes(text)) {
        const heard = await Promise.race([once(child.stderr, 'data').then(() => true), ended]);
        if (heard !== true && !stderr.includes(text))
          throw new Error(`it ended without saying “${text}”:\n${stdout}\n${stderr}`);
      }
    },
    sayingOnStdout: async (text) => {
      while (!stdout.includes(text)) {
        const heard = await Promise.race([once(child.stdout, 'data').then(() => true), ended]);
        if (heard !== true && !stdout.includes(text))
          throw new Error(`it ended without printing “${text}”:\n${stdout}\n${stderr}`);
      }
      return stdout;
    },
    signal: (name) => void child.kill(name),
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
};

/** Runs a command to its end. */
export const runQuotagram = async (args: readonly string[], options: CommandOptions): Promise<Ended> => {
  await using running = startQuotagram(args, options);
  return await running.ended;
};
