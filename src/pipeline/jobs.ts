import { z } from 'zod';

/**
 * Payloads of the jobs: ids only, so that a job stays under 2 kB and running it twice is safe. A job's id is a
 * function of its payload, so that adding it twice adds it once.
 */
export const runJobSchema = z.strictObject({ runId: z.string() });
export const sizeJobSchema = z.strictObject({
  runId: z.string(),
  takenAt: z.string(),
  namespace: z.string(),
});
export const mailJobSchema = z.strictObject({ runId: z.string(), deliveryId: z.string() });

export type RunJob = z.infer<typeof runJobSchema>;
export type SizeJob = z.infer<typeof sizeJobSchema>;
export type MailJob = z.infer<typeof mailJobSchema>;

/** The job names, one per step of a run, and `tick`, the weekly timer. */
export const JOBS = ['tick', 'collect', 'size', 'seal', 'mail', 'finish'] as const;
export type JobName = (typeof JOBS)[number];

/** The id of the one job that does this step for this run (and namespace or delivery). No colons: BullMQ refuses them. */
export const jobId = (name: JobName, ...subjects: readonly string[]): string =>
  [name, ...subjects].map(encodeURIComponent).join('/');

/** Who works on what: `collector` ticks, collects, seals and finishes; `sizer` sizes; `mailer` mails. */
export const ROLES = ['collector', 'sizer', 'mailer'] as const;
export type Role = (typeof ROLES)[number];
