import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { startApiServer } from '../sandbox/api-server.ts';
import { WORKLOAD_KINDS } from '../src/adapters/openshift/workloads/kinds.ts';
import { IMAGES, IMAGE_STREAMS, listPath, NAMESPACES } from '../src/adapters/openshift/lists/resources.ts';
import { generateCluster } from './cluster.ts';
import type { ClusterSize } from './cluster.ts';
import { RESULT_FD, resultSchema } from './meter.ts';
import type { Result } from './meter.ts';

/** What is measured, in this order in every round. */
export const PROGRAMS = ['bare', 'quotagram', 'report'] as const;
export type Program = (typeof PROGRAMS)[number];

const LAUNCHER = pathTo('../bin/quotagram.js');

/** How each of the programs did in each round. */
export type Measurements = {
  readonly size: ClusterSize;
  /** Requests that one program makes. */
  readonly pages: number;
  readonly rounds: readonly { readonly [Key in Program]: Result }[];
};

/**
 * Serves a generated cluster from this process and reads it again and again, each time in a process of its own.
 * @throws when two programs did not read the same pages
 */
export const measure = async (
  size: ClusterSize,
  options: { readonly rounds: number; readonly nodeFlags: readonly string[] | null },
): Promise<Measurements> => {
  await using api = await startApiServer({ lists: generateCluster(size) });
  await using folder = await makeFolder(api.url);
  const lists = [...WORKLOAD_KINDS, NAMESPACES, IMAGE_STREAMS, IMAGES].map(
    (kind) => api.url + listPath(kind, null),
  );
  const nodeFlags = options.nodeFlags ?? (await readLauncherFlags());
  const commands: { readonly [Key in Program]: readonly string[] } = {
    bare: [pathTo('bare.ts'), ...lists],
    quotagram: [...nodeFlags, pathTo('quotagram.ts'), folder.kubeconfig],
    report: [
      ...nodeFlags,
      '--import',
      pathTo('probe.ts'),
      LAUNCHER,
      'report',
      '-A',
      '--kubeconfig',
      folder.kubeconfig,
    ],
  };
  let expected: readonly string[] | null = null;
  const run = async (program: Program): Promise<Result> => {
    const before = api.requests.length;
    const result = await runProgram(commands[program], folder.path);
    const requests = api.requests.slice(before).toSorted();
    expected ??= requests;
    if (String(requests) !== String(expected))
      throw new Error(`${program} read other pages than the one before it`);
    return result;
  };
  const rounds: Measurements['rounds'][number][] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    rounds.push({ bare: await run('bare'), quotagram: await run('quotagram'), report: await run('report') });
  }
  return { size, pages: api.requests.length / rounds.length / PROGRAMS.length, rounds };
};

/** Those that the program is started with: the launcher's first line has them. */
const readLauncherFlags = async (): Promise<readonly string[]> => {
  const [line = ''] = (await readFile(LAUNCHER, 'utf8')).split('\n', 1);
  return line.split(' ').filter((word) => word.startsWith('--'));
};

function pathTo(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

/** A folder that is gone afterwards, with a kubeconfig for a server. */
const makeFolder = async (server: string) => {
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

const runProgram = async (command: readonly string[], folder: string): Promise<Result> => {
  const child = spawn(process.execPath, command, {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const [stderr, result] = await Promise.all([
    readAll(child.stdio[2]),
    readAll(child.stdio[RESULT_FD]),
    once(child, 'close'),
  ]);
  if (child.exitCode !== 0) throw new Error(`${command.join(' ')} failed:\n${stderr}`);
  return resultSchema.parse(JSON.parse(result));
};

const readAll = async (stream: unknown): Promise<string> => (stream instanceof Readable ? text(stream) : '');
