import { z } from 'zod';
import { ADVICE_CODES } from '../usage/policy/advice.ts';
import type { Advice } from '../usage/policy/advice.ts';
import { FINDING_CODES, HOW_USED } from '../usage/model.ts';
import type { ClusterIdentity, Finding, ListReading, Snapshot, Team, User } from '../usage/model.ts';
import { LEVELS } from '../usage/policy/quota.ts';
import type { Level } from '../usage/policy/quota.ts';
import type { RecipientReport } from '../usage/policy/recipients.ts';
import type { NamespaceReport, Report } from '../usage/report/report.ts';
import type { DeletionPlan } from '../usage/cleanup/plan.ts';
import type { UseReport } from '../usage/in-use/use-report.ts';

/** Schemas of everything that is stored. Each satisfies the type of the core, so that a drift is a type error. */

const bytes = z.int().nonnegative().describe('bytes');
const count = z.int().nonnegative();
const time = z.string().describe('ISO 8601, UTC');
const inUse = z.boolean().nullable().describe('null: unknown');
const how = z.enum(HOW_USED);

const useSchema = z.strictObject({
  inUse,
  inUseBy: z.array(z.string()).max(10),
  inUseHow: z.array(how).max(10).describe('how each of inUseBy uses it, in the same order'),
  inUseCount: count,
}) satisfies z.ZodType<UseReport>;

const findingSchema = z.strictObject({
  code: z.enum(FINDING_CODES),
  subject: z.string(),
  message: z.string(),
}) satisfies z.ZodType<Finding>;

const listSchema = z.strictObject({
  kind: z.string(),
  readAt: time,
  exact: z.boolean().describe('false: its pages are of different moments'),
}) satisfies z.ZodType<ListReading>;

const adviceSchema = z.strictObject({
  code: z.enum(ADVICE_CODES),
  subject: z.string(),
  message: z.string(),
  amount: count.describe('workloads (latest-in-prod), tags (many-tags), else bytes'),
}) satisfies z.ZodType<Advice>;

const recipientSchema = z.strictObject({
  address: z.string(),
  roles: z.array(z.string()),
  rule: z.string(),
}) satisfies z.ZodType<RecipientReport>;

const clusterSchema = z.strictObject({
  name: z.string(),
  apiUrl: z.string().nullable(),
}) satisfies z.ZodType<ClusterIdentity>;

const revisionSchema = z.strictObject({
  digest: z.string(),
  created: time.nullable(),
  sizeBytes: bytes.nullable(),
  countedBytes: bytes,
  charged: z.boolean(),
  architectures: z.array(z.string()),
  ...useSchema.shape,
});

const tagSchema = z.strictObject({
  name: z.string(),
  sizeBytes: bytes,
  countedBytes: bytes,
  freesBytes: z.int().describe('bytes; below 0 only where images disagree about a size'),
  ...useSchema.shape,
  unknownRevisions: count,
  sameImageAs: z.array(z.string()).max(10),
  state: z.enum(['ok', 'empty', 'import-failed', 'reference']),
  revisions: z.array(revisionSchema),
});

const streamSchema = z.strictObject({
  name: z.string(),
  sizeBytes: bytes,
  countedBytes: bytes,
  freesBytes: z.int().describe('bytes; below 0 only where images disagree about a size'),
  reclaimsBytes: bytes.nullable(),
  inUse,
  unknownRevisions: count,
  tags: z.array(tagSchema),
});

const namespaceReportSchema = z.strictObject({
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
  sharedWithTeamBytes: bytes.nullable(),
  unknownRevisions: count,
  totals: z.strictObject({ streams: count, tags: count, revisions: count, images: count, blobs: count }),
  recipients: z.array(recipientSchema),
  noRecipientReason: z.string().nullable(),
  streams: z.array(streamSchema),
  findings: z.array(findingSchema),
  advice: z.array(adviceSchema).describe('for the platform staff; changes no figure'),
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
    lists: z.array(listSchema),
    unreadableKinds: z.array(z.string()),
    findings: z.array(findingSchema),
  }),
  reports: z.array(
    z.strictObject({
      team: z.strictObject({ id: z.string(), displayName: z.string(), usedBytes: bytes.nullable() }),
      namespaces: z.array(namespaceReportSchema),
    }),
  ),
}) satisfies z.ZodType<Report>;

const deletionPlanSchema = z.strictObject({
  deletions: z.array(z.strictObject({ stream: z.string(), tag: z.string(), freesBytes: bytes })),
  freesBytes: z.int().describe('bytes; below 0 only where images disagree about a size'),
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
  usedBytes: bytes.nullable(),
}) satisfies z.ZodType<Team>;

const userSchema = z.strictObject({ workload: z.string(), how }) satisfies z.ZodType<User>;

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

/** What sizing one namespace came to; a namespace that could not be weighed is given up with the reason. */
export type NamespaceResult = WeighedNamespace | GivenUpNamespace;
export type WeighedNamespace = {
  readonly status: 'weighed';
  readonly namespace: string;
  readonly team: Team;
  readonly report: NamespaceReport;
  readonly plan: DeletionPlan | null;
};
export type GivenUpNamespace = {
  readonly status: 'given-up';
  readonly namespace: string;
  readonly reason: string;
};

export const namespaceResultSchema = z.discriminatedUnion('status', [
  z.strictObject({
    status: z.literal('weighed'),
    namespace: z.string(),
    team: teamSchema,
    report: namespaceReportSchema,
    plan: deletionPlanSchema.nullable(),
  }),
  z.strictObject({ status: z.literal('given-up'), namespace: z.string(), reason: z.string() }),
]) satisfies z.ZodType<NamespaceResult>;

export const RUN_STATES = ['claimed', 'sizing', 'sealed', 'finished', 'stopped'] as const;
export type RunState = (typeof RUN_STATES)[number];

/**
 * One execution and its slot. `claimed` → `sizing` (snapshots saved) → `sealed` (numbers and recipients frozen) →
 * `finished`; `stopped` ends a run before any mail, with the reason.
 */
export type Run = {
  /** The slot: `weekly-2026-11-23`, `manual-20261123T080000Z` or `send-20261123T080000Z-<namespace>`. */
  readonly id: string;
  readonly kind: 'weekly' | 'manual' | 'one-off';
  readonly state: RunState;
  readonly claimedAt: string;
  readonly cluster: ClusterIdentity | null;
  /** The snapshot's moment; null until the cluster was read. */
  readonly takenAt: string | null;
  readonly exact: boolean;
  /** Empty until the cluster was read. */
  readonly lists: readonly ListReading[];
  readonly unreadableKinds: readonly string[];
  readonly namespaces: readonly string[];
  readonly clusterUsedBytes: number | null;
  readonly sumOfNamespacesBytes: number | null;
  readonly findings: readonly Finding[];
  readonly givenUp: readonly { readonly namespace: string; readonly reason: string }[];
  readonly sealedAt: string | null;
  readonly endedAt: string | null;
  readonly stopReason: string | null;
};

export const runSchema = z.strictObject({
  id: z.string(),
  kind: z.enum(['weekly', 'manual', 'one-off']),
  state: z.enum(RUN_STATES),
  claimedAt: time,
  cluster: clusterSchema.nullable(),
  takenAt: time.nullable(),
  exact: z.boolean(),
  lists: z.array(listSchema),
  unreadableKinds: z.array(z.string()),
  namespaces: z.array(z.string()),
  clusterUsedBytes: bytes.nullable(),
  sumOfNamespacesBytes: bytes.nullable(),
  findings: z.array(findingSchema),
  givenUp: z.array(z.strictObject({ namespace: z.string(), reason: z.string() })),
  sealedAt: time.nullable(),
  endedAt: time.nullable(),
  stopReason: z.string().nullable(),
}) satisfies z.ZodType<Run>;

export const DELIVERY_STATES = ['planned', 'sending', 'submitted', 'failed', 'uncertain'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** One message to one person: what makes sure that it is sent once. */
export type Delivery = {
  /** SHA-256 over cluster, run, team, recipient and kind, hexadecimal; also the Message-ID's left side. */
  readonly id: string;
  readonly runId: string;
  readonly kind: 'usage-report' | 'one-off' | 'run-summary';
  /** null for a one-off, which follows nothing. */
  readonly thread: Thread | null;
  readonly teamId: string;
  readonly recipient: RecipientReport;
  /** Namespaces the message holds, sorted; empty for a run summary. */
  readonly namespaces: readonly string[];
  readonly state: DeliveryState;
  /** The message's Date header; fixed when planned. */
  readonly date: string;
  readonly changedAt: string;
  /** The server's answer, or why it failed; null while planned. */
  readonly detail: string | null;
};

/** All mails of one kind to one person about one team of one cluster. */
export type Thread = {
  /** SHA-256, hexadecimal; also the Message-ID's left side of a message that was never sent and that all of them follow. */
  readonly id: string;
  /** The delivery of the thread that was submitted last when this one was planned; null: none was. */
  readonly last: string | null;
};

export const deliverySchema = z.strictObject({
  id: z.string(),
  runId: z.string(),
  kind: z.enum(['usage-report', 'one-off', 'run-summary']),
  thread: z.strictObject({ id: z.string(), last: z.string().nullable() }).nullable(),
  teamId: z.string(),
  recipient: recipientSchema,
  namespaces: z.array(z.string()),
  state: z.enum(DELIVERY_STATES),
  date: time,
  changedAt: time,
  detail: z.string().nullable(),
}) satisfies z.ZodType<Delivery>;

/** A delivery that a server took and that came back later: its recipient is not reached. */
export type Bounce = {
  readonly deliveryId: string;
  readonly runId: string;
  readonly address: string;
  readonly namespaces: readonly string[];
  /** RFC 3463, such as `5.1.1`; null where the notice had none. */
  readonly status: string | null;
  /** What the server said, without addresses; null where it said nothing. */
  readonly detail: string | null;
  /** When we learned of it. */
  readonly recordedAt: string;
};

export const bounceSchema = z.strictObject({
  deliveryId: z.string(),
  runId: z.string(),
  address: z.string(),
  namespaces: z.array(z.string()),
  status: z.string().nullable(),
  detail: z.string().nullable(),
  recordedAt: time,
}) satisfies z.ZodType<Bounce>;

/** What a namespace came to in one run, for a trend over runs; it needs no other record of the run beside it. */
export type HistoryPoint = {
  readonly namespace: string;
  readonly runId: string;
  /** The snapshot's moment. */
  readonly takenAt: string;
  /** False when the cluster changed while it was read: figures may be slightly off. */
  readonly exact: boolean;
  readonly usedBytes: number;
  /** Above 0, `usedBytes` is a lower bound. */
  readonly unknownRevisions: number;
  /** The quota at that time; null: unlimited. */
  readonly limitBytes: number | null;
  readonly level: Level;
  readonly streams: number;
  readonly tags: number;
  readonly revisions: number;
};

export const historyPointSchema = z.strictObject({
  namespace: z.string(),
  runId: z.string(),
  takenAt: time,
  exact: z.boolean(),
  usedBytes: bytes,
  unknownRevisions: count,
  limitBytes: bytes.nullable(),
  level: z.enum(LEVELS),
  streams: count,
  tags: count,
  revisions: count,
}) satisfies z.ZodType<HistoryPoint>;
