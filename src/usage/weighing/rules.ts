import { withImagesBelow } from '../cluster/index-images.ts';
import type { ChildImage, FindingCode, Image, Layer } from '../model.ts';

/** What the registry stores once, however many images share it: a layer, or an image's config. */
export type Blob = {
  /** Stands for its digest: faster to look up than 71 characters. */
  readonly number: number;
  readonly sizeBytes: number;
  /** A layer's size is stated by the API, a config's is derived from `dockerImageMetadata.Size`. */
  readonly kind: 'layer' | 'config';
};

/** What an image is made of. */
export type ImageContent = {
  /** What it weighs: each digest once; empty where its size is unknown. */
  readonly blobs: readonly Blob[];
  /** Numbers of blobs that it names without a size to rely on: it holds them all the same. */
  readonly unsized: readonly number[];
  /** Numbers of blobs that it states with different sizes itself. */
  readonly conflicts: readonly number[];
  /** Whether `blobs` tells its size, at least as a lower bound. */
  readonly isSizeKnown: boolean;
  /** Whether `blobs` tells all of its size; false, too, for an index of which some children are unknown. */
  readonly isWhole: boolean;
  readonly architectures: readonly string[];
  readonly faults: readonly ContentFault[];
};

/** What is odd about an image and what it does to its size. */
export type ContentFault = { readonly code: FindingCode; readonly message: string };

/** Tells blobs apart by numbers from 0 on instead of by digests. */
export type Numbering = {
  readonly numberOf: (digest: string) => number;
  readonly digestOf: (number: number) => string;
};

/** What the images of one cluster or namespace are made of. */
export type Contents = {
  /** By an image's digest; each image is worked out once. */
  readonly contentOf: (digest: string) => ImageContent;
};

/** Images by digest. */
type Images = Pick<ReadonlyMap<string, Image>, 'get'>;

export const createContents = (images: Images, numberOf: Numbering['numberOf']): Contents => {
  const contents = new Map<string, ImageContent>();
  const blobs = createBlobs(numberOf);
  return {
    contentOf: (digest) => {
      const content = contents.get(digest) ?? readContent(digest, images, blobs);
      contents.set(digest, content);
      return content;
    },
  };
};

/** Makes blobs; images of one cluster share those of their common layers. */
type Blobs = Pick<Numbering, 'numberOf'> & {
  readonly layer: (layer: Layer) => Blob;
  readonly config: (digest: string, sizeBytes: number) => Blob;
  /** The same blob may stand several times in one image (empty layers do); the registry stores it once. */
  readonly unite: (blobs: readonly Blob[]) => Pick<ImageContent, 'blobs' | 'conflicts'>;
};

const createBlobs = (numberOf: Numbering['numberOf']): Blobs => {
  const layers: Blob[] = [];
  /** By a blob's number where it stands among those that are being united, if it does. */
  const places: number[] = [];
  return {
    numberOf,
    layer: ({ digest, sizeBytes }) => {
      const number = numberOf(digest);
      const known = layers[number];
      if (known?.sizeBytes === sizeBytes) return known;
      const blob: Blob = { number, sizeBytes, kind: 'layer' };
      layers[number] = blob;
      return blob;
    },
    config: (digest, sizeBytes) => ({ number: numberOf(digest), sizeBytes, kind: 'config' }),
    unite: (blobs) => {
      const united: Blob[] = [];
      const conflicts: number[] = [];
      for (const blob of blobs) {
        const place = places[blob.number] ?? united.length;
        const other = united[place];
        if (other?.number === blob.number) {
          if (other.sizeBytes !== blob.sizeBytes) conflicts.push(blob.number);
          united[place] = strongest(other, blob);
        } else {
          places[blob.number] = united.length;
          united.push(blob);
        }
      }
      return { blobs: united, conflicts };
    },
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

const readContent = (digest: string, images: Images, made: Blobs): ImageContent => {
  const image = images.get(digest);
  if (image !== undefined && isIndex(image)) return readIndex(image, images, made);
  const read = readSingle(image, made);
  if (!('lack' in read)) return read;
  const what = digest === '' ? 'The revision names no image' : `The Image object ${read.lack}`;
  return {
    blobs: [],
    unsized: listUnsized(digest, images, made),
    conflicts: [],
    isSizeKnown: false,
    isWhole: false,
    architectures: listArchitectures(image === undefined ? [] : [image]),
    faults: [{ code: read.code, message: `${what}, so its size is unknown and the usage is a lower bound.` }],
  };
};

/** Whether it adds nothing but what is below it. One with a fault may name children, too: these do not tell its size. */
const isIndex = ({ fault, children }: Image): boolean => fault === null && children.length > 0;

/** What an image of unknown size keeps in the registry all the same: the layers that it names, and all that is below it. */
const listUnsized = (digest: string, images: Images, made: Blobs): readonly number[] =>
  [...withImagesBelow([digest], (one) => images.get(one)?.children ?? [])].flatMap((one) => {
    const image = images.get(one);
    if (image === undefined || isIndex(image)) return [];
    const read = readSingle(image, made);
    return 'lack' in read
      ? listLayers(image).map((layer) => made.numberOf(layer.digest))
      : read.blobs.map(({ number }) => number);
  });

/** Why an image's size is unknown, `lack` as what follows the image in a sentence. */
type Lack = { readonly code: FindingCode; readonly lack: string };

const readSingle = (image: Image | undefined, made: Blobs): ImageContent | Lack => {
  if (image === undefined) return { code: 'image-missing', lack: 'is gone' };
  if (image.fault !== null) return { code: 'image-unreadable', lack: `cannot be read (${image.fault})` };
  if (image.layers === null) return { code: 'size-unknown', lack: 'lists no layers' };
  const layers = listLayers(image).map(made.layer);
  // Without layers all of it is its config, and no config has 0 bytes.
  const isSizeless =
    layers.length === 0 ? !image.statedBytes : layers.every(({ sizeBytes }) => sizeBytes === 0);
  if (isSizeless) return { code: 'size-unknown', lack: 'states no sizes' };
  const distinct = made.unite(layers);
  const layerBytes = distinct.blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const configBytes = image.statedBytes === null ? -1 : image.statedBytes - layerBytes;
  return {
    ...(configBytes < 0
      ? distinct
      : addConfig(distinct, made.config(image.configDigest ?? image.digest, configBytes))),
    unsized: [],
    isSizeKnown: true,
    isWhole: image.isSizeUnread !== true,
    architectures: listArchitectures([image]),
    faults: configBytes < 0 ? [describeLackOfConfig(image)] : [],
  };
};

/** Why an image's content leaves its config out. */
export const describeLackOfConfig = ({
  statedBytes,
  isSizeUnread,
}: Pick<Image, 'statedBytes' | 'isSizeUnread'>): ContentFault => {
  if (isSizeUnread) return { code: 'index-child-missing', message: CONFIG_UNREAD };
  const why =
    statedBytes === null
      ? 'The Image object states no usable Size'
      : 'The stated Size is below the sum of the layers';
  return { code: 'config-size-negative', message: `${why}, so size and usage leave its config out.` };
};

const CONFIG_UNREAD =
  'These credentials can read the sizes of its layers, but not that of its config, so size and usage leave that out and are a lower bound.';

const readIndex = (index: Image, images: Images, made: Blobs): ImageContent => {
  const contents: ImageContent[] = [];
  const faults: ContentFault[] = [];
  const unsized: number[] = [];
  let lacksChild = false;
  const entries: ChildImage[] = [];
  for (const digest of [
    ...withImagesBelow([index.digest], (digest) => {
      const image = images.get(digest);
      return image !== undefined && isIndex(image) ? image.children : [];
    }),
  ].toSorted()) {
    const child = images.get(digest);
    // An index adds nothing but what is below it, which is in this list itself.
    if (child !== undefined && isIndex(child)) {
      for (const entry of child.children) entries.push(entry);
      continue;
    }
    const read = readSingle(child, made);
    if ('lack' in read) {
      lacksChild = true;
      for (const number of listUnsized(digest, images, made)) unsized.push(number);
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
  const { blobs, conflicts } = made.unite(contents.flatMap((content) => content.blobs));
  return {
    blobs,
    unsized,
    conflicts: [...conflicts, ...contents.flatMap((content) => content.conflicts)],
    isSizeKnown: contents.length > 0,
    isWhole: contents.length > 0 && !lacksChild && contents.every(({ isWhole }) => isWhole),
    architectures: listArchitectures(entries),
    faults,
  };
};

const listLayers = (image: Image | undefined): readonly Layer[] => image?.layers ?? [];

/** The config of an OCI artifact may be one of its layers, which Size counts once: that states no second size. */
const addConfig = (
  layers: Pick<ImageContent, 'blobs' | 'conflicts'>,
  config: Blob,
): Pick<ImageContent, 'blobs' | 'conflicts'> => {
  const { blobs, conflicts } = layers;
  const layer = blobs.find(({ number }) => number === config.number);
  if (layer === undefined) return { blobs: [...blobs, config], conflicts };
  if (config.sizeBytes === 0 || config.sizeBytes === layer.sizeBytes) return layers;
  return { blobs, conflicts: [...conflicts, config.number] };
};

/** Sorted; attestation children call themselves `unknown`. */
export const listArchitectures = (
  described: readonly { readonly architecture: string | null }[],
): readonly string[] => {
  const names = new Set<string>();
  for (const { architecture } of described)
    if (architecture !== null && architecture !== '' && architecture !== 'unknown') names.add(architecture);
  return [...names].toSorted();
};
