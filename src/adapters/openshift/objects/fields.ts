import { z } from 'zod';

/** Fields of API objects. The API leaves an empty one out or writes null, so what is optional may be either. */

/** An optional string. */
export const optionalText = z.string().nullish();

/** An optional array; absent and null are empty. */
export const optionalList = <Entry extends z.ZodType>(entry: Entry) =>
  z
    .array(entry)
    .nullish()
    .transform((entries) => entries ?? []);

/** Optional labels or annotations; absent and null are empty. */
export const optionalTextMap = z
  .record(z.string(), z.string())
  .nullish()
  .transform((map) => map ?? {});

/** `YYYY-MM-DDTHH:MM:SSZ`, rounded down to the second; what is beyond the years of four digits is their end. */
export const formatTime = (time: Date): string => {
  const ms = Math.min(Math.max(time.getTime(), FIRST_MS), LAST_MS);
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
};

/** An offset can lead beyond them. */
const FIRST_MS = Date.parse('0000-01-01T00:00:00Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59Z');

/** A time of the API (RFC 3339 of any offset and precision), formatted. */
export const timeSchema = z.iso
  .datetime({ offset: true })
  .transform((time) => (time.length === FORMATTED_LENGTH ? time : formatTime(new Date(time))));

/** That of no other form: nearly all times are formatted already. */
const FORMATTED_LENGTH = 'YYYY-MM-DDTHH:MM:SSZ'.length;
