import {
  formatAtLeast,
  formatBytes,
  formatCount,
  formatList,
  formatLongDay,
  formatMoment,
  formatNumber,
  formatOver,
  formatOverAtLeast,
  formatUsed,
} from '../../../usage/format.ts';
import type { Unit } from '../../../usage/format.ts';
import { unitOfNamespaces } from '../../../usage/report/size-cells.ts';
import type { AdviceSummary } from '../../../usage/policy/advice.ts';
import type { FailingRecipient, RunSummary, RunSummaryRow } from '../../../pipeline/ports.ts';
import { DELIVERY_STATES } from '../../../pipeline/records/delivery.ts';
import type { DeliveryState } from '../../../pipeline/records/delivery.ts';
import type { Brand } from '../templates/brand.ts';
import { asciiLine } from '../message/clean-text.ts';
import { noteReading } from './notes.ts';

/** Everything a run's summary prints, as text. */
export type SummaryView = Brand & {
  readonly title: string;
  readonly preheader: string;
  readonly origin: string;
  readonly heading: string;
  /** Always empty; the usage report's heading has it. */
  readonly alert: string;
  readonly facts: readonly string[];
  readonly overHeading: string;
  readonly over: readonly { readonly name: string; readonly usage: string; readonly mails: string }[];
  /** What someone has to look at, by what is wrong or could be better. */
  readonly concerns: readonly {
    readonly heading: string;
    /** What to do about it; empty where that goes without saying. */
    readonly remark: string;
    /** What the names of the rows are. */
    readonly named: string;
    readonly rows: readonly { readonly name: string; readonly reason: string }[];
  }[];
  readonly notes: readonly string[];
  readonly smallPrint: readonly string[];
  readonly reference: string;
};

/** More than staff read in a mail; the attached CSV has every namespace. */
const MAX_ROWS = 100;

/** Puts a run into words for the platform staff. */
export const viewSummary = (summary: RunSummary, brand: Brand): SummaryView => {
  const { run, rows } = summary;
  const heading = `Run ${headlineOf(summary)}`;
  const over = rows.filter(({ level }) => level === 'over');
  const unit = unitOfNamespaces(over);
  return {
    ...brand,
    title: heading,
    preheader: mailsOf(summary),
    origin: [
      `${brand.productName} usage`,
      ...(run.cluster === null ? [] : [`cluster ${run.cluster.name}`]),
      'run summary',
    ].join(' · '),
    heading,
    alert: '',
    facts: [toSentence(mailsOf(summary)), totalsOf(summary)].filter((fact) => fact !== ''),
    overHeading: headingOf('Over quota', over.length),
    over: over
      .toSorted((a, b) => excessOf(b) - excessOf(a))
      .slice(0, MAX_ROWS)
      .map((row) => ({ name: row.namespace, usage: usageOf(row, unit), mails: statesOf(row.mails) })),
    concerns: [
      concern('Given up or failed', rows, describeProblem),
      concern('Nobody to tell', rows, ({ noRecipientReason: reason }) =>
        reason === null ? null : toSentence(reason),
      ),
      viewFailing(summary.failing),
      ...summary.advice.map(viewAdvice),
    ].filter((found) => found.rows.length > 0),
    notes: notesOf(summary),
    smallPrint: [
      ...noteReading(run.lists).smallPrint,
      ...(rows.length === 0 ? [] : ['Every namespace is in the attached file.']),
    ],
    reference: [
      `Report ${run.id}`,
      ...(run.takenAt === null ? [] : [`figures of ${formatMoment(run.takenAt)}`]),
    ].join(' · '),
  };
};

/** Facts first, in ASCII: `[Image registry] run weekly-2026-11-23: 7 of 21 over quota, 12 mails sent, 1 failed`. */
export const summarySubject = (summary: RunSummary, { productName }: Brand): string =>
  asciiLine(`[${productName}] run ${headlineOf(summary)}, ${mailsOf(summary)}`);

/** What the staff must know first. */
const headlineOf = ({ run, rows }: RunSummary): string => `${run.id}: ${overOf(rows)}`;

const overOf = (rows: readonly RunSummaryRow[]): string =>
  `${formatNumber(rows.filter(({ level }) => level === 'over').length)} of ${formatNumber(rows.length)} over quota`;

const mailsOf = ({ mails }: RunSummary): string => {
  const count = (state: DeliveryState): number => mails[state] ?? 0;
  return [
    `${formatCount(count('submitted'), 'mail')} sent`,
    ...(['failed', 'uncertain'] as const)
      .filter((state) => count(state) > 0)
      .map((state) => `${formatNumber(count(state))} ${state}`),
  ].join(', ');
};

/** Why the registry holds less than the namespaces' figures add up to. */
const totalsOf = ({ run, rows }: RunSummary): string => {
  const { clusterUsedBytes: used, sumOfNamespacesBytes: sum } = run;
  if (used === null || sum === null) return '';
  // What was given up may have unknown sizes, too.
  const isLowerBound = rows.some((row) => row.usedBytes === null || row.unknownRevisions > 0);
  const atLeast = isLowerBound ? 'at least ' : '';
  const total = `The namespaces together use ${atLeast}${formatBytes(used)} of the registry.`;
  return sum === used
    ? total
    : `${total} Their own figures add up to ${atLeast}${formatBytes(sum)}: promotion by oc tag shares layers, and each namespace is charged for the layers it shares.`;
};

const excessOf = ({ usedBytes, limitBytes }: RunSummaryRow): number => (usedBytes ?? 0) - (limitBytes ?? 0);

const usageOf = ({ usedBytes, limitBytes, unknownRevisions }: RunSummaryRow, unit: Unit): string => {
  if (usedBytes === null || limitBytes === null) return '';
  const [used, over] = unknownRevisions > 0 ? [formatAtLeast, formatOverAtLeast] : [formatUsed, formatOver];
  return `${used(usedBytes, limitBytes, unit)}, ${over(usedBytes, limitBytes, unit)}`;
};

const STATE_WORDS: Readonly<Record<DeliveryState, string>> = {
  planned: 'waiting',
  sending: 'being sent',
  submitted: 'sent',
  failed: 'failed',
  uncertain: 'uncertain',
};

const statesOf = (mails: RunSummaryRow['mails']): string => {
  const words = DELIVERY_STATES.flatMap((state) => {
    const count = mails[state] ?? 0;
    return count === 0 ? [] : [`${formatNumber(count)} ${STATE_WORDS[state]}`];
  });
  return words.length === 0 ? 'none' : words.join(', ');
};

const concern = (
  heading: string,
  rows: readonly RunSummaryRow[],
  reasonOf: (row: RunSummaryRow) => string | null,
): SummaryView['concerns'][number] => {
  const found = rows.flatMap((row) => {
    const reason = reasonOf(row);
    return reason === null ? [] : [{ name: row.namespace, reason }];
  });
  return {
    heading: headingOf(heading, found.length),
    remark: '',
    named: 'Namespace',
    rows: found.slice(0, MAX_ROWS),
  };
};

/** What others said, an error or a mail server, is quoted as it is. */
const describeProblem = ({ problem, level, mails }: RunSummaryRow): string | null => {
  if (problem === null) return null;
  if (level === null) return `Given up: ${endSentence(problem)}`;
  if ((mails.failed ?? 0) > 0) return `Mail failed: ${endSentence(problem)}`;
  if ((mails.uncertain ?? 0) > 0) return `Mail uncertain: ${endSentence(problem)}`;
  return toSentence(problem);
};

/** Whom nobody stands in for first, and last who is no contact any more. */
const viewFailing = (failing: RunSummary['failing']): SummaryView['concerns'][number] => ({
  heading: headingOf('Mail to these recipients came back', failing.length),
  remark:
    'They are mailed again: a mailbox may be full, or a server wrong, for a week. Where an address is wrong, change it in the contacts of its namespaces.',
  named: 'Recipient',
  rows: failing
    .toSorted((a, b) => urgencyOf(b) - urgencyOf(a))
    .slice(0, MAX_ROWS)
    .map((recipient) => ({ name: recipient.address, reason: describeFailing(recipient) })),
});

const urgencyOf = ({ aloneIn, isNamed, namespaces }: FailingRecipient): number =>
  aloneIn.length > 0 ? 2 : isNamed || namespaces.length === 0 ? 1 : 0;

const describeFailing = (recipient: FailingRecipient): string => {
  const { namespaces, mails, since, status, detail, isNamed, aloneIn } = recipient;
  const count =
    mails === 1
      ? `1 mail, of ${formatLongDay(since)}`
      : `${formatNumber(mails)} mails in a row, the first of ${formatLongDay(since)}`;
  return [
    `About ${namespaces.length === 0 ? 'runs' : formatList(namespaces)}, ${count}: ${endSentence(detail ?? status ?? 'no reason given')}`,
    ...(aloneIn.length === 0 ? [] : [`Nobody else is told about ${formatList(aloneIn)}.`]),
    ...(isNamed || namespaces.length === 0 ? [] : ['No namespace names this recipient.']),
  ].join(' ');
};

/** The worst few: `--output json` has them all. */
const viewAdvice = ({ code, count, worst }: AdviceSummary): SummaryView['concerns'][number] => ({
  heading: `${ADVICE_WORDS[code]} (${formatNumber(count)}${count > worst.length ? `, the worst ${formatNumber(worst.length)} shown` : ''})`,
  remark: '',
  named: 'Namespace',
  rows: worst.map(({ namespace, subject, message }) => ({
    name: namespace,
    reason: subject === namespace ? message : `${subject}: ${message}`,
  })),
});

const ADVICE_WORDS: Readonly<Record<AdviceSummary['code'], string>> = {
  'latest-in-prod': 'Advice: latest in production',
  'many-tags': 'Advice: many tags',
  'large-layer': 'Advice: large layers',
  'imports-much': 'Advice: large imports',
};

const headingOf = (heading: string, count: number): string =>
  `${heading} (${formatNumber(count)}${count > MAX_ROWS ? `, the first ${formatNumber(MAX_ROWS)} shown` : ''})`;

const notesOf = ({ run }: RunSummary): readonly string[] => [
  ...(run.unreadableKinds.length === 0
    ? []
    : [`What is unused is not known: ${formatList(run.unreadableKinds)} could not be read.`]),
  ...noteReading(run.lists).worthKnowing,
  ...run.findings
    .slice(0, MAX_ROWS)
    .map(({ subject, message }) =>
      message.includes(subject) ? toSentence(message) : `${subject}: ${toSentence(message)}`,
    ),
];

/** A reason as a sentence; a key of the configuration at its start stays as it is written. */
const toSentence = (reason: string): string =>
  endSentence(reason.replace(/^[a-z](?=[a-z]*[ ,])/, (letter) => letter.toUpperCase()));

const endSentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
