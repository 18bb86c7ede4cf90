import { addBytes } from './rules.ts';
import { grown, makeInts } from '../cluster/columns.ts';

/** What is said about the blobs of a cluster: how large each is, and whether anybody is charged with it. */
export type Stakes = {
  /** Adds one statement: a layer's size beats a derived config size, then the largest wins. */
  readonly add: (number: number, sizeBytes: number, isLayer: boolean, isCharged: boolean) => void;
  readonly addAll: (others: Stakes) => void;
  readonly visit: (take: Stakes['add']) => void;
  /** Charged blobs, each once, with its size in bytes. */
  readonly listCharged: () => readonly { readonly number: number; readonly sizeBytes: number }[];
  readonly chargedBytes: () => number;
  /** Forgets all statements. */
  readonly clear: () => void;
};

const [STATED, LAYER, CHARGED] = [1, 2, 4];

/** For blobs of numbers below `blobCount`. */
export const createStakes = (blobCount: number): Stakes => {
  const sizes = new Float64Array(blobCount);
  const marks = new Uint8Array(blobCount);
  let stated = makeInts(0);
  let statedCount = 0;

  const add: Stakes['add'] = (number, sizeBytes, isLayer, isCharged) => {
    const mark = marks[number] ?? 0;
    const size = sizes[number] ?? 0;
    const wasLayer = (mark & LAYER) !== 0;
    if (mark === 0) {
      stated = grown(stated, statedCount + 1, makeInts);
      stated[statedCount++] = number;
    }
    if (mark === 0 || (isLayer === wasLayer ? sizeBytes > size : isLayer)) sizes[number] = sizeBytes;
    marks[number] = mark | STATED | (isLayer ? LAYER : 0) | (isCharged ? CHARGED : 0);
  };

  const visitCharged = (take: (number: number, sizeBytes: number) => void): void => {
    visit((number, sizeBytes, _isLayer, isCharged) => {
      if (isCharged) take(number, sizeBytes);
    });
  };

  const visit: Stakes['visit'] = (take) => {
    for (let at = 0; at < statedCount; at += 1) {
      const number = stated[at] ?? 0;
      const mark = marks[number] ?? 0;
      take(number, sizes[number] ?? 0, (mark & LAYER) !== 0, (mark & CHARGED) !== 0);
    }
  };

  return {
    add,
    addAll: (others) => others.visit(add),
    visit,
    listCharged: () => {
      const charged: { readonly number: number; readonly sizeBytes: number }[] = [];
      visitCharged((number, sizeBytes) => charged.push({ number, sizeBytes }));
      return charged;
    },
    chargedBytes: () => {
      let total = 0;
      visitCharged((_number, sizeBytes) => (total = addBytes(total, sizeBytes)));
      return total;
    },
    clear: () => {
      visit((number) => (marks[number] = 0));
      statedCount = 0;
    },
  };
};
