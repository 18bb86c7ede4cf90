import { withImagesBelow } from './indexes.ts';
import type { ChildImage, FindingCode, Image } from './registry.ts';

/** What the registry stores once, however many images share it: a layer, or an image's config. */
export type Blob = {
  readonly digest: string;
  readonly sizeBytes: number;
  /** A layer's size is stated by the API, a config's is derived from `dockerImageMetadata.Size`. */
  readonly kind: 'layer' | 'config';
};

/** What an image is made of. */
export type ImageContent = {
  /** Each digest once; for an image of unknown size whatever layers it names, to tell that it holds them. */
  readonly blobs: readonly Blob[];
  /** Digests that it states with different sizes itself. */
  readonly conflicts: readonly string[];
  /** Whether `blobs` tells the image's size, at least as a lower bound. */
  readonly isSizeKnown: boolean;
  readonly architectures: readonly string[];
  readonly faults: readonly ContentFault[];
};

/** What is odd about an image and what it does to its size. */
export type ContentFault = { readonly code: FindingCode; readonly message: string };

/** Looks up what an image is made of by its digest; each image is worked out once. */
export const createContents = (images: ReadonlyMap<string, Image>): ((digest: string) => ImageContent) => {
  const known = new Map<string, ImageContent>();
  return (digest) => {
    const found = known.get(digest) ?? readContent(digest, images);
    known.set(digest, found);
    return found;
  };
};

/** Of two statements about one blob the one to believe: a layer's size beats a derived config size, then the largest wins. */
export const strongest = (a: Blob, b: Blob): Blob => {
  if (a.kind !== b.kind) return a.kind === 'layer' ? a : b;
  return b.sizeBytes > a.sizeBytes ? b : a;
};

/**
 * Adds sizes in bytes. A sum beyond 2^53 - 1 stays there: sizes are what whoever pushed an image says, and no single
 * absurd one may make a total that cannot be stored.
 */
export const addBytes = (a: number, b: number): number => Math.min(a + b, Number.MAX_SAFE_INTEGER);

const readContent = (digest: string, images: ReadonlyMap<string, Image>): ImageContent => {
  const image = images.get(digest);
  if (digest === '')
    return unknown(null, 'image-missing', 'The revision names no image, so its size is unknown.');
  if (image === undefined)
    return unknown(null, 'image-missing', 'The Image object is gone, so its size is unknown.');
  if (image.fault !== null) {
    return unknown(
      image,
      'image-unreadable',
      `The Image object cannot be read (${image.fault}), so its size is unknown.`,
    );
  }
  return isIndex(image) ? readIndex(image, images) : readSingle(image);
};

const isIndex = ({ children }: Image): boolean => children.length > 0;

const readSingle = (image: Image): ImageContent => {
  const layers = listLayers(image);
  if (image.layers === null) {
    return unknown(image, 'size-unknown', 'The Image object lists no layers, so its size is unknown.');
  }
  if (layers.length === 0 ? image.statedBytes === null : layers.every(({ sizeBytes }) => sizeBytes === 0)) {
    return unknown(image, 'size-unknown', 'The Image object states no sizes, so its size is unknown.');
  }
  const layerBytes = unite(layers).blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const configBytes = image.statedBytes === null ? -1 : image.statedBytes - layerBytes;
  const config: Blob = { digest: image.configDigest ?? image.digest, sizeBytes: configBytes, kind: 'config' };
  return {
    ...unite(configBytes < 0 ? layers : [...layers, config]),
    isSizeKnown: true,
    architectures: listArchitectures([image]),
    faults:
      configBytes >= 0
        ? []
        : [
            {
              code: 'config-size-negative',
              message:
                image.statedBytes === null
                  ? 'The Image object states no Size, so its config is not counted.'
                  : 'The stated Size is below the sum of the layers, so its config is not counted.',
            },
          ],
  };
};

const readIndex = (index: Image, images: ReadonlyMap<string, Image>): ImageContent => {
  const contents: ImageContent[] = [];
  const faults: ContentFault[] = [];
  const entries: ChildImage[] = [];
  for (const digest of [...withImagesBelow([index.digest], images)].toSorted()) {
    const child = images.get(digest);
    // An index adds nothing but what is below it, which is in this list itself.
    if (child !== undefined && isIndex(child)) {
      entries.push(...child.children);
      continue;
    }
    const content = child === undefined || child.fault !== null ? null : readSingle(child);
    if (content?.isSizeKnown !== true) {
      const reason = child === undefined ? 'is gone' : 'has no readable size';
      faults.push({
        code: 'index-child-missing',
        message: `Its child image ${digest} ${reason}, so the size of the multi-arch image is a lower bound.`,
      });
      continue;
    }
    contents.push(content);
    for (const { code, message } of content.faults) {
      faults.push({ code, message: `In its child image ${digest}: ${message}` });
    }
  }
  if (contents.length === 0) {
    faults.push({
      code: 'size-unknown',
      message: 'None of its child images can be read, so its size is unknown.',
    });
  }
  const { blobs, conflicts } = unite(contents.flatMap((content) => content.blobs));
  return {
    blobs,
    conflicts: [...conflicts, ...contents.flatMap((content) => content.conflicts)],
    isSizeKnown: contents.length > 0,
    architectures: listArchitectures(entries),
    faults,
  };
};

const unknown = (image: Image | null, code: FindingCode, message: string): ImageContent => ({
  blobs: image === null ? [] : unite(listLayers(image)).blobs,
  conflicts: [],
  isSizeKnown: false,
  architectures: image === null ? [] : listArchitectures([image]),
  faults: [{ code, message }],
});

const listLayers = (image: Image): readonly Blob[] =>
  (image.layers ?? []).map((layer) => ({ ...layer, kind: 'layer' }));

/** The same blob may stand several times in one image (empty layers do); the registry stores it once. */
const unite = (blobs: readonly Blob[]): Pick<ImageContent, 'blobs' | 'conflicts'> => {
  const united = new Map<string, Blob>();
  const conflicts: string[] = [];
  for (const blob of blobs) {
    const other = united.get(blob.digest) ?? blob;
    if (other.sizeBytes !== blob.sizeBytes) conflicts.push(blob.digest);
    united.set(blob.digest, strongest(other, blob));
  }
  return { blobs: [...united.values()], conflicts };
};

/** Attestation children call themselves `unknown`. */
const listArchitectures = (
  described: readonly { readonly architecture: string | null }[],
): readonly string[] => {
  const names = described.flatMap(({ architecture }) => architecture ?? []);
  return [...new Set(names.filter((name) => name !== '' && name !== 'unknown'))].toSorted();
};
