import { z } from 'zod';
import { FINDING_CODES, HOW_USED } from '../../usage/model.ts';
import type { ClusterIdentity, Finding, ListReading, Team } from '../../usage/model.ts';
import type { RecipientReport } from '../../usage/policy/recipients.ts';

/** Schemas that several records share. */

export const bytes = z.int().nonnegative().describe('bytes');
export const count = z.int().nonnegative();
export const time = z.string().describe('ISO 8601, UTC');
export const howUsed = z.enum(HOW_USED);

export const findingSchema = z.strictObject({
  code: z.enum(FINDING_CODES),
  subject: z.string(),
  message: z.string(),
}) satisfies z.ZodType<Finding>;

export const listSchema = z.strictObject({
  kind: z.string(),
  readAt: time,
  exact: z.boolean().describe('false: its pages are of different moments'),
}) satisfies z.ZodType<ListReading>;

export const recipientSchema = z.strictObject({
  address: z.string(),
  roles: z.array(z.string()),
  rule: z.string(),
}) satisfies z.ZodType<RecipientReport>;

export const clusterSchema = z.strictObject({
  name: z.string(),
  apiUrl: z.string().nullable(),
}) satisfies z.ZodType<ClusterIdentity>;

export const teamSchema = z.strictObject({
  id: z.string(),
  displayName: z.string(),
  namespaces: z.array(z.string()),
  usedBytes: bytes.nullable(),
}) satisfies z.ZodType<Team>;
