import { z } from 'zod';
import { time } from './parts.ts';

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
