import { z } from 'zod';
import type { Image } from '../../../usage/model.ts';
import { readObject } from '../json/bodies.ts';
import { optionalList, optionalText } from '../objects/fields.ts';
import type { ListDeps } from './lists.ts';
import { IMAGE_STREAMS, listPath } from './resources.ts';

const layersSchema = z.object({
  kind: z.literal('ImageStreamLayers'),
  blobs: z.record(z.string(), z.object({ size: z.int().nonnegative().nullish() })),
  images: z.record(
    z.string(),
    z.object({
      layers: optionalList(z.string()),
      config: optionalText,
      imageMissing: z.boolean().nullish(),
    }),
  ),
});
/** What a stream's images are made of, children included (`imagestreams/layers`). */
export type StreamLayers = z.output<typeof layersSchema>;

/** A stream's layers; null where they cannot be read, which stops nothing. */
export const readLayers = async (
  { client }: ListDeps,
  { namespace, stream }: { readonly namespace: string; readonly stream: string },
): Promise<StreamLayers | null> => {
  const answer = await client.ask({
    kind: IMAGE_STREAMS.plural,
    path: `${listPath(IMAGE_STREAMS, namespace)}/${encodeURIComponent(stream)}/layers`,
    read: readObject(layersSchema),
  });
  return answer.outcome === 'read' ? answer.body : null;
};

/**
 * A child of an index as its stream's layers tell of it, without a Size, so that its config is of unknown size; null where
 * it is gone. Where they do not tell, or not reliably, it is an image with a fault.
 */
export const toChildImage = (digest: string, layers: StreamLayers | null): Image | null => {
  const child = layers?.images[digest];
  if (child?.imageMissing === true) return null;
  const image = { digest, managed: false, statedBytes: null, architecture: null, children: [] };
  const sizes = child?.layers.map((layer) => layers?.blobs[layer]?.size ?? null) ?? [null];
  if (layers === null || child === undefined || sizes.includes(null) || !hasRightSizes(layers))
    return { ...image, layers: null, configDigest: null, fault: 'its image stream does not tell its size' };
  return {
    ...image,
    layers: child.layers.map((layer, position) => ({ digest: layer, sizeBytes: sizes[position] ?? 0 })),
    isSizeUnread: true,
    configDigest: child.config || null,
    fault: null,
  };
};

/**
 * Before OpenShift 4.17 all layers that an image brings in have the size of its last one (openshift-apiserver took the
 * address of a loop variable). An image with layers of its own of different sizes proves that this server is newer.
 */
const hasRightSizes = ({ blobs, images }: StreamLayers): boolean => {
  const contents = Object.values(images).map(({ layers }) => [...new Set(layers)]);
  const holders = Map.groupBy(contents.flat(), (layer) => layer);
  return contents.some((layers) => {
    const own = layers.filter((layer) => holders.get(layer)?.length === 1);
    // A layer that is another image's config, too, may have none, which proves nothing.
    return new Set(own.flatMap((layer) => blobs[layer]?.size ?? [])).size > 1;
  });
};
