import { z } from 'zod';
import type { UseReport } from '../../usage/in-use/use-report.ts';
import { ADVICE_CODES } from '../../usage/policy/advice.ts';
import type { Advice } from '../../usage/policy/advice.ts';
import { LEVELS } from '../../usage/policy/quota.ts';
import type { NamespaceReport, Report } from '../../usage/report/report.ts';
import { bytes, count, findingSchema, howUsed, listSchema, recipientSchema, time } from './parts.ts';

const inUse = z.boolean().nullable().describe('null: unknown');

const useSchema = z.strictObject({
  inUse,
  inUseBy: z.array(z.string()).max(10),
  inUseHow: z.array(howUsed).max(10).describe('how each of inUseBy uses it, in the same order'),
  inUseCount: count,
}) satisfies z.ZodType<UseReport>;

const adviceSchema = z.strictObject({
  code: z.enum(ADVICE_CODES),
  subject: z.string(),
  message: z.string(),
  amount: count.describe('workloads (latest-in-prod), tags (many-tags), else bytes'),
}) satisfies z.ZodType<Advice>;

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
