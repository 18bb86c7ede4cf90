import { z } from 'zod';
import type { DeletionPlan } from '../../usage/cleanup/plan.ts';
import type { Team } from '../../usage/model.ts';
import type { NamespaceReport } from '../../usage/report/report.ts';
import { bytes, teamSchema } from './parts.ts';
import { namespaceReportSchema } from './report.ts';

const deletionPlanSchema = z.strictObject({
  deletions: z.array(z.strictObject({ stream: z.string(), tag: z.string(), freesBytes: bytes })),
  freesBytes: z.int().describe('bytes; below 0 only where images disagree about a size'),
  reclaimsBytes: bytes.nullable(),
  usedAfterBytes: bytes,
}) satisfies z.ZodType<DeletionPlan>;

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
