import { grown, makeDoubles, makeInts } from './columns.ts';
import { packTime, unpackTime } from './packed-time.ts';
import type { ImageStream, Revision, Tag } from '../model.ts';
import { createTexts } from './interned-strings.ts';
import type { Texts } from './interned-strings.ts';

/** The image streams of a cluster. */
export type StreamTable = Iterable<ImageStream> & {
  /** Adds a stream, or puts it in the place of the one of the same name. */
  readonly add: (stream: ImageStream) => void;
  /** Those that have streams. */
  readonly listNamespaces: () => Iterable<string>;
  /** The streams of a namespace, made anew each time. */
  readonly listStreams: (namespace: string) => readonly ImageStream[];
  /** Shows each revision of a namespace: its digest, its reference, and the repository of its stream. */
  readonly visitRevisions: (namespace: string, visit: VisitRevision) => void;
  /** Digests of a namespace's revisions, each once; '' where some name no image. */
  readonly listDigests: (namespace: string) => readonly string[];
  readonly findStream: (namespace: string, name: string) => StreamHead | null;
};

type VisitRevision = (digest: string, reference: string, repository: string) => void;

/** A stream as far as whoever names one of its tags must know it. */
export type StreamHead = Pick<ImageStream, 'localLookup'> & {
  readonly findTag: (name: string) => TagHead | null;
};

/** `digest`: of the current revision, '' without one. */
export type TagHead = Pick<Tag, 'from'> & { readonly digest: string };

/** Image streams as a table, which they may be already. */
export const toStreamTable = (streams: Iterable<ImageStream>): StreamTable =>
  isTable(streams) ? streams : createStreamTable(streams);

const isTable = (streams: Iterable<ImageStream>): streams is StreamTable => 'listStreams' in streams;

/** A stream in the table: its tags are those of `tags` from the start on, up to the end. */
type Row = Omit<ImageStream, 'tags'> & { readonly start: number; readonly end: number };

/**
 * 400,000 revisions as objects fill tens of megabytes, which the garbage collector looks at again and again. Here they are
 * columns of numbers, and objects only while one namespace is weighed.
 */
export const createStreamTable = (
  streams: Iterable<ImageStream> = [],
  texts: Texts = createTexts(),
): StreamTable => {
  /** By namespace and name. */
  const rows = new Map<string, Map<string, Row>>();
  const tags: (Omit<Tag, 'revisions'> & { readonly start: number; readonly end: number })[] = [];
  const tagsOf = new Map<Row, ReadonlyMap<string, number>>();
  // By revision. Digests and references are numbers of texts; a time that cannot be packed is kept as it is.
  let revisionCount = 0;
  let digests = makeInts(0);
  let references = makeInts(0);
  let created = makeDoubles(0);
  const oddTimes = new Map<number, string | null>();
  let lastReference = { text: '', number: texts.numberOf('') };
  /** By the number of a digest the last look that found it. */
  let seenIn = makeInts(0);
  let looks = 0;

  const add = (stream: ImageStream): void => {
    const { name, repository, localLookup } = stream;
    const namespace = texts.share(stream.namespace);
    const start = tags.length;
    for (const tag of stream.tags) addTag(tag);
    const row = { namespace, name, repository, localLookup, start, end: tags.length };
    const others = rows.get(namespace);
    if (others === undefined) rows.set(namespace, new Map([[name, row]]));
    else others.set(name, row);
  };

  const addTag = ({ name, revisions, from, isReference, importFailure }: Tag): void => {
    const start = revisionCount;
    const end = start + revisions.length;
    digests = grown(digests, end, makeInts);
    references = grown(references, end, makeInts);
    created = grown(created, end, makeDoubles);
    for (const revision of revisions) addRevision(revision);
    tags.push({
      name: texts.share(name),
      from: from === null ? null : texts.shareReference(from),
      isReference,
      importFailure,
      start,
      end,
    });
  };

  const addRevision = (revision: Revision): void => {
    const at = revisionCount++;
    digests[at] = texts.numberOf(revision.digest);
    references[at] = numberOfReference(revision.reference);
    const packed = packTime(revision.created ?? '');
    created[at] = packed;
    if (packed === -1) oddTimes.set(at, revision.created);
  };

  /** Nearly all of a stream name it in the same way. */
  const numberOfReference = (reference: string): number => {
    if (reference !== lastReference.text)
      lastReference = { text: reference, number: texts.numberOf(reference) };
    return lastReference.number;
  };

  const createdOf = (revision: number): string | null => {
    const packed = created[revision] ?? -1;
    return packed === -1 ? (oddTimes.get(revision) ?? null) : unpackTime(packed);
  };

  const digestOf = (revision: number): string => texts.textOf(digests[revision] ?? -1);

  const referenceOf = (revision: number): string => texts.textOf(references[revision] ?? -1);

  const rowsOf = (namespace: string): Iterable<Row> => rows.get(namespace)?.values() ?? [];

  const readStream = ({ start, end, ...head }: Row): ImageStream => ({
    ...head,
    tags: tags.slice(start, end).map((tag) => ({
      name: tag.name,
      revisions: readRevisions(tag.start, tag.end),
      from: tag.from,
      isReference: tag.isReference,
      importFailure: tag.importFailure,
    })),
  });

  const readRevisions = (start: number, end: number): readonly Revision[] => {
    const revisions: Revision[] = [];
    for (let at = start; at < end; at += 1)
      revisions.push({ digest: digestOf(at), reference: referenceOf(at), created: createdOf(at) });
    return revisions;
  };

  const visitRange = (namespace: string, visit: (revision: number, row: Row) => void): void => {
    for (const row of rowsOf(namespace))
      for (const tag of tags.slice(row.start, row.end))
        for (let at = tag.start; at < tag.end; at += 1) visit(at, row);
  };

  const indexTags = (row: Row): ReadonlyMap<string, number> => {
    const known = tagsOf.get(row);
    if (known !== undefined) return known;
    const index = new Map(tags.slice(row.start, row.end).map(({ name }, at) => [name, row.start + at]));
    tagsOf.set(row, index);
    return index;
  };

  for (const stream of streams) add(stream);
  return {
    *[Symbol.iterator]() {
      for (const own of rows.values()) for (const row of own.values()) yield readStream(row);
    },
    add,
    listNamespaces: () => rows.keys(),
    listStreams: (namespace) => Array.from(rowsOf(namespace), readStream),
    visitRevisions: (namespace, visit) => {
      visitRange(namespace, (at, { repository }) => visit(digestOf(at), referenceOf(at), repository));
    },
    listDigests: (namespace) => {
      looks += 1;
      seenIn = grown(seenIn, texts.count(), makeInts);
      const found: string[] = [];
      visitRange(namespace, (at) => {
        const digest = digests[at] ?? -1;
        if (seenIn[digest] === looks) return;
        seenIn[digest] = looks;
        found.push(texts.textOf(digest));
      });
      return found;
    },
    findStream: (namespace, name) => {
      const row = rows.get(namespace)?.get(name);
      if (row === undefined) return null;
      return {
        localLookup: row.localLookup,
        findTag: (tagName) => {
          const tag = tags[indexTags(row).get(tagName) ?? -1];
          if (tag === undefined) return null;
          return { from: tag.from, digest: tag.start === tag.end ? '' : digestOf(tag.start) };
        },
      };
    },
  };
};
