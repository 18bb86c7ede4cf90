import type { Image, ImageStream, Layer } from '../../usage/registry.ts';

/** Replaces equal parts of records by one and the same. */
export type Sharing = {
  readonly shareImage: (image: Image) => Image;
  readonly shareStream: (stream: ImageStream) => ImageStream;
};

/** Most layers stand in many images, and most images in many tags: each digest is kept in memory once. */
export const createSharing = (): Sharing => {
  const texts = new Map<string, string>();
  const layers = new Map<string, Layer>();

  const shareText = (text: string): string => {
    const shared = texts.get(text) ?? text;
    texts.set(text, shared);
    return shared;
  };

  const shareLayer = (layer: Layer): Layer => {
    const shared = layers.get(layer.digest) ?? layer;
    layers.set(layer.digest, shared);
    return shared.sizeBytes === layer.sizeBytes ? shared : { ...layer, digest: shared.digest };
  };

  return {
    shareImage: (image) => ({
      ...image,
      digest: shareText(image.digest),
      layers: image.layers?.map(shareLayer) ?? null,
    }),
    shareStream: (stream) => ({
      ...stream,
      tags: stream.tags.map((tag) => ({
        ...tag,
        revisions: tag.revisions.map(({ digest, reference, created }) => ({
          digest: shareText(digest),
          reference: shareText(reference),
          created: created === null ? null : shareText(created),
        })),
      })),
    }),
  };
};
