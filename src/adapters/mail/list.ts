import {
  formatBeside,
  formatBytes,
  formatCount,
  formatDay,
  formatList,
  formatNumber,
  formatSome,
} from '../../usage/format.ts';
import { MAX_TAGS_NAMED } from '../../usage/report.ts';
import type { NamespaceReport, RevisionReport, StreamReport, TagReport } from '../../usage/report.ts';
import { nameUsers } from '../../usage/use-report.ts';
import type { UseReport } from '../../usage/use-report.ts';
import { tableLines } from './text.ts';
import type { TableLine } from './text.ts';

/**
 * How much of a namespace the list shows: every revision, every tag, every stream, or that many of the largest
 * streams. What the list leaves out is in the CSV.
 */
export type Detail = 'revisions' | 'tags' | 'streams' | number;

/** The list of one namespace, ready to be printed. */
export type ListView = {
  readonly heading: string;
  readonly badge: string;
  readonly intro: string;
  readonly tables: readonly { readonly caption: string; readonly rows: readonly RowView[] }[];
  /** The same rows for the text part. */
  readonly lines: readonly string[];
};

/** One row; `kind` is its class: a stream, tag or revision, `more` for what is left out, `sum` for the total. */
export type RowView = {
  readonly kind: 's' | 't' | 'r' | 'more' | 'sum';
  /** Heads what follows it: a stream, or the total. */
  readonly isHead: boolean;
  readonly name: string;
  readonly digest: string;
  /** A few words beside the name: `in use`, `imported, not charged`. */
  readonly mark: string;
  /** Names, on a line of their own: who uses it, what is the same image. */
  readonly note: string;
  readonly pushed: string;
  readonly size: string;
  readonly counted: string;
  readonly frees: string;
};

/** Word breaks a page, and the table with it, near 1,800 px. */
const ROWS_PER_TABLE = 45;

/** Lists what a namespace holds, largest first, as the report has it. */
export const listNamespace = (namespace: NamespaceReport, detail: Detail): ListView => {
  const shown = typeof detail === 'number' ? namespace.streams.slice(0, detail) : namespace.streams;
  const rest = namespace.streams.slice(shown.length);
  const rows = [
    ...shown.flatMap((stream) => listStream(stream, detail, namespace.name)),
    ...(rest.length > 0 ? [moreRow(rest)] : []),
    ...(namespace.streams.length > 0 ? [sumRow(namespace)] : []),
  ];
  return {
    heading: `${headingOf(namespace, detail)} ${namespace.name}`,
    badge: namespace.environment === null ? '' : `environment: ${namespace.environment}`,
    intro: introOf(namespace, detail, rest),
    tables: splitRows(rows),
    lines: rows.length === 0 ? [] : tableLines([COLUMNS, ...rows.map(lineOf)]),
  };
};

const headingOf = ({ streams }: NamespaceReport, detail: Detail): string => {
  if (detail === 'revisions') return 'Everything in';
  if (detail === 'tags') return 'Every image stream and tag in';
  if (detail === 'streams') return 'Every image stream in';
  return `The ${formatNumber(detail)} largest of ${formatCount(streams.length, 'image stream')} in`;
};

const introOf = (
  { name, streams, totals }: NamespaceReport,
  detail: Detail,
  rest: readonly StreamReport[],
): string => {
  if (streams.length === 0) return 'There are no image streams.';
  const file = `the attached usage-${name}.csv`;
  if (detail === 'revisions') return `Largest first, with every revision. The same is in ${file}.`;
  const [tags, revisions] = [formatCount(totals.tags, 'tag'), formatCount(totals.revisions, 'revision')];
  if (detail === 'tags') return `Largest first. All ${revisions} are in ${file}.`;
  if (detail === 'streams') return `Largest first. All ${tags} and ${revisions} are in ${file}.`;
  const tagless = rest.filter((stream) => stream.tags.length === 0).map((stream) => stream.name);
  return [
    `All ${tags} and ${revisions}, those of the other streams too, are in ${file}.`,
    // The CSV has no row for them.
    ...(tagless.length > 0 ? [`Other streams, without any tag: ${tagless.join(', ')}.`] : []),
  ].join(' ');
};

const listStream = (stream: StreamReport, detail: Detail, namespace: string): readonly RowView[] => {
  const hasTags = detail === 'revisions' || detail === 'tags';
  const row: RowView = {
    kind: 's',
    isHead: true,
    name: stream.name,
    digest: '',
    mark: joinMarks([
      useOf(stream.inUse),
      hasTags || stream.tags.length === 0 ? '' : contentsOf(stream),
      stream.tags.length === 0 ? 'no tags' : '',
      unknownSizes(stream.unknownRevisions),
    ]),
    note: '',
    pushed: lastPush(stream.tags.flatMap(({ revisions }) => revisions)),
    ...figuresOf(
      stream,
      stream.tags.some(({ revisions }) => revisions.length > 0),
    ),
  };
  return hasTags ? [row, ...stream.tags.flatMap((tag) => listTag(tag, detail, namespace))] : [row];
};

/** A tag with one revision is one row: the two would say the same. */
const listTag = (tag: TagReport, detail: 'revisions' | 'tags', namespace: string): readonly RowView[] => {
  const [only] = tag.revisions.length === 1 && detail === 'revisions' ? tag.revisions : [];
  const hasRows = detail === 'revisions' && tag.revisions.length > 1;
  const by = hasRows ? '' : usersOf(tag, namespace);
  const row: RowView = {
    kind: 't',
    isHead: false,
    name: `:${tag.name}`,
    digest: only === undefined ? '' : shortDigest(only.digest),
    mark: joinMarks([
      by === '' ? useOf(tag.inUse) : '',
      STATES[tag.state],
      only === undefined ? unknownSizes(tag.unknownRevisions) : detailsOf(only),
      detail === 'tags' && tag.revisions.length > 1 ? formatCount(tag.revisions.length, 'revision') : '',
    ]),
    note: joinMarks([by, sameImage(tag.sameImageAs)]),
    pushed: tag.revisions[0] === undefined ? '' : formatDay(tag.revisions[0].created),
    ...figuresOf(tag, tag.revisions.length > 0),
  };
  return hasRows ? [row, ...tag.revisions.map((revision) => listRevision(revision, namespace))] : [row];
};

const listRevision = (revision: RevisionReport, namespace: string): RowView => ({
  kind: 'r',
  isHead: false,
  name: '',
  digest: shortDigest(revision.digest),
  mark: joinMarks([revision.inUse === null ? useOf(null) : '', detailsOf(revision)]),
  note: usersOf(revision, namespace),
  pushed: formatDay(revision.created),
  size: revision.sizeBytes === null ? 'unknown' : formatBytes(revision.sizeBytes),
  counted: formatBytes(revision.countedBytes),
  frees: '',
});

const moreRow = (rest: readonly StreamReport[]): RowView => ({
  ...BLANK_ROW,
  kind: 'more',
  name: `and ${formatCount(rest.length, 'more image stream')}`,
  counted: formatBytes(rest.reduce((sum, { countedBytes }) => sum + countedBytes, 0)),
});

const sumRow = (namespace: NamespaceReport): RowView => ({
  ...BLANK_ROW,
  kind: 'sum',
  name: `${namespace.name} uses${namespace.unknownRevisions > 0 ? ' at least' : ''}`,
  counted: formatBeside(namespace.usedBytes, namespace.quota.limitBytes),
});

const BLANK_ROW = { isHead: true, digest: '', mark: '', note: '', pushed: '', size: '', frees: '' } as const;

/** A table that goes on in the middle of a stream says of which. */
const splitRows = (rows: readonly RowView[]): ListView['tables'] => {
  const tables = Math.ceil(rows.length / ROWS_PER_TABLE);
  return Array.from({ length: tables }, (_, index) => {
    const start = index * ROWS_PER_TABLE;
    const stream = rows.slice(0, start + 1).findLast(({ kind }) => kind === 's');
    const part = tables === 1 ? '' : `, part ${formatNumber(index + 1)} of ${formatNumber(tables)}`;
    const isWithin = index > 0 && ['t', 'r'].includes(rows[start]?.kind ?? '');
    return {
      caption: `${isWithin && stream !== undefined ? `${stream.name}, continued` : 'Image streams'}${part}`,
      rows: rows.slice(start, start + ROWS_PER_TABLE),
    };
  });
};

const COLUMNS: TableLine = {
  name: 'Stream, tag, revision',
  figures: ['Pushed', 'Size', 'Counted', 'Frees'],
};

const lineOf = ({ kind, name, digest, mark, note, pushed, size, counted, frees }: RowView): TableLine => ({
  name: [name, digest, mark === '' ? '' : `(${mark})`].filter((part) => part !== '').join(' '),
  figures: [pushed, size, counted, frees],
  note,
  indent: kind === 't' ? 2 : kind === 'r' ? 4 : 0,
});

const STATES: Readonly<Record<TagReport['state'], string>> = {
  ok: '',
  empty: 'no revisions',
  'import-failed': 'import failed',
  reference: 'a reference, not stored',
};

const useOf = (inUse: boolean | null): string => (inUse === null ? 'use unknown' : inUse ? 'in use' : '');

/** By whom and how, as far as the reader may know. Empty for no use. */
const usersOf = (used: UseReport, namespace: string): string => {
  if (used.inUse !== true) return '';
  const names = nameUsers(used, namespace, 2);
  return names.length > 0
    ? `in use by ${formatSome(names, used.inUseCount)}`
    : `in use by ${formatCount(used.inUseCount, 'workload')} elsewhere`;
};

const detailsOf = ({ charged, sizeBytes, architectures }: RevisionReport): string =>
  joinMarks([
    !charged && sizeBytes !== null ? 'imported, not charged' : '',
    architectures.length > 1 ? architectures.join(' + ') : '',
  ]);

const contentsOf = ({ tags }: StreamReport): string => {
  const revisions = tags.reduce((sum, tag) => sum + tag.revisions.length, 0);
  return `${formatCount(tags.length, 'tag')}, ${formatCount(revisions, 'revision')}`;
};

const unknownSizes = (count: number): string =>
  count === 0 ? '' : `size of ${formatCount(count, 'revision')} unknown`;

/** A report names so many at most, so of that many more may go unnamed. */
const sameImage = (others: readonly string[]): string => {
  if (others.length === 0) return '';
  const named = others.slice(0, 2);
  const isWhole = others.length < MAX_TAGS_NAMED;
  return `same image as ${isWhole ? formatSome(named, others.length) : formatList([...named, 'many others'])}`;
};

/** Nothing to weigh is left blank; a size of which nothing at all is known is unknown. */
const figuresOf = (
  { sizeBytes, countedBytes, freesBytes, unknownRevisions }: StreamReport | TagReport,
  hasRevisions: boolean,
): Pick<RowView, 'size' | 'counted' | 'frees'> =>
  hasRevisions
    ? {
        size: sizeBytes === 0 && unknownRevisions > 0 ? 'unknown' : formatBytes(sizeBytes),
        counted: formatBytes(countedBytes),
        frees: formatBytes(freesBytes),
      }
    : { size: '', counted: '', frees: '' };

/** The first 12 digits tell images apart, as in `oc` and `podman`. */
const shortDigest = (digest: string): string => digest.replace(/^sha256:/, '').slice(0, 12);

const lastPush = (revisions: readonly RevisionReport[]): string => {
  const times = revisions.flatMap(({ created }) => created ?? []).toSorted();
  return times.length > 0 ? formatDay(times.at(-1) ?? null) : revisions.length > 0 ? formatDay(null) : '';
};

const joinMarks = (marks: readonly string[]): string => marks.filter((mark) => mark !== '').join(' · ');
