import { gzipSync } from 'node:zlib';
import type { Attachment, RunSummary, UsageMail } from '../../../pipeline/ports.ts';
import { writeCleanup } from '../../../usage/cleanup/cleanup-file.ts';
import { renderCsv, renderSummaryCsv } from './csv.ts';

/** A CSV above this many bytes is compressed: mail servers refuse what is large. It is never cut. */
export const MAX_CSV_BYTES = 1_000_000;

/** What a mail brings along about one namespace. */
export type NamespaceFiles = {
  /** Every revision: `usage-NAME.csv`, or `usage-NAME.csv.gz` where it is large. */
  readonly csv: Attachment;
  /** How to delete what is proposed, `cleanup-NAME.txt`; null where no command can be given. */
  readonly cleanup: Attachment | null;
};

/** The files about each namespace of a mail, in the order of its report. */
export const attachUsage = ({ report, plans }: UsageMail): readonly NamespaceFiles[] =>
  report.reports
    .flatMap((team) => team.namespaces)
    .map((namespace) => {
      const plan = plans.get(namespace.name);
      const cleanup = plan === undefined ? null : writeCleanup(namespace, report, plan);
      return {
        csv: attachCsv(`usage-${fileName(namespace.name)}`, renderCsv([namespace])),
        cleanup: cleanup === null ? null : attachScript(`cleanup-${fileName(namespace.name)}`, cleanup),
      };
    });

/** Every namespace of a run; no file where it came to none. */
export const attachSummary = ({ run, rows }: RunSummary): readonly Attachment[] =>
  rows.length === 0 ? [] : [attachCsv(fileName(run.id), renderSummaryCsv(rows))];

const attachCsv = (name: string, csv: string): Attachment =>
  Buffer.byteLength(csv) > MAX_CSV_BYTES
    ? // Node writes no time into it, so that the same text gives the same bytes.
      { filename: `${name}.csv.gz`, contentType: 'application/gzip', content: gzipSync(csv, { level: 9 }) }
    : { filename: `${name}.csv`, contentType: 'text/csv; charset=utf-8', content: csv };

/** As bytes: a shell does not understand the line ends that mail gives to text. */
const attachScript = (name: string, script: string): Attachment => ({
  filename: `${name}.txt`,
  contentType: 'text/plain; charset=utf-8',
  content: new TextEncoder().encode(script),
});

/** Names come from others: what is left of one can neither leave a folder nor end a header. */
const fileName = (name: string): string => name.replace(/[^A-Za-z0-9-]+/g, '-').slice(0, 100) || 'unnamed';
