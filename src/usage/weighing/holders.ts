import { listNumberedImages } from '../cluster/images.ts';
import { withImagesBelow } from '../cluster/index-images.ts';
import { listRevisionDigests } from '../cluster/slice.ts';
import { formatBytes, formatCount } from '../format.ts';
import type { Finding, Holdings } from '../model.ts';
import { createBlobTally } from './blob-tally.ts';
import { contentOf } from './rules.ts';

/** By a blob's number the one namespace that holds it, numbered from 0, or one of these. */
export type Holders = Int32Array;
const [NOBODY, SEVERAL] = [-1, -2];

/** Which namespaces hold each blob: by revisions, also by such as nobody is charged for or whose size is unknown. */
export const findHolders = (holdings: Holdings): Holders => {
  const holders = new Int32Array(holdings.digests.count).fill(NOBODY);
  const hold = (blob: number, namespace: number): void => {
    const known = holders[blob];
    holders[blob] = known === NOBODY || known === namespace ? namespace : SEVERAL;
  };
  [...Map.groupBy(holdings.streams, (stream) => stream.namespace).values()].forEach((streams, namespace) => {
    for (const digest of listRevisionDigests(holdings, streams)) {
      const { blobs, unsized } = contentOf(holdings, digest);
      for (const blob of blobs) hold(blob, namespace);
      for (const blob of unsized) hold(blob, namespace);
    }
  });
  return holders;
};

/** Whether more than one namespace holds a blob. */
export const isHeldBySeveral = (holders: Holders, blob: number): boolean => holders[blob] === SEVERAL;

/** Images in no stream and below no index of one: nobody is charged for them. */
export const findOrphans = (holdings: Holdings, holders: Holders): readonly Finding[] => {
  const reachable = withImagesBelow(holdings, listRevisionDigests(holdings, holdings.streams));
  const tally = createBlobTally(holdings.digests.count);
  let [count, isLowerBound] = [0, false];
  for (const { digest } of listNumberedImages(holdings)) {
    if (reachable.has(digest)) continue;
    count += 1;
    const { blobs, bytes, layerCount, isWhole } = contentOf(holdings, digest);
    blobs.forEach((blob, at) => {
      if (holders[blob] === NOBODY) tally.add(blob, bytes[at] ?? 0, at < layerCount, true);
    });
    isLowerBound ||= !isWhole;
  }
  if (count === 0) return [];
  const text = `${formatCount(count, 'image')} in no image stream hold ${isLowerBound ? 'at least ' : ''}${formatBytes(tally.chargedBytes())} that no stream holds; no namespace is charged with them.`;
  return [{ code: 'orphan-images', subject: 'images', message: text }];
};
