import { startApiServer } from '../sandbox/api-server.ts';
import { generateCluster } from './cluster.ts';
import type { ClusterSize } from './cluster.ts';
import type { Result } from './meter.ts';
import { bareCommand, LAUNCHER_FLAGS, makeFolder, pathTo, reportCommand, runProgram } from './program.ts';

/** What is measured, in this order in every round. */
export const PROGRAMS = ['bare', 'quotagram', 'report'] as const;
export type Program = (typeof PROGRAMS)[number];

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
  const nodeFlags = options.nodeFlags ?? LAUNCHER_FLAGS;
  const commands: { readonly [Key in Program]: readonly string[] } = {
    bare: bareCommand(api.url),
    quotagram: [...nodeFlags, pathTo('quotagram.ts'), folder.kubeconfig],
    report: reportCommand(folder.kubeconfig, nodeFlags),
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
