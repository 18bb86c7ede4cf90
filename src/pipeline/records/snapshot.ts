import { z } from 'zod';
import type { Holdings, Snapshot, Uses } from '../../usage/model.ts';
import { WORDS } from '../../usage/cluster/digest-table.ts';
import { bytes, clusterSchema, count, howUsed, listSchema, teamSchema, time } from './parts.ts';

const imageReferenceSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('pullSpec'), spec: z.string() }),
  z.strictObject({ type: z.literal('tag'), namespace: z.string(), stream: z.string(), tag: z.string() }),
  z.strictObject({ type: z.literal('digest'), digest: z.string() }),
]);

const ints = z.instanceof(Int32Array<ArrayBuffer>);
const doubles = z.instanceof(Float64Array<ArrayBuffer>);

const holdingsSchema = z.strictObject({
  digests: z.strictObject({ count, words: ints, others: z.map(count, z.string()) }),
  strings: z.array(z.string()),
  layers: z.strictObject({ digests: ints, bytes: doubles }),
  layerRuns: ints,
  images: z.array(
    z.strictObject({
      digest: count,
      managed: z.boolean(),
      hasLayers: z.boolean(),
      layersFrom: count,
      layersTo: count,
      statedBytes: bytes.nullable(),
      isSizeUnread: z.boolean(),
      config: count.nullable(),
      architecture: z.string().nullable(),
      children: z.array(z.strictObject({ digest: count, architecture: z.string().nullable() })),
      fault: z.string().nullable(),
    }),
  ),
  imageOf: ints,
  streams: z.array(
    z.strictObject({
      namespace: z.string(),
      name: z.string(),
      repository: z.string(),
      publicRepository: z.string(),
      localLookup: z.boolean(),
      tagsFrom: count,
      tagsTo: count,
    }),
  ),
  tags: z.array(
    z.strictObject({
      name: z.string(),
      from: imageReferenceSchema.nullable(),
      isReference: z.boolean(),
      importFailure: z.string().nullable(),
      revisionsFrom: count,
      revisionsTo: count,
    }),
  ),
  revisions: z.strictObject({ digests: ints, references: ints, created: doubles }),
}) satisfies z.ZodType<Holdings>;

const usersSchema = z.array(z.strictObject({ workload: z.string(), how: howUsed }));

const usesSchema = z.strictObject({
  digests: z.array(z.strictObject({ digest: count, users: usersSchema })),
  tags: z.array(z.strictObject({ tag: count, users: usersSchema })),
  environments: z.record(z.string(), z.string()),
}) satisfies z.ZodType<Uses>;

/** A namespace's frozen input, as stored under its run. Numbers that lead nowhere are refused. */
export const snapshotSchema = z
  .strictObject({
    cluster: clusterSchema,
    takenAt: time,
    exact: z.boolean(),
    lists: z.array(listSchema),
    scope: z.enum(['cluster', 'namespaces']),
    unreadableKinds: z.array(z.string()),
    namespace: z.strictObject({
      name: z.string(),
      labels: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.string()),
    }),
    team: teamSchema,
    sharedWithTeamBytes: bytes.nullable(),
    holdings: holdingsSchema,
    heldOutside: z.instanceof(Uint8Array<ArrayBuffer>),
    uses: usesSchema,
  })
  .refine(isConnected, 'its numbers do not fit together') satisfies z.ZodType<Snapshot>;

/** Whether every number of a snapshot leads to something in it. */
function isConnected({ holdings, heldOutside, uses }: Snapshot): boolean {
  const { digests, strings, layers, layerRuns, images, imageOf, streams, tags, revisions } = holdings;
  const digestCount = digests.count;
  const isDigest = (number: number): boolean => number < digestCount;
  const isNameable = (number: number): boolean => number * WORDS < digests.words.length;
  return (
    digests.words.length % WORDS === 0 &&
    digests.words.length <= WORDS * digestCount &&
    [...digests.others.keys()].every(isDigest) &&
    images.every(({ digest, config }) => isNameable(digest) && isNameable(config ?? 0)) &&
    revisions.digests.every(isNameable) &&
    layers.bytes.length === layers.digests.length &&
    isWithin(layers.digests, 0, digestCount) &&
    layers.bytes.every((size) => Number.isSafeInteger(size) && size >= 0) &&
    isWithin(layerRuns, 0, layers.digests.length) &&
    images.every(
      (image) =>
        image.children.every((child) => isDigest(child.digest)) &&
        isRun(image.layersFrom, image.layersTo, layerRuns.length),
    ) &&
    imageOf.length === digestCount &&
    isWithin(imageOf, -1, images.length) &&
    streams.every(({ tagsFrom, tagsTo }) => isRun(tagsFrom, tagsTo, tags.length)) &&
    tags.every(({ revisionsFrom, revisionsTo }) =>
      isRun(revisionsFrom, revisionsTo, revisions.digests.length),
    ) &&
    isWithin(revisions.digests, -1, digestCount) &&
    revisions.references.length === revisions.digests.length &&
    isWithin(revisions.references, 0, strings.length) &&
    revisions.created.length === revisions.digests.length &&
    revisions.created.every((time) => Number.isSafeInteger(time) && time > -2 - strings.length) &&
    heldOutside.length === digestCount &&
    uses.digests.every(({ digest }) => isDigest(digest)) &&
    uses.tags.every(({ tag }) => tag < tags.length)
  );
}

const isRun = (from: number, to: number, length: number): boolean => from <= to && to <= length;

const isWithin = (numbers: Int32Array, from: number, below: number): boolean =>
  numbers.every((number) => number >= from && number < below);
