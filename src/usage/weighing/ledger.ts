import { addBytes } from './rules.ts';
import type { Blob, ContentFault } from './rules.ts';
import { formatBytes } from '../format.ts';
import { holdBlobs } from './blob-owners.ts';
import type { Entry, HeldBlobs, IsOutside } from './blob-owners.ts';
import { toImages } from '../cluster/image-table.ts';
import type { Images } from '../cluster/image-table.ts';
import { createPartContents } from './part-contents.ts';
import type { PartContents } from './part-contents.ts';
import { byName, compareText } from '../text-order.ts';
import type { Image, ImageStream, Layer, Tag } from '../model.ts';

/** What the ledger weighs: image streams of one namespace, the images they name, and what others hold. */
export type Holdings = {
  readonly streams: readonly ImageStream[];
  readonly images: Iterable<Image>;
  /** Digests of blobs that revisions of other namespaces hold. */
  readonly heldOutside: Iterable<string> | HeldOutside;
  /** `namespaces`: others could not be read, so what the registry gets back is unknown. */
  readonly scope: 'cluster' | 'namespaces';
};

/** What others hold, by the numbers that blobs have in `images`. */
export type HeldOutside = Iterable<string> & {
  readonly images: Images;
  readonly isHeld: (number: number) => boolean;
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
  readonly largestLayer: Layer | null;
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
  const { streams: entries, contents, isOutside } = listEntries(holdings, chargeImported);
  const blobs = holdBlobs(
    entries.flatMap(({ tags }) => tags.flatMap(({ revisions }) => revisions)),
    contents.count(),
  );
  const counted = countOnce(blobs);
  const streams = entries.map((stream) => weighStream(stream, { blobs, counted, contents, isOutside }));
  const all = entries.flatMap(({ tags }) => tags);
  let [usedBytes, importedBytes, charged] = [0, 0, 0];
  for (let number = 0; number < contents.count(); number += 1) {
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
    faults: [...listContentFaults(all), ...listConflicts(blobs, contents)],
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
  const { streams, contents, isOutside } = listEntries(holdings, chargeImported);
  // As if they were all in one more image stream.
  const together = streams.length;
  const entries = streams.flatMap((stream) =>
    stream.tags.flatMap((tag) =>
      isMember(stream.name, tag.source.name)
        ? tag.revisions.map((entry) => ({ ...entry, stream: together }))
        : tag.revisions,
    ),
  );
  const blobs = holdBlobs(entries, contents.count());
  const members = entries.filter(({ stream }) => stream === together);
  const { freesBytes, reclaimsBytes } = blobs.weighStream(together, members, isOutside);
  return { freesBytes, reclaimsBytes };
};

/** Whether the registry itself holds what a revision names: its pull spec names the host of the stream's repository. */
export const isStoredUnder = (repository: string): ((reference: string) => boolean) => {
  const host = hostOf(repository);
  // Nearly all revisions of a stream name the same.
  let last = { reference: repository, isStored: host !== '' };
  return (reference) => {
    if (reference !== last.reference)
      last = { reference, isStored: host !== '' && hostOf(reference) === host };
    return last.isStored;
  };
};

type TagEntries = { readonly source: Tag; readonly tag: number; readonly revisions: readonly Entry[] };
type StreamEntries = { readonly name: string; readonly stream: number; readonly tags: readonly TagEntries[] };

const listEntries = (
  holdings: Holdings,
  chargeImported: boolean,
): {
  readonly streams: readonly StreamEntries[];
  readonly contents: PartContents;
  readonly isOutside: IsOutside;
} => {
  const images = toImages(holdings.images);
  const contents = createPartContents(images);
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
            const content = contents.contentOf(digest);
            const isCharged = chargeImported || (content.managed && isStored(reference));
            return {
              stream,
              tag,
              position,
              created,
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
  return { streams, contents, isOutside: outsideOf(holdings, images, contents) };
};

const outsideOf = (
  { scope, heldOutside }: Holdings,
  images: Images,
  { sourceOf }: PartContents,
): IsOutside => {
  if (scope !== 'cluster') return null;
  if ('isHeld' in heldOutside && heldOutside.images === images)
    return (number) => heldOutside.isHeld(sourceOf(number));
  const sources = new Set(Array.from(heldOutside, images.numberOf));
  return (number) => sources.has(sourceOf(number));
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
  readonly contents: PartContents;
  readonly isOutside: IsOutside;
};

const weighStream = (stream: StreamEntries, weighing: Weighing): WeighedStream => {
  const tags = stream.tags.map((tag) => weighTag(tag, weighing));
  const entries = stream.tags.flatMap(({ revisions }) => revisions);
  return {
    name: stream.name,
    ...weighing.blobs.weighStream(stream.stream, entries, weighing.isOutside),
    countedBytes: sum(tags, (tag) => tag.countedBytes),
    unknownRevisions: sum(tags, (tag) => tag.unknownRevisions),
    tags,
  };
};

const weighTag = ({ source, tag, revisions }: TagEntries, weighing: Weighing): WeighedTag => {
  const { blobs, contents } = weighing;
  const weighed = revisions.map((entry) => weighRevision(entry, weighing));
  return {
    name: source.name,
    source,
    ...blobs.weighTag(tag, revisions),
    countedBytes: sum(weighed, (revision) => revision.countedBytes),
    unknownRevisions: revisions.filter(({ content }) => !content.isWhole).length,
    largestLayer: findLargestLayer(revisions[0], contents),
    revisions: weighed,
  };
};

const findLargestLayer = (current: Entry | undefined, { digestOf }: PartContents): Layer | null => {
  if (current === undefined || !current.charged) return null;
  // Digests are written out only for those that may be the one.
  let largest: Blob | null = null;
  for (const blob of current.content.blobs) {
    if (blob.kind !== 'layer' || blob.sizeBytes < (largest?.sizeBytes ?? 0)) continue;
    if (
      largest === null ||
      blob.sizeBytes > largest.sizeBytes ||
      digestOf(blob.number) < digestOf(largest.number)
    )
      largest = blob;
  }
  return largest === null ? null : { digest: digestOf(largest.number), sizeBytes: largest.sizeBytes };
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

const listConflicts = (
  { conflicts, sizeOf }: HeldBlobs,
  { digestOf }: PartContents,
): readonly LedgerFault[] =>
  [...conflicts]
    .map(([number, { label }]) => {
      const message = `Images state different sizes for this blob, that of ${label} among them: it is weighed as ${formatBytes(sizeOf(number))} (a layer’s size before a config’s, then the largest).`;
      return { code: 'blob-size-conflict' as const, subject: digestOf(number), message };
    })
    .toSorted((a, b) => compareText(a.subject, b.subject));

const sum = <T>(values: readonly T[], amount: (value: T) => number): number =>
  values.reduce((total, value) => addBytes(total, amount(value)), 0);

/** What stands before the first slash, with its port; hosts ignore case (RFC 3986). */
const hostOf = (reference: string): string =>
  reference.slice(0, Math.max(0, reference.indexOf('/'))).toLowerCase();
