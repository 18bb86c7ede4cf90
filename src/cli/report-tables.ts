import { sumUpAdvice } from '../usage/policy/advice.ts';
import {
  formatAtLeast,
  formatBytes,
  formatCell,
  formatCellAtLeast,
  formatCount,
  formatDay,
  formatLimit,
  formatLimitCell,
  formatList,
  formatNumber,
  formatPercent,
  formatPercentAtLeast,
  formatSome,
  formatUsed,
} from '../usage/format.ts';
import type { Unit } from '../usage/format.ts';
import type { Level } from '../usage/policy/quota.ts';
import { describeReading, describeUnseenUse, isPart, WHAT_CANNOT_BE_SEEN } from '../usage/report/reading.ts';
import {
  formatRevisionSizes,
  formatSizes,
  unitOfNamespaces,
  unitOfStreams,
} from '../usage/report/size-cells.ts';
import type {
  NamespaceReport,
  Report,
  RevisionReport,
  StreamReport,
  TagReport,
} from '../usage/report/report.ts';
import { nameUsers } from '../usage/in-use/use-report.ts';
import type { UseReport } from '../usage/in-use/use-report.ts';
import { layOut } from './table.ts';
import type { Column } from './table.ts';
import { paint, printable } from './terminal.ts';
import type { Terminal } from './terminal.ts';

type Out = Terminal['out'];

/** One line a namespace, largest first; below it the cluster's total and what the lines leave open. */
export const namespaceTable = (out: Out, report: Report): string => {
  const namespaces = namespacesOf(report).toSorted(
    (a, b) => b.usedBytes - a.usedBytes || (a.name < b.name ? -1 : 1),
  );
  if (namespaces.length === 0)
    return `There is no namespace to report in ${printable(report.cluster.name)}: the configuration (namespaces.selector, namespaces.exclude) selects none.\n`;
  const unit = unitOfNamespaces(
    namespaces.map(({ usedBytes, quota: { limitBytes } }) => ({ usedBytes, limitBytes })),
  );
  const rows = namespaces.map((namespace) => [
    printable(namespace.name),
    sizeCell(namespace.usedBytes, namespace.unknownRevisions, unit),
    formatLimitCell(namespace.quota.limitBytes, unit),
    percentCell(namespace.quota.usedPercent, namespace.unknownRevisions),
    levelCell(out, namespace.quota.level),
    String(namespace.totals.streams),
    String(namespace.totals.revisions),
    recipientsCell(namespace),
  ]);
  const remarks = [
    printable(clusterTotal(report, namespaces)),
    ...remarkUnknownSizes(namespaces),
    ...remarkNobodyToTell(namespaces),
    ...report.snapshot.findings.map(({ message }) => printable(message)),
    ...remarkAdvice(namespaces),
    ...remarkReading(report),
  ];
  return `${layOut(NAMESPACE_COLUMNS, rows)}\n${remarks.map((remark) => `${remark}\n`).join('')}`;
};

/** Each namespace with all its image streams, tags and revisions. */
export const namespaceDetails = (out: Out, report: Report): string =>
  [
    ...namespacesOf(report).map((namespace) => namespaceDetail(out, namespace)),
    [...remarkReading(report), WHAT_CANNOT_BE_SEEN].map((remark) => `${remark}\n`).join(''),
  ].join('\n');

/** A level in words and, on a terminal, in colour. */
export const levelCell = (out: Out, level: Level): string =>
  paint(out, level === 'over' ? 'red' : level === 'warning' ? 'yellow' : 'green', level);

/** A size in a table; a lower bound where the sizes of some revisions are unknown. */
export const sizeCell = (bytes: number, unknownRevisions: number, unit: Unit): string =>
  (unknownRevisions === 0 ? formatCell : formatCellAtLeast)(bytes, unit);

/** A share of a quota, in the same way; null: there is none. */
export const percentCell = (usedPercent: number | null, unknownRevisions: number): string =>
  usedPercent === null ? '-' : (unknownRevisions === 0 ? formatPercent : formatPercentAtLeast)(usedPercent);

const NAMESPACE_COLUMNS: readonly Column[] = [
  { heading: 'NAMESPACE', align: 'left' },
  { heading: 'USED', align: 'right' },
  { heading: 'QUOTA', align: 'right' },
  { heading: '%', align: 'right' },
  { heading: 'LEVEL', align: 'left' },
  { heading: 'STREAMS', align: 'right' },
  { heading: 'REVISIONS', align: 'right' },
  { heading: 'RECIPIENTS', align: 'left' },
];

const DETAIL_COLUMNS: readonly Column[] = [
  { heading: 'STREAM, TAG, REVISION', align: 'left' },
  { heading: 'PUSHED', align: 'left' },
  { heading: 'SIZE', align: 'right' },
  { heading: 'COUNTED', align: 'right' },
  { heading: 'FREES', align: 'right' },
  { heading: 'IN USE', align: 'left' },
];

const namespacesOf = ({ reports }: Report): readonly NamespaceReport[] =>
  reports.flatMap((team) => team.namespaces);

const recipientsCell = ({ recipients, noRecipientReason }: NamespaceReport): string => {
  if (noRecipientReason === null) return String(recipients.length);
  return recipients.length === 0 ? 'nobody' : 'fallback';
};

const clusterTotal = ({ cluster }: Report, namespaces: readonly NamespaceReport[]): string => {
  const { name, usedBytes, sumOfNamespacesBytes } = cluster;
  if (usedBytes === null || sumOfNamespacesBytes === null)
    return `Only a part of ${name} was read, so there is no total.`;
  const isLowerBound = namespaces.some(({ unknownRevisions }) => unknownRevisions > 0);
  return `${name}: ${isLowerBound ? 'at least ' : ''}${formatBytes(usedBytes)} in all.${explainSum(usedBytes, sumOfNamespacesBytes, isLowerBound)}`;
};

/** Why the namespaces add up to more than there is in all; empty where they do not. */
export const explainSum = (usedBytes: number, sumBytes: number, isLowerBound: boolean): string =>
  sumBytes === usedBytes
    ? ''
    : ` The namespaces add up to ${isLowerBound ? 'at least ' : ''}${formatBytes(sumBytes)}, because what they share counts in each.`;

const remarkUnknownSizes = (namespaces: readonly NamespaceReport[]): readonly string[] => {
  const unknown = namespaces.filter(({ unknownRevisions }) => unknownRevisions > 0);
  if (unknown.length === 0) return [];
  return [
    `≥: some sizes in ${nameSome(unknown)} are unknown; quotagram report -n ${unknown[0]?.name ?? ''} says why.`,
  ];
};

/** One remark a reason, not one a namespace: without a configuration it is the same for all. */
const remarkNobodyToTell = (namespaces: readonly NamespaceReport[]): readonly string[] => {
  const untold = namespaces.filter(({ noRecipientReason }) => noRecipientReason !== null);
  const alike = Map.groupBy(
    untold,
    (namespace) => `${recipientsCell(namespace)} ${namespace.noRecipientReason ?? ''}`,
  );
  return [...alike.values()].map((members) => {
    const who = members[0]?.recipients.length === 0 ? 'Nobody' : 'Only the fallback';
    const of = members.length === namespaces.length ? 'any namespace' : nameSome(members);
    return `${who} can be told of ${of}: ${printable(members[0]?.noRecipientReason ?? '')}.`;
  });
};

const remarkAdvice = (namespaces: readonly NamespaceReport[]): readonly string[] => {
  const counts = sumUpAdvice(namespaces).map(({ code, count }) => `${formatNumber(count)} ${code}`);
  return counts.length === 0 ? [] : [`Advice: ${formatList(counts)}; quotagram report -n NAME tells it.`];
};

/** When all of it was read, and what the reading leaves open. */
const remarkReading = (report: Report): readonly string[] => {
  const unseen = describeUnseenUse(report);
  const unknown = [
    'What is not in use',
    ...(isPart(report) ? ['what the registry gets back'] : []),
    ...(report.reports.some(({ team }) => team.usedBytes === null)
      ? ['what is shared with other namespaces of the team']
      : []),
  ];
  const reading = describeReading(report.snapshot.lists);
  return [
    ...(unseen === null
      ? []
      : [printable(`${formatList(unknown)} ${unknown.length > 1 ? 'are' : 'is'} unknown: ${unseen}.`)]),
    ...(reading === null ? [] : [printable(reading)]),
  ];
};

const nameSome = (namespaces: readonly NamespaceReport[]): string =>
  formatSome(
    namespaces.slice(0, 3).map(({ name }) => name),
    namespaces.length,
  );

const namespaceDetail = (out: Out, namespace: NamespaceReport): string => {
  const { quota, totals, streams } = namespace;
  const share = percentCell(quota.usedPercent, namespace.unknownRevisions);
  const title = `${namespace.name} uses ${(namespace.unknownRevisions > 0 ? formatAtLeast : formatUsed)(namespace.usedBytes, quota.limitBytes)}${share === '-' ? '' : ` (${share})`}`;
  const counts = [
    formatCount(totals.streams, 'image stream'),
    formatCount(totals.tags, 'tag'),
    formatCount(totals.revisions, 'revision'),
  ].join(', ');
  const imported =
    namespace.importedBytes > 0 ? `, ${formatBytes(namespace.importedBytes)} imported and not charged` : '';
  return [
    `${paint(out, 'bold', printable(title))}  ${levelCell(out, quota.level)}\n`,
    `${counts}${imported}. Quota: ${formatLimit(quota.limitBytes)} (${printable(quota.source)}).\n`,
    `Recipients: ${printable(recipientsText(namespace))}.\n`,
    streams.length === 0 ? '' : `\n${streamTable(out, streams, quota.limitBytes)}`,
    findingsText(namespace),
    adviceText(namespace),
  ].join('');
};

const recipientsText = ({ recipients, noRecipientReason }: NamespaceReport): string => {
  const addresses = recipients.map(({ address }) => address).join(', ');
  if (noRecipientReason === null) return addresses;
  const told = addresses === '' ? 'nobody' : `only the fallback ${addresses}`;
  return `${told}, because ${noRecipientReason}`;
};

/** Without the finding that nobody can be told, which the recipients already say. */
const findingsText = ({ findings }: NamespaceReport): string => {
  const lines = findings
    .filter(({ code }) => code !== 'no-recipient')
    .map(({ subject, message }) => `  ${printable(shortenDigests(subject))}: ${printable(message)}\n`);
  return lines.length === 0 ? '' : `\nFindings\n${lines.join('')}`;
};

/** As much of one kind as is worth a team's time. */
const MAX_ALIKE = 10;

/** The worst of each kind. */
const adviceText = ({ name, advice }: NamespaceReport): string => {
  const kinds = Map.groupBy(advice, ({ code }) => code);
  const lines = [...kinds].flatMap(([code, alike]) => [
    ...alike.slice(0, MAX_ALIKE).map((one) => `  ${adviceLine(one, name)}\n`),
    ...(alike.length > MAX_ALIKE
      ? [`  and ${formatNumber(alike.length - MAX_ALIKE)} more ${code}: --output json has all of them\n`]
      : []),
  ]);
  return lines.length === 0 ? '' : `\nAdvice\n${lines.join('')}`;
};

/** The namespace itself is above all of it. */
const adviceLine = ({ subject, message }: NamespaceReport['advice'][number], namespace: string): string =>
  subject === namespace ? printable(message) : `${printable(subject)}: ${printable(message)}`;

const streamTable = (out: Out, streams: readonly StreamReport[], limitBytes: number | null): string => {
  const unit = unitOfStreams(streams, limitBytes);
  return layOut(
    DETAIL_COLUMNS,
    streams.flatMap((stream) => streamRows(out, stream, unit)),
  );
};

const streamRows = (out: Out, stream: StreamReport, unit: Unit): readonly (readonly string[])[] => {
  const { size, counted, frees } = formatSizes(stream, unit);
  return [
    [paint(out, 'bold', printable(stream.name)), '', size, counted, frees, useCell(stream.inUse)],
    ...stream.tags.flatMap((tag) => tagRows(tag, unit)),
  ];
};

const tagRows = (tag: TagReport, unit: Unit): readonly (readonly string[])[] => {
  const { size, counted, frees } = formatSizes(tag, unit);
  const use = tag.revisions.length === 0 ? usersCell(tag) : useCell(tag.inUse);
  return [
    [`  :${printable(tag.name)}`, TAG_STATES[tag.state], size, counted, frees, use],
    ...tag.revisions.map((revision) => revisionRow(revision, unit)),
  ];
};

const TAG_STATES = {
  ok: '',
  empty: 'empty',
  'import-failed': 'import failed',
  reference: 'reference',
} as const satisfies Readonly<Record<TagReport['state'], string>>;

const revisionRow = (revision: RevisionReport, unit: Unit): readonly string[] => {
  const { size, counted } = formatRevisionSizes(revision, unit);
  return [
    `    ${revision.digest === '' ? '(no image)' : shortDigest(revision.digest)}`,
    formatDay(revision.created),
    size,
    counted,
    '',
    usersCell(revision),
  ];
};

/** Enough to find it by; what is no SHA-256 stays as it is, but for its length. */
const shortDigest = (digest: string): string => printable(digest.replace(/^sha256:(?=.)/, '')).slice(0, 12);

/** The strongest use in full, the others counted. */
const usersCell = (used: UseReport): string =>
  used.inUse === true
    ? `by ${printable(formatSome(nameUsers(used, '', 1), used.inUseCount))}`
    : useCell(used.inUse);

const useCell = (inUse: boolean | null): string => (inUse === null ? 'unknown' : inUse ? 'yes' : 'no');

const shortenDigests = (text: string): string => text.replace(/sha256:([0-9a-f]{12})[0-9a-f]+/g, '$1');
