import { z } from 'zod';
import type { ClusterIdentity, Finding, ListReading } from '../../usage/model.ts';
import { bytes, clusterSchema, findingSchema, listSchema, time } from './parts.ts';

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
