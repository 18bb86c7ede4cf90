import type { Image, ImageReference, ImageStream, WorkloadReference } from '../../usage/registry.ts';

/** Replaces equal parts of records by one and the same. */
export type Sharing = {
  readonly shareImage: (image: Image) => Image;
  readonly shareStream: (stream: ImageStream) => ImageStream;
  readonly shareReference: (reference: WorkloadReference) => WorkloadReference;
};

/**
 * Most layers stand in many images, most images in many tags and workloads: each digest and each name is kept in memory
 * once. A text that was sliced out of a longer one, which it would keep, gives way to one that is known already.
 */
export const createSharing = (): Sharing => {
  const texts = new Map<string, string>();

  const shareText = (text: string): string => {
    const shared = texts.get(text) ?? text;
    texts.set(text, shared);
    return shared;
  };

  const shareImageReference = (reference: ImageReference): ImageReference => {
    switch (reference.type) {
      case 'pullSpec':
        return { type: 'pullSpec', spec: shareText(reference.spec) };
      case 'digest':
        return { type: 'digest', digest: shareText(reference.digest) };
      case 'tag':
        return {
          type: 'tag',
          namespace: shareText(reference.namespace),
          stream: shareText(reference.stream),
          tag: shareText(reference.tag),
        };
    }
  };

  return {
    shareImage: (image) => ({ ...image, digest: shareText(image.digest) }),
    shareStream: (stream) => ({
      ...stream,
      namespace: shareText(stream.namespace),
      tags: stream.tags.map((tag) => ({
        ...tag,
        from: tag.from === null ? null : shareImageReference(tag.from),
        revisions: tag.revisions.map(({ digest, reference, created }) => ({
          digest: shareText(digest),
          reference: shareText(reference),
          created: created === null ? null : shareText(created),
        })),
      })),
    }),
    shareReference: (one) => ({
      ...one,
      namespace: shareText(one.namespace),
      workload: shareText(one.workload),
      reference: shareImageReference(one.reference),
      controller: one.controller === null ? null : shareText(one.controller),
    }),
  };
};
