import { json, refuse } from './api-answers.ts';
import type { Answer, Subject } from './api-answers.ts';
import { findObject } from './api-lists.ts';
import type { ApiList, ApiObject } from './api-lists.ts';

/** Which OpenShift's image API it is like: before 4.13 it tells less of an index's children. */
export type ImageApiVersion = '4.12' | '4.22';

/** What the image API works out of an image stream; null for any other request. */
export const readOfStream = (
  lists: readonly ApiList[],
  route: Subject,
  version: ImageApiVersion,
): Answer | null => {
  const { group, plural, name, subresource } = route;
  const isLayers = plural === 'imagestreams' && subresource === 'layers';
  const isImage = plural === 'imagestreamimages' && subresource === null;
  if (group !== 'image.openshift.io' || name === null || !(isLayers || isImage)) return null;
  const [streamName = '', digest = ''] = name.split('@');
  const stream = findObject(lists, 'imagestreams', { namespace: route.namespace, name: streamName });
  if (stream === undefined) return refuse(404, { ...route, plural: 'imagestreams', name: streamName });
  const findImage = (named: string) => findObject(lists, 'images', { namespace: null, name: named });
  const apiVersion = 'image.openshift.io/v1';
  if (isLayers) {
    const layers = layersOf(stream, findImage, version);
    return json(200, { kind: 'ImageStreamLayers', apiVersion, metadata: stream.metadata, ...layers });
  }
  const image = imageStreamImageOf(stream, digest, { findImage, version });
  if (image === null) return refuse(404, { ...route, plural: 'imagestreamimage' });
  return json(200, { kind: 'ImageStreamImage', apiVersion, ...image });
};

/** What the images of a stream are made of, children included: the answer to `imagestreams/<name>/layers`. */
type StreamLayers = {
  readonly blobs: Readonly<Record<string, { readonly size: number | null; readonly mediaType: string }>>;
  readonly images: Readonly<Record<string, BlobReferences>>;
};
type BlobReferences = {
  readonly imageMissing: boolean;
  readonly layers: readonly string[] | null;
  readonly config: string | null;
  readonly manifests?: readonly string[];
};

/** Walks a stream's history and the children of its indexes in the order in which the API does. */
const layersOf = (
  stream: ApiObject,
  findImage: (digest: string) => ApiObject | undefined,
  version: ImageApiVersion,
): StreamLayers => {
  const blobs: Record<string, { size: number | null; mediaType: string }> = {};
  const images: Record<string, BlobReferences> = {};
  const add = (digest: string): void => {
    if (images[digest] !== undefined) return;
    const image = findImage(digest);
    if (image === undefined) {
      images[digest] = { imageMissing: true, layers: null, config: null };
      return;
    }
    const { layers, config, manifests, mediaType } = partsOfImage(image);
    for (const layer of layers) {
      // Until 4.17 each new layer got the address of one variable, which in the end held the last layer's size.
      const size = (version === '4.12' ? layers.at(-1) : layer)?.size ?? null;
      blobs[layer.name] ??= { size, mediaType: layer.mediaType };
    }
    if (config !== null) blobs[config] ??= { size: null, mediaType: CONFIG_TYPES[mediaType] ?? '' };
    blobs[digest] ??= { size: null, mediaType };
    images[digest] = {
      imageMissing: false,
      layers: layers.length === 0 ? null : layers.map(({ name }) => name),
      config,
      ...(manifests.length > 0 && { manifests }),
    };
    for (const child of manifests) add(child);
  };
  for (const digest of historyOf(stream)) add(digest);
  return { blobs, images };
};

/** The answer to `imagestreamimages/<stream>@<digest>`; null for a digest that the stream does not hold or that is gone. */
const imageStreamImageOf = (
  stream: ApiObject,
  digest: string,
  {
    findImage,
    version,
  }: { readonly findImage: (digest: string) => ApiObject | undefined; readonly version: ImageApiVersion },
): ApiObject | null => {
  const held =
    version === '4.12' ? historyOf(stream) : Object.keys(layersOf(stream, findImage, version).images);
  const image = held.includes(digest) ? findImage(digest) : undefined;
  if (image === undefined) return null;
  const { dockerImageManifest: _manifest, dockerImageConfig: _config, ...shown } = image;
  const { name, namespace = '', annotations } = stream.metadata;
  const { creationTimestamp } = image.metadata;
  return { metadata: { name: `${name}@${digest}`, namespace, creationTimestamp, annotations }, image: shown };
};

type StreamParts = { readonly status?: { readonly tags?: readonly TagParts[] | null } | null };
type TagParts = { readonly items?: readonly { readonly image?: string | null }[] | null };

const historyOf = (stream: ApiObject): readonly string[] => {
  const { status }: StreamParts = asJson(stream);
  return (status?.tags ?? []).flatMap(({ items }) => (items ?? []).flatMap(({ image }) => image || []));
};

type ImageParts = {
  readonly dockerImageManifestMediaType?: string;
  readonly dockerImageLayers?:
    readonly { readonly name: string; readonly size: number; readonly mediaType: string }[] | null;
  readonly dockerImageManifests?: readonly { readonly digest: string }[] | null;
  readonly dockerImageMetadata?: { readonly Id?: string | null } | null;
};

const partsOfImage = (image: ApiObject) => {
  const parts: ImageParts = asJson(image);
  const mediaType = parts.dockerImageManifestMediaType || DOCKER_MANIFEST;
  return {
    mediaType,
    layers: parts.dockerImageLayers ?? [],
    manifests: (parts.dockerImageManifests ?? []).map(({ digest }) => digest),
    /** Schema 1 images and indexes have none. */
    config: mediaType in CONFIG_TYPES ? (parts.dockerImageMetadata?.Id ?? null) : null,
  };
};

const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const CONFIG_TYPES: Readonly<Record<string, string>> = {
  [DOCKER_MANIFEST]: 'application/vnd.docker.container.image.v1+json',
  'application/vnd.oci.image.manifest.v1+json': 'application/vnd.oci.image.config.v1+json',
};

/** An object as it goes over the wire. */
const asJson = (object: ApiObject) => JSON.parse(JSON.stringify(object));
