import { addBytes, createContents } from './blobs.ts';
import type { ContentFault, Contents } from './blobs.ts';
import { formatBytes } from './format.ts';
import { distinctBlobs, holdBlobs, sizeOf, usedOf, usedWithout } from './held-blobs.ts';
import type { Entry, HeldBlob, HeldBlobs } from './held-blobs.ts';
import { byName, compareText } from './text-order.ts';
import type { Image, ImageStream, Revision, Tag } from './registry.ts';

/** What the ledger weighs: image streams of one namespace, the images they name, and what others hold. */
export type Holdings = {
  readonly streams: readonly ImageStream[];
  readonly images: readonly Image[];
  /** Digests of blobs that revisions of other namespaces hold. */
  readonly heldOutside: readonly string[];
  /** `namespaces`: others could not be read, so what the registry gets back is unknown. */
  readonly scope: 'cluster' | 'namespaces';
};

/** A namespace's figures, every blob charged once (docs/figures.md). Streams and tags by name, revisions in history order. */
export type Ledger = {
  readonly usedBytes: number;
  readonly importedBytes: number;
  readonly unknownRevisions: number;
  readonly totals: {
    readonly streams: number;
    readonly tags: number;
    readonly revisions: number;
    /** Distinct digests of revisions. */
    readonly images: number;
    /** Distinct charged blobs. */
    readonly blobs: number;
  };
  readonly streams: readonly WeighedStream[];
  /** Each odd image once, with the first revision that shows it. */
  readonly faults: readonly LedgerFault[];
};

export type WeighedStream = Weight & {
  readonly name: string;
  readonly reclaimsBytes: number | null;
  readonly tags: readonly WeighedTag[];
};

export type WeighedTag = Weight & {
  readonly name: string;
  /** The tag as the snapshot has it. */
  readonly source: Tag;
  readonly revisions: readonly WeighedRevision[];
};

export type WeighedRevision = {
  readonly digest: string;
  readonly created: string | null;
  readonly sizeBytes: number | null;
  readonly countedBytes: number;
  readonly charged: boolean;
  readonly architectures: readonly string[];
};

export type LedgerFault = ContentFault & { readonly subject: string };

type Weight = {
  readonly sizeBytes: number;
  readonly countedBytes: number;
  readonly freesBytes: number;
  /** Revisions of which the size, or a part of it, is unknown: above 0, figures are lower bounds (docs/decisions/0013). */
  readonly unknownRevisions: number;
};

/** Weighs a namespace. Linear in the number of blob references; the order of the input does not change the output. */
export const weigh = (holdings: Holdings, chargeImported: boolean): Ledger => {
  const { streams: entries, numberOf } = listEntries(holdings, chargeImported);
  const blobs = holdBlobs(
    entries.flatMap(({ tags }) => tags.flatMap(({ revisions }) => revisions)),
    numberOf,
  );
  const counted = countOnce(blobs);
  const outside = heldOutside(holdings);
  const streams = entries.map((stream) => weighStream(stream, { blobs, counted, outside }));
  const all = entries.flatMap(({ tags }) => tags);
  const held = blobs.all;
  return {
    usedBytes: sum(held, usedOf),
    importedBytes: sum(held, (blob) => (blob.counter === null ? sizeOf(blob) : 0)),
    unknownRevisions: sum(streams, (stream) => stream.unknownRevisions),
    totals: {
      streams: entries.length,
      tags: all.length,
      revisions: sum(all, (tag) => tag.revisions.length),
      images: new Set(all.flatMap((tag) => tag.revisions.flatMap(({ revision }) => revision.digest || [])))
        .size,
      blobs: held.filter((blob) => blob.counter !== null).length,
    },
    streams,
    faults: [...listContentFaults(all), ...listConflicts(held)],
  };
};

/**
 * Exact figures for several tags taken together: `freesBytes` is how much less the namespace would use without all of
 * them, `reclaimsBytes` what the registry gets back at a later prune (null when only part of the cluster was read).
 */
export const weighTogether = (
  holdings: Holdings,
  chargeImported: boolean,
  isMember: (stream: string, tag: string) => boolean,
): { readonly freesBytes: number; readonly reclaimsBytes: number | null } => {
  const listed = listEntries(holdings, chargeImported);
  const entries = listed.streams.flatMap((stream) =>
    stream.tags.flatMap((tag) =>
      isMember(stream.name, tag.source.name)
        ? tag.revisions.map((entry) => ({ ...entry, stream: TOGETHER }))
        : tag.revisions,
    ),
  );
  const blobs = holdBlobs(entries, listed.numberOf);
  const members = entries.filter(({ stream }) => stream === TOGETHER);
  const { freesBytes, reclaimsBytes } = weighGroup(members, TOGETHER, blobs, heldOutside(holdings));
  return { freesBytes, reclaimsBytes };
};

/** Stands for all tags that are weighed together, as if they were one image stream. */
const TOGETHER = -2;

/** Whether a revision's bytes, if known, count against the quota: the registry holds them, under the stream's own host. */
export const isCharged = (
  revision: Revision,
  image: Image | undefined,
  stream: { readonly repository: string },
): boolean => {
  const host = hostOf(stream.repository);
  return image?.managed === true && host !== '' && hostOf(revision.reference) === host;
};

type TagEntries = { readonly source: Tag; readonly tag: number; readonly revisions: readonly Entry[] };
type StreamEntries = { readonly name: string; readonly stream: number; readonly tags: readonly TagEntries[] };

const listEntries = (
  holdings: Holdings,
  chargeImported: boolean,
): { readonly streams: readonly StreamEntries[]; readonly numberOf: Contents['numberOf'] } => {
  const images = new Map(holdings.images.map((image) => [image.digest, image]));
  const { contentOf, numberOf } = createContents(images);
  let tagCount = 0;
  const streams = holdings.streams.toSorted(byName).map((stream, streamIndex) => ({
    name: stream.name,
    stream: streamIndex,
    tags: stream.tags.toSorted(byName).map((source) => {
      const tag = tagCount++;
      return {
        source,
        tag,
        revisions: source.revisions.map((revision, position) => {
          const content = contentOf(revision.digest);
          const inRegistry = chargeImported || isCharged(revision, images.get(revision.digest), stream);
          return {
            stream: streamIndex,
            tag,
            position,
            createdMs: revision.created === null ? Infinity : Date.parse(revision.created),
            label: `${stream.name}:${source.name}`,
            revision,
            content,
            charged: content.isSizeKnown && inRegistry,
          };
        }),
      };
    }),
  }));
  return { streams, numberOf };
};

const countOnce = (blobs: HeldBlobs): ReadonlyMap<Entry, number> => {
  const counted = new Map<Entry, number>();
  for (const blob of blobs.all) {
    if (blob.counter !== null)
      counted.set(blob.counter, addBytes(counted.get(blob.counter) ?? 0, sizeOf(blob)));
  }
  return counted;
};

type Weighing = {
  readonly blobs: HeldBlobs;
  readonly counted: ReadonlyMap<Entry, number>;
  readonly outside: ReadonlySet<string> | null;
};

/** Blobs that other namespaces hold; null where that is unknown. */
const heldOutside = (holdings: Holdings): ReadonlySet<string> | null =>
  holdings.scope === 'cluster' ? new Set(holdings.heldOutside) : null;

const weighStream = (stream: StreamEntries, weighing: Weighing): WeighedStream => {
  const tags = stream.tags.map((tag) => weighTag(tag, weighing));
  const entries = stream.tags.flatMap(({ revisions }) => revisions);
  return {
    name: stream.name,
    ...weighGroup(entries, stream.stream, weighing.blobs, weighing.outside),
    countedBytes: sum(tags, (tag) => tag.countedBytes),
    unknownRevisions: sum(tags, (tag) => tag.unknownRevisions),
    tags,
  };
};

const weighGroup = (
  entries: readonly Entry[],
  owner: number,
  blobs: HeldBlobs,
  outside: ReadonlySet<string> | null,
): { readonly sizeBytes: number; readonly freesBytes: number; readonly reclaimsBytes: number | null } => {
  const held = distinctBlobs(entries, blobs);
  const only = held.filter(
    ({ digest, hasOtherHolders }) => !hasOtherHolders && outside?.has(digest) === false,
  );
  return {
    sizeBytes: sum(held, sizeOf),
    freesBytes: sum(held, (blob) => usedOf(blob) - usedWithout(blob.byStream, owner)),
    reclaimsBytes: outside === null ? null : sum(only, usedOf),
  };
};

const weighTag = (tag: TagEntries, weighing: Weighing): WeighedTag => {
  const held = distinctBlobs(tag.revisions, weighing.blobs);
  const revisions = tag.revisions.map((entry) => weighRevision(entry, weighing));
  return {
    name: tag.source.name,
    source: tag.source,
    sizeBytes: sum(held, sizeOf),
    countedBytes: sum(revisions, (revision) => revision.countedBytes),
    freesBytes: sum(held, (blob) => usedOf(blob) - usedWithout(blob.byTag, tag.tag)),
    unknownRevisions: tag.revisions.filter(({ content }) => !content.isWhole).length,
    revisions,
  };
};

const weighRevision = (entry: Entry, { blobs, counted }: Weighing): WeighedRevision => ({
  digest: entry.revision.digest,
  created: entry.revision.created,
  sizeBytes: entry.content.isSizeKnown ? sum(entry.content.blobs, (blob) => sizeOf(blobs.of(blob))) : null,
  countedBytes: counted.get(entry) ?? 0,
  charged: entry.charged,
  architectures: entry.content.architectures,
});

const listContentFaults = (tags: readonly TagEntries[]): readonly LedgerFault[] => {
  const seen = new Set<string>();
  return tags.flatMap(({ revisions }) =>
    revisions.flatMap(({ revision: { digest }, content, label }) => {
      const subject = digest === '' ? label : `${label}@${digest}`;
      // A label may look like a digest: a stream may be called sha256.
      const key = digest === '' ? `${label}@` : digest;
      if (content.faults.length === 0 || seen.has(key)) return [];
      seen.add(key);
      return content.faults.map((fault) => ({ ...fault, subject }));
    }),
  );
};

const listConflicts = (blobs: readonly HeldBlob[]): readonly LedgerFault[] =>
  blobs
    .flatMap((blob) => {
      const { digest, conflict } = blob;
      if (conflict === null) return [];
      const message = `Images state different sizes for this blob, that of ${conflict.label} among them: it is weighed as ${formatBytes(sizeOf(blob))} (a layer’s size before a config’s, then the largest).`;
      return [{ code: 'blob-size-conflict' as const, subject: digest, message }];
    })
    .toSorted((a, b) => compareText(a.subject, b.subject));

const sum = <T>(values: readonly T[], amount: (value: T) => number): number =>
  values.reduce((total, value) => addBytes(total, amount(value)), 0);

/** What stands before the first slash, with its port; hosts ignore case (RFC 3986). */
const hostOf = (reference: string): string =>
  reference.slice(0, Math.max(0, reference.indexOf('/'))).toLowerCase();
