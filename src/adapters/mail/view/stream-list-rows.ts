import {
  formatCell,
  formatCellAtLeast,
  formatCount,
  formatDay,
  formatList,
  formatSome,
} from '../../../usage/format.ts';
import type { Unit } from '../../../usage/format.ts';
import { formatRevisionSizes, formatSizes } from '../../../usage/report/size-cells.ts';
import { MAX_TAGS_NAMED } from '../../../usage/report/report.ts';
import type {
  NamespaceReport,
  RevisionReport,
  StreamReport,
  TagReport,
} from '../../../usage/report/report.ts';
import { nameUsers } from '../../../usage/in-use/use-report.ts';
import type { UseReport } from '../../../usage/in-use/use-report.ts';
import type { Detail } from './level-of-detail.ts';

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

/** What rows need beside what they show. */
export type RowContext = {
  readonly detail: Detail;
  readonly namespace: string;
  /** Tags of other namespaces in the mail that hold the image. */
  readonly elsewhere: (digest: string) => readonly string[];
  /** Of all sizes of the list. */
  readonly unit: Unit;
};

/** A stream as rows: itself and, where the detail has them, its tags and revisions. */
export const listStream = (stream: StreamReport, context: RowContext): readonly RowView[] => {
  const { detail } = context;
  const hasTags = detail === 'revisions' || detail === 'tags';
  const { size, counted, frees } = formatSizes(stream, context.unit);
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
    pushed: lastPush(stream),
    size,
    counted,
    frees,
  };
  return hasTags ? [row, ...stream.tags.flatMap((tag) => listTag(tag, context))] : [row];
};

/** A tag with one revision is one row: the two would say the same. */
const listTag = (tag: TagReport, context: RowContext): readonly RowView[] => {
  const { detail, namespace } = context;
  const [only] = tag.revisions.length === 1 && detail === 'revisions' ? tag.revisions : [];
  const hasRows = detail === 'revisions' && tag.revisions.length > 1;
  const by = hasRows ? '' : usersOf(tag, namespace);
  const { size, counted, frees } = formatSizes(tag, context.unit);
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
    note: joinMarks([
      by,
      sameImage(tag.sameImageAs),
      hasRows ? '' : alsoIn(context.elsewhere(tag.revisions[0]?.digest ?? '')),
    ]),
    pushed: tag.revisions[0] === undefined ? '' : formatDay(tag.revisions[0].created),
    size,
    counted,
    frees,
  };
  // What a tag says of its use, its revisions need not repeat.
  const isUseSaid = tag.inUse === null;
  return hasRows
    ? [row, ...tag.revisions.map((revision) => listRevision(revision, isUseSaid, context))]
    : [row];
};

const listRevision = (
  revision: RevisionReport,
  isUseSaid: boolean,
  { namespace, elsewhere, unit }: RowContext,
): RowView => ({
  kind: 'r',
  isHead: false,
  name: '',
  digest: shortDigest(revision.digest),
  mark: joinMarks([revision.inUse === null && !isUseSaid ? useOf(null) : '', detailsOf(revision)]),
  note: joinMarks([usersOf(revision, namespace), alsoIn(elsewhere(revision.digest))]),
  pushed: formatDay(revision.created),
  ...formatRevisionSizes(revision, unit),
  frees: '',
});

/** What is left out. */
export const moreRow = (rest: readonly StreamReport[], unit: Unit): RowView => {
  const format = rest.some(({ unknownRevisions }) => unknownRevisions > 0) ? formatCellAtLeast : formatCell;
  return {
    ...BLANK_ROW,
    kind: 'more',
    name: `and ${formatCount(rest.length, 'more image stream')}`,
    counted: format(
      rest.reduce((sum, { countedBytes }) => sum + countedBytes, 0),
      unit,
    ),
  };
};

/** The total. */
export const sumRow = ({ name, usedBytes, unknownRevisions }: NamespaceReport, unit: Unit): RowView => ({
  ...BLANK_ROW,
  kind: 'sum',
  name: `${name} uses`,
  counted: (unknownRevisions > 0 ? formatCellAtLeast : formatCell)(usedBytes, unit),
});

/** Whether nothing at all is known of what is used: that it is at least 0 would say nothing. */
export const isUsageUnknown = ({ usedBytes, unknownRevisions }: NamespaceReport): boolean =>
  usedBytes === 0 && unknownRevisions > 0;

const BLANK_ROW = { isHead: true, digest: '', mark: '', note: '', pushed: '', size: '', frees: '' } as const;

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

/** Where else an image stands that was promoted: why deleting it here leaves it in the registry. */
const alsoIn = (places: readonly string[]): string =>
  places.length === 0 ? '' : `also in ${formatSome(places.slice(0, 2), places.length)}`;

/** The first 12 digits tell images apart, as in `oc` and `podman`. */
const shortDigest = (digest: string): string => digest.replace(/^sha256:/, '').slice(0, 12);

const lastPush = ({ tags }: StreamReport): string => {
  let last: string | null = null;
  for (const { revisions } of tags)
    for (const { created } of revisions)
      if (created !== null && (last === null || created > last)) last = created;
  return tags.every(({ revisions }) => revisions.length === 0) ? '' : formatDay(last);
};

/** Most rows have none. */
const joinMarks = (marks: readonly string[]): string => {
  let joined = '';
  for (const mark of marks) if (mark !== '') joined += joined === '' ? mark : ` · ${mark}`;
  return joined;
};
