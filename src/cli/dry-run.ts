import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createReporter } from '../app.ts';
import type { Reporter } from '../app.ts';
import { AppError } from '../errors.ts';
import { formatCount } from '../usage/format.ts';
import { loadConfigFile } from './config-file.ts';
import { surroundingsOf } from './options.ts';
import type { GlobalOptions } from './options.ts';
import { showProgress } from './progress.ts';
import { namespaceTable } from './report-tables.ts';
import type { Terminal } from './terminal.ts';

export type DryRunOptions = GlobalOptions & {
  readonly slot?: string;
  /** The folder to write to. */
  readonly out?: string;
};

/** Writes the mails that a run would send now to files, and claims and sends nothing. Returns the exit code. */
export const writeDryRun = async (terminal: Terminal, options: DryRunOptions): Promise<number> => {
  if (options.slot !== undefined) {
    throw new AppError('invalid', '--slot and --dry-run do not go together: a dry run claims no slot');
  }
  const folder = options.out ?? join('out', 'dry-run');
  const { config } = loadConfigFile(terminal, options.config);
  makeFolder(folder);
  const progress = showProgress(terminal.err);
  await using reporter = await createReporter(config, surroundingsOf(terminal, options, progress));
  const { report, mails } = await reporter.previewRun();
  progress.end();
  for (const [index, mail] of mails.entries()) writeMail(join(folder, nameOf(mail, index)), mail);
  terminal.out.write(namespaceTable(terminal.out, report));
  terminal.err.write(
    `Dry run: nothing was claimed or sent. ${formatCount(mails.length, 'mail')} written to ${folder}\n`,
  );
  return 0;
};

/** Before the cluster is read, which can take a minute. */
const makeFolder = (folder: string): void => {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new AppError('invalid', `the folder ${folder} cannot be made: ${reason}`, {
      hint: 'Name another with --out.',
      cause: thrown,
    });
  }
};

type Mail = Awaited<ReturnType<Reporter['previewRun']>>['mails'][number];

/** `001-a1b2c3-dev-owner@example.test` */
const nameOf = ({ delivery: { recipient, namespaces } }: Mail, index: number): string => {
  const address = recipient.address.replaceAll(/[^A-Za-z0-9@.-]/g, '_');
  return `${String(index + 1).padStart(3, '0')}-${namespaces[0] ?? 'none'}-${address}`;
};

const writeMail = (path: string, { rendered, message }: Mail): void => {
  writeFileSync(`${path}.eml`, message.bytes);
  writeFileSync(`${path}.html`, rendered.html);
  writeFileSync(`${path}.txt`, rendered.text);
};
