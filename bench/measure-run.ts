import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startApiServer } from '../sandbox/api-server.ts';
import { generateCluster } from './cluster.ts';
import type { ClusterSize } from './cluster.ts';
import { watchMemory } from './memory.ts';
import type { MemoryPeaks } from './memory.ts';
import type { Result } from './meter.ts';
import { bareCommand, LAUNCHER_FLAGS, makeFolder, pathTo, reportCommand, runProgram } from './program.ts';

/** A whole run beside the least that reading and sending take. */
export type RunMeasurements = {
  readonly size: ClusterSize;
  readonly bare: Result;
  readonly run: Result;
  /** Of the run. */
  readonly memory: MemoryPeaks;
  readonly bareMail: Result;
  /** `quotagram report -A --output json`. */
  readonly report: Result;
};

/** How many mails are sent at once: the configuration's default. */
const CONNECTIONS = 2;

/**
 * Serves a generated cluster from this process and runs one program after the other on it, each in a process of its own;
 * a mail server in another.
 * @throws when a mail was not sent
 */
export const measureRun = async (
  size: ClusterSize,
  options: { readonly nodeFlags: readonly string[] | null },
): Promise<RunMeasurements> => {
  await using api = await startApiServer({ lists: generateCluster(size) });
  await using folder = await makeFolder(api.url);
  const nodeFlags = options.nodeFlags ?? LAUNCHER_FLAGS;
  const mails = join(folder.path, 'mails.json');

  const bare = await runProgram(bareCommand(api.url), folder.path);
  const { run, memory } = await withSink(mails, async (port) => {
    const config = join(folder.path, 'quotagram.yaml');
    await writeFile(config, JSON.stringify(configOf(port)));
    const command = [...nodeFlags, pathTo('whole-run.ts'), config, folder.kubeconfig];
    let stopWatching = (): MemoryPeaks => ({ processBytes: 0, redisBytes: 0, sumBytes: 0 });
    const result = await runProgram(command, folder.path, (pid) => (stopWatching = watchMemory(pid)));
    return { run: result, memory: stopWatching() };
  });
  if (run.counts['failed'] !== 0) throw new Error(`${String(run.counts['failed'])} mails were not sent`);
  const bareMail = await withSink(join(folder.path, 'sent-again.json'), (port) =>
    runProgram([pathTo('bare-mail.ts'), mails, String(port), String(CONNECTIONS)], folder.path),
  );
  const report = await runProgram(
    [...reportCommand(folder.kubeconfig, nodeFlags), '--output', 'json'],
    folder.path,
  );
  return { size, bare, run, memory, bareMail, report };
};

/** What every usage mail needs, no limit to mails a second, and a quota that every seventh namespace is over. */
const configOf = (port: number) => ({
  quota: { default: '7600Mi' },
  mail: { from: 'registry@example.test', allowedDomains: ['example.test'], perSecond: 1_000_000 },
  smtp: { host: '127.0.0.1', port },
  summary: { to: 'staff@example.test' },
  workers: { mailer: CONNECTIONS },
  dataDir: 'data',
});

/** Has a mail sink run meanwhile, which in the end writes what it took in to a file. */
export const withSink = async <Value>(
  file: string,
  use: (port: number) => Promise<Value>,
): Promise<Value> => {
  const sink = spawn(process.execPath, [pathTo('mail-sink.ts'), file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(sink, 'exit');
  try {
    const [port] = await once(sink.stdout.setEncoding('utf8'), 'data');
    return await use(Number(port));
  } finally {
    sink.stdin.end();
    await ended;
  }
};
