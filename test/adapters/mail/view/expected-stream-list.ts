import type {
  NamespaceReport,
  RevisionReport,
  StreamReport,
  TagReport,
} from '../../../../src/usage/report/report.ts';
import { agreed, inWords } from './expected-namespace-usage.ts';
import type { ShownRow } from '../read-figures.ts';

/** Rows of a list as its heading promises them: `shown` where the report agrees with it, else what the report says. */
export const expectedRows = (
  { name, streams, usedBytes, unknownRevisions }: NamespaceReport,
  heading: string,
  shown: readonly ShownRow[],
): readonly ShownRow[] => {
  const [, number] = /^The ([\d,]+) largest/.exec(heading) ?? [];
  const listed = number === undefined ? streams : streams.slice(0, Number(number.replaceAll(',', '')));
  const rest = streams.slice(listed.length);
  const rows: readonly Row[] = [
    ...listed.flatMap((stream) => [
      rowOfStream(stream),
      ...(/^Every(thing| image stream and tag)/.test(heading)
        ? stream.tags.flatMap((tag) => rowsOfTag(tag, heading.startsWith('Everything')))
        : []),
    ]),
    ...(rest.length === 0
      ? []
      : [
          {
            kind: 'more',
            name: `and ${inWords(rest.length)} more image stream${rest.length === 1 ? '' : 's'}`,
            counted: rest.reduce((sum, { countedBytes }) => sum + countedBytes, 0),
          },
        ]),
    ...(streams.length === 0
      ? []
      : [
          unknownRevisions > 0 && usedBytes === 0
            ? { kind: 'sum', name: `${name} uses`, counted: null }
            : {
                kind: 'sum',
                name: `${name} uses${unknownRevisions > 0 ? ' at least' : ''}`,
                counted: usedBytes,
              },
        ]),
  ];
  return rows.map(({ kind, name: rowName, digest = '', pushed = '', size, counted, frees }, index) => ({
    kind,
    name: rowName,
    digest,
    pushed,
    size: cell(shown[index]?.size, size),
    counted: cell(shown[index]?.counted, counted),
    frees: cell(shown[index]?.frees, frees),
  }));
};

/** What a list of that heading says of all that is in the namespace. */
export const promiseOf = ({ streams, totals }: NamespaceReport, heading: string): string => {
  if (streams.length === 0) return 'There are no image streams.';
  if (heading.startsWith('Everything')) return 'with every revision';
  const revisions = `${inWords(totals.revisions)} revisions are in`;
  return heading.startsWith('Every image stream and tag')
    ? `All ${revisions}`
    : `All ${inWords(totals.tags)} tags and ${heading.startsWith('The') ? revisions.replace(' are in', '') : revisions}`;
};

/** Rows of the CSV, as docs and product say. */
export const expectedCsv = (namespace: NamespaceReport): readonly (readonly string[])[] =>
  namespace.streams.flatMap((stream) =>
    stream.tags.flatMap((tag) =>
      tag.revisions.length === 0
        ? [[namespace.name, stream.name, tag.name, '', '', '', '', '', '', '', ...figuresOf(tag)]]
        : tag.revisions.map((revision, index) => [
            namespace.name,
            stream.name,
            tag.name,
            String(index + 1),
            String(index === 0),
            revision.digest,
            revision.created ?? 'unknown',
            String(revision.charged),
            String(revision.sizeBytes ?? 'unknown'),
            String(revision.countedBytes),
            ...figuresOf(tag),
          ]),
    ),
  );

const figuresOf = (tag: TagReport): readonly string[] => [String(tag.countedBytes), String(tag.freesBytes)];

type Row = {
  readonly kind: string;
  readonly name: string;
  readonly digest?: string;
  readonly pushed?: string;
  /** Bytes; null: unknown; left out: an empty cell. */
  readonly size?: number | null;
  readonly counted?: number | null;
  readonly frees?: number;
};

const cell = (shown: string | undefined, bytes: number | null | undefined): string => {
  if (bytes === undefined) return '';
  return bytes === null ? 'unknown' : agreed(shown, bytes);
};

const rowOfStream = (stream: StreamReport): Row => ({
  kind: 's',
  name: stream.name,
  pushed: dayOf(stream.tags.flatMap(({ revisions }) => revisions)),
  ...(stream.tags.some(({ revisions }) => revisions.length > 0) ? sizesOf(stream) : {}),
});

const rowsOfTag = (tag: TagReport, hasRevisions: boolean): readonly Row[] => {
  const [current] = tag.revisions;
  const isAlone = tag.revisions.length === 1;
  return [
    {
      kind: 't',
      name: `:${tag.name}`,
      digest: hasRevisions && isAlone ? shortOf(current?.digest ?? '') : '',
      pushed: dayOf(tag.revisions.slice(0, 1)),
      ...(current === undefined ? {} : sizesOf(tag)),
    },
    ...(hasRevisions && !isAlone
      ? tag.revisions.map((revision) => ({
          kind: 'r',
          name: '',
          digest: shortOf(revision.digest),
          pushed: dayOf([revision]),
          size: revision.sizeBytes,
          counted: revision.countedBytes,
        }))
      : []),
  ];
};

const sizesOf = ({ sizeBytes, countedBytes, freesBytes, unknownRevisions }: StreamReport | TagReport) => ({
  size: sizeBytes === 0 && unknownRevisions > 0 ? null : sizeBytes,
  counted: countedBytes,
  frees: freesBytes,
});

const shortOf = (digest: string): string => digest.slice('sha256:'.length).slice(0, 12);

const dayOf = (revisions: readonly RevisionReport[]): string => {
  if (revisions.length === 0) return '';
  const times = revisions.flatMap(({ created }) => created ?? []).toSorted();
  return times.at(-1)?.slice(0, 10) ?? 'unknown';
};
