import { withImagesBelow } from './indexes.ts';
import type { ChildImage, FindingCode, Image, Layer } from './registry.ts';

/** What the registry stores once, however many images share it: a layer, or an image's config. */
export type Blob = {
  readonly digest: string;
  readonly sizeBytes: number;
  /** A layer's size is stated by the API, a config's is derived from `dockerImageMetadata.Size`. */
  readonly kind: 'layer' | 'config';
};

/** What an image is made of. */
export type ImageContent = {
  /** What it weighs: each digest once; empty where its size is unknown. */
  readonly blobs: readonly Blob[];
  /** Digests of layers that it names without a size to rely on: it holds them all the same. */
  readonly unsized: readonly string[];
  /** Digests that it states with different sizes itself. */
  readonly conflicts: readonly string[];
  /** Whether `blobs` tells its size, at least as a lower bound. */
  readonly isSizeKnown: boolean;
  /** Whether `blobs` tells all of its size; false, too, for an index of which some children are unknown. */
  readonly isWhole: boolean;
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
  if (image !== undefined && isIndex(image)) return readIndex(image, images);
  const read = readSingle(image);
  if (!('lack' in read)) return read;
  const what = digest === '' ? 'The revision names no image' : `The Image object ${read.lack}`;
  return {
    blobs: [],
    unsized: listLayers(image).map((layer) => layer.digest),
    conflicts: [],
    isSizeKnown: false,
    isWhole: false,
    architectures: listArchitectures(image === undefined ? [] : [image]),
    faults: [{ code: read.code, message: `${what}, so its size is unknown and the usage is a lower bound.` }],
  };
};

const isIndex = ({ fault, children }: Image): boolean => fault === null && children.length > 0;

/** Why an image's size is unknown, `lack` as what follows the image in a sentence. */
type Lack = { readonly code: FindingCode; readonly lack: string };

const readSingle = (image: Image | undefined): ImageContent | Lack => {
  if (image === undefined) return { code: 'image-missing', lack: 'is gone' };
  if (image.fault !== null) return { code: 'image-unreadable', lack: `cannot be read (${image.fault})` };
  if (image.layers === null) return { code: 'size-unknown', lack: 'lists no layers' };
  const layers = listLayers(image).map((layer): Blob => ({ ...layer, kind: 'layer' }));
  const isSizeless =
    layers.length === 0 ? image.statedBytes === null : layers.every(({ sizeBytes }) => sizeBytes === 0);
  if (isSizeless) return { code: 'size-unknown', lack: 'states no sizes' };
  const layerBytes = unite(layers).blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const configBytes = image.statedBytes === null ? -1 : image.statedBytes - layerBytes;
  const config: Blob = { digest: image.configDigest ?? image.digest, sizeBytes: configBytes, kind: 'config' };
  // The config of an OCI artifact may be one of its layers, which Size counts once: that states no second size.
  const isLayer = configBytes === 0 && layers.some(({ digest }) => digest === config.digest);
  const why =
    image.statedBytes === null
      ? 'The Image object states no usable Size'
      : 'The stated Size is below the sum of the layers';
  return {
    ...unite(configBytes < 0 || isLayer ? layers : [...layers, config]),
    unsized: [],
    isSizeKnown: true,
    isWhole: true,
    architectures: listArchitectures([image]),
    faults:
      configBytes < 0
        ? [{ code: 'config-size-negative', message: `${why}, so size and usage leave its config out.` }]
        : [],
  };
};

const readIndex = (index: Image, images: ReadonlyMap<string, Image>): ImageContent => {
  const contents: ImageContent[] = [];
  const faults: ContentFault[] = [];
  const unsized: string[] = [];
  const entries: ChildImage[] = [];
  for (const digest of [...withImagesBelow([index.digest], images)].toSorted()) {
    const child = images.get(digest);
    // An index adds nothing but what is below it, which is in this list itself.
    if (child !== undefined && isIndex(child)) {
      for (const entry of child.children) entries.push(entry);
      continue;
    }
    const read = readSingle(child);
    if ('lack' in read) {
      for (const layer of listLayers(child)) unsized.push(layer.digest);
      faults.push({
        code: 'index-child-missing',
        message: `Its child image ${digest} ${read.lack}, so that part of its size is unknown and the usage is a lower bound.`,
      });
      continue;
    }
    contents.push(read);
    for (const { code, message } of read.faults) {
      faults.push({ code, message: `In its child image ${digest}: ${message}` });
    }
  }
  if (contents.length === 0) {
    faults.push({
      code: 'size-unknown',
      message: 'None of its child images can be read, so its size is unknown and the usage is a lower bound.',
    });
  }
  const { blobs, conflicts } = unite(contents.flatMap((content) => content.blobs));
  return {
    blobs,
    unsized,
    conflicts: [...conflicts, ...contents.flatMap((content) => content.conflicts)],
    isSizeKnown: contents.length > 0,
    isWhole: contents.length > 0 && faults.every(({ code }) => code !== 'index-child-missing'),
    architectures: listArchitectures(entries),
    faults,
  };
};

const listLayers = (image: Image | undefined): readonly Layer[] => image?.layers ?? [];

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
