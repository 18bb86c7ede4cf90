import { formatCount, formatList } from '../../usage/format.ts';
import type { NamespaceReport } from '../../usage/report.ts';
import { badgeOf } from './list.ts';
import { cutIntoTables, partOf } from './row-tables.ts';
import { standingOf } from './standing.ts';

/** Namespaces for which a mail has room for a line only: all else about them is attached. */
export type OthersView = {
  readonly heading: string;
  readonly intro: string;
  readonly tables: readonly { readonly caption: string; readonly rows: readonly OtherRow[] }[];
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

/** One of them with the names of its attached files. */
export type OtherNamespace = { readonly namespace: NamespaceReport; readonly fileNames: readonly string[] };

/** Puts each of them on a line; null where there are none. */
export const viewOthers = (others: readonly OtherNamespace[]): OthersView | null => {
  if (others.length === 0) return null;
  const tables = cutIntoTables(others.map(viewOther), () => 1);
  return {
    heading: `And ${formatCount(others.length, 'more namespace')}`,
    intro: [
      'There is no more room here: every image stream, tag and revision, and what to delete first, is in the attached files.',
      ...(others.some(({ namespace }) => nameTagless(namespace) !== '')
        ? ['Image streams without any tag are named in the plain-text part of this mail.']
        : []),
    ].join(' '),
    tables: tables.map((rows, index) => ({ caption: `Namespaces${partOf(index, tables.length)}`, rows })),
  };
};

const viewOther = ({ namespace, fileNames }: OtherNamespace): OtherRow => ({
  name: namespace.name,
  badge: badgeOf(namespace),
  ...standingOf(namespace),
  files: formatList(fileNames),
  unlisted: nameTagless(namespace),
});

const nameTagless = ({ streams }: NamespaceReport): string => {
  const names = streams.filter(({ tags }) => tags.length === 0).map(({ name }) => name);
  return names.length === 0 ? '' : `Image streams without any tag: ${names.join(', ')}.`;
};
