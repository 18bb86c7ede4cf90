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
  const [byTag, byStream] = [createLevel(blobCount), createLevel(blobCount)];
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
    const { content, stream, tag, charged } = entry;
    for (const blob of content.unsized) hold(blob, stream);
    content.blobs.forEach((blob, at) => {
      const size = { bytes: content.bytes[at] ?? 0, isLayer: at < content.layerCount };
      if ((byTag.bestOf(blob) ?? size).bytes !== size.bytes) addConflict(blob, entry);
      hold(blob, stream);
      byTag.add(tag, blob, size, charged);
      byStream.add(stream, blob, size, charged);
      if (!charged) return;
      const counted = countedAt[blob];
      if (counted === undefined || countsBefore(entry, counted)) countedAt[blob] = entry;
    });
    for (const blob of content.conflicts) addConflict(blob, entry);
  }
  /** By blob the last visit that showed it. */
  const shownIn = new Int32Array(blobCount);
  let visits = 0;
  const bytesOf = (blob: number): number => byTag.bestOf(blob)?.bytes ?? 0;
  const usedBytesOf = (blob: number): number => (countedAt[blob] === undefined ? 0 : bytesOf(blob));

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
      sizeBytes = addBytes(sizeBytes, bytesOf(blob));
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
    bytesOf,
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
  readonly add: (owner: number, blob: number, size: Size, charged: boolean) => void;
  /** The winning statement of a blob's size; undefined while no reliable size is stated. */
  readonly bestOf: (blob: number) => Size | undefined;
  /** What a blob would still add to `usedBytes` without one of its owners: its size may then be stated differently. */
  readonly usedWithout: (blob: number, owner: number) => number;
};

const createLevel = (blobCount: number): Level => {
  const best: (Size | undefined)[] = [];
  const bestBy = new Int32Array(blobCount).fill(NOBODY);
  /** Whether another owner makes the winning statement, too; where none does, the strongest that others make. */
  const isBestOfOthers = new Uint8Array(blobCount);
  const others = new Map<number, Size>();
  /** The first owner that is charged, and whether others are, too. */
  const chargedTo = new Int32Array(blobCount).fill(NOBODY);
  const isChargedToOthers = new Uint8Array(blobCount);

  /** Two sizes of one blob are rare. */
  const disagree = (owner: number, blob: number, { size, known }: { size: Size; known: Size }): void => {
    if (winsOver(size, known)) {
      if (bestBy[blob] !== owner || isBestOfOthers[blob] === 1) others.set(blob, known);
      best[blob] = size;
      bestBy[blob] = owner;
      isBestOfOthers[blob] = 0;
    } else if (bestBy[blob] !== owner) {
      const other = others.get(blob);
      if (other === undefined || winsOver(size, other)) others.set(blob, size);
    }
  };

  return {
    add: (owner, blob, size, charged) => {
      const known = best[blob];
      if (known === undefined) {
        best[blob] = size;
        bestBy[blob] = owner;
      } else if (known.bytes !== size.bytes || known.isLayer !== size.isLayer)
        disagree(owner, blob, { size, known });
      else if (bestBy[blob] !== owner) isBestOfOthers[blob] = 1;
      if (!charged) return;
      if (chargedTo[blob] === NOBODY) chargedTo[blob] = owner;
      else if (chargedTo[blob] !== owner) isChargedToOthers[blob] = 1;
    },
    bestOf: (blob) => best[blob],
    usedWithout: (blob, owner) => {
      const payer = chargedTo[blob];
      if (payer === NOBODY || (payer === owner && isChargedToOthers[blob] === 0)) return 0;
      const isBest = bestBy[blob] !== owner || isBestOfOthers[blob] === 1;
      return (isBest ? best[blob] : others.get(blob))?.bytes ?? 0;
    },
  };
};
