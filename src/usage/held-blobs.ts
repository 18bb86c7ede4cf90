import { strongest } from './blobs.ts';
import type { Blob, Contents, ImageContent } from './blobs.ts';
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
  /** The first stream that holds it at all, whether charged, imported or without a size to rely on. */
  holder: number;
  hasOtherHolders: boolean;
  /** The one revision its bytes are counted at; null: nothing is charged with it. */
  counter: Entry | null;
  /** The first revision whose image states another size than those before it, or itself two; null where all agree. */
  conflict: Entry | null;
};

/** A blob as seen by tags, or by streams: enough to tell what is left of it without any one of them. */
export type Side = {
  /** The strongest statement of its size, and who makes it; null while nothing states a size to rely on. */
  best: Blob | null;
  bestOf: number;
  /** The strongest that anybody else makes. */
  other: Blob | null;
  /** The first that is charged with it. */
  chargedTo: number;
  isChargedToOthers: boolean;
};

/** Neither a tag nor a stream. */
const NOBODY = -1;

/** All blobs of a namespace, and what it says about one that an image of it weighs. */
export type HeldBlobs = {
  readonly all: readonly HeldBlob[];
  readonly of: (blob: Blob) => HeldBlob;
};

/** Puts together what revisions say about each blob; `numberOf` is that of the contents that they share. */
export const holdBlobs = (entries: readonly Entry[], numberOf: Contents['numberOf']): HeldBlobs => {
  // Without gaps in the end: what is numbered is a layer or a config of an image of these entries.
  const byNumber: HeldBlob[] = [];
  const find = (digest: string, number: number): HeldBlob => (byNumber[number] ??= startHolding(digest));
  for (const entry of entries) {
    const { content, stream, tag, charged } = entry;
    for (const digest of content.unsized) hold(find(digest, numberOf(digest)), stream);
    for (const blob of content.blobs) {
      const held = find(blob.digest, blob.number);
      if ((held.byTag.best ?? blob).sizeBytes !== blob.sizeBytes) held.conflict ??= entry;
      hold(held, stream);
      addToSide(held.byTag, tag, blob, charged);
      addToSide(held.byStream, stream, blob, charged);
      if (charged && (held.counter === null || countsBefore(entry, held.counter))) held.counter = entry;
    }
    for (const digest of content.conflicts) find(digest, numberOf(digest)).conflict ??= entry;
  }
  return { all: byNumber, of: ({ digest, number }) => find(digest, number) };
};

/** The blobs that these revisions weigh, each once. */
export const distinctBlobs = (entries: readonly Entry[], blobs: HeldBlobs): readonly HeldBlob[] => {
  const contents = new Set(entries.map(({ content }) => content));
  const distinct = new Set<HeldBlob>();
  for (const content of contents) for (const blob of content.blobs) distinct.add(blobs.of(blob));
  return [...distinct];
};

/** A blob's size in bytes: the strongest statement of all revisions. */
export const sizeOf = (blob: HeldBlob): number => blob.byTag.best?.sizeBytes ?? 0;

/** What a blob adds to `usedBytes`. */
export const usedOf = (blob: HeldBlob): number => (blob.counter === null ? 0 : sizeOf(blob));

/** What a blob would still add to `usedBytes` without one of its owners: its size may then be stated differently. */
export const usedWithout = (side: Side, owner: number): number => {
  const { best, bestOf, other, chargedTo, isChargedToOthers } = side;
  if (chargedTo === NOBODY || (chargedTo === owner && !isChargedToOthers)) return 0;
  return (bestOf === owner ? other : best)?.sizeBytes ?? 0;
};

const startHolding = (digest: string): HeldBlob => ({
  digest,
  byTag: startSide(),
  byStream: startSide(),
  holder: NOBODY,
  hasOtherHolders: false,
  counter: null,
  conflict: null,
});

const startSide = (): Side => ({
  best: null,
  bestOf: NOBODY,
  other: null,
  chargedTo: NOBODY,
  isChargedToOthers: false,
});

const hold = (blob: HeldBlob, stream: number): void => {
  if (blob.holder === NOBODY) blob.holder = stream;
  else if (blob.holder !== stream) blob.hasOtherHolders = true;
};

const addToSide = (side: Side, owner: number, blob: Blob, charged: boolean): void => {
  if (charged && side.chargedTo === NOBODY) side.chargedTo = owner;
  else if (charged && side.chargedTo !== owner) side.isChargedToOthers = true;
  const { best, bestOf, other } = side;
  if (best === null || bestOf === owner) {
    side.best = best === null ? blob : strongest(best, blob);
    side.bestOf = owner;
  } else if (strongest(best, blob) === blob) {
    side.best = blob;
    side.bestOf = owner;
    side.other = best;
  } else side.other = other === null ? blob : strongest(other, blob);
};
