import { grown, makeDoubles, makeInts } from './columns.ts';
import { createDigestTable } from './digest-table.ts';
import type { DigestTable } from './digest-table.ts';
import type { Layer } from '../model.ts';

/** The blobs of a cluster by number, each with the one size that plain images state for it as a layer. */
export type BlobColumns = DigestTable & {
  /** Whether a layer's size is the one stated before, or the first to be stated. */
  readonly agreesWith: (number: number, sizeBytes: number) => boolean;
  /** In bytes; only for what plain images name as a layer. */
  readonly layerBytesOf: (number: number) => number;
  readonly layerOf: (number: number) => Layer;
  /** Starts to tell which blobs are seen for the first time; one look at a time. */
  readonly startLook: () => (number: number) => boolean;
};

const UNSTATED = -1;

export const createBlobColumns = (): BlobColumns => {
  const digests = createDigestTable();
  let layerBytes = makeDoubles(0);
  let seenIn = makeInts(0);
  let look = 0;

  const numberOf = (digest: string): number => {
    const known = digests.count();
    const number = digests.numberOf(digest);
    if (number < known) return number;
    layerBytes = grown(layerBytes, number + 1, makeDoubles);
    layerBytes[number] = UNSTATED;
    seenIn = grown(seenIn, number + 1, makeInts);
    return number;
  };

  const isFirst = (number: number): boolean => {
    if (seenIn[number] === look) return false;
    seenIn[number] = look;
    return true;
  };

  const layerBytesOf = (number: number): number => layerBytes[number] ?? UNSTATED;

  return {
    ...digests,
    numberOf,
    agreesWith: (number, sizeBytes) => {
      if (layerBytesOf(number) === UNSTATED) layerBytes[number] = sizeBytes;
      return layerBytesOf(number) === sizeBytes;
    },
    layerBytesOf,
    layerOf: (number) => ({ digest: digests.digestOf(number), sizeBytes: layerBytesOf(number) }),
    startLook: () => {
      look += 1;
      return isFirst;
    },
  };
};
