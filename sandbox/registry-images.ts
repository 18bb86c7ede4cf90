import { createCipheriv, hash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { ImageObject, ImageStreamObject } from '../src/adapters/openshift/objects/objects.ts';

/** Bytes by their digest. */
export type Content = { readonly digest: string; readonly bytes: Buffer };

/** An image as it is pushed: a manifest and what it names. */
export type CraftedImage = Content & {
  readonly mediaType: string;
  /** The config first. */
  readonly blobs: readonly Content[];
  /** Of an index; else empty. */
  readonly children: readonly CraftedImage[];
};

/** The two families of formats that registries take. */
export type Format = 'docker' | 'oci';

/** Bytes under their digest. */
const contentOf = (bytes: Buffer): Content => ({
  digest: `sha256:${hash('sha256', bytes, 'hex')}`,
  bytes,
});

/** A gzipped layer of about `size` bytes, the same for the same name. */
export const craftLayer = (name: string, size: number): Content => {
  const cipher = createCipheriv('aes-256-ctr', hash('sha256', name, 'buffer'), Buffer.alloc(16));
  return contentOf(gzipSync(cipher.update(Buffer.alloc(size))));
};

/** A layer of no bytes at all. */
export const NO_BYTES: Content = contentOf(Buffer.alloc(0));

/** An image of these layers; `claims` are sizes that its manifest states in place of the true ones, by digest. */
export const craftImage = (
  layers: readonly Content[],
  {
    format = 'docker',
    architecture = 'amd64',
    claims = {},
  }: {
    readonly format?: Format;
    readonly architecture?: string;
    readonly claims?: Readonly<Record<string, number>>;
  } = {},
): CraftedImage => {
  const types = MEDIA_TYPES[format];
  const config = contentOf(
    toJson({
      architecture,
      os: 'linux',
      config: { Cmd: ['/run'] },
      rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
    }),
  );
  const describe = ({ digest, bytes }: Content, mediaType: string) => ({
    mediaType,
    size: claims[digest] ?? bytes.length,
    digest,
  });
  const manifest = toJson({
    schemaVersion: 2,
    mediaType: types.manifest,
    config: describe(config, types.config),
    layers: layers.map((layer) => describe(layer, types.layer)),
  });
  return { ...contentOf(manifest), mediaType: types.manifest, blobs: [config, ...layers], children: [] };
};

/** An index of images, one an architecture. */
export const craftIndex = (children: readonly CraftedImage[], format: Format = 'docker'): CraftedImage => {
  const mediaType = MEDIA_TYPES[format].index;
  const manifests = children.map((child) => ({
    mediaType: child.mediaType,
    size: child.bytes.length,
    digest: child.digest,
    platform: { architecture: readConfig(child).architecture, os: 'linux' },
  }));
  return { ...contentOf(toJson({ schemaVersion: 2, mediaType, manifests })), mediaType, blobs: [], children };
};

const MEDIA_TYPES = {
  docker: {
    manifest: 'application/vnd.docker.distribution.manifest.v2+json',
    index: 'application/vnd.docker.distribution.manifest.list.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
    layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  },
  oci: {
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    index: 'application/vnd.oci.image.index.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  },
} as const;

const toJson = (value: object): Buffer => Buffer.from(JSON.stringify(value));

const readConfig = ({ blobs: [config] }: CraftedImage): { readonly architecture: string } =>
  JSON.parse(config?.bytes.toString() ?? '{}');

/** The host under which the sandbox's images are pushed, as the API names it. */
const REGISTRY_HOST = 'image-registry.openshift-image-registry.svc:5000';

/** The Image objects that OpenShift keeps of a pushed image, and of those below an index, under `namespace/stream`. */
export const imageObjectsOf = (
  image: CraftedImage,
  repository: string,
): readonly (ImageObject & { readonly dockerImageReference: string })[] => [
  {
    metadata: { name: image.digest, annotations: { 'openshift.io/image.managed': 'true' } },
    dockerImageReference: `${REGISTRY_HOST}/${repository}@${image.digest}`,
    ...(image.children.length > 0 ? indexFields(image) : imageFields(image)),
  },
  ...image.children.flatMap((child) => imageObjectsOf(child, repository)),
];

type Manifest = {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string; readonly size: number }[];
};

/** `Size` is the config's length and every distinct layer once, as the API server adds it up. */
const imageFields = (image: CraftedImage) => {
  const { config, layers }: Manifest = JSON.parse(image.bytes.toString());
  const sizes = new Map(layers.map(({ digest, size }) => [digest, size]));
  const configBytes = image.blobs[0]?.bytes.length ?? 0;
  return {
    dockerImageMetadata: {
      Id: config.digest,
      Architecture: readConfig(image).architecture,
      Size: [...sizes.values()].reduce((sum, size) => sum + size, configBytes),
    },
    dockerImageLayers: layers.map(({ digest, size }) => ({ name: digest, size })),
  };
};

/** An index has no layers and no Size. */
const indexFields = ({ digest, children }: CraftedImage) => ({
  dockerImageMetadata: { Id: digest },
  dockerImageManifests: children.map((child) => ({
    digest: child.digest,
    architecture: readConfig(child).architecture,
  })),
});

/** An image stream of pushed images: each tag with its revisions, newest first. */
export type CraftedStream = {
  readonly namespace: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, readonly CraftedImage[]>>;
};

/** The ImageStream object that OpenShift keeps of it. */
export const imageStreamObjectOf = ({ namespace, name, tags }: CraftedStream) =>
  ({
    metadata: { namespace, name },
    status: {
      dockerImageRepository: `${REGISTRY_HOST}/${namespace}/${name}`,
      tags: Object.entries(tags).map(([tag, revisions]) => ({
        tag,
        items: revisions.map(({ digest }, position) => ({
          image: digest,
          dockerImageReference: `${REGISTRY_HOST}/${namespace}/${name}@${digest}`,
          created: `2026-11-${String(20 - position).padStart(2, '0')}T08:00:00Z`,
        })),
      })),
    },
  }) satisfies ImageStreamObject;
