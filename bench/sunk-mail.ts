import { z } from 'zod';

/** What the mail sink took in, and what bare nodemailer sends again: the envelope, and the message, a byte a character. */
export const sunkMailsSchema = z.array(
  z.strictObject({ from: z.string(), to: z.string(), source: z.string() }),
);
export type SunkMail = z.output<typeof sunkMailsSchema>[number];
