import { createdAt } from '../cluster/created.ts';
import { digestAt } from '../cluster/digest-table.ts';
import { imageAt } from '../cluster/images.ts';
import { formatBytes } from '../format.ts';
import type { Digests, Holdings, NumberedStream, Snapshot } from '../model.ts';
import { compareText } from '../text-order.ts';
import { findBlobOwners } from './blob-owners.ts';
import type { BlobOwners, Entry, IsHeldOutside } from './blob-owners.ts';
import { addBytes, architecturesOf, contentOfRevision, createIsStored, isCharged } from './rules.ts';
import type { ContentFault, ImageContent } from './rules.ts';

/** The part of a snapshot that the ledger weighs. */
export type Weighable = Pick<Snapshot, 'holdings' | 'heldOutside' | 'scope'>;

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
  /** Its number in the snapshot. */
  readonly tag: number;
  /** Of its current image, a blob by its number; null where that is not charged or has no layer. */
  readonly largestLayer: { readonly blob: number; readonly sizeBytes: number } | null;
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

/** A weighed namespace. */
export type Weighing = {
  readonly ledger: Ledger;
  /**
   * Exact figures for several tags (numbers of the snapshot) taken together: `freesBytes` is how much less the namespace
   * would use without all of them, `reclaimsBytes` what the registry gets back at a later prune (null when only part of
   * the cluster was read).
   */
  readonly weighTogether: (tags: ReadonlySet<number>) => {
    readonly freesBytes: number;
    readonly reclaimsBytes: number | null;
  };
};

/** Weighs a namespace. Linear in the number of blob references. */
export const weigh = (weighable: Weighable, chargeImported: boolean): Weighing => {
  const { holdings, heldOutside, scope } = weighable;
  const streams = listEntries(holdings, chargeImported);
  const isHeldOutside: IsHeldOutside = scope === 'cluster' ? (blob) => heldOutside[blob] === 1 : null;
  return {
    ledger: createLedger(holdings, streams, isHeldOutside),
    weighTogether: (tags) => {
      // As if they were all in one more image stream.
      const together = streams.length;
      const entries = flattenEntries(streams).map((entry) =>
        tags.has(entry.tag) ? { ...entry, stream: together } : entry,
      );
      const { freesBytes, reclaimsBytes } = findBlobOwners(entries, holdings.digests.count).weighStream(
        together,
        entries.filter(({ stream }) => stream === together),
        isHeldOutside,
      );
      return { freesBytes, reclaimsBytes };
    },
  };
};

type TagEntries = { readonly name: string; readonly tag: number; readonly revisions: readonly Entry[] };
type StreamEntries = { readonly name: string; readonly stream: number; readonly tags: readonly TagEntries[] };

const flattenEntries = (streams: readonly StreamEntries[]): readonly Entry[] =>
  streams.flatMap(({ tags }) => tags.flatMap(({ revisions }) => revisions));

const listEntries = (holdings: Holdings, chargeImported: boolean): readonly StreamEntries[] => {
  // Most images have several tags.
  const contents = new Map<number, ImageContent>();
  return holdings.streams.map((source, stream) => ({
    name: source.name,
    stream,
    tags: listTagEntries({ holdings, contents, chargeImported }, source, stream),
  }));
};

const listTagEntries = (
  {
    holdings,
    contents,
    chargeImported,
  }: {
    readonly holdings: Holdings;
    readonly contents: Map<number, ImageContent>;
    readonly chargeImported: boolean;
  },
  source: NumberedStream,
  stream: number,
): readonly TagEntries[] => {
  const { tags, revisions, strings } = holdings;
  const isStored = createIsStored(source);
  return tags.slice(source.tagsFrom, source.tagsTo).map((numbered, position) => {
    const tag = source.tagsFrom + position;
    const label = `${source.name}:${numbered.name}`;
    const entries: Entry[] = [];
    for (let revision = numbered.revisionsFrom; revision < numbered.revisionsTo; revision += 1) {
      const digest = revisions.digests[revision] ?? -1;
      let content = contents.get(digest);
      if (content === undefined || digest < 0) {
        content = contentOfRevision(holdings, numbered, digest);
        contents.set(digest, content);
      }
      const reference = strings[revisions.references[revision] ?? -1] ?? '';
      entries.push({
        stream,
        tag,
        position: entries.length,
        created: createdAt(holdings, revision),
        label,
        digest,
        content,
        charged:
          content.isSizeKnown && isCharged(imageAt(holdings, digest), isStored(reference), chargeImported),
      });
    }
    return { name: numbered.name, tag, revisions: entries };
  });
};

const createLedger = (
  holdings: Holdings,
  streams: readonly StreamEntries[],
  isHeldOutside: IsHeldOutside,
): Ledger => {
  const { digests } = holdings;
  const entries = flattenEntries(streams);
  const owners = findBlobOwners(entries, digests.count);
  const place: Place = { holdings, owners, counted: countOnce(owners), isHeldOutside };
  const weighed = streams.map((stream) => weighStream(stream, place));
  const tags = streams.flatMap((stream) => stream.tags);
  let [usedBytes, importedBytes, charged] = [0, 0, 0];
  for (let blob = 0; blob < digests.count; blob += 1) {
    if (owners.countedAt[blob] === undefined) importedBytes = addBytes(importedBytes, owners.bytesOf(blob));
    else {
      usedBytes = addBytes(usedBytes, owners.bytesOf(blob));
      charged += 1;
    }
  }
  return {
    usedBytes,
    importedBytes,
    unknownRevisions: sum(weighed, (stream) => stream.unknownRevisions),
    totals: {
      streams: streams.length,
      tags: tags.length,
      revisions: entries.length,
      images: new Set(entries.flatMap(({ digest }) => (digest < 0 ? [] : [digest]))).size,
      blobs: charged,
    },
    streams: weighed,
    faults: [...listContentFaults(entries, digests), ...listConflicts(owners, digests)],
  };
};

const countOnce = ({ countedAt, bytesOf }: BlobOwners): ReadonlyMap<Entry, number> => {
  const counted = new Map<Entry, number>();
  countedAt.forEach((entry, blob) => {
    if (entry !== undefined) counted.set(entry, addBytes(counted.get(entry) ?? 0, bytesOf(blob)));
  });
  return counted;
};

type Place = {
  readonly holdings: Holdings;
  readonly owners: BlobOwners;
  readonly counted: ReadonlyMap<Entry, number>;
  readonly isHeldOutside: IsHeldOutside;
};

const weighStream = ({ name, stream, tags }: StreamEntries, place: Place): WeighedStream => {
  const weighed = tags.map((tag) => weighTag(tag, place));
  const entries = tags.flatMap(({ revisions }) => revisions);
  return {
    name,
    ...place.owners.weighStream(stream, entries, place.isHeldOutside),
    countedBytes: sum(weighed, (tag) => tag.countedBytes),
    unknownRevisions: sum(weighed, (tag) => tag.unknownRevisions),
    tags: weighed,
  };
};

const weighTag = ({ name, tag, revisions }: TagEntries, place: Place): WeighedTag => {
  const weighed = revisions.map((entry) => weighRevision(entry, place));
  return {
    name,
    tag,
    ...place.owners.weighTag(tag, revisions),
    countedBytes: sum(weighed, (revision) => revision.countedBytes),
    unknownRevisions: revisions.filter(({ content }) => !content.isWhole).length,
    largestLayer: findLargestLayer(revisions[0]),
    revisions: weighed,
  };
};

/** Of several that are equally large the first by number. */
const findLargestLayer = (current: Entry | undefined): WeighedTag['largestLayer'] => {
  if (current === undefined || !current.charged) return null;
  const { blobs, bytes, layerCount } = current.content;
  let largest: WeighedTag['largestLayer'] = null;
  for (let at = 0; at < layerCount; at += 1) {
    const layer = { blob: blobs[at] ?? -1, sizeBytes: bytes[at] ?? 0 };
    if (
      largest === null ||
      layer.sizeBytes > largest.sizeBytes ||
      (layer.sizeBytes === largest.sizeBytes && layer.blob < largest.blob)
    )
      largest = layer;
  }
  return largest;
};

const weighRevision = (entry: Entry, { holdings, owners, counted }: Place): WeighedRevision => ({
  digest: entry.digest < 0 ? '' : digestAt(holdings.digests, entry.digest),
  created: entry.created,
  sizeBytes: entry.content.isSizeKnown ? sum(entry.content.blobs, owners.bytesOf) : null,
  countedBytes: counted.get(entry) ?? 0,
  charged: entry.charged,
  architectures: architecturesOf(holdings, entry.digest),
});

const listContentFaults = (entries: readonly Entry[], digests: Digests): readonly LedgerFault[] => {
  const seen = new Set<number | string>();
  return entries.flatMap(({ digest, content, label }) => {
    // A revision without an image is odd at each of its tags.
    const key = digest < 0 ? label : digest;
    if (content.faults.length === 0 || seen.has(key)) return [];
    seen.add(key);
    const subject = digest < 0 ? label : `${label}@${digestAt(digests, digest)}`;
    return content.faults.map((fault) => ({ ...fault, subject }));
  });
};

const listConflicts = ({ conflicts, bytesOf }: BlobOwners, digests: Digests): readonly LedgerFault[] =>
  [...conflicts]
    .map(([blob, { label }]) => {
      const message = `Images state different sizes for this blob, that of ${label} among them: it is weighed as ${formatBytes(bytesOf(blob))} (a layer’s size before a config’s, then the largest).`;
      return { code: 'blob-size-conflict' as const, subject: digestAt(digests, blob), message };
    })
    .toSorted((a, b) => compareText(a.subject, b.subject));

const sum = <T>(values: readonly T[], amount: (value: T) => number): number =>
  values.reduce((total, value) => addBytes(total, amount(value)), 0);
