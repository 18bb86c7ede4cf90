import type { Image } from '../model.ts';

/** A blob as one image states it. */
export type Part = { readonly digest: string; readonly sizeBytes: number; readonly isLayer: boolean };

/** What an image comes to, for the recount. */
export type ImageParts = {
  /** Each digest once; empty where the size is unknown. */
  readonly parts: readonly Part[];
  /** Digests that it keeps in the registry: those of `parts`, and the blobs that whatever is of unknown size names. */
  readonly holds: readonly string[];
  readonly isKnown: boolean;
  /** Not where the size is unknown, nor where a child's or a config's is. */
  readonly isWhole: boolean;
};

/**
 * Reads images for the recount, straight from docs/figures.md and apart from blobs.ts: what an image is made of is half
 * of every figure, and a check that shared it would repeat its mistakes.
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
 * The image itself, or all that are below an index, undefined where one is missing. An index may be below another, even
 * in a circle, and as deep as it likes.
 */
const listSingles = (digest: string, images: ReadonlyMap<string, Image>): readonly (Image | undefined)[] => {
  const singles: (Image | undefined)[] = [];
  // What is added while a set is walked through is walked through, too.
  const seen = new Set([digest]);
  for (const one of seen) {
    const image = images.get(one);
    if (image !== undefined && isIndex(image)) for (const child of image.children) seen.add(child.digest);
    else singles.push(image);
  }
  return singles;
};

/** The same, and also what is below those that cannot be read: that is kept, though it tells no size. */
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

/** An image that is only a config states a Size above 0; any other has a layer with a size. */
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

/** One size a digest: a layer's beats a config's, then the largest. */
const believe = (stated: readonly Part[]): readonly Part[] =>
  [...Map.groupBy(stated, ({ digest }) => digest).values()].flatMap((statements) => {
    const [strongest] = statements.toSorted(
      (a, b) => Number(b.isLayer) - Number(a.isLayer) || b.sizeBytes - a.sizeBytes,
    );
    return strongest === undefined ? [] : [strongest];
  });
