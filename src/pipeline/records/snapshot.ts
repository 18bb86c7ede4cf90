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
const marks = z.instanceof(Uint8Array<ArrayBuffer>);

const holdingsSchema = z.strictObject({
  digests: z.strictObject({ count, words: ints, others: z.map(count, z.string()) }),
  strings: z.array(z.string()),
  layers: z.strictObject({ digests: ints, bytes: doubles }),
  layerRuns: ints,
  images: z.strictObject({
    digests: ints,
    flags: marks,
    layerStarts: ints,
    statedBytes: doubles,
    configs: ints,
    architectures: ints,
    faults: ints,
    childStarts: ints,
    children: z.strictObject({ digests: ints, architectures: ints }),
  }),
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
    heldOutside: marks,
    uses: usesSchema,
  })
  .refine(isConnected, 'its numbers do not fit together') satisfies z.ZodType<Snapshot>;

/** Whether every number of a snapshot leads to something in it. */
function isConnected({ holdings, heldOutside, uses }: Snapshot): boolean {
  const { digests, strings, layers, layerRuns, images, imageOf, streams, tags, revisions } = holdings;
  return (
    digests.words.length % WORDS === 0 &&
    digests.words.length <= WORDS * digests.count &&
    layers.bytes.length === layers.digests.length &&
    isWithin(layers.digests, 0, digests.count) &&
    layers.bytes.every((size) => Number.isSafeInteger(size) && size >= 0) &&
    isWithin(layerRuns, 0, layers.digests.length) &&
    areImagesConnected(holdings) &&
    imageOf.length === digests.count &&
    isWithin(imageOf, -1, images.digests.length) &&
    streams.every(({ tagsFrom, tagsTo }) => isRun(tagsFrom, tagsTo, tags.length)) &&
    tags.every((tag) => isRun(tag.revisionsFrom, tag.revisionsTo, revisions.digests.length)) &&
    isWithin(revisions.digests, -1, countNameable(holdings)) &&
    revisions.references.length === revisions.digests.length &&
    isWithin(revisions.references, 0, strings.length) &&
    revisions.created.length === revisions.digests.length &&
    revisions.created.every((time) => Number.isSafeInteger(time) && time > -2 - strings.length) &&
    heldOutside.length === digests.count &&
    uses.digests.every(({ digest }) => digest < digests.count) &&
    uses.tags.every(({ tag }) => tag < tags.length)
  );
}

function areImagesConnected(holdings: Holdings): boolean {
  const { images, layerRuns, strings } = holdings;
  const { children } = images;
  const count = images.digests.length;
  const nameable = countNameable(holdings);
  return (
    isWithin(images.digests, 0, nameable) &&
    images.flags.length === count &&
    areStarts(images.layerStarts, count, layerRuns.length) &&
    images.statedBytes.length === count &&
    images.statedBytes.every((size) => Number.isSafeInteger(size) && size >= -1) &&
    images.configs.length === count &&
    isWithin(images.configs, -1, nameable) &&
    images.architectures.length === count &&
    isWithin(images.architectures, -1, strings.length) &&
    images.faults.length === count &&
    isWithin(images.faults, -1, strings.length) &&
    areStarts(images.childStarts, count, children.digests.length) &&
    isWithin(children.digests, 0, nameable) &&
    children.architectures.length === children.digests.length &&
    isWithin(children.architectures, -1, strings.length)
  );
}

/** How many digests come with their words: those that a report may name. */
const countNameable = ({ digests }: Holdings): number => digests.words.length / WORDS;

/** Whether these are the starts of so many runs, one after the other, and the end of the last one. */
const areStarts = (starts: Int32Array, count: number, length: number): boolean =>
  starts.length === count + 1 &&
  starts[0] === 0 &&
  starts[count] === length &&
  starts.every((start, at) => at === 0 || start >= (starts[at - 1] ?? 0));

const isRun = (from: number, to: number, length: number): boolean => from <= to && to <= length;

const isWithin = (numbers: Int32Array, from: number, below: number): boolean =>
  numbers.every((number) => number >= from && number < below);
