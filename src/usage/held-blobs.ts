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

/** Everything a namespace says about its blobs, by their numbers. */
export type HeldBlobs = {
  readonly byTag: Side;
  readonly byStream: Side;
  /** The strongest statement of all revisions, in bytes; 0 where nothing states a size to rely on. */
  readonly sizeOf: (number: number) => number;
  /** What it adds to `usedBytes`. */
  readonly usedOf: (number: number) => number;
  /** Whether one stream alone holds it, be it charged, imported or without a size to rely on. */
  readonly isInOneStream: (number: number) => boolean;
  /** The one revision that each blob's bytes are counted at; none where nothing is charged with it. */
  readonly counters: readonly (Entry | undefined)[];
  /** Blobs of several sizes, with the first revision whose image states another than those before it, or itself two. */
  readonly conflicts: ReadonlyMap<number, Entry>;
  /** Shows each blob that some revisions weigh, once; one after the other. */
  readonly visitDistinct: (entries: readonly Entry[], visit: (number: number) => void) => void;
  /** How many numbers there are. */
  readonly count: number;
};

/** In the place of the one stream that holds a blob. */
const SEVERAL = -1;

/** Puts together what revisions say about each blob. */
export const holdBlobs = (entries: readonly Entry[]): HeldBlobs => {
  const [byTag, byStream] = [createSide(), createSide()];
  const holders: number[] = [];
  const counters: (Entry | undefined)[] = [];
  const conflicts = new Map<number, Entry>();
  const hold = (number: number, stream: number): void => {
    const holder = holders[number] ?? stream;
    holders[number] = holder === stream ? stream : SEVERAL;
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
  const shownIn: number[] = [];
  let visits = 0;
  const sizeOf = (number: number): number => byTag.bestOf(number)?.sizeBytes ?? 0;
  return {
    byTag,
    byStream,
    sizeOf,
    usedOf: (number) => (counters[number] === undefined ? 0 : sizeOf(number)),
    isInOneStream: (number) => holders[number] !== SEVERAL,
    counters,
    conflicts,
    visitDistinct: (some, visit) => {
      visits += 1;
      for (const { content } of some) {
        for (const { number } of content.blobs) {
          if (shownIn[number] === visits) continue;
          shownIn[number] = visits;
          visit(number);
        }
      }
    },
    count: holders.length,
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

const createSide = (): Side => {
  const best: Blob[] = [];
  /** Who makes the strongest statement, and the strongest that anybody else makes. */
  const bestBy: number[] = [];
  const others: Blob[] = [];
  /** The first that is charged, and whether others are, too. */
  const chargedTo: number[] = [];
  const isChargedToOthers: boolean[] = [];

  const state = (owner: number, blob: Blob): void => {
    const { number } = blob;
    const known = best[number];
    if (known === undefined || bestBy[number] === owner) {
      best[number] = known === undefined ? blob : strongest(known, blob);
      bestBy[number] = owner;
    } else if (known !== blob && strongest(known, blob) === blob) {
      best[number] = blob;
      bestBy[number] = owner;
      others[number] = known;
    } else others[number] = strongest(others[number] ?? blob, blob);
  };

  return {
    add: (owner, blob, charged) => {
      state(owner, blob);
      const { number } = blob;
      if (charged && (chargedTo[number] ??= owner) !== owner) isChargedToOthers[number] = true;
    },
    bestOf: (number) => best[number],
    usedWithout: (number, owner) => {
      const payer = chargedTo[number];
      if (payer === undefined || (payer === owner && isChargedToOthers[number] !== true)) return 0;
      return (bestBy[number] === owner ? others[number] : best[number])?.sizeBytes ?? 0;
    },
  };
};
