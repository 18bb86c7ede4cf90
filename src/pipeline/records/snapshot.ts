import { z } from 'zod';
import type { Snapshot, User } from '../../usage/model.ts';
import { bytes, clusterSchema, howUsed, listSchema, teamSchema, time } from './parts.ts';

const imageReferenceSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('pullSpec'), spec: z.string() }),
  z.strictObject({ type: z.literal('tag'), namespace: z.string(), stream: z.string(), tag: z.string() }),
  z.strictObject({ type: z.literal('digest'), digest: z.string() }),
]);

const userSchema = z.strictObject({ workload: z.string(), how: howUsed }) satisfies z.ZodType<User>;

/** A namespace's frozen input, as stored under its run. */
export const snapshotSchema = z.strictObject({
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
  streams: z.array(
    z.strictObject({
      namespace: z.string(),
      name: z.string(),
      repository: z.string(),
      localLookup: z.boolean(),
      tags: z.array(
        z.strictObject({
          name: z.string(),
          revisions: z.array(
            z.strictObject({ digest: z.string(), reference: z.string(), created: time.nullable() }),
          ),
          from: imageReferenceSchema.nullable(),
          isReference: z.boolean(),
          importFailure: z.string().nullable(),
        }),
      ),
    }),
  ),
  images: z.array(
    z.strictObject({
      digest: z.string(),
      managed: z.boolean(),
      layers: z.array(z.strictObject({ digest: z.string(), sizeBytes: bytes })).nullable(),
      statedBytes: bytes.nullable(),
      isSizeUnread: z.literal(true).exactOptional(),
      configDigest: z.string().nullable(),
      architecture: z.string().nullable(),
      children: z.array(z.strictObject({ digest: z.string(), architecture: z.string().nullable() })),
      fault: z.string().nullable(),
    }),
  ),
  heldOutside: z.array(z.string()),
  uses: z.strictObject({
    digests: z.record(z.string(), z.array(userSchema)),
    tags: z.record(z.string(), z.array(userSchema)),
    environments: z.record(z.string(), z.string()),
  }),
}) satisfies z.ZodType<Snapshot>;
