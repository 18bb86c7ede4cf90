import { addBytes } from '../../../usage/weighing/rules.ts';
import { formatBytes, formatCount, formatList } from '../../../usage/format.ts';
import type { Unit } from '../../../usage/format.ts';
import { unitOfNamespaces } from '../../../usage/report/size-cells.ts';
import type { NamespaceReport } from '../../../usage/report/report.ts';
import { badgeOf, listTagless } from './stream-list.ts';
import { cutIntoTables, partOf } from './split-tables.ts';
import { describeUsage } from './namespace-usage.ts';

/** Namespaces for which a mail has room for a line only: all else about them is attached. */
export type OthersView = {
  readonly heading: string;
  readonly intro: string;
  readonly tables: readonly { readonly caption: string; readonly rows: readonly OtherRow[] }[];
  /** What there is no line for; empty where there is one for each. */
  readonly rest: string;
  /** Of those without a line, the image streams that no CSV has; for the text part. */
  readonly restUnlisted: readonly string[];
};

type OtherRow = {
  readonly name: string;
  readonly badge: string;
  readonly usage: string;
  readonly alert: string;
  readonly files: string;
  /** Image streams that the CSV does not have; for the text part. */
  readonly unlisted: string;
};

/** One of them with the names of its attached files; no cleanup where nothing is proposed for deletion. */
export type OtherNamespace = {
  readonly namespace: NamespaceReport;
  readonly csvName: string;
  readonly cleanupName: string | null;
};

/** Puts each of them on a line; null where there are none. */
export const viewOthers = (others: readonly OtherNamespace[]): OthersView | null => {
  if (others.length === 0) return null;
  const rest = others.slice(MAX_LINES).map(({ namespace }) => namespace);
  const lines = others.slice(0, MAX_LINES);
  const unit = unitOfNamespaces(
    lines.map(({ namespace: { usedBytes, quota } }) => ({ usedBytes, limitBytes: quota.limitBytes })),
  );
  const tables = cutIntoTables(
    lines.map((other) => viewOther(other, unit)),
    () => 1,
  );
  return {
    heading: `And ${formatCount(others.length, 'more namespace')}`,
    intro: [
      `There is no more room here: every image stream, tag and revision is in the attached files${others.some(({ cleanupName }) => cleanupName !== null) ? ', and so is what to delete first, where anything is proposed' : ''}.`,
      ...(others.some(({ namespace }) => nameTagless(namespace) !== '')
        ? ['Image streams without any tag are named in the plain-text part of this mail.']
        : []),
    ].join(' '),
    tables: tables.map((rows, index) => ({ caption: `Namespaces${partOf(index, tables.length)}`, rows })),
    rest: tellRest(rest),
    restUnlisted: rest.flatMap((namespace) => {
      const tagless = nameTagless(namespace);
      return tagless === '' ? [] : [`In ${namespace.name}: ${tagless}`];
    }),
  };
};

/** The most namespaces that get a line: several hundred would not fit into a mail. */
const MAX_LINES = 100;

const tellRest = (rest: readonly NamespaceReport[]): string => {
  if (rest.length === 0) return '';
  const bytes = rest.reduce((total, { usedBytes }) => addBytes(total, usedBytes), 0);
  const isLowerBound = rest.some(({ unknownRevisions }) => unknownRevisions > 0);
  const isOne = rest.length === 1;
  const usage =
    bytes === 0 && isLowerBound
      ? 'of unknown size'
      : `that ${isOne ? 'uses' : 'use'} ${isLowerBound ? 'at least ' : ''}${formatBytes(bytes)}${isOne ? '' : ', each on its own'}`;
  return `And ${formatCount(rest.length, 'more namespace')} ${usage}: ${isOne ? 'its' : 'their'} files are attached, too.`;
};

const viewOther = ({ namespace, csvName, cleanupName }: OtherNamespace, unit: Unit): OtherRow => {
  const { usage, alert } = describeUsage(namespace, unit);
  return {
    name: namespace.name,
    badge: badgeOf(namespace),
    usage,
    alert,
    files: formatList([csvName, ...(cleanupName === null ? [] : [cleanupName])]),
    unlisted: nameTagless(namespace),
  };
};

const nameTagless = ({ streams }: NamespaceReport): string => {
  const names = listTagless(streams);
  return names.length === 0 ? '' : `Image streams without any tag: ${names.join(', ')}.`;
};
