import { z } from 'zod';
import { AppError } from '../../../errors.ts';
import type { Image, ImageReference, ImageStream, Namespace, Tag } from '../../../usage/model.ts';
import { optionalList, optionalText, optionalTextMap, timeSchema } from './fields.ts';
import { wantedFieldsOf } from '../json/wanted-fields.ts';

/** The parts of API objects that we read, and their reduction to the records of the core; the rest is dropped. */

const namespaceSchema = z.object({
  metadata: z.object({ name: z.string(), labels: optionalTextMap, annotations: optionalTextMap }),
});

/**
 * A Namespace as a record.
 * @throws AppError `internal` for an object that cannot be understood
 */
export const toNamespace = (object: unknown): Namespace =>
  parse(namespaceSchema, object, 'Namespace').metadata;

const bytes = z.int().nonnegative();

/** A negative Size says as much as none. */
const statedSize = z.int().transform((size) => (size < 0 ? null : size));

/** The annotation of an image that the registry itself holds. */
const MANAGED = 'openshift.io/image.managed';

const imageSchema = z.object({
  metadata: z.object({
    name: z.string(),
    annotations: z.object({ [MANAGED]: optionalText }).nullish(),
  }),
  dockerImageLayers: z.array(z.object({ name: z.string().min(1), size: bytes })).nullish(),
  dockerImageMetadata: z
    .object({ Id: optionalText, Size: statedSize.nullish(), Architecture: optionalText })
    .nullish(),
  dockerImageManifests: optionalList(z.object({ digest: z.string().min(1), architecture: optionalText })),
});
/** What is looked at of an Image, most of which is the configuration of its containers. */
export const IMAGE_FIELDS = wantedFieldsOf(imageSchema, 'whole');
/** An Image as the API writes it. */
export type ImageObject = z.input<typeof imageSchema>;

const namedSchema = z.object({ metadata: z.object({ namespace: z.string().optional(), name: z.string() }) });

/**
 * An Image as a record. One that cannot be understood states its fault, so that it spoils no other figure; the digests
 * that it names stay, because it holds its layers and children all the same and a pod may name its config.
 * @throws AppError `internal` for an object without a name
 */
export const toImage = (object: unknown): Image => {
  const parsed = imageSchema.safeParse(object);
  if (!parsed.success) return faultyImage(object, describeFault(parsed.error));
  const { metadata, dockerImageLayers, dockerImageMetadata, dockerImageManifests } = parsed.data;
  return {
    digest: metadata.name,
    managed: metadata.annotations?.[MANAGED] === 'true',
    layers: dockerImageLayers?.map(({ name, size }) => ({ digest: name, sizeBytes: size })) ?? null,
    statedBytes: dockerImageMetadata?.Size ?? null,
    configDigest: dockerImageMetadata?.Id || null,
    architecture: dockerImageMetadata?.Architecture || null,
    children: dockerImageManifests.map(({ digest, architecture }) => ({
      digest,
      architecture: architecture || null,
    })),
    fault: null,
  };
};

/** What can be told of an Image that cannot be understood: what `imageSchema` looks at, too. */
const remainsSchema = z.object({
  metadata: z.object({ name: z.string() }),
  dockerImageLayers: z
    .array(z.object({ name: z.string() }).catch({ name: '' }))
    .nullish()
    .catch(null),
  dockerImageMetadata: z.object({ Id: optionalText }).nullish().catch(null),
  dockerImageManifests: z
    .array(z.object({ digest: z.string() }).catch({ digest: '' }))
    .nullish()
    .catch(null),
});

const faultyImage = (object: unknown, fault: string): Image => {
  const remains = parse(remainsSchema, object, 'Image');
  const { metadata, dockerImageLayers, dockerImageMetadata, dockerImageManifests } = remains;
  const named = dockerImageLayers?.filter(({ name }) => name !== '') ?? [];
  const children = dockerImageManifests?.filter(({ digest }) => digest !== '') ?? [];
  return {
    digest: metadata.name,
    managed: false,
    layers: named.map(({ name }) => ({ digest: name, sizeBytes: 0 })),
    statedBytes: null,
    configDigest: dockerImageMetadata?.Id || null,
    architecture: null,
    children: children.map(({ digest }) => ({ digest, architecture: null })),
    fault,
  };
};

/** What `from` holds: in a tag, a trigger or a build. */
export const fromSchema = z.object({ kind: optionalText, namespace: optionalText, name: optionalText });
/** A parsed `from`. */
export type From = z.output<typeof fromSchema>;

const imageStreamSchema = z.object({
  metadata: z.object({ namespace: z.string(), name: z.string() }),
  spec: z
    .object({
      lookupPolicy: z.object({ local: z.boolean().nullish() }).nullish(),
      tags: optionalList(
        z.object({ name: z.string(), from: fromSchema.nullish(), reference: z.boolean().nullish() }),
      ),
    })
    .nullish(),
  status: z
    .object({
      dockerImageRepository: optionalText,
      publicDockerImageRepository: optionalText,
      tags: optionalList(
        z.object({
          tag: z.string(),
          items: optionalList(
            z.object({
              image: optionalText,
              dockerImageReference: optionalText,
              created: timeSchema.nullish(),
            }),
          ),
          conditions: optionalList(
            z.object({
              type: optionalText,
              status: optionalText,
              reason: optionalText,
              message: optionalText,
            }),
          ),
        }),
      ),
    })
    .nullish(),
});
/** What is looked at of an ImageStream. */
export const IMAGE_STREAM_FIELDS = wantedFieldsOf(imageStreamSchema, 'whole');
/** An ImageStream as the API writes it. */
export type ImageStreamObject = z.input<typeof imageStreamSchema>;
type StreamSpec = NonNullable<z.output<typeof imageStreamSchema>['spec']>;
type StreamStatus = NonNullable<z.output<typeof imageStreamSchema>['status']>;

/**
 * An ImageStream as a record. One that cannot be understood stops the reading: weighed as empty it would take bytes off a team's figure.
 * @throws AppError `internal`
 */
export const toImageStream = (object: unknown): ImageStream => {
  const { metadata, spec, status } = parse(imageStreamSchema, object, 'ImageStream');
  const specTags = new Map(spec?.tags.map((tag) => [tag.name, tag]));
  const statusTags = new Map(status?.tags.map((tag) => [tag.tag, tag]));
  const names = new Set([...specTags.keys(), ...statusTags.keys()]);
  return {
    ...metadata,
    repository: status?.dockerImageRepository ?? '',
    publicRepository: status?.publicDockerImageRepository ?? '',
    localLookup: spec?.lookupPolicy?.local ?? false,
    tags: [...names].map((name) => toTag(name, specTags.get(name), statusTags.get(name), metadata)),
  };
};

const toTag = (
  name: string,
  spec: StreamSpec['tags'][number] | undefined,
  status: StreamStatus['tags'][number] | undefined,
  stream: { readonly namespace: string; readonly name: string },
): Tag => ({
  name,
  revisions: (status?.items ?? []).map(({ image, dockerImageReference, created }) => ({
    digest: image ?? '',
    reference: withoutDigest(dockerImageReference ?? ''),
    created: created ?? null,
  })),
  from: toReference(spec?.from, stream.namespace, stream.name),
  isReference: spec?.reference ?? false,
  importFailure: describeImportFailure(status?.conditions ?? []),
});

/** What is left is the same for all revisions that came the same way, and kept in memory once. */
const withoutDigest = (reference: string): string => reference.split('@', 1).join();

const describeImportFailure = (conditions: StreamStatus['tags'][number]['conditions']): string | null => {
  const failed = conditions.find(({ type, status }) => type === 'ImportSuccess' && status === 'False');
  return failed === undefined ? null : failed.message || failed.reason || 'no reason given';
};

/**
 * What a `from` names, or null for a kind that names no image. Without a namespace of its own it is in `namespace`; in
 * the tags of a stream, `latest` without a stream is a tag of `ownStream`.
 */
export const toReference = (
  from: From | null | undefined,
  namespace: string,
  ownStream: string | null = null,
): ImageReference | null => {
  if (!from?.name) return null;
  switch (from.kind) {
    case 'ImageStreamTag':
      return { type: 'tag', namespace: from.namespace || namespace, ...splitTagName(from.name, ownStream) };
    case 'ImageStreamImage':
      return { type: 'digest', digest: from.name.slice(from.name.indexOf('@') + 1) };
    case 'DockerImage':
      return { type: 'pullSpec', spec: from.name };
    default:
      return null;
  }
};

const splitTagName = (name: string, ownStream: string | null): { stream: string; tag: string } => {
  const [first = '', tag] = name.split(':');
  if (tag !== undefined) return { stream: first, tag };
  return ownStream === null ? { stream: first, tag: 'latest' } : { stream: ownStream, tag: first };
};

const parse = <Schema extends z.ZodType>(schema: Schema, object: unknown, kind: string): z.output<Schema> => {
  const parsed = schema.safeParse(object);
  if (parsed.success) return parsed.data;
  throw new AppError(
    'internal',
    `${nameObject(object, kind)} cannot be understood: ${describeFault(parsed.error)}`,
    {
      hint: `Nothing was weighed. Compare \`oc get ${kind.toLowerCase()} -o yaml\` with what is said here, and report it.`,
    },
  );
};

const nameObject = (object: unknown, kind: string): string => {
  const named = namedSchema.safeParse(object);
  if (!named.success) return `One ${kind}`;
  const { namespace, name } = named.data.metadata;
  return `The ${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
};

/** The first thing a schema found wrong, e.g. `dockerImageLayers[0].size: Too small: expected number to be >=0`. */
const describeFault = (error: z.ZodError): string =>
  error.issues
    .slice(0, 1)
    .map(({ path, message }) => `${z.core.toDotPath(path)}: ${message}`)
    .join();
