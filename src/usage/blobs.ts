import type { FindingCode, Image } from './registry.ts';

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
  return image.children.length > 0 ? readIndex(image, images) : readSingle(image);
};

const readSingle = (image: Image): ImageContent => {
  const layers = distinctLayers(image);
  const layerBytes = layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (image.layers === null) {
    return unknown(image, 'size-unknown', 'The Image object lists no layers, so its size is unknown.');
  }
  if (layers.length === 0 ? image.statedBytes === null : layers.every(({ sizeBytes }) => sizeBytes === 0)) {
    return unknown(image, 'size-unknown', 'The Image object states no sizes, so its size is unknown.');
  }
  const configBytes = image.statedBytes === null ? -1 : image.statedBytes - layerBytes;
  const configDigest = image.configDigest ?? image.digest;
  const hasConfig = configBytes >= 0 && layers.every((layer) => layer.digest !== configDigest);
  return {
    blobs: hasConfig ? [...layers, { digest: configDigest, sizeBytes: configBytes, kind: 'config' }] : layers,
    isSizeKnown: true,
    architectures: listArchitectures(image),
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

const readIndex = (image: Image, images: ReadonlyMap<string, Image>): ImageContent => {
  const blobs = new Map<string, Blob>();
  const faults: ContentFault[] = [];
  const childDigests = new Set(image.children.map((child) => child.digest));
  let readable = 0;
  for (const digest of childDigests) {
    const child = images.get(digest);
    const content = child === undefined || child.fault !== null ? null : readSingle(child);
    if (content?.isSizeKnown !== true) {
      const reason = child === undefined ? 'is gone' : 'has no readable size';
      faults.push({
        code: 'index-child-missing',
        message: `Its child image ${digest} ${reason}, so the size of the multi-arch image is a lower bound.`,
      });
      continue;
    }
    readable += 1;
    faults.push(...content.faults);
    for (const blob of content.blobs) {
      const other = blobs.get(blob.digest);
      blobs.set(blob.digest, other === undefined ? blob : strongest(other, blob));
    }
  }
  if (readable === 0) {
    faults.push({
      code: 'size-unknown',
      message: 'None of its child images can be read, so its size is unknown.',
    });
  }
  return {
    blobs: [...blobs.values()],
    isSizeKnown: readable > 0,
    architectures: listArchitectures(image),
    faults,
  };
};

const unknown = (image: Image | null, code: FindingCode, message: string): ImageContent => ({
  blobs: image === null ? [] : distinctLayers(image),
  isSizeKnown: false,
  architectures: image === null ? [] : listArchitectures(image),
  faults: [{ code, message }],
});

/** The same layer may stand several times in one image (empty layers do); the registry stores it once. */
const distinctLayers = (image: Image): readonly Blob[] => {
  const layers = new Map<string, Blob>();
  for (const { digest, sizeBytes } of image.layers ?? []) {
    const layer: Blob = { digest, sizeBytes, kind: 'layer' };
    const other = layers.get(digest);
    layers.set(digest, other === undefined ? layer : strongest(other, layer));
  }
  return [...layers.values()];
};

/** Attestation children call themselves `unknown`. */
const listArchitectures = (image: Image): readonly string[] => {
  const described = image.children.length > 0 ? image.children : [image];
  const names = described.flatMap(({ architecture }) => architecture ?? []);
  return [...new Set(names.filter((name) => name !== '' && name !== 'unknown'))].toSorted();
};
