import { z } from 'zod';
import { FINDING_CODES } from '../usage/registry.ts';
import type { Finding, Snapshot } from '../usage/registry.ts';
import { LEVELS } from '../usage/quota.ts';
import type { NamespaceReport, Report } from '../usage/report.ts';
import type { DeletionPlan } from '../usage/savings.ts';

/** Schemas of everything that is stored. Each satisfies the type of the core, so that a drift is a type error. */

const bytes = z.int().nonnegative().describe('bytes');
const count = z.int().nonnegative();
const time = z.string().describe('ISO 8601, UTC');
const inUse = z.boolean().nullable().describe('null: unknown');

export const findingSchema = z.strictObject({
  code: z.enum(FINDING_CODES),
  subject: z.string(),
  message: z.string(),
}) satisfies z.ZodType<Finding>;

const revisionSchema = z.strictObject({
  digest: z.string(),
  created: time.nullable(),
  sizeBytes: bytes.nullable(),
  countedBytes: bytes,
  charged: z.boolean(),
  architectures: z.array(z.string()),
  inUse,
  inUseBy: z.array(z.string()).max(10),
  inUseCount: count,
});

const tagSchema = z.strictObject({
  name: z.string(),
  sizeBytes: bytes,
  countedBytes: bytes,
  freesBytes: bytes,
  inUse,
  unknownRevisions: count,
  sameImageAs: z.array(z.string()),
  state: z.enum(['ok', 'empty', 'import-failed', 'reference']),
  revisions: z.array(revisionSchema),
});

const streamSchema = z.strictObject({
  name: z.string(),
  sizeBytes: bytes,
  countedBytes: bytes,
  freesBytes: bytes,
  reclaimsBytes: bytes.nullable(),
  inUse,
  unknownRevisions: count,
  tags: z.array(tagSchema),
});

export const namespaceReportSchema = z.strictObject({
  name: z.string(),
  displayName: z.string(),
  environment: z.string().nullable(),
  quota: z.strictObject({
    limitBytes: bytes.nullable(),
    source: z.string(),
    level: z.enum(LEVELS),
    usedPercent: z.number().nonnegative().nullable(),
    overBytes: bytes,
  }),
  usedBytes: bytes,
  importedBytes: bytes,
  sharedWithTeamBytes: bytes,
  unknownRevisions: count,
  totals: z.strictObject({ streams: count, tags: count, revisions: count, images: count, blobs: count }),
  recipients: z.array(z.strictObject({ address: z.string(), roles: z.array(z.string()), rule: z.string() })),
  noRecipientReason: z.string().nullable(),
  streams: z.array(streamSchema),
  findings: z.array(findingSchema),
}) satisfies z.ZodType<NamespaceReport>;

export const reportSchema = z.strictObject({
  schemaVersion: z.literal(1),
  generatedAt: time,
  cluster: z.strictObject({
    name: z.string(),
    apiUrl: z.string().nullable(),
    usedBytes: bytes.nullable(),
    sumOfNamespacesBytes: bytes.nullable(),
  }),
  snapshot: z.strictObject({
    id: z.string().nullable(),
    exact: z.boolean(),
    unreadableKinds: z.array(z.string()),
    findings: z.array(findingSchema),
  }),
  reports: z.array(
    z.strictObject({
      team: z.strictObject({ id: z.string(), displayName: z.string(), usedBytes: bytes }),
      namespaces: z.array(namespaceReportSchema),
    }),
  ),
}) satisfies z.ZodType<Report>;

const deletionPlanSchema = z.strictObject({
  deletions: z.array(z.strictObject({ stream: z.string(), tag: z.string(), freesBytes: bytes })),
  freesBytes: bytes,
  reclaimsBytes: bytes.nullable(),
  usedAfterBytes: bytes,
}) satisfies z.ZodType<DeletionPlan>;

const imageReferenceSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('pullSpec'), spec: z.string() }),
  z.strictObject({ type: z.literal('tag'), namespace: z.string(), stream: z.string(), tag: z.string() }),
  z.strictObject({ type: z.literal('digest'), digest: z.string() }),
]);

const teamSchema = z.strictObject({
  id: z.string(),
  displayName: z.string(),
  namespaces: z.array(z.string()),
  usedBytes: bytes,
});

/** A namespace's frozen input, as stored under its run. */
export const snapshotSchema = z.strictObject({
  cluster: z.strictObject({ name: z.string(), apiUrl: z.string().nullable() }),
  takenAt: time,
  exact: z.boolean(),
  scope: z.enum(['cluster', 'namespaces']),
  unreadableKinds: z.array(z.string()),
  namespace: z.strictObject({
    name: z.string(),
    labels: z.record(z.string(), z.string()),
    annotations: z.record(z.string(), z.string()),
  }),
  team: teamSchema,
  sharedWithTeamBytes: bytes,
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
      configDigest: z.string().nullable(),
      architecture: z.string().nullable(),
      children: z.array(z.strictObject({ digest: z.string(), architecture: z.string().nullable() })),
      fault: z.string().nullable(),
    }),
  ),
  heldOutside: z.array(z.string()),
  uses: z.strictObject({
    digests: z.record(z.string(), z.array(z.string())),
    tags: z.record(z.string(), z.array(z.string())),
  }),
}) satisfies z.ZodType<Snapshot>;

/** What sizing one namespace came to; a namespace that could not be weighed is given up with the reason. */
export const namespaceResultSchema = z.discriminatedUnion('status', [
  z.strictObject({
    status: z.literal('weighed'),
    namespace: z.string(),
    team: teamSchema,
    report: namespaceReportSchema,
    plan: deletionPlanSchema.nullable(),
  }),
  z.strictObject({ status: z.literal('given-up'), namespace: z.string(), reason: z.string() }),
]);
export type NamespaceResult = z.infer<typeof namespaceResultSchema>;
export type WeighedNamespace = Extract<NamespaceResult, { status: 'weighed' }>;

export const RUN_STATES = ['claimed', 'sizing', 'sealed', 'finished', 'stopped'] as const;
export type RunState = (typeof RUN_STATES)[number];

/**
 * One execution and its slot. `claimed` → `sizing` (snapshots saved) → `sealed` (numbers and recipients frozen) →
 * `finished`; `stopped` ends a run before any mail, with the reason.
 */
export const runSchema = z.strictObject({
  /** The slot: `weekly-2026-11-23`, `manual-20261123T080000Z` or `send-20261123T080000Z-<namespace>`. */
  id: z.string(),
  kind: z.enum(['weekly', 'manual', 'one-off']),
  state: z.enum(RUN_STATES),
  claimedAt: time,
  cluster: z.strictObject({ name: z.string(), apiUrl: z.string().nullable() }).nullable(),
  /** The snapshot's moment; null until the cluster was read. */
  takenAt: time.nullable(),
  exact: z.boolean(),
  unreadableKinds: z.array(z.string()),
  namespaces: z.array(z.string()),
  clusterUsedBytes: bytes.nullable(),
  sumOfNamespacesBytes: bytes.nullable(),
  findings: z.array(findingSchema),
  givenUp: z.array(z.strictObject({ namespace: z.string(), reason: z.string() })),
  sealedAt: time.nullable(),
  endedAt: time.nullable(),
  stopReason: z.string().nullable(),
});
export type Run = z.infer<typeof runSchema>;

export const DELIVERY_STATES = ['planned', 'sending', 'submitted', 'failed', 'uncertain'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** One message to one person: what makes sure that it is sent once. */
export const deliverySchema = z.strictObject({
  /** SHA-256 over run, team, recipient and kind, hexadecimal; also the Message-ID's left side. */
  id: z.string(),
  runId: z.string(),
  kind: z.enum(['usage-report', 'one-off', 'run-summary']),
  teamId: z.string(),
  recipient: z.strictObject({ address: z.string(), roles: z.array(z.string()), rule: z.string() }),
  /** Namespaces the message holds, sorted; empty for a run summary. */
  namespaces: z.array(z.string()),
  state: z.enum(DELIVERY_STATES),
  /** The message's Date header; fixed when planned. */
  date: time,
  changedAt: time,
  /** The server's answer, or why it failed; null while planned. */
  detail: z.string().nullable(),
});
export type Delivery = z.infer<typeof deliverySchema>;
