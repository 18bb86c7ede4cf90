import { strongest } from './blobs.ts';
import type { Blob, ImageContent } from './blobs.ts';
import { countsBefore } from './charge-order.ts';
import type { Place } from './charge-order.ts';
import type { Revision } from './registry.ts';

/** One revision with its place. */
export type Entry = Place & {
  /** Of its stream, in the order of names. */
  readonly stream: number;
  /** `stream:tag`. */
  readonly label: string;
  readonly revision: Revision;
  readonly content: ImageContent;
  readonly charged: boolean;
};

/** Everything the namespace says about one blob. */
export type HeldBlob = {
  readonly digest: string;
  readonly byTag: Side;
  readonly byStream: Side;
  /** Which streams hold it at all, whether charged, imported or without a size to rely on. */
  holders: Owners;
  /** The one revision its bytes are counted at; null: nothing is charged with it. */
  counter: Entry | null;
  /** The first revision whose image states another size than those before it, or itself two; null where all agree. */
  conflict: Entry | null;
};

/** A blob as seen by tags, or by streams: enough to tell what is left of it without any one of them. */
export type Side = {
  /** Null while nothing states a size to rely on. */
  stated: Stated | null;
  charged: Owners | null;
};

/** The strongest statement of its size, who makes it, and the strongest that anybody else makes. */
type Stated = { owner: number; best: Blob; other: Blob | null };
type Owners = { readonly first: number; readonly hasOthers: boolean };

/** Puts together what revisions say about each blob, by digest. */
export const holdBlobs = (entries: readonly Entry[]): ReadonlyMap<string, HeldBlob> => {
  const blobs = new Map<string, HeldBlob>();
  const hold = (digest: string, entry: Entry): HeldBlob => {
    const held = blobs.get(digest) ?? startHolding(blobs, digest, entry.stream);
    held.holders = addOwner(held.holders, entry.stream);
    return held;
  };
  for (const entry of entries) {
    for (const digest of entry.content.unsized) hold(digest, entry);
    for (const blob of entry.content.blobs) {
      const held = hold(blob.digest, entry);
      if ((held.byTag.stated?.best ?? blob).sizeBytes !== blob.sizeBytes) held.conflict ??= entry;
      addToSide(held.byTag, entry.tag, blob, entry.charged);
      addToSide(held.byStream, entry.stream, blob, entry.charged);
      if (entry.charged && (held.counter === null || countsBefore(entry, held.counter))) held.counter = entry;
    }
    for (const digest of entry.content.conflicts) hold(digest, entry).conflict ??= entry;
  }
  return blobs;
};

/** The blobs that these revisions weigh, each once. */
export const distinctBlobs = (
  entries: readonly Entry[],
  blobs: ReadonlyMap<string, HeldBlob>,
): readonly HeldBlob[] => {
  const distinct = new Set<HeldBlob>();
  for (const { content } of entries) {
    for (const { digest } of content.blobs) {
      const blob = blobs.get(digest);
      if (blob !== undefined) distinct.add(blob);
    }
  }
  return [...distinct];
};

/** A blob's size in bytes: the strongest statement of all revisions. */
export const sizeOf = (blob: HeldBlob): number => blob.byTag.stated?.best.sizeBytes ?? 0;

/** What a blob adds to `usedBytes`. */
export const usedOf = (blob: HeldBlob): number => (blob.counter === null ? 0 : sizeOf(blob));

/** What a blob would still add to `usedBytes` without one of its owners: its size may then be stated differently. */
export const usedWithout = ({ stated, charged }: Side, owner: number): number => {
  if (charged === null || (charged.first === owner && !charged.hasOthers)) return 0;
  return (stated?.owner === owner ? stated.other : stated?.best)?.sizeBytes ?? 0;
};

const startHolding = (blobs: Map<string, HeldBlob>, digest: string, stream: number): HeldBlob => {
  const held: HeldBlob = {
    digest,
    byTag: { stated: null, charged: null },
    byStream: { stated: null, charged: null },
    holders: { first: stream, hasOthers: false },
    counter: null,
    conflict: null,
  };
  blobs.set(digest, held);
  return held;
};

const addToSide = (side: Side, owner: number, blob: Blob, charged: boolean): void => {
  if (charged) side.charged = addOwner(side.charged, owner);
  const { stated } = side;
  if (stated === null) side.stated = { owner, best: blob, other: null };
  else if (stated.owner === owner) stated.best = strongest(stated.best, blob);
  else if (strongest(stated.best, blob) === blob) side.stated = { owner, best: blob, other: stated.best };
  else stated.other = stated.other === null ? blob : strongest(stated.other, blob);
};

const addOwner = (owners: Owners | null, owner: number): Owners => {
  if (owners === null) return { first: owner, hasOthers: false };
  return owners.hasOthers || owners.first === owner ? owners : { first: owners.first, hasOthers: true };
};
