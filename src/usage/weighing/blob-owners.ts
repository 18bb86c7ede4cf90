import { addBytes, countsBefore, winsOver } from './rules.ts';
import type { ImageContent, Place, Size } from './rules.ts';

/** A revision with its place and its content. */
export type Entry = Place & {
  /** Of its stream, in the order of names. */
  readonly stream: number;
  /** `stream:tag`. */
  readonly label: string;
  /** Number of its digest; -1 for a reference that was never resolved. */
  readonly digest: number;
  readonly content: ImageContent;
  readonly charged: boolean;
};

/** Whether other namespaces hold a blob; null where that is unknown. */
export type IsHeldOutside = ((blob: number) => boolean) | null;

/** Who owns each blob of a namespace, and what follows for revisions, tags and streams. */
export type BlobOwners = {
  /** The winning statement of all revisions, in bytes; 0 where no reliable size is stated. */
  readonly bytesOf: (blob: number) => number;
  /** By blob the one revision at which its bytes are counted; none where nothing is charged for it. */
  readonly countedAt: readonly (Entry | undefined)[];
  /** Blobs of several sizes, with the first revision whose image disagrees with those before it, or with itself. */
  readonly conflicts: ReadonlyMap<number, Entry>;
  /** What a tag weighs, by its number and all its revisions. */
  readonly weighTag: (tag: number, entries: readonly Entry[]) => OwnerWeight;
  /** The same of a stream, and what the registry gets back without it where other namespaces are known. */
  readonly weighStream: (
    stream: number,
    entries: readonly Entry[],
    isHeldOutside: IsHeldOutside,
  ) => OwnerWeight & { readonly reclaimsBytes: number | null };
};

/** In bytes: distinct blobs, and how much less the namespace would use without their owner. */
type OwnerWeight = { readonly sizeBytes: number; readonly freesBytes: number };

/** In place of the number of the one owner. */
const [NOBODY, SEVERAL] = [-1, -2];

/** Finds the owners of all blobs, which are numbered below `blobCount`. */
export const findBlobOwners = (entries: readonly Entry[], blobCount: number): BlobOwners => {
  const byTag = createLevel(blobCount, ({ tag }) => tag);
  const byStream = createLevel(blobCount, ({ stream }) => stream);
  const holders = new Int32Array(blobCount).fill(NOBODY);
  const countedAt: (Entry | undefined)[] = [];
  const conflicts = new Map<number, Entry>();
  const hold = (blob: number, stream: number): void => {
    const holder = holders[blob];
    holders[blob] = holder === NOBODY || holder === stream ? stream : SEVERAL;
  };
  const addConflict = (blob: number, entry: Entry): void => {
    if (!conflicts.has(blob)) conflicts.set(blob, entry);
  };
  for (const entry of entries) {
    const { content, stream, charged } = entry;
    for (const blob of content.unsized) hold(blob, stream);
    for (let at = 0; at < content.blobs.length; at += 1) {
      const blob = content.blobs[at] ?? -1;
      if (byTag.isStated(blob) && byTag.bytesOf(blob) !== content.bytes[at]) addConflict(blob, entry);
      hold(blob, stream);
      byTag.add(entry, at);
      byStream.add(entry, at);
      if (!charged) continue;
      const counted = countedAt[blob];
      if (counted === undefined || countsBefore(entry, counted)) countedAt[blob] = entry;
    }
    for (const blob of content.conflicts) addConflict(blob, entry);
  }
  /** By blob the last visit that showed it. */
  const shownIn = new Int32Array(blobCount);
  let visits = 0;
  const usedBytesOf = (blob: number): number => (countedAt[blob] === undefined ? 0 : byTag.bytesOf(blob));

  const visitDistinct = (some: readonly Entry[], visit: (blob: number) => void): void => {
    visits += 1;
    for (const { content } of some) {
      for (const blob of content.blobs) {
        if (shownIn[blob] === visits) continue;
        shownIn[blob] = visits;
        visit(blob);
      }
    }
  };

  const weighOwner = (level: Level, owner: number, some: readonly Entry[]): OwnerWeight => {
    let [sizeBytes, freesBytes] = [0, 0];
    visitDistinct(some, (blob) => {
      sizeBytes = addBytes(sizeBytes, byTag.bytesOf(blob));
      freesBytes = addBytes(freesBytes, usedBytesOf(blob) - level.usedWithout(blob, owner));
    });
    return { sizeBytes, freesBytes };
  };

  /** Blobs that neither another stream holds, be it charged, imported or of unknown size, nor another namespace. */
  const addUpOwn = (some: readonly Entry[], isHeldOutside: NonNullable<IsHeldOutside>): number => {
    let bytes = 0;
    visitDistinct(some, (blob) => {
      if (holders[blob] !== SEVERAL && !isHeldOutside(blob)) bytes = addBytes(bytes, usedBytesOf(blob));
    });
    return bytes;
  };

  return {
    bytesOf: byTag.bytesOf,
    countedAt,
    conflicts,
    weighTag: (tag, some) => weighOwner(byTag, tag, some),
    weighStream: (stream, some, isHeldOutside) => ({
      ...weighOwner(byStream, stream, some),
      reclaimsBytes: isHeldOutside === null ? null : addUpOwn(some, isHeldOutside),
    }),
  };
};

/** Blobs as tags own them, or as streams do: enough to tell what is left of each without any one of these owners. */
type Level = {
  /** Adds what a revision states of one blob of its content, the one at this position. */
  readonly add: (entry: Entry, at: number) => void;
  /** Whether any reliable size is stated. */
  readonly isStated: (blob: number) => boolean;
  /** The winning statement of a blob's size; 0 while no reliable size is stated. */
  readonly bytesOf: (blob: number) => number;
  /** What a blob would still add to `usedBytes` without one of its owners: its size may then be stated differently. */
  readonly usedWithout: (blob: number, owner: number) => number;
};

const [UNSTATED, CONFIG, LAYER] = [0, 1, 2];

const createLevel = (blobCount: number, ownerOf: (entry: Entry) => number): Level => {
  /** The winning statement, who made it first, and whether another owner makes it, too. */
  const bytes = new Float64Array(blobCount);
  const kinds = new Uint8Array(blobCount);
  const statedBy = new Int32Array(blobCount).fill(NOBODY);
  const isStatedByOthers = new Uint8Array(blobCount);
  /** Where no other owner makes it, the strongest statement that others make. Two sizes of one blob are rare. */
  const others = new Map<number, Size>();
  /** The first owner that is charged, and whether others are, too. */
  const chargedTo = new Int32Array(blobCount).fill(NOBODY);
  const isChargedToOthers = new Uint8Array(blobCount);

  const bytesOf = (blob: number): number => bytes[blob] ?? 0;

  const state = (blob: number, owner: number, size: Size): void => {
    bytes[blob] = size.bytes;
    kinds[blob] = size.isLayer ? LAYER : CONFIG;
    statedBy[blob] = owner;
    isStatedByOthers[blob] = 0;
  };

  const disagree = (blob: number, owner: number, size: Size): void => {
    const known = { bytes: bytesOf(blob), isLayer: kinds[blob] === LAYER };
    const isOwn = statedBy[blob] === owner;
    if (winsOver(size, known)) {
      if (!isOwn || isStatedByOthers[blob] === 1) others.set(blob, known);
      state(blob, owner, size);
    } else if (!isOwn) {
      const other = others.get(blob);
      if (other === undefined || winsOver(size, other)) others.set(blob, size);
    }
  };

  return {
    add: (entry, at) => {
      const { content, charged } = entry;
      const blob = content.blobs[at] ?? -1;
      const owner = ownerOf(entry);
      const kind = at < content.layerCount ? LAYER : CONFIG;
      if (kinds[blob] === kind && bytes[blob] === content.bytes[at]) {
        if (statedBy[blob] !== owner) isStatedByOthers[blob] = 1;
      } else {
        const size = { bytes: content.bytes[at] ?? 0, isLayer: kind === LAYER };
        if (kinds[blob] === UNSTATED) state(blob, owner, size);
        else disagree(blob, owner, size);
      }
      if (!charged) return;
      if (chargedTo[blob] === NOBODY) chargedTo[blob] = owner;
      else if (chargedTo[blob] !== owner) isChargedToOthers[blob] = 1;
    },
    isStated: (blob) => kinds[blob] !== UNSTATED,
    bytesOf,
    usedWithout: (blob, owner) => {
      const payer = chargedTo[blob];
      if (payer === NOBODY || (payer === owner && isChargedToOthers[blob] === 0)) return 0;
      const isBest = statedBy[blob] !== owner || isStatedByOthers[blob] === 1;
      return isBest ? bytesOf(blob) : (others.get(blob)?.bytes ?? 0);
    },
  };
};
