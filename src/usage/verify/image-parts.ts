import type { Image } from '../model.ts';

/** A blob as one image states it. */
export type Part = { readonly digest: string; readonly sizeBytes: number; readonly isLayer: boolean };

/** An image's blobs, for the recount. */
export type ImageParts = {
  /** Each digest once; empty where the size is unknown. */
  readonly parts: readonly Part[];
  /** Digests that it keeps in the registry: those of `parts`, and blobs named by images of unknown size. */
  readonly holds: readonly string[];
  readonly isKnown: boolean;
  /** False when the size of the image, of a child or of a config is unknown. */
  readonly isWhole: boolean;
};

/**
 * Reads images for the recount, straight from docs/figures.md. It does not use weighing/rules.ts: what an image is made of
 * is half of every figure, and a check that shared that code would repeat its mistakes.
 */
export const createPartsReader = (images: readonly Image[]): ((digest: string) => ImageParts) => {
  const byDigest = new Map(images.map((image) => [image.digest, image]));
  const read = new Map<string, ImageParts>();
  return (digest) => {
    const known = read.get(digest) ?? readParts(digest, byDigest);
    read.set(digest, known);
    return known;
  };
};

const readParts = (digest: string, images: ReadonlyMap<string, Image>): ImageParts => {
  const singles = listSingles(digest, images);
  const known = singles.filter((image) => image !== undefined).filter(hasKnownSize);
  const parts = believe(known.flatMap(partsOf));
  const named = listKept(digest, images).flatMap((image) => [
    ...(image.layers ?? []),
    ...(hasKnownSize(image) ? partsOf(image) : []),
  ]);
  return {
    parts,
    holds: [...new Set([...parts, ...named].map((part) => part.digest))],
    isKnown: known.length > 0,
    isWhole:
      known.length > 0 && known.length === singles.length && known.every((image) => !image.isSizeUnread),
  };
};

/**
 * The image itself, or all images below an index; undefined for a missing one. Indexes may be nested to any depth, even in
 * a circle.
 */
const listSingles = (digest: string, images: ReadonlyMap<string, Image>): readonly (Image | undefined)[] => {
  const singles: (Image | undefined)[] = [];
  // Iterating a set also visits what is added on the way.
  const seen = new Set([digest]);
  for (const one of seen) {
    const image = images.get(one);
    if (image !== undefined && isIndex(image)) for (const child of image.children) seen.add(child.digest);
    else singles.push(image);
  }
  return singles;
};

/** The same, plus the images below unreadable ones. The registry keeps them, though their size is unknown. */
const listKept = (digest: string, images: ReadonlyMap<string, Image>): readonly Image[] => {
  const kept: Image[] = [];
  const seen = new Set([digest]);
  for (const one of seen) {
    const image = images.get(one);
    if (image === undefined) continue;
    for (const child of image.children) seen.add(child.digest);
    if (!isIndex(image)) kept.push(image);
  }
  return kept;
};

const isIndex = ({ fault, children }: Image): boolean => fault === null && children.length > 0;

/** An image with only a config must state a Size above 0. Any other must have a layer with a size. */
const hasKnownSize = ({ layers, statedBytes, fault }: Image): boolean => {
  if (fault !== null || layers === null) return false;
  return layers.length === 0 ? (statedBytes ?? 0) > 0 : layers.some(({ sizeBytes }) => sizeBytes > 0);
};

const partsOf = (image: Image): readonly Part[] => {
  const layers = believe((image.layers ?? []).map((layer) => ({ ...layer, isLayer: true })));
  const layerBytes = layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (image.statedBytes === null || image.statedBytes < layerBytes) return layers;
  const configDigest = image.configDigest ?? image.digest;
  return [...layers, { digest: configDigest, sizeBytes: image.statedBytes - layerBytes, isLayer: false }];
};

/** One size per digest: a layer's wins over a config's, then the largest wins. */
const believe = (stated: readonly Part[]): readonly Part[] =>
  [...Map.groupBy(stated, ({ digest }) => digest).values()].flatMap((statements) => {
    const [strongest] = statements.toSorted(
      (a, b) => Number(b.isLayer) - Number(a.isLayer) || b.sizeBytes - a.sizeBytes,
    );
    return strongest === undefined ? [] : [strongest];
  });
