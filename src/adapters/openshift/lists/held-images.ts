import { z } from 'zod';
import { mapConcurrently } from '../../../pipeline/concurrency.ts';
import type { Image, ImageStream } from '../../../usage/model.ts';
import { readObject } from '../json/bodies.ts';
import { formatTime } from '../objects/fields.ts';
import type { ListDeps, PartReading } from './lists.ts';
import { toImage } from '../objects/objects.ts';
import { toRefusalError } from './refusals.ts';
import { IMAGE_STREAM_IMAGES, listPath } from './resources.ts';
import { readLayers, toChildImage } from './stream-layers.ts';
import type { StreamLayers } from './stream-layers.ts';

/** An image, and a stream that it can be asked for through. */
type HeldImage = { readonly namespace: string; readonly stream: string; readonly digest: string };

/**
 * The images that some streams hold and those below them, asked for one by one, each once: whoever may view a project
 * can read them so. One that is gone is left out. Children come the same way from OpenShift 4.13 on (IR-326), else from
 * the stream's `layers`, which state no size of a config, else as an image with a fault.
 */
export const readHeldImages = async (
  deps: ListDeps,
  streams: readonly ImageStream[],
): Promise<PartReading<readonly Image[]>> => {
  const readAt = formatTime(deps.now());
  const images: Image[] = [];
  const asked = new Set<string>();
  const layers = new Map<string, Promise<StreamLayers | null>>();

  const readChild = async (held: HeldImage): Promise<Image | null> => {
    const image = await getImage(deps, held);
    if (image !== null) return image;
    const key = `${held.namespace}/${held.stream}`;
    const known = layers.get(key) ?? readLayers(deps, held);
    layers.set(key, known);
    return toChildImage(held.digest, await known);
  };

  const readLevel = async (level: readonly HeldImage[], read: typeof readChild): Promise<void> => {
    const fresh = new Map(
      level.filter(({ digest }) => !asked.has(digest)).map((held) => [held.digest, held]),
    );
    if (fresh.size === 0) return;
    for (const digest of fresh.keys()) asked.add(digest);
    const below = await mapConcurrently([...fresh.values()], async (held) => {
      const image = await read(held);
      if (image === null) return [];
      images.push(image);
      deps.observe({ type: 'list-page-read', kind: 'images', objects: 1 });
      return image.children.map(({ digest }) => ({ ...held, digest }));
    });
    return readLevel(below.flat(), readChild);
  };

  await readLevel(streams.flatMap(listHeld), (held) => getImage(deps, held));
  deps.observe({ type: 'list-read', kind: 'images', objects: images.length, pages: asked.size });
  // An Image never changes, so that it does not matter when each of them was read.
  return { objects: images, list: { kind: 'images', readAt, exact: true } };
};

const listHeld = ({ namespace, name, tags }: ImageStream): readonly HeldImage[] =>
  tags.flatMap(({ revisions }) =>
    revisions.flatMap(({ digest }) => (digest === '' ? [] : [{ namespace, stream: name, digest }])),
  );

/** Null for one that is gone, or that the stream does not hold. */
const getImage = async ({ client }: ListDeps, held: HeldImage): Promise<Image | null> => {
  const { namespace, stream, digest } = held;
  const request = { resource: IMAGE_STREAM_IMAGES, namespace, verb: 'get' } as const;
  const answer = await client.ask({
    kind: IMAGE_STREAM_IMAGES.plural,
    path: `${listPath(IMAGE_STREAM_IMAGES, namespace)}/${encodeURIComponent(`${stream}@${digest}`)}`,
    read: readObject(z.object({ kind: z.literal(IMAGE_STREAM_IMAGES.kind), image: z.unknown() })),
  });
  if (answer.outcome === 'read') return toImage(answer.body.image);
  if (answer.outcome === 'absent') return null;
  throw toRefusalError(answer, request, client.login);
};
