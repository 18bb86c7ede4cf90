import { grown, makeInts } from '../cluster/columns.ts';
import { addBytes, winsOver } from './rules.ts';

/** What some images state about the blobs of a cluster: how large each is, and whether anybody is charged for it. */
export type BlobTally = {
  readonly add: (blob: number, bytes: number, isLayer: boolean, isCharged: boolean) => void;
  readonly addAll: (other: BlobTally) => void;
  readonly visit: (take: BlobTally['add']) => void;
  /** The charged blobs, each once, with their sizes in bytes. */
  readonly listCharged: () => readonly { readonly blob: number; readonly bytes: number }[];
  readonly chargedBytes: () => number;
  /** Forgets all statements. */
  readonly clear: () => void;
};

const [STATED, LAYER, CHARGED] = [1, 2, 4];

/** For blobs numbered below `blobCount`. */
export const createBlobTally = (blobCount: number): BlobTally => {
  const sizes = new Float64Array(blobCount);
  const marks = new Uint8Array(blobCount);
  let stated = new Int32Array(0);
  let statedCount = 0;

  const add: BlobTally['add'] = (blob, bytes, isLayer, isCharged) => {
    const mark = marks[blob] ?? 0;
    const known = sizes[blob] ?? 0;
    const wasLayer = (mark & LAYER) !== 0;
    if (mark === 0) {
      stated = grown(stated, statedCount + 1, makeInts);
      stated[statedCount++] = blob;
      sizes[blob] = bytes;
    } else if (
      (bytes !== known || isLayer !== wasLayer) &&
      winsOver({ bytes, isLayer }, { bytes: known, isLayer: wasLayer })
    )
      sizes[blob] = bytes;
    marks[blob] = mark | STATED | (isLayer ? LAYER : 0) | (isCharged ? CHARGED : 0);
  };

  const visit: BlobTally['visit'] = (take) => {
    for (let at = 0; at < statedCount; at += 1) {
      const blob = stated[at] ?? 0;
      const mark = marks[blob] ?? 0;
      take(blob, sizes[blob] ?? 0, (mark & LAYER) !== 0, (mark & CHARGED) !== 0);
    }
  };

  return {
    add,
    addAll: (other) => other.visit(add),
    visit,
    listCharged: () => {
      const charged: { readonly blob: number; readonly bytes: number }[] = [];
      visit((blob, bytes, _isLayer, isCharged) => {
        if (isCharged) charged.push({ blob, bytes });
      });
      return charged;
    },
    chargedBytes: () => {
      let total = 0;
      visit((_blob, bytes, _isLayer, isCharged) => {
        if (isCharged) total = addBytes(total, bytes);
      });
      return total;
    },
    clear: () => {
      visit((blob) => (marks[blob] = 0));
      statedCount = 0;
    },
  };
};
