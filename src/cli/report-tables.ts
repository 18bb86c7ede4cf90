import {
  formatBeside,
  formatBytes,
  formatCount,
  formatDay,
  formatLimit,
  formatPercent,
  formatUsed,
} from '../usage/format.ts';
import type { Level } from '../usage/quota.ts';
import type { NamespaceReport, Report, RevisionReport, StreamReport, TagReport } from '../usage/report.ts';
import { layOut } from './table.ts';
import type { Column } from './table.ts';
import { paint } from './terminal.ts';
import type { Terminal } from './terminal.ts';

type Out = Terminal['out'];

/** One line a namespace, largest first, and the cluster's total below. */
export const namespaceTable = (out: Out, report: Report): string => {
  const namespaces = report.reports
    .flatMap((team) => team.namespaces)
    .toSorted((a, b) => b.usedBytes - a.usedBytes || (a.name < b.name ? -1 : 1));
  const rows = namespaces.map((namespace) => [
    namespace.name,
    usedCell(namespace.usedBytes, namespace.quota.limitBytes, namespace.unknownRevisions),
    formatLimit(namespace.quota.limitBytes),
    namespace.quota.usedPercent === null ? '-' : formatPercent(namespace.quota.usedPercent),
    levelCell(out, namespace.quota.level),
    String(namespace.totals.streams),
    String(namespace.totals.revisions),
    recipientsCell(namespace),
  ]);
  return `${layOut(NAMESPACE_COLUMNS, rows)}\n${clusterLine(report)}`;
};

/** One namespace with all its image streams, tags and revisions. */
export const namespaceDetail = (out: Out, namespace: NamespaceReport): string => {
  const { quota, totals } = namespace;
  const percent = quota.usedPercent === null ? '' : ` (${formatPercent(quota.usedPercent)})`;
  const title = `${namespace.name} uses ${atLeast(namespace.unknownRevisions)}${formatUsed(namespace.usedBytes, quota.limitBytes)}${percent}`;
  const counts = [
    formatCount(totals.streams, 'image stream'),
    formatCount(totals.tags, 'tag'),
    formatCount(totals.revisions, 'revision'),
  ].join(', ');
  const imported =
    namespace.importedBytes > 0 ? `, ${formatBytes(namespace.importedBytes)} imported and not charged` : '';
  const findings = namespace.findings.map(({ subject, message }) => `  ${subject}: ${message}\n`).join('');
  return [
    `${paint(out, 'bold', title)}  ${levelCell(out, quota.level)}\n`,
    `${counts}${imported}. Quota: ${quota.source}.\n\n`,
    layOut(DETAIL_COLUMNS, namespace.streams.flatMap(streamRows)),
    findings === '' ? '' : `\nFindings\n${findings}`,
  ].join('');
};

/** A level in words and, on a terminal, in colour. */
export const levelCell = (out: Out, level: Level): string =>
  paint(out, level === 'over' ? 'red' : level === 'warning' ? 'yellow' : 'green', level);

/** Usage in the quota's unit; a namespace with unknown sizes uses at least so much. */
export const usedCell = (usedBytes: number, limitBytes: number | null, unknownRevisions: number): string =>
  `${unknownRevisions > 0 ? '≥ ' : ''}${formatBeside(usedBytes, limitBytes)}`;

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

const clusterLine = ({ cluster }: Report): string =>
  cluster.usedBytes === null || cluster.sumOfNamespacesBytes === null
    ? `Only a part of ${cluster.name} was read, so there is no total.\n`
    : `${cluster.name}: ${formatBytes(cluster.usedBytes)} in all. The namespaces add up to ${formatBytes(cluster.sumOfNamespacesBytes)}, because what they share counts in each.\n`;

const recipientsCell = ({ recipients, noRecipientReason }: NamespaceReport): string =>
  noRecipientReason === null
    ? String(recipients.length)
    : recipients.length === 0
      ? `nobody: ${noRecipientReason}`
      : `fallback: ${noRecipientReason}`;

const streamRows = (stream: StreamReport): readonly (readonly string[])[] => [
  [
    stream.name,
    '',
    formatBytes(stream.sizeBytes),
    formatBytes(stream.countedBytes),
    formatBytes(stream.freesBytes),
    useCell(stream.inUse),
  ],
  ...stream.tags.flatMap(tagRows),
];

const tagRows = (tag: TagReport): readonly (readonly string[])[] => [
  [
    `  :${tag.name}`,
    tag.state === 'ok' ? '' : tag.state,
    formatBytes(tag.sizeBytes),
    formatBytes(tag.countedBytes),
    formatBytes(tag.freesBytes),
    useCell(tag.inUse),
  ],
  ...tag.revisions.map(revisionRow),
];

const revisionRow = (revision: RevisionReport): readonly string[] => [
  `    ${revision.digest.slice('sha256:'.length).slice(0, 12) || '(no image)'}`,
  formatDay(revision.created),
  revision.sizeBytes === null ? 'unknown' : formatBytes(revision.sizeBytes),
  revision.charged ? formatBytes(revision.countedBytes) : revision.sizeBytes === null ? '-' : 'imported',
  '',
  revision.inUse === true ? `by ${workloadsText(revision)}` : useCell(revision.inUse),
];

const workloadsText = ({ inUseBy, inUseCount }: RevisionReport): string => {
  const [first] = inUseBy;
  if (first === undefined) return formatCount(inUseCount, 'workload');
  return inUseCount > 1 ? `${first} and ${String(inUseCount - 1)} more` : first;
};

const useCell = (inUse: boolean | null): string => (inUse === null ? 'unknown' : inUse ? 'yes' : 'no');

const atLeast = (unknownRevisions: number): string => (unknownRevisions > 0 ? 'at least ' : '');
