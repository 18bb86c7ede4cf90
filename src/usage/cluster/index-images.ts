import type { Holdings } from '../model.ts';
import { imageAt, listNumberedImages } from './images.ts';

/** Index images: what is below them and above them. A child may be an index itself. Digests are numbers here. */

/** These digests and all below them: children of indexes, their children, and so on. */
export const withImagesBelow = (holdings: Holdings, digests: Iterable<number>): ReadonlySet<number> =>
  follow(digests, (digest) => (imageAt(holdings, digest)?.children ?? []).map((child) => child.digest));

/** A digest and all that are below it or above it; other children of an index above it are neither. */
export const createRelatives = (holdings: Holdings): ((digest: number) => ReadonlySet<number>) => {
  const links = listNumberedImages(holdings).flatMap(({ digest, children }) =>
    children.map((child) => ({ index: digest, child: child.digest })),
  );
  const below = Map.groupBy(links, ({ index }) => index);
  const above = Map.groupBy(links, ({ child }) => child);
  return (digest) =>
    follow([digest], (one) => (below.get(one) ?? []).map(({ child }) => child)).union(
      follow([digest], (one) => (above.get(one) ?? []).map(({ index }) => index)),
    );
};

/** A loop over a set also visits what is added meanwhile: each digest is visited once, and a circle ends. */
export const follow = (
  start: Iterable<number>,
  nextOf: (digest: number) => readonly number[],
): ReadonlySet<number> => {
  const reached = new Set(start);
  for (const digest of reached) for (const next of nextOf(digest)) reached.add(next);
  return reached;
};
