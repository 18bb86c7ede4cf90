import type { Image, ImageStream, Revision, Tag } from '../../src/usage/model.ts';
import type { ListedInventory } from '../listed-inventory.ts';

/** A revision with its place and its blobs. */
export type Held = {
  readonly namespace: string;
  readonly stream: string;
  readonly tag: string;
  readonly position: number;
  readonly created: string | null;
  readonly digest: string;
  /** Empty where the size is unknown. */
  readonly blobs: readonly Stated[];
  /** Digests of its blobs, and of those that parts of unknown size name all the same. */
  readonly holds: readonly string[];
  readonly isKnown: boolean;
  /** Not where the size is unknown, nor where it is a lower bound because a child is missing: both make lower bounds. */
  readonly isWhole: boolean;
  readonly isCharged: boolean;
};

/** A blob as one image states it. */
type Stated = { readonly digest: string; readonly sizeBytes: number; readonly isLayer: boolean };

/** Every revision of a cluster; newest first within its tag. */
export const listHeld = ({ streams, images }: ListedInventory, chargeImported: boolean): readonly Held[] =>
  [...streams].flatMap((stream) =>
    stream.tags.flatMap((tag) => holdTag(stream, tag, { images: [...images], chargeImported })),
  );

const holdTag = (
  stream: ImageStream,
  tag: Tag,
  { images, chargeImported }: { readonly images: readonly Image[]; readonly chargeImported: boolean },
): readonly Held[] =>
  tag.revisions.map((revision, position) => {
    const image = images.find(({ digest }) => digest === revision.digest);
    const parts = partsOf(revision.digest, images, []);
    const known = parts.flatMap(({ image: part }) =>
      part !== undefined && isOfKnownSize(part) ? [part] : [],
    );
    // A reference that was never imported has nothing in the registry.
    const storesNothing = tag.isReference && revision.digest === '';
    const isKnown = known.length > 0 || storesNothing;
    return {
      namespace: stream.namespace,
      stream: stream.name,
      tag: tag.name,
      position,
      created: revision.created,
      digest: revision.digest,
      blobs: known.flatMap(blobsOf),
      holds: parts.flatMap((part) => holdsOf(part.image, images, [])),
      isKnown,
      isWhole:
        storesNothing ||
        (isKnown && parts.every((part) => part.image !== undefined && isOfWholeSize(part.image))),
      isCharged:
        isKnown &&
        !storesNothing &&
        (chargeImported || (image?.managed === true && isOfSameHost(revision, stream))),
    };
  });

const isOfSameHost = (revision: Revision, stream: ImageStream): boolean => {
  const hostOf = (path: string): string =>
    path.includes('/') ? (path.split('/')[0] ?? '').toLowerCase() : '';
  return [stream.repository, stream.publicRepository].some(
    (repository) => hostOf(repository) !== '' && hostOf(revision.reference) === hostOf(repository),
  );
};

/** The images that a digest stands for, undefined where one is missing: itself, or for an index its children. */
const partsOf = (
  digest: string,
  images: readonly Image[],
  above: readonly string[],
): readonly { readonly image: Image | undefined }[] => {
  const image = images.find((candidate) => candidate.digest === digest);
  if (above.includes(digest)) return [];
  if (image === undefined || image.fault !== null || image.children.length === 0) return [{ image }];
  return image.children.flatMap((child) => partsOf(child.digest, images, [...above, digest]));
};

/** What a part keeps in the registry, known size or not; below one that cannot be read are its children. */
const holdsOf = (
  image: Image | undefined,
  images: readonly Image[],
  above: readonly string[],
): readonly string[] => {
  if (image === undefined || above.includes(image.digest)) return [];
  const isSoundIndex = image.fault === null && image.children.length > 0;
  const own = isSoundIndex ? [] : [...(image.layers ?? []), ...(isOfKnownSize(image) ? blobsOf(image) : [])];
  const below = image.children.flatMap((child) =>
    holdsOf(
      images.find(({ digest }) => digest === child.digest),
      images,
      [...above, image.digest],
    ),
  );
  return [...own.map(({ digest }) => digest), ...below];
};

const isOfKnownSize = ({ fault, layers, statedBytes }: Image): boolean => {
  if (fault !== null || layers === null) return false;
  return layers.length === 0 ? (statedBytes ?? -1) >= 1 : layers.some(({ sizeBytes }) => sizeBytes > 0);
};

const isOfWholeSize = (image: Image): boolean => isOfKnownSize(image) && image.isSizeUnread === undefined;

const blobsOf = (image: Image): readonly Stated[] => {
  const layers = (image.layers ?? []).map((layer): Stated => ({ ...layer, isLayer: true }));
  const configBytes = (image.statedBytes ?? -1) - sum([...sizesIn(layers).values()]);
  const config = { digest: image.configDigest ?? image.digest, sizeBytes: configBytes, isLayer: false };
  return configBytes < 0 ? layers : [...layers, config];
};

/** A layer's size beats a derived config size, then the largest wins. */
const sizesIn = (blobs: readonly Stated[]): ReadonlyMap<string, number> =>
  new Map(
    [...Map.groupBy(blobs, ({ digest }) => digest)].map(([digest, statements]) => {
      const layers = statements.filter(({ isLayer }) => isLayer);
      const sizes = (layers.length > 0 ? layers : statements).map(({ sizeBytes }) => sizeBytes);
      return [digest, Math.max(...sizes)];
    }),
  );

/** The distinct blobs of some revisions. */
export const digestsIn = (some: readonly Held[]): ReadonlySet<string> =>
  new Set(some.flatMap(({ blobs }) => blobs.map(({ digest }) => digest)));

/** Those that are charged. */
export const chargedOf = (some: readonly Held[]): readonly Held[] =>
  some.filter(({ isCharged }) => isCharged);

/** How many bytes some blobs have by what these revisions state of them. */
export const weighBy = (stating: readonly Held[]): ((digests: Iterable<string>) => number) => {
  const sizes = sizesIn(stating.flatMap(({ blobs }) => blobs));
  return (digests) => sum([...digests].map((digest) => sizes.get(digest) ?? 0));
};

/** What these revisions would use if there were no others; their sizes are agreed on among themselves. */
export const usedBytesOf = (some: readonly Held[]): number => weighBy(some)(digestsIn(chargedOf(some)));

/** How much less all of a namespace's revisions would use without some of them. */
export const freesBytesOf = (some: readonly Held[], own: readonly Held[]): number =>
  usedBytesOf(own) - usedBytesOf(own.filter((one) => !some.includes(one)));

/** Blobs that some of a namespace's revisions are charged with and that no other revision of the cluster holds. */
export const reclaimsBytesOf = (
  some: readonly Held[],
  own: readonly Held[],
  everywhere: readonly Held[],
): number => {
  const elsewhere = new Set(everywhere.filter((one) => !some.includes(one)).flatMap(({ holds }) => holds));
  return weighBy(own)([...digestsIn(chargedOf(some))].filter((digest) => !elsewhere.has(digest)));
};

/** The sum of numbers. */
export const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, number) => total + number, 0);
