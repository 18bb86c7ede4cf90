import { CronExpressionParser } from 'cron-parser';
import type { CronDate, CronExpression } from 'cron-parser';

/** When the weekly run is due: five cron fields that fire at most once a day, read in an IANA time zone. */
export type Timer = { readonly cron: string; readonly timeZone: string };

/** A slot, e.g. `weekly-2026-11-23` (the local date of its due time), and when it is due. */
export type DueSlot = { readonly slot: string; readonly dueAt: Date };

/** The newest slot that is due at or before `now`. The timer is one without faults. */
export const latestSlot = (timer: Timer, now: Date): DueSlot => {
  // The parser's way back skips times that a clock change removes and repeats those it doubles; its way forward, which
  // the queue's timer follows too, does neither. So: back past any clock change, then forward.
  const before = parse(timer, now).prev().getTime();
  const occurrences = parse(timer, new Date(before - 2 * DAY_MS));
  let latest = occurrences.next();
  for (let next = latest; next.getTime() <= now.getTime(); next = occurrences.next()) latest = next;
  return { slot: `weekly-${localDate(latest)}`, dueAt: latest.toDate() };
};

/** When a weekly slot is due; null when the text is no such slot or the timer does not fire on that date. */
export const slotDue = (timer: Timer, slot: string): Date | null => {
  const date = /^weekly-(\d{4}-\d{2}-\d{2})$/.exec(slot)?.[1];
  const midnightMs = date === undefined ? NaN : Date.parse(date);
  if (date === undefined || Number.isNaN(midnightMs)) return null;
  const occurrences = parse(timer, new Date(midnightMs - FARTHEST_EAST_MS));
  let next = occurrences.next();
  while (localDate(next) < date) next = occurrences.next();
  return localDate(next) === date ? next.toDate() : null;
};

/** The slot of a run that a person starts: its UTC second, e.g. `manual-20261124T035900Z`. */
export const manualSlot = (now: Date): string =>
  `manual-${now.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;

/** What is wrong with the cron text of a weekly timer, such as `must be five fields …`; null for a sound one. */
export const cronFault = (cron: string): string | null => {
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== 5) return `must be five fields (minute hour day month weekday), such as ${EXAMPLE}`;
  if (/\bH/i.test(cron)) return `must not draw a time at random with H; write it out, such as ${EXAMPLE}`;
  const { minute, hour } = tryParse(cron)?.fields ?? {};
  if (minute === undefined || hour === undefined) return `must be a time that exists, such as ${EXAMPLE}`;
  return minute.values.length === 1 && hour.values.length === 1
    ? null
    : `must have one minute and one hour, such as ${EXAMPLE}: a slot is named by its date, so a day holds one`;
};

/** What is wrong with the name of a time zone; null for one that Node's zone data knows. */
export const timeZoneFault = (timeZone: string): string | null => {
  const fault = 'must be an IANA time zone, such as America/Vancouver or UTC';
  if (!/^[A-Za-z]/.test(timeZone)) return fault;
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return null;
  } catch {
    return fault;
  }
};

const EXAMPLE = '"0 8 * * 1"';
const DAY_MS = 86_400_000;
/** No local date begins earlier before its UTC midnight (UTC+14), and the parser starts after the given moment. */
const FARTHEST_EAST_MS = 15 * 3_600_000;

const parse = ({ cron, timeZone }: Timer, after: Date): CronExpression =>
  CronExpressionParser.parse(cron, { tz: timeZone, currentDate: after });

const tryParse = (cron: string): CronExpression | null => {
  try {
    return CronExpressionParser.parse(cron);
  } catch {
    return null;
  }
};

const localDate = (occurrence: CronDate): string =>
  [
    String(occurrence.getFullYear()).padStart(4, '0'),
    String(occurrence.getMonth() + 1).padStart(2, '0'),
    String(occurrence.getDate()).padStart(2, '0'),
  ].join('-');
