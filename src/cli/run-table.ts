import { formatBytes, formatCount, formatLimit, formatList } from '../usage/format.ts';
import type { App } from '../app.ts';
import { explainSum, levelCell, usedCell } from './report-tables.ts';
import { layOut } from './table.ts';
import type { Column } from './table.ts';
import { paint, printable } from './terminal.ts';
import type { Terminal } from './terminal.ts';

type Out = Terminal['out'];
type RunSummary = Awaited<ReturnType<App['summariseRun']>>;
type Row = RunSummary['rows'][number];

/** What a run came to: a line a namespace, those over quota first, and the cluster's total. */
export const summaryText = (out: Out, summary: RunSummary): string => {
  const { run, rows } = summary;
  const sorted = rows.toSorted(
    (a, b) =>
      rank(a) - rank(b) || (b.usedBytes ?? 0) - (a.usedBytes ?? 0) || (a.namespace < b.namespace ? -1 : 1),
  );
  const cells = sorted.map((row) => [
    row.namespace,
    row.usedBytes === null ? '-' : usedCell(row.usedBytes, row.limitBytes, row.unknownRevisions),
    row.usedBytes === null ? '-' : formatLimit(row.limitBytes),
    row.level === null ? paint(out, 'red', 'not weighed') : levelCell(out, row.level),
    recipientsCell(row),
    mailCell(out, row),
  ]);
  return [
    layOut(COLUMNS, cells),
    '\n',
    totalLine(summary),
    ...run.findings.map(({ message }) => `${printable(message)}\n`),
  ].join('');
};

const COLUMNS: readonly Column[] = [
  { heading: 'NAMESPACE', align: 'left' },
  { heading: 'USED', align: 'right' },
  { heading: 'QUOTA', align: 'right' },
  { heading: 'LEVEL', align: 'left' },
  { heading: 'RECIPIENTS', align: 'left' },
  { heading: 'MAIL', align: 'left' },
];

const rank = ({ level }: Row): number =>
  level === null ? 0 : level === 'over' ? 1 : level === 'warning' ? 2 : 3;

const recipientsCell = ({ recipients, noRecipientReason }: Row): string => {
  if (noRecipientReason === null) return String(recipients);
  return recipients === 0 ? 'nobody to tell' : 'fallback';
};

const mailCell = (out: Out, { level, mails, noRecipientReason, problem }: Row): string => {
  const counts = [
    countMails(mails.submitted, 'sent'),
    countMails((mails.planned ?? 0) + (mails.sending ?? 0), 'waiting'),
    countMails(mails.failed, 'not sent'),
    countMails(mails.uncertain, 'may have arrived'),
  ].flat();
  const told = formatList(counts);
  if (problem !== null) return paint(out, 'red', told === '' ? problem : `${told}: ${problem}`);
  if (told !== '') return told;
  return level === 'over' && noRecipientReason !== null ? noRecipientReason : '-';
};

const countMails = (mails: number | undefined, what: string): readonly string[] =>
  mails === undefined || mails === 0 ? [] : [`${formatCount(mails, 'mail')} ${what}`];

const totalLine = ({ run, rows }: RunSummary): string => {
  const { clusterUsedBytes: used, sumOfNamespacesBytes: sum } = run;
  if (used === null || sum === null) return '';
  // What was given up may have unknown sizes, too.
  const isLowerBound = rows.some((row) => row.usedBytes === null || row.unknownRevisions > 0);
  return `In all ${isLowerBound ? 'at least ' : ''}${formatBytes(used)}.${explainSum(used, sum, isLowerBound)}\n`;
};
