import { CronExpressionParser } from 'cron-parser';
import type { CronExpression } from 'cron-parser';

/** When the weekly run is due: five cron fields that fire at most once a day, read in an IANA time zone. */
export type Timer = { readonly cron: string; readonly timeZone: string };

/** A slot, e.g. `weekly-2026-11-23` (the local date of its due time), and when it is due. */
export type DueSlot = { readonly slot: string; readonly dueAt: Date };

/** The newest slot that is due at or before `now`. The timer is one without faults. */
export const latestSlot = (timer: Timer, now: Date): DueSlot => {
  const clockTimes = readCron(timer.cron, new Date(now.getTime() + 2 * DAY_MS));
  for (;;) {
    const clock = clockTimes.prev().toDate();
    const dueAt = toInstant(clock, timer.timeZone);
    if (dueAt.getTime() <= now.getTime()) return { slot: `weekly-${dateOf(clock)}`, dueAt };
  }
};

/** When a weekly slot is due; null when the text is no such slot or the timer does not fire on that date. */
export const slotDue = (timer: Timer, slot: string): Date | null => {
  const date = /^weekly-(\d{4}-\d{2}-\d{2})$/.exec(slot)?.[1] ?? '';
  const midnightMs = Date.parse(date);
  if (Number.isNaN(midnightMs)) return null;
  const clock = readCron(timer.cron, new Date(midnightMs - 1))
    .next()
    .toDate();
  return dateOf(clock) === date ? toInstant(clock, timer.timeZone) : null;
};

/** The slot of a run that a person starts: its UTC second, e.g. `manual-20261124T035900Z`. */
export const manualSlot = (now: Date): string =>
  `manual-${now.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;

/** What is wrong with the cron text of a weekly timer, such as `must be five fields …`; null for a sound one. */
export const cronFault = (cron: string): string | null => {
  if (cron.trim().split(/\s+/).length !== 5) {
    return `must be five fields (minute hour day month weekday), such as ${EXAMPLE}`;
  }
  if (/\bH/i.test(cron)) return `must not leave a time to chance with H, but name it, such as ${EXAMPLE}`;
  const { minute, hour } = tryReadCron(cron)?.fields ?? {};
  if (minute === undefined || hour === undefined) return `must be a time that exists, such as ${EXAMPLE}`;
  return minute.values.length === 1 && hour.values.length === 1
    ? null
    : `must name one minute and one hour, such as ${EXAMPLE}, because a run is named by its date`;
};

/** What is wrong with the name of a time zone; null for one that Node's zone data knows. */
export const timeZoneFault = (timeZone: string): string | null => {
  const fault = 'must be an IANA time zone, such as America/Vancouver or UTC';
  if (!/^[A-Za-z]/.test(timeZone)) return fault;
  try {
    Intl.DateTimeFormat('en', { timeZone });
    return null;
  } catch {
    return fault;
  }
};

const EXAMPLE = '"0 8 * * 1"';
const DAY_MS = 86_400_000;

/**
 * The clock times a cron text names, from `start` on either way, as if clocks showed UTC everywhere: in a zone of its
 * own the parser skips or repeats times at clock changes, and not the same ones forwards and backwards.
 */
const readCron = (cron: string, start: Date): CronExpression =>
  CronExpressionParser.parse(cron, { tz: 'UTC', currentDate: start });

const tryReadCron = (cron: string): CronExpression | null => {
  try {
    return CronExpressionParser.parse(cron, { tz: 'UTC' });
  } catch {
    return null;
  }
};

/**
 * The moment at which the zone's clocks show a time: the first where they show it twice, and as much later as the
 * clocks jump where they skip it.
 */
const toInstant = (clock: Date, timeZone: string): Date => {
  const clockMs = clock.getTime();
  const offsetBefore = offsetMs(clockMs - DAY_MS, timeZone);
  const offsetAfter = offsetMs(clockMs + DAY_MS, timeZone);
  const early = clockMs - offsetBefore;
  const late = clockMs - offsetAfter;
  const isLate = offsetMs(early, timeZone) !== offsetBefore && offsetMs(late, timeZone) === offsetAfter;
  return new Date(isLate ? late : early);
};

/** How far the zone's clocks are ahead of UTC at a moment, in milliseconds. */
const offsetMs = (momentMs: number, timeZone: string): number => {
  const parts = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' }).formatToParts(
    momentMs,
  );
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
  return -Date.parse(`1970-01-01T00:00${name.slice('GMT'.length) || 'Z'}`);
};

const dateOf = (clock: Date): string => clock.toISOString().slice(0, 10);
