import { formatBytes, formatCount, formatLimitCell, formatNumber, formatSome } from '../usage/format.ts';
import { percentOfLimit } from '../usage/policy/quota.ts';
import { unitOfNamespaces } from '../usage/report/size-cells.ts';
import type { App } from '../app.ts';
import { explainSum, levelCell, percentCell, sizeCell } from './report-tables.ts';
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
  const unit = unitOfNamespaces(rows);
  const cells = sorted.map((row) => [
    row.namespace,
    row.usedBytes === null ? '-' : sizeCell(row.usedBytes, row.unknownRevisions, unit),
    row.usedBytes === null ? '-' : formatLimitCell(row.limitBytes, unit),
    row.usedBytes === null
      ? '-'
      : percentCell(percentOfLimit(row.usedBytes, row.limitBytes), row.unknownRevisions),
    row.level === null ? paint(out, 'red', 'not weighed') : levelCell(out, row.level),
    recipientsCell(row),
    mailCell(out, row),
  ]);
  return [
    layOut(COLUMNS, cells),
    '\n',
    ...problemLines(sorted),
    totalLine(summary),
    ...run.findings.map(({ message }) => `${printable(message)}\n`),
  ].join('');
};

const COLUMNS: readonly Column[] = [
  { heading: 'NAMESPACE', align: 'left' },
  { heading: 'USED', align: 'right' },
  { heading: 'QUOTA', align: 'right' },
  { heading: '%', align: 'right' },
  { heading: 'LEVEL', align: 'left' },
  { heading: 'RECIPIENTS', align: 'left' },
  { heading: 'MAIL', align: 'left' },
];

const rank = ({ level }: Row): number =>
  level === null ? 0 : level === 'over' ? 1 : level === 'warning' ? 2 : 3;

const recipientsCell = ({ recipients, noRecipientReason }: Row): string => {
  if (noRecipientReason === null) return String(recipients);
  return recipients === 0 ? 'nobody' : 'fallback';
};

/** How many mails about it came to what; why is told below the table, for it can be long. */
const mailCell = (out: Out, { mails, problem }: Row): string => {
  const counts = MAIL_STATES.flatMap(({ states, words }) => {
    const count = states.reduce((sum, state) => sum + (mails[state] ?? 0), 0);
    return count === 0 ? [] : [{ count, words }];
  });
  const cell = counts
    .map(
      ({ count, words }, index) =>
        `${index === 0 ? formatCount(count, 'mail') : formatNumber(count)} ${words}`,
    )
    .join(', ');
  return cell === '' ? '-' : problem === null ? cell : paint(out, 'red', cell);
};

const MAIL_STATES = [
  { states: ['submitted'], words: 'sent' },
  { states: ['planned', 'sending'], words: 'waiting' },
  { states: ['failed'], words: 'not sent' },
  { states: ['uncertain'], words: 'may have arrived' },
] as const;

/** What did not go as it should, each reason once with the namespaces it holds for. */
const problemLines = (rows: readonly Row[]): readonly string[] => {
  const told = rows.flatMap((row) => {
    const problem = problemOf(row);
    return problem === null ? [] : [{ ...problem, namespace: row.namespace }];
  });
  const alike = Map.groupBy(told, ({ kind, reason }) => `${kind} ${reason}`);
  return [...alike.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const names = members.map(({ namespace }) => namespace);
    const sentence = PROBLEMS[first.kind](formatSome(names.slice(0, 3), names.length), names.length > 1);
    const line = printable(`${sentence}: ${first.reason}`);
    return [`${line}${line.endsWith('.') ? '' : '.'}\n`];
  });
};

type ProblemKind = 'not-weighed' | 'failed' | 'uncertain' | 'held-back' | 'nobody' | 'fallback';
type Problem = { readonly kind: ProblemKind; readonly reason: string };

/** Null where nobody has to act: that there is no contact is no matter while there is nothing to tell. */
const problemOf = ({ level, mails, noRecipientReason, problem }: Row): Problem | null => {
  if (problem !== null) {
    if (level === null) return { kind: 'not-weighed', reason: problem };
    if ((mails.failed ?? 0) > 0) return { kind: 'failed', reason: problem };
    return { kind: (mails.uncertain ?? 0) > 0 ? 'uncertain' : 'held-back', reason: problem };
  }
  if (noRecipientReason === null) return null;
  if (Object.keys(mails).length > 0) return { kind: 'fallback', reason: noRecipientReason };
  return level === 'over' ? { kind: 'nobody', reason: noRecipientReason } : null;
};

const PROBLEMS: Readonly<Record<ProblemKind, (names: string, areSeveral: boolean) => string>> = {
  'not-weighed': (names, areSeveral) => `${names} ${areSeveral ? 'were' : 'was'} not weighed`,
  failed: (names) => `Mail not sent (${names})`,
  uncertain: (names) => `Mail that may have arrived (${names})`,
  'held-back': (names) => names,
  nobody: (names) => `Nobody was told of ${names}`,
  fallback: (names) => `Only the fallback was told of ${names}`,
};

const totalLine = ({ run, rows }: RunSummary): string => {
  const { clusterUsedBytes: used, sumOfNamespacesBytes: sum } = run;
  if (used === null || sum === null) return '';
  // What was given up may have unknown sizes, too.
  const isLowerBound = rows.some((row) => row.usedBytes === null || row.unknownRevisions > 0);
  return `In all ${isLowerBound ? 'at least ' : ''}${formatBytes(used)}.${explainSum(used, sum, isLowerBound)}\n`;
};
