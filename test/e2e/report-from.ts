import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { LAUNCHER, runQuotagram } from './command-line.ts';
import type { CommandOptions, Ended } from './command-line.ts';
import { writeKubeconfig } from './kubeconfig.ts';

/** What a sandbox API server is to a kubeconfig. */
export type Server = { readonly url: string; readonly token?: string };

type ReportOptions = Omit<CommandOptions, 'cwd'> & {
  /** Files to put beside the kubeconfig, by name. */
  readonly files?: Readonly<Record<string, string>>;
};

/** Runs `quotagram report` in a folder of its own, logged in to a server (null: without any kubeconfig). */
export const reportFrom = async (
  server: Server | null,
  args: readonly string[],
  { files = {}, env = {}, ...rest }: ReportOptions = {},
): Promise<Ended> => {
  await using folder = await openFolder(server, files);
  return await runQuotagram(['report', ...args], {
    ...rest,
    cwd: folder.path,
    env: { ...folder.env, ...env },
  });
};

/** The same on a terminal; returns what stdout showed. Takes the `script` of util-linux. */
export const reportOnTerminal = async (
  server: Server,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> => {
  await using folder = await openFolder(server, {});
  const command = [process.execPath, LAUNCHER, 'report', ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn(SCRIPT, ['-qec', `${command} 2>/dev/null`, '/dev/null'], {
    cwd: folder.path,
    env: { PATH: process.env['PATH'], TERM: 'xterm-256color', ...folder.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [shown] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return shown;
};

const SCRIPT = '/usr/bin/script';

/** Whether `reportOnTerminal` can work; `script` of other systems takes other options. */
export const hasTerminal = process.platform === 'linux' && existsSync(SCRIPT);

const openFolder = async (server: Server | null, files: Readonly<Record<string, string>>) => {
  const path = await mkdtemp(join(tmpdir(), 'quotagram-'));
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
  const env: Readonly<Record<string, string>> =
    server === null
      ? {}
      : {
          KUBECONFIG: await writeKubeconfig(path, {
            server: server.url,
            ...(server.token !== undefined && { token: server.token }),
          }),
        };
  return { path, env, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
};
