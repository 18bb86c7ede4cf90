import { z } from 'zod';
import { LEVELS } from '../../usage/policy/quota.ts';
import type { Level } from '../../usage/policy/quota.ts';
import { bytes, count, time } from './parts.ts';

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
