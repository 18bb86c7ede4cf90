import { addBytes, strongest } from './rules.ts';
import type { Blob, ImageContent } from './rules.ts';
import { countsBefore } from './charge-order.ts';
import type { Place } from './charge-order.ts';
import type { Revision } from '../model.ts';

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

/** Everything a namespace says about its blobs, by their numbers. */
export type HeldBlobs = {
  /** The strongest statement of all revisions, in bytes; 0 where nothing states a size to rely on. */
  readonly sizeOf: (number: number) => number;
  /** The one revision that each blob's bytes are counted at; none where nothing is charged with it. */
  readonly counters: readonly (Entry | undefined)[];
  /** Blobs of several sizes, with the first revision whose image states another than those before it, or itself two. */
  readonly conflicts: ReadonlyMap<number, Entry>;
  /** What a tag weighs, by its number and all its revisions. */
  readonly weighTag: (tag: number, entries: readonly Entry[]) => OwnerWeight;
  /** The same of a stream, and what the registry gets back without it where other namespaces are known. */
  readonly weighStream: (
    stream: number,
    entries: readonly Entry[],
    isOutside: IsOutside,
  ) => OwnerWeight & { readonly reclaimsBytes: number | null };
};

/** In bytes: distinct blobs, and how much less the namespace would use without their owner. */
type OwnerWeight = { readonly sizeBytes: number; readonly freesBytes: number };

/** Whether other namespaces hold a blob; null where that is unknown. */
export type IsOutside = ((number: number) => boolean) | null;

/** In the place of the one stream that holds a blob. */
const [NOBODY, SEVERAL] = [-1, -2];

/** Puts together what revisions say about each blob; `count` numbers tell the blobs apart. */
export const holdBlobs = (entries: readonly Entry[], count: number): HeldBlobs => {
  const [byTag, byStream] = [createSide(count), createSide(count)];
  const holders = new Int32Array(count).fill(NOBODY);
  const counters: (Entry | undefined)[] = [];
  const conflicts = new Map<number, Entry>();
  const hold = (number: number, stream: number): void => {
    const holder = holders[number];
    holders[number] = holder === NOBODY || holder === stream ? stream : SEVERAL;
  };
  const addConflict = (number: number, entry: Entry): void => {
    if (!conflicts.has(number)) conflicts.set(number, entry);
  };
  for (const entry of entries) {
    const { content, stream, tag, charged } = entry;
    for (const number of content.unsized) hold(number, stream);
    for (const blob of content.blobs) {
      const { number, sizeBytes } = blob;
      if ((byTag.bestOf(number) ?? blob).sizeBytes !== sizeBytes) addConflict(number, entry);
      hold(number, stream);
      byTag.add(tag, blob, charged);
      byStream.add(stream, blob, charged);
      if (!charged) continue;
      const counter = counters[number];
      if (counter === undefined || countsBefore(entry, counter)) counters[number] = entry;
    }
    for (const number of content.conflicts) addConflict(number, entry);
  }
  /** By number the last visit that showed it. */
  const shownIn = new Int32Array(count);
  let visits = 0;
  const sizeOf = (number: number): number => byTag.bestOf(number)?.sizeBytes ?? 0;
  const usedOf = (number: number): number => (counters[number] === undefined ? 0 : sizeOf(number));

  const visitDistinct = (some: readonly Entry[], visit: (number: number) => void): void => {
    visits += 1;
    for (const { content } of some) {
      for (const { number } of content.blobs) {
        if (shownIn[number] === visits) continue;
        shownIn[number] = visits;
        visit(number);
      }
    }
  };

  const weighOwner = (side: Side, owner: number, some: readonly Entry[]): OwnerWeight => {
    let [sizeBytes, freesBytes] = [0, 0];
    visitDistinct(some, (number) => {
      sizeBytes = addBytes(sizeBytes, sizeOf(number));
      freesBytes = addBytes(freesBytes, usedOf(number) - side.usedWithout(number, owner));
    });
    return { sizeBytes, freesBytes };
  };

  /** Blobs that no other stream holds, be it charged, imported or without a size to rely on, and nobody outside. */
  const addUpOwn = (some: readonly Entry[], isOutside: NonNullable<IsOutside>): number => {
    let bytes = 0;
    visitDistinct(some, (number) => {
      if (holders[number] !== SEVERAL && !isOutside(number)) bytes = addBytes(bytes, usedOf(number));
    });
    return bytes;
  };

  return {
    sizeOf,
    counters,
    conflicts,
    weighTag: (tag, some) => weighOwner(byTag, tag, some),
    weighStream: (stream, some, isOutside) => ({
      ...weighOwner(byStream, stream, some),
      reclaimsBytes: isOutside === null ? null : addUpOwn(some, isOutside),
    }),
  };
};

/** Blobs as tags see them, or as streams do: enough to tell what is left of each without any one of these owners. */
type Side = {
  readonly add: (owner: number, blob: Blob, charged: boolean) => void;
  /** The strongest statement of a blob's size; undefined while nothing states one to rely on. */
  readonly bestOf: (number: number) => Blob | undefined;
  /** What a blob would still add to `usedBytes` without one of its owners: its size may then be stated differently. */
  readonly usedWithout: (number: number, owner: number) => number;
};

const createSide = (count: number): Side => {
  const best: (Blob | undefined)[] = [];
  const bestBy = new Int32Array(count).fill(NOBODY);
  /** Whether somebody else makes the best statement, too, and else the strongest that anybody else makes. */
  const isBestOfOthers = new Uint8Array(count);
  const others = new Map<number, Blob>();
  /** The first that is charged, and whether others are, too. */
  const chargedTo = new Int32Array(count).fill(NOBODY);
  const isChargedToOthers = new Uint8Array(count);

  /** Two sizes of one blob are rare. */
  const disagree = (owner: number, blob: Blob, known: Blob): void => {
    const { number } = blob;
    const isBetter = strongest(known, blob) === blob;
    if (isBetter && (bestBy[number] !== owner || isBestOfOthers[number] === 1)) others.set(number, known);
    if (isBetter) {
      best[number] = blob;
      bestBy[number] = owner;
      isBestOfOthers[number] = 0;
    } else if (bestBy[number] !== owner) others.set(number, strongest(others.get(number) ?? blob, blob));
  };

  return {
    add: (owner, blob, charged) => {
      const { number } = blob;
      const known = best[number];
      if (known === undefined) {
        best[number] = blob;
        bestBy[number] = owner;
      } else if (known !== blob) disagree(owner, blob, known);
      else if (bestBy[number] !== owner) isBestOfOthers[number] = 1;
      if (!charged) return;
      if (chargedTo[number] === NOBODY) chargedTo[number] = owner;
      else if (chargedTo[number] !== owner) isChargedToOthers[number] = 1;
    },
    bestOf: (number) => best[number],
    usedWithout: (number, owner) => {
      const payer = chargedTo[number];
      if (payer === NOBODY || (payer === owner && isChargedToOthers[number] === 0)) return 0;
      const isBest = bestBy[number] !== owner || isBestOfOthers[number] === 1;
      return (isBest ? best[number] : others.get(number))?.sizeBytes ?? 0;
    },
  };
};
