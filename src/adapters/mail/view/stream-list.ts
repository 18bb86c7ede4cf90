import { formatCount, formatNumber } from '../../../usage/format.ts';
import { unitOfStreams } from '../../../usage/report/size-cells.ts';
import type { NamespaceReport, StreamReport } from '../../../usage/report/report.ts';
import type { Detail } from './level-of-detail.ts';
import { listStream, moreRow, sumRow } from './stream-list-rows.ts';
import type { RowContext, RowView } from './stream-list-rows.ts';
import type { FindElsewhere } from './same-image-elsewhere.ts';
import { cutIntoTables, partOf } from './split-tables.ts';
import { tableLines } from './wrap-text.ts';
import type { TableLine } from './wrap-text.ts';

/** The list of one namespace, ready to be printed. */
export type ListView = {
  readonly heading: string;
  readonly badge: string;
  readonly intro: string;
  /** Streams that neither the list nor the CSV has, where they are too many for the page; empty otherwise. */
  readonly unlisted: string;
  /** Whether streams are followed by their tags. */
  readonly isTree: boolean;
  /** What heads the names of its rows. */
  readonly nameHead: string;
  readonly tables: readonly { readonly caption: string; readonly rows: readonly RowView[] }[];
  /** The same rows for the text part. */
  readonly lines: readonly string[];
};

/** What a list needs beside the namespace. */
export type ListOptions = {
  readonly detail: Detail;
  /** The attached file that has every revision. */
  readonly csvName: string;
  readonly findElsewhere: FindElsewhere;
};

/** Lists what a namespace holds, largest first, as the report has it. */
export const listNamespace = (namespace: NamespaceReport, options: ListOptions): ListView => {
  const { detail, csvName, findElsewhere } = options;
  const shown = typeof detail === 'number' ? namespace.streams.slice(0, detail) : namespace.streams;
  const rest = namespace.streams.slice(shown.length);
  const unit = unitOfStreams(namespace.streams, namespace.quota.limitBytes);
  const context: RowContext = {
    unit,
    // All that a number could leave out is there.
    detail: rest.length === 0 && typeof detail === 'number' ? 'streams' : detail,
    namespace: namespace.name,
    elsewhere: (digest) => findElsewhere(digest, namespace.name),
  };
  const rows = [
    ...shown.flatMap((stream) => listStream(stream, context)),
    ...(rest.length > 0 ? [moreRow(rest, unit)] : []),
    ...(namespace.streams.length > 0 ? [sumRow(namespace, unit)] : []),
  ];
  const tagless = listTagless(rest);
  return {
    heading: `${headingOf(namespace, context.detail)} ${namespace.name}`,
    badge: badgeOf(namespace),
    intro: [introOf(namespace, context.detail, `the attached ${csvName}`), nameTagless(tagless)]
      .filter((part) => part !== '')
      .join(' '),
    unlisted: isNameable(tagless) ? '' : `Other streams, without any tag: ${tagless.join(', ')}.`,
    isTree: context.detail === 'revisions' || context.detail === 'tags',
    nameHead: nameHeadOf(context.detail),
    tables: splitRows(rows),
    lines:
      rows.length === 0
        ? []
        : tableLines([{ name: nameHeadOf(context.detail), figures: FIGURES }, ...rows.map(lineOf)]),
  };
};

/** `environment: prod`; empty where none is stated. */
export const badgeOf = ({ environment }: NamespaceReport): string =>
  environment === null ? '' : `environment: ${environment}`;

const headingOf = ({ streams }: NamespaceReport, detail: Detail): string => {
  if (detail === 'revisions') return 'Everything in';
  if (detail === 'tags') return 'Every image stream and tag in';
  if (detail === 'streams') return 'Every image stream in';
  return `The ${formatNumber(detail)} largest of ${formatCount(streams.length, 'image stream')} in`;
};

const introOf = ({ streams, totals }: NamespaceReport, detail: Detail, file: string): string => {
  if (streams.length === 0) return 'There are no image streams.';
  if (detail === 'revisions') return `Largest first, with every revision. The same is in ${file}.`;
  const [tags, revisions] = [formatCount(totals.tags, 'tag'), formatCount(totals.revisions, 'revision')];
  if (detail === 'tags') return `Largest first. All ${revisions} are in ${file}.`;
  if (detail === 'streams') return `Largest first. All ${tags} and ${revisions} are in ${file}.`;
  return `All ${tags} and ${revisions}, those of the other streams too, are in ${file}.`;
};

/** Names of the streams without any tag: the CSV has no row for them. */
export const listTagless = (streams: readonly StreamReport[]): readonly string[] =>
  streams.filter(({ tags }) => tags.length === 0).map(({ name }) => name);

/** Those that are left out of a list. */
const nameTagless = (names: readonly string[]): string => {
  if (names.length === 0) return '';
  return isNameable(names)
    ? `Other streams, without any tag: ${names.join(', ')}.`
    : `The plain-text part of this mail names ${formatCount(names.length, 'other stream')} without any tag.`;
};

/** Whether the page has room for the names: it is as good as full where any are left out. */
const isNameable = (names: readonly string[]): boolean => names.join(', ').length <= MAX_NAMES_LENGTH;

const MAX_NAMES_LENGTH = 2_000;

/** A table that goes on in the middle of a stream says of which. */
const splitRows = (rows: readonly RowView[]): ListView['tables'] => {
  const tables = cutIntoTables(rows, ({ note }) => (note === '' ? 1 : 2));
  let stream = '';
  return tables.map((table, index) => {
    const isWithin = ['t', 'r'].includes(table[0]?.kind ?? '');
    const caption = `${isWithin ? `${stream}, continued` : 'Image streams'}${partOf(index, tables.length)}`;
    stream = table.findLast(({ kind }) => kind === 's')?.name ?? stream;
    return { caption, rows: table };
  });
};

const nameHeadOf = (detail: Detail): string => {
  if (detail === 'revisions') return 'Stream, tag, revision';
  return detail === 'tags' ? 'Stream, tag' : 'Image stream';
};

const FIGURES = ['Pushed', 'Size', 'Counted', 'Frees'];

const lineOf = ({ kind, name, digest, mark, note, pushed, size, counted, frees }: RowView): TableLine => ({
  name: joinWords(joinWords(name, digest), mark === '' ? '' : `(${mark})`),
  figures: [pushed, size, counted, frees],
  note,
  indent: kind === 't' ? 2 : kind === 'r' ? 4 : 0,
});

const joinWords = (first: string, second: string): string =>
  first === '' || second === '' ? first + second : `${first} ${second}`;
