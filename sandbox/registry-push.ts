import type { ApiObjects } from './api-lists.ts';
import { imageObjectsOf, imageStreamObjectOf } from './registry-images.ts';
import type { Content, CraftedImage, CraftedStream } from './registry-images.ts';

/** A registry to push to; `authorization` is the header's value where the registry wants one. */
export type PushTarget = { readonly url: string; readonly authorization?: string };

/**
 * Pushes the images of image streams through the distribution API, each stream into the repository `namespace/stream`,
 * and returns the API objects that OpenShift would have of them.
 */
export const pushStreams = async (
  target: PushTarget,
  streams: readonly CraftedStream[],
): Promise<ApiObjects> => {
  for (const { namespace, name, tags } of streams) {
    for (const [tag, revisions] of Object.entries(tags)) {
      // The newest last, so that the tag is its.
      for (const image of revisions.toReversed()) await pushImage(target, `${namespace}/${name}`, image, tag);
    }
  }
  return objectsOf(streams);
};

/** The API objects of image streams, without pushing anything. */
export const objectsOf = (streams: readonly CraftedStream[]): ApiObjects => {
  const images = streams.flatMap(({ namespace, name, tags }) =>
    Object.values(tags)
      .flat()
      .flatMap((image) => imageObjectsOf(image, `${namespace}/${name}`)),
  );
  return {
    namespaces: [...new Set(streams.map(({ namespace }) => namespace))].map((name) => ({
      metadata: { name },
    })),
    imagestreams: streams.map(imageStreamObjectOf),
    images: [...new Map(images.map((image) => [image.metadata.name, image])).values()],
  };
};

/** Deletes every manifest of an image stream, as OpenShift's pruner does before it deletes blobs. */
export const deleteStream = async (
  target: PushTarget,
  { namespace, name, tags }: CraftedStream,
): Promise<void> => {
  const images = Object.values(tags).flat();
  const digests = images.flatMap((image) => [image, ...image.children].map(({ digest }) => digest));
  for (const digest of new Set(digests))
    await ask(target, `/v2/${namespace}/${name}/manifests/${digest}`, { method: 'DELETE' });
};

const pushImage = async (
  target: PushTarget,
  repository: string,
  image: CraftedImage,
  reference: string,
): Promise<void> => {
  for (const child of image.children) await pushImage(target, repository, child, child.digest);
  for (const blob of image.blobs) await pushBlob(target, repository, blob);
  await ask(target, `/v2/${repository}/manifests/${reference}`, {
    method: 'PUT',
    ...image,
  });
};

const pushBlob = async (
  target: PushTarget,
  repository: string,
  { digest, bytes }: Content,
): Promise<void> => {
  const begun = await ask(target, `/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  const upload = new URL(begun.headers.get('location') ?? '', target.url);
  upload.searchParams.set('digest', digest);
  await ask(target, upload.href, { method: 'PUT', bytes });
};

type Request = {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly bytes?: Buffer;
  readonly mediaType?: string;
};

const ask = async (
  { url, authorization }: PushTarget,
  path: string,
  { method, bytes, mediaType = 'application/octet-stream' }: Request,
): Promise<Response> => {
  const response = await fetch(new URL(path, url), {
    method,
    headers: { 'content-type': mediaType, ...(authorization !== undefined && { authorization }) },
    ...(bytes !== undefined && { body: new Uint8Array(bytes) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: HTTP ${String(response.status)} ${text}`);
  return response;
};
