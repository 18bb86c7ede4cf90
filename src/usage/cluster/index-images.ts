import type { ChildImage, Image } from '../model.ts';

/** Index images: what is below them and above them. A child may be an index itself. */

/** These images and all that are below them: children of indexes, theirs, and so on. */
export const withImagesBelow = (
  digests: Iterable<string>,
  childrenOf: (digest: string) => readonly ChildImage[],
): ReadonlySet<string> => follow(digests, childrenOf, ({ digest }) => digest);

/** An image and all that are below it or above it; what is below an image above it is neither. */
export const createRelatives = (indexes: readonly Image[]): ((digest: string) => ReadonlySet<string>) => {
  const links = indexes.flatMap(({ digest, children }) =>
    children.map((child) => ({ index: digest, child: child.digest })),
  );
  const below = Map.groupBy(links, ({ index }) => index);
  const above = Map.groupBy(links, ({ child }) => child);
  return (digest) =>
    follow(
      [digest],
      (one) => below.get(one) ?? [],
      ({ child }) => child,
    ).union(
      follow(
        [digest],
        (one) => above.get(one) ?? [],
        ({ index }) => index,
      ),
    );
};

/** A set's loop comes to what is added on the way, too: each digest is looked at once, and a circle ends. */
const follow = <Link>(
  start: Iterable<string>,
  linksOf: (digest: string) => readonly Link[],
  endOf: (link: Link) => string,
): ReadonlySet<string> => {
  const reached = new Set(start);
  for (const digest of reached) for (const link of linksOf(digest)) reached.add(endOf(link));
  return reached;
};
