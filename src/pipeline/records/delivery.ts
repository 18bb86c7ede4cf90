import { z } from 'zod';
import type { RecipientReport } from '../../usage/policy/recipients.ts';
import { recipientSchema, time } from './parts.ts';

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
  /** The server's answer, or why it failed; null before the first try. */
  readonly detail: string | null;
  /** When the queue tries again what is planned and was put off; null for every other delivery. */
  readonly nextTryAt: string | null;
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
  // Records of before there was this field.
  nextTryAt: time.nullable().default(null),
}) satisfies z.ZodType<Delivery>;
