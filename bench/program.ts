import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import v8Flags from '../bin/v8-flags.json' with { type: 'json' };
import { WORKLOAD_KINDS } from '../src/adapters/openshift/workloads/kinds.ts';
import { IMAGES, IMAGE_STREAMS, listPath, NAMESPACES } from '../src/adapters/openshift/lists/resources.ts';
import { RESULT_FD, resultSchema } from './meter.ts';
import type { Result } from './meter.ts';

/** The path of a file beside this one. */
export const pathTo = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** The flags that the launcher starts V8 with. */
export const LAUNCHER_FLAGS: readonly string[] = v8Flags;

/** The command that fetches and parses every list of a server and does nothing else. */
export const bareCommand = (server: string): readonly string[] => [
  pathTo('bare.ts'),
  ...[...WORKLOAD_KINDS, NAMESPACES, IMAGE_STREAMS, IMAGES].map((kind) => server + listPath(kind, null)),
];

/** `quotagram report -A`, measured from its first line to its end, without the launcher, which adds its own flags. */
export const reportCommand = (kubeconfig: string, nodeFlags: readonly string[]): readonly string[] => [
  ...nodeFlags,
  '--import',
  pathTo('probe.ts'),
  pathTo('command-line.ts'),
  'report',
  '-A',
  '--kubeconfig',
  kubeconfig,
];

/** A folder that is gone afterwards, with a kubeconfig for a server. */
export const makeFolder = async (server: string) => {
  const path = await mkdtemp(join(tmpdir(), 'quotagram-bench-'));
  const kubeconfig = join(path, 'kubeconfig');
  await writeFile(
    kubeconfig,
    JSON.stringify({
      'current-context': 'bench',
      clusters: [{ name: 'bench', cluster: { server, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'bench', user: {} }],
      contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }],
    }),
  );
  return { path, kubeconfig, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
};

/**
 * Runs a command of Node in a process of its own and returns what it tells of itself. `whileRunning` hears of the process
 * as soon as it has started.
 * @throws when it fails
 */
export const runProgram = async (
  command: readonly string[],
  folder: string,
  whileRunning: (pid: number) => void = () => {},
): Promise<Result> => {
  const child = spawn(process.execPath, command, {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) whileRunning(child.pid);
  const [stderr, result] = await Promise.all([
    readAll(child.stdio[2]),
    readAll(child.stdio[RESULT_FD]),
    once(child, 'close'),
  ]);
  if (child.exitCode !== 0) throw new Error(`${command.join(' ')} failed:\n${stderr}`);
  return resultSchema.parse(JSON.parse(result));
};

const readAll = async (stream: unknown): Promise<string> => (stream instanceof Readable ? text(stream) : '');
