import { join } from 'node:path';
import { createReporter } from '../app.ts';
import type { Reporter } from '../app.ts';
import { AppError } from '../errors.ts';
import { formatCount, formatMoment } from '../usage/format.ts';
import { loadConfigFile } from './config-file.ts';
import { openDryRunFolder } from './dry-run-folder.ts';
import type { DryRunFolder } from './dry-run-folder.ts';
import { surroundingsOf } from './options.ts';
import type { GlobalOptions } from './options.ts';
import { showProgress } from './progress.ts';
import { namespaceTable } from './report-tables.ts';
import { layOut } from './table.ts';
import { reportWarning } from './terminal.ts';
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
  const path = options.out ?? join('out', 'dry-run');
  const { config } = loadConfigFile(terminal, options.config);
  // Before the cluster is read, which can take a minute.
  const folder = openDryRunFolder(path);
  if (folder.isOpen) {
    const warning = `others on this machine can look into ${path}, where file names hold addresses: chmod 700 ${path}`;
    reportWarning(terminal.err, warning);
  }
  const progress = showProgress(terminal.err);
  await using reporter = await createReporter(config, surroundingsOf(terminal, options, progress));
  const { report, mails, summary } = await reporter.previewRun();
  progress.end();
  const named = [...mails, ...(summary === null ? [] : [summary])].map(
    (mail, index) => [nameOf(mail, index), mail] as const,
  );
  for (const [name, mail] of named) writeMail(folder, name, mail);
  folder.describe(tableOfContents(report, named));
  terminal.out.write(namespaceTable(terminal.out, report));
  const written = `${formatCount(mails.length, 'mail')}${summary === null ? '' : ' and the run summary'}`;
  terminal.err.write(`Dry run: nothing was claimed or sent. ${written} written to ${path}\n`);
  return 0;
};

type PreviewedRun = Awaited<ReturnType<Reporter['previewRun']>>;
type Mail = PreviewedRun['mails'][number];
type Report = PreviewedRun['report'];

/** `001-a1b2c3-dev-owner@example.test`, `summary-staff@example.test` */
const nameOf = ({ delivery: { kind, recipient, namespaces } }: Mail, index: number): string => {
  const address = recipient.address.replaceAll(/[^A-Za-z0-9@.-]/g, '_');
  if (kind === 'run-summary') return `summary-${address}`.slice(0, LONGEST_NAME);
  return `${String(index + 1).padStart(3, '0')}-${namespaces[0] ?? 'none'}-${address}`.slice(0, LONGEST_NAME);
};

/** File systems take 255 bytes. */
const LONGEST_NAME = 200;

const writeMail = ({ write }: DryRunFolder, name: string, { rendered, message }: Mail): void => {
  write(`${name}.eml`, message.bytes);
  write(`${name}.html`, rendered.html);
  write(`${name}.txt`, rendered.text);
};

/** A line a mail, so that whoever approves them has a list. */
const tableOfContents = (report: Report, mails: readonly (readonly [name: string, mail: Mail])[]): string =>
  `What \`quotagram run\` would send, as the cluster was on ${formatMoment(report.generatedAt)}. Nothing was sent.\n` +
  'Each mail is here as .eml, .html and .txt. The summary of a real run also says whose mail came back.\n\n' +
  layOut(
    [
      { heading: 'MAIL', align: 'left' },
      { heading: 'SUBJECT', align: 'left' },
    ],
    mails.map(([name, { rendered }]) => [name, rendered.subject]),
  );
