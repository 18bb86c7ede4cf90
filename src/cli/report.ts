import type { Reporter } from '../app.ts';
import { AppError } from '../errors.ts';
import { loadConfigFile } from './config-file.ts';
import { surroundingsOf } from './options.ts';
import type { GlobalOptions, Output } from './options.ts';
import { showProgress } from './progress.ts';
import { writeReportJson } from './report-json.ts';
import { namespaceDetails, namespaceTable } from './report-tables.ts';
import { writeAll } from './terminal.ts';
import type { Terminal } from './terminal.ts';

export type ReportOptions = GlobalOptions & {
  readonly namespace?: readonly string[];
  readonly allNamespaces?: boolean;
  readonly output: Output;
};

/** Weighs namespaces and prints the report; needs a kubeconfig and nothing else. Returns the exit code. */
export const printReport = async (terminal: Terminal, options: ReportOptions): Promise<number> => {
  const names = chooseNamespaces(options);
  const { config } = loadConfigFile(terminal, options.config);
  // Loading everything takes a second, which a slip of the pen need not wait for.
  const { createReporter } = await import('../app.ts');
  const progress = showProgress(terminal.err);
  await using reporter = await createReporter(config, surroundingsOf(terminal, options, progress));
  const pieces = await render(terminal, { reporter, names }, options.output);
  progress.end();
  await writeAll(terminal.out, pieces);
  return 0;
};

const chooseNamespaces = ({
  namespace = [],
  allNamespaces = false,
}: ReportOptions): readonly string[] | null => {
  if (allNamespaces === namespace.length > 0) {
    throw new AppError('invalid', 'say which namespaces: either -n NAME (as often as needed) or -A for all', {
      hint: 'quotagram report -n my-namespace',
    });
  }
  return allNamespaces ? null : [...new Set(namespace)];
};

type Subject = { readonly reporter: Reporter; readonly names: readonly string[] | null };

/** The report in pieces; JSON and CSV weigh a namespace when its piece is due. */
const render = async (
  { out }: Terminal,
  { reporter, names }: Subject,
  output: Output,
): Promise<Iterable<string>> => {
  switch (output) {
    case 'json':
      return writeReportJson(await reporter.walk(names));
    case 'csv':
      return reporter.writeCsv(await reporter.walk(names));
    case 'html':
      return [(await renderMail({ reporter, names })).html];
    case 'text':
      return [(await renderMail({ reporter, names })).text];
    case 'table': {
      const { report } = await reporter.weigh(names);
      return [names === null ? namespaceTable(out, report) : namespaceDetails(out, report)];
    }
  }
};

const renderMail = async ({ reporter, names }: Subject) => {
  const weighed = await reporter.weigh(names);
  const teams = weighed.report.reports.length;
  if (teams === 1) return reporter.renderUsage(weighed);
  if (teams === 0) {
    throw new AppError('invalid', 'there is no namespace to report, so there is no mail', {
      hint: 'namespaces.selector and namespaces.exclude of the configuration select none. Name one with -n.',
    });
  }
  throw new AppError('invalid', `a mail is for one team, and these namespaces belong to ${String(teams)}`, {
    hint: 'Name one namespace with -n, or choose --output table, json or csv.',
  });
};
