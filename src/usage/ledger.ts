import { addBytes, createContents } from './blobs.ts';
import type { Blob, ContentFault, Contents } from './blobs.ts';
import { formatBytes } from './format.ts';
import { holdBlobs } from './held-blobs.ts';
import type { Entry, HeldBlobs } from './held-blobs.ts';
import { byName, compareText } from './text-order.ts';
import type { Image, ImageStream, Tag } from './registry.ts';

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
  /** Of its current image, by size and then by digest; null where that is not charged. */
  readonly largestLayer: Blob | null;
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
  const outside = heldOutside(holdings, numberOf);
  const streams = entries.map((stream) => weighStream(stream, { blobs, counted, outside }));
  const all = entries.flatMap(({ tags }) => tags);
  let [usedBytes, importedBytes, charged] = [0, 0, 0];
  for (let number = 0; number < blobs.count; number += 1) {
    if (blobs.counters[number] === undefined) importedBytes = addBytes(importedBytes, blobs.sizeOf(number));
    else {
      usedBytes = addBytes(usedBytes, blobs.sizeOf(number));
      charged += 1;
    }
  }
  return {
    usedBytes,
    importedBytes,
    unknownRevisions: sum(streams, (stream) => stream.unknownRevisions),
    totals: {
      streams: entries.length,
      tags: all.length,
      revisions: sum(all, (tag) => tag.revisions.length),
      images: countImages(all),
      blobs: charged,
    },
    streams,
    faults: [...listContentFaults(all), ...listConflicts(blobs)],
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
  const { freesBytes, reclaimsBytes } = weighGroup(members, TOGETHER, {
    blobs,
    outside: heldOutside(holdings, listed.numberOf),
  });
  return { freesBytes, reclaimsBytes };
};

/** Stands for all tags that are weighed together, as if they were one image stream. */
const TOGETHER = -2;

/** Whether the registry itself holds what a revision names: its pull spec names the host of the stream's repository. */
export const isStoredUnder = (repository: string): ((reference: string) => boolean) => {
  const host = hostOf(repository);
  const prefix = `${host}/`;
  return (reference) => host !== '' && (reference.startsWith(prefix) || hostOf(reference) === host);
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
  const streams = holdings.streams.toSorted(byName).map(({ name, repository, tags }, stream) => {
    const isStored = isStoredUnder(repository);
    return {
      name,
      stream,
      tags: tags.toSorted(byName).map((source) => {
        const tag = tagCount++;
        const label = `${name}:${source.name}`;
        return {
          source,
          tag,
          revisions: source.revisions.map((revision, position) => {
            const { digest, reference, created } = revision;
            const content = contentOf(digest);
            const isCharged = chargeImported || (images.get(digest)?.managed === true && isStored(reference));
            return {
              stream,
              tag,
              position,
              createdMs: created === null ? Infinity : Date.parse(created),
              label,
              revision,
              content,
              charged: content.isSizeKnown && isCharged,
            };
          }),
        };
      }),
    };
  });
  return { streams, numberOf };
};

const countImages = (tags: readonly TagEntries[]): number => {
  const digests = new Set<string>();
  for (const { revisions } of tags) for (const { revision } of revisions) digests.add(revision.digest);
  digests.delete('');
  return digests.size;
};

const countOnce = ({ counters, sizeOf }: HeldBlobs): ReadonlyMap<Entry, number> => {
  const counted = new Map<Entry, number>();
  counters.forEach((counter, number) => {
    if (counter !== undefined) counted.set(counter, addBytes(counted.get(counter) ?? 0, sizeOf(number)));
  });
  return counted;
};

type Weighing = {
  readonly blobs: HeldBlobs;
  readonly counted: ReadonlyMap<Entry, number>;
  readonly outside: Outside | null;
};

/** By a blob's number whether other namespaces hold it. */
type Outside = readonly (true | undefined)[];

/** Null where that is unknown. */
const heldOutside = (
  { scope, heldOutside: digests }: Holdings,
  numberOf: Contents['numberOf'],
): Outside | null => {
  if (scope !== 'cluster') return null;
  const outside: (true | undefined)[] = [];
  for (const digest of digests) outside[numberOf(digest)] = true;
  return outside;
};

const weighStream = (stream: StreamEntries, weighing: Weighing): WeighedStream => {
  const tags = stream.tags.map((tag) => weighTag(tag, weighing));
  const entries = stream.tags.flatMap(({ revisions }) => revisions);
  return {
    name: stream.name,
    ...weighGroup(entries, stream.stream, weighing),
    countedBytes: sum(tags, (tag) => tag.countedBytes),
    unknownRevisions: sum(tags, (tag) => tag.unknownRevisions),
    tags,
  };
};

const weighGroup = (
  entries: readonly Entry[],
  owner: number,
  { blobs, outside }: Pick<Weighing, 'blobs' | 'outside'>,
): { readonly sizeBytes: number; readonly freesBytes: number; readonly reclaimsBytes: number | null } => {
  let [sizeBytes, freesBytes, reclaimsBytes] = [0, 0, 0];
  blobs.visitDistinct(entries, (number) => {
    const used = blobs.usedOf(number);
    sizeBytes = addBytes(sizeBytes, blobs.sizeOf(number));
    freesBytes = addBytes(freesBytes, used - blobs.byStream.usedWithout(number, owner));
    if (outside !== null && outside[number] !== true && blobs.isInOneStream(number))
      reclaimsBytes = addBytes(reclaimsBytes, used);
  });
  return { sizeBytes, freesBytes, reclaimsBytes: outside === null ? null : reclaimsBytes };
};

const weighTag = ({ source, tag, revisions }: TagEntries, weighing: Weighing): WeighedTag => {
  const { blobs } = weighing;
  let [sizeBytes, freesBytes] = [0, 0];
  blobs.visitDistinct(revisions, (number) => {
    sizeBytes = addBytes(sizeBytes, blobs.sizeOf(number));
    freesBytes = addBytes(freesBytes, blobs.usedOf(number) - blobs.byTag.usedWithout(number, tag));
  });
  const weighed = revisions.map((entry) => weighRevision(entry, weighing));
  return {
    name: source.name,
    source,
    sizeBytes,
    countedBytes: sum(weighed, (revision) => revision.countedBytes),
    freesBytes,
    unknownRevisions: revisions.filter(({ content }) => !content.isWhole).length,
    largestLayer: findLargestLayer(revisions[0]),
    revisions: weighed,
  };
};

const findLargestLayer = (current: Entry | undefined): Blob | null => {
  if (current === undefined || !current.charged) return null;
  let largest: Blob | null = null;
  for (const blob of current.content.blobs) {
    if (blob.kind !== 'layer') continue;
    const lead = blob.sizeBytes - (largest?.sizeBytes ?? -1);
    if (lead > 0 || (lead === 0 && blob.digest < (largest?.digest ?? ''))) largest = blob;
  }
  return largest;
};

const weighRevision = (entry: Entry, { blobs, counted }: Weighing): WeighedRevision => ({
  digest: entry.revision.digest,
  created: entry.revision.created,
  sizeBytes: entry.content.isSizeKnown
    ? sum(entry.content.blobs, ({ number }) => blobs.sizeOf(number))
    : null,
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

const listConflicts = ({ conflicts, sizeOf }: HeldBlobs): readonly LedgerFault[] =>
  [...conflicts]
    .map(([number, { digest, entry }]) => {
      const message = `Images state different sizes for this blob, that of ${entry.label} among them: it is weighed as ${formatBytes(sizeOf(number))} (a layer’s size before a config’s, then the largest).`;
      return { code: 'blob-size-conflict' as const, subject: digest, message };
    })
    .toSorted((a, b) => compareText(a.subject, b.subject));

const sum = <T>(values: readonly T[], amount: (value: T) => number): number =>
  values.reduce((total, value) => addBytes(total, amount(value)), 0);

/** What stands before the first slash, with its port; hosts ignore case (RFC 3986). */
const hostOf = (reference: string): string =>
  reference.slice(0, Math.max(0, reference.indexOf('/'))).toLowerCase();
