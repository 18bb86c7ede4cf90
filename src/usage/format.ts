import type { HowUsed } from './model.ts';

/**
 * The only place where figures become text, so that mail, table and console say the same.
 *
 * Sizes are told in binary units, rounded half up to one decimal; an exact number of units has no decimal (`50 GiB` is
 * exact, `50.0 GiB` is not). Which unit:
 * - a size that stands alone takes the largest of which it fills at least one;
 * - what stands beside a quota takes the quota's;
 * - a table has one for all its sizes (`unitOfTable`).
 * Something never reads as 0.0: it is `less than 0.1 GiB` in a sentence and `< 0.1 GiB` in a table.
 */
const UNITS = [
  { name: 'B', bytes: 1 },
  { name: 'KiB', bytes: 1024 },
  { name: 'MiB', bytes: 1024 ** 2 },
  { name: 'GiB', bytes: 1024 ** 3 },
  { name: 'TiB', bytes: 1024 ** 4 },
] as const;

/** What sizes are told in. */
export type Unit = (typeof UNITS)[number];

/** A size in its own unit: `890.3 MiB`, `1.0 GiB`, `50 GiB`, `512 B`, `0 B`. */
export const formatBytes = (bytes: number): string => sizeIn(bytes, ownUnit(bytes));

/**
 * The one unit of a table with these sizes in bytes: that of which the largest fills at least one, GiB at most, so that
 * a single huge size does not turn all others into `< 0.1 TiB`. A table whose total stands beside a quota in bytes (null:
 * it does not) takes no larger unit than the quota.
 */
export const unitOfTable = (sizes: readonly number[], limitBytes: number | null): Unit => {
  const largest = sizes.reduce((most, bytes) => Math.max(most, bytes), 0);
  const candidates = [ownUnit(largest), GIB, ...(limitBytes ? [quotaUnit(largest, limitBytes)] : [])];
  return candidates.reduce((smallest, unit) => (unit.bytes < smallest.bytes ? unit : smallest));
};

/** A size in a table: `12.4 GiB`, `< 0.1 GiB`, `0`. */
export const formatCell = (bytes: number, unit: Unit): string => {
  if (bytes === 0) return '0';
  const text = amount(bytes, unit);
  return `${text === TRACE ? '< 0.1' : text} ${unit.name}`;
};

/**
 * A size in a table that is a lower bound: `≥ 12.4 GiB`; `unknown` where nothing of it is known. What the unit cannot
 * tell from nothing is told in its own: `≥ 12 B`.
 */
export const formatCellAtLeast = (bytes: number, unit: Unit): string => {
  if (bytes === 0) return UNKNOWN;
  return `≥ ${amount(bytes, unit) === TRACE ? formatBytes(bytes) : formatCell(bytes, unit)}`;
};

/**
 * Usage beside its limit, in bytes, in the limit's unit or that of the table: `62.4 of 50 GiB`; `62.4 GiB` where nothing
 * limits it (null).
 */
export const formatUsed = (
  usedBytes: number,
  limitBytes: number | null,
  unit: Unit = unitBeside(usedBytes, limitBytes),
): string =>
  limitBytes === null ? sizeIn(usedBytes, unit) : `${amount(usedBytes, unit)} of ${sizeIn(limitBytes, unit)}`;

/**
 * Usage of which a part is unknown, beside its limit: `at least 62.4 of 50 GiB`. What the unit cannot tell from nothing
 * is told in its own: `at least 12 B of 50 GiB`.
 */
export const formatAtLeast = (
  usedBytes: number,
  limitBytes: number | null,
  unit: Unit = unitBeside(usedBytes, limitBytes),
): string => {
  const used = formatUsed(usedBytes, limitBytes, unit);
  if (!used.startsWith(TRACE)) return `at least ${used}`;
  return `at least ${formatBytes(usedBytes)}${limitBytes === null ? '' : ` of ${sizeIn(limitBytes, unit)}`}`;
};

/** A limit in bytes in its own unit, as beside usage, or that of a table: `50 GiB`, `1,500 MiB`, `0 B`; null is `unlimited`. */
export const formatLimit = (limitBytes: number | null, unit: Unit = unitBeside(0, limitBytes)): string =>
  limitBytes === null ? UNLIMITED : sizeIn(limitBytes, unit);

/** A limit in bytes in a table: `50 GiB`, `0`; null is `unlimited`. */
export const formatLimitCell = (limitBytes: number | null, unit: Unit): string =>
  limitBytes === null ? UNLIMITED : formatCell(limitBytes, unit);

/** A size in bytes that stands near a limit (null: none), in the limit's unit: `12.4 GiB`, `less than 0.1 GiB`. */
export const formatBeside = (bytes: number, limitBytes: number | null): string =>
  sizeIn(bytes, unitBeside(bytes, limitBytes));

/**
 * What a size in bytes near a limit (null: none) is at least or at most, in the limit's unit or, where that can tell less,
 * in its own: `12.4 GiB`, `12 B`.
 */
export const formatBound = (bytes: number, limitBytes: number | null): string => {
  const beside = formatBeside(bytes, limitBytes);
  return beside.startsWith(TRACE) ? formatBytes(bytes) : beside;
};

/** The verdict after `formatUsed`, in the same unit (usage > limit, both in bytes): `12.4 over`, `over by less than 0.1 GiB`. */
export const formatOver = (
  usedBytes: number,
  limitBytes: number,
  unit: Unit = unitBeside(usedBytes, limitBytes),
): string => {
  const over = amount(usedBytes - limitBytes, unit);
  return over === TRACE ? `over by ${over} ${unit.name}` : `${over} over`;
};

/** The verdict after `formatAtLeast`: `at least 12.4 over`, `over by at least 12 B`. */
export const formatOverAtLeast = (
  usedBytes: number,
  limitBytes: number,
  unit: Unit = unitBeside(usedBytes, limitBytes),
): string => {
  const over = formatOver(usedBytes, limitBytes, unit);
  return over.includes(TRACE)
    ? `over by at least ${formatBytes(usedBytes - limitBytes)}`
    : `at least ${over}`;
};

/**
 * A percentage of a quota to one decimal, for a table: `124.8%`, `100%`, `6,240%`. What would read as nothing or as the
 * quota itself without being it says on which side it is: `< 0.1%`, `< 100%`, `> 100%`.
 */
export const formatPercent = (percent: number): string => {
  const tenths = roundedPercent(percent);
  if (tenths === 0 && percent > 0) return '< 0.1%';
  if (tenths === 1000 && percent !== 100) return percent < 100 ? '< 100%' : '> 100%';
  return `${formatTenths(tenths)}%`;
};

/** The same in a sentence: `124.8% of quota`, `over quota by less than 0.1%`, `less than 0.1% under quota`. */
export const formatShare = (percent: number): string => {
  const tenths = roundedPercent(percent);
  if (tenths === 0 && percent > 0) return 'less than 0.1% of quota';
  if (tenths === 1000 && percent !== 100)
    return percent < 100 ? 'less than 0.1% under quota' : 'over quota by less than 0.1%';
  return `${formatTenths(tenths)}% of quota`;
};

/** `formatPercent` where it is a lower bound: `≥ 124.8%`; `-` where it is next to nothing, which would say nothing. */
export const formatPercentAtLeast = (percent: number): string => {
  const bound = boundOf(percent);
  return bound === 0 ? '-' : `≥ ${formatPercent(bound)}`;
};

/** `formatShare` where it is a lower bound: `at least 124.8% of quota`; empty where it is next to nothing. */
export const formatShareAtLeast = (percent: number): string => {
  const bound = boundOf(percent);
  return bound === 0 ? '' : `at least ${formatShare(bound)}`;
};

/** A whole number with its noun: `1 tag`, `2 tags`, `1,400 revisions`. */
export const formatCount = (count: number, noun: string, plural = `${noun}s`): string =>
  `${formatNumber(count)} ${count === 1 ? noun : plural}`;

/** A whole number, thousands apart: `1,400`. */
export const formatNumber = (count: number): string =>
  Math.abs(count) < 1000 ? String(count) : String(count).replace(/\B(?=(\d{3})+$)/g, ',');

/** Words in a row: `a`, `a and b`, `a, b and c`. */
export const formatList = (words: readonly string[]): string => joinLast(words, ' and ');

/** Words of which one or another holds: `a`, `a or b`, `a, b or c`. */
export const formatChoice = (words: readonly string[]): string => joinLast(words, ' or ');

const joinLast = (words: readonly string[], last: string): string =>
  [words.slice(0, -1).join(', '), words.at(-1) ?? ''].filter((part) => part !== '').join(last);

/** The first words of a longer row, `total` of them in all: `a, b and 3 more`. */
export const formatSome = (words: readonly string[], total: number): string =>
  formatList(total > words.length ? [...words, `${formatNumber(total - words.length)} more`] : words);

/** A workload and how it uses an image: `Deployment/api (scaled to 0)`. */
export const formatUser = (workload: string, how: HowUsed): string => `${workload} (${HOW_IN_WORDS[how]})`;

const HOW_IN_WORDS: Readonly<Record<HowUsed, string>> = {
  running: 'running',
  scheduled: 'scheduled',
  suspended: 'suspended',
  'scaled-to-0': 'scaled to 0',
  'old-rollout': 'old rollout',
  finished: 'finished',
  'build-input': 'builds from it',
  trigger: 'trigger',
  named: 'names it',
};

/** The UTC day of an ISO 8601 time: `2026-11-24`; `unknown` for null or what is no time. */
export const formatDay = (time: string | null): string => {
  if (time !== null && USUAL_TIME.test(time)) return time.slice(0, 10);
  const date = parseTime(time);
  return date === null ? UNKNOWN : date.toISOString().slice(0, 10);
};

/** The UTC day of an ISO 8601 time in words: `24 November 2026`; `unknown` for null or what is no time. */
export const formatLongDay = (time: string | null): string => {
  const date = parseTime(time);
  return date === null ? UNKNOWN : `${dayAndMonth(date)} ${date.getUTCFullYear()}`;
};

/** The Monday of an ISO 8601 time's UTC week: `week of 23 November 2026`. */
export const formatWeek = (time: string): string => {
  const date = parseTime(time);
  if (date === null) return `week ${UNKNOWN}`;
  const daysSinceMonday = (date.getUTCDay() + 6) % 7;
  return `week of ${formatLongDay(new Date(date.getTime() - daysSinceMonday * DAY_MS).toISOString())}`;
};

/** An ISO 8601 time to the minute, in UTC: `Tuesday 24 November 08:00 UTC`; `unknown` for null or what is no time. */
export const formatMoment = (time: string | null): string => {
  const date = parseTime(time);
  if (date === null) return UNKNOWN;
  const weekday = WEEKDAYS[date.getUTCDay()] ?? '';
  return `${weekday} ${dayAndMonth(date)} ${date.toISOString().slice(11, 16)} UTC`;
};

/**
 * Two ISO 8601 times to the second, in UTC: `24 November 2026, 08:00:00–08:00:12 UTC`; one and the same is told once.
 * null where either is no time.
 */
export const formatSpan = (from: string | null, to: string | null): string | null => {
  const [start, end] = [parseTime(from), parseTime(to)];
  if (start === null || end === null) return null;
  const [day, lastDay] = [formatLongDay(from), formatLongDay(to)];
  const [time, lastTime] = [timeOf(start), timeOf(end)];
  if (day !== lastDay) return `${day}, ${time} – ${lastDay}, ${lastTime} UTC`;
  return `${day}, ${time}${time === lastTime ? '' : `–${lastTime}`} UTC`;
};

const timeOf = (date: Date): string => date.toISOString().slice(11, 19);

const TRACE = 'less than 0.1';
const UNKNOWN = 'unknown';
const UNLIMITED = 'unlimited';
const GIB = UNITS[3];
/** As the API writes times, of the days that every month has: they need no parsing. */
const USUAL_TIME = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?Z$/;
const DAY_MS = 86_400_000;
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const sizeIn = (bytes: number, unit: Unit): string => `${amount(bytes, unit)} ${unit.name}`;

/** Without its unit. Integers throughout: only then is 1,023.95 KiB never printed as 1,024.0 KiB. */
const amount = (bytes: number, unit: Unit): string => {
  if (bytes < 0) return `-${amount(-bytes, unit)}`.replace(`-${TRACE}`, TRACE);
  const whole = Math.floor(bytes / unit.bytes);
  const rest = bytes - whole * unit.bytes;
  if (rest === 0) return formatNumber(whole);
  const tenths = roundedTenths(bytes, unit);
  return tenths === 0 ? TRACE : `${formatNumber(Math.floor(tenths / 10))}.${tenths % 10}`;
};

/** Tenths of a unit, half up. Exact: dividing by a power of two is, and a rest times ten stays below 2^53 up to TiB. */
const roundedTenths = (bytes: number, unit: Unit): number => {
  const whole = Math.floor(bytes / unit.bytes);
  const rest = bytes - whole * unit.bytes;
  return whole * 10 + Math.floor((rest * 10 + unit.bytes / 2) / unit.bytes);
};

/** The largest unit of which the size, or what it rounds to in the unit below, fills at least one. */
const ownUnit = (bytes: number): Unit =>
  UNITS.findLast(
    (unit, index) => bytes >= unit.bytes || roundedTenths(bytes, UNITS[index - 1] ?? UNITS[0]) >= 10_240,
  ) ?? UNITS[0];

const unitBeside = (bytes: number, limitBytes: number | null): Unit =>
  limitBytes === null ? ownUnit(bytes) : quotaUnit(bytes, limitBytes);

/**
 * The unit a quota was most likely written in: its own, or the one below where only that says it exactly (`1,500 MiB`).
 * A quota of 0 has none: the usage lends its unit.
 */
const quotaUnit = (usedBytes: number, limitBytes: number): Unit => {
  if (limitBytes === 0) return ownUnit(usedBytes);
  const own = ownUnit(limitBytes);
  const below = UNITS[UNITS.indexOf(own) - 1] ?? own;
  return (limitBytes * 10) % own.bytes !== 0 && limitBytes % below.bytes === 0 && below.bytes > 1
    ? below
    : own;
};

const roundedPercent = (percent: number): number => Math.round(percent * 10);

/** What it is at least, to one decimal: never rounded up to the quota. */
const boundOf = (percent: number): number => {
  const tenths = roundedPercent(percent);
  if (tenths === 1000) return percent < 100 ? 99.9 : 100;
  return tenths === 0 ? 0 : percent;
};

/** One decimal, or none where it would be 0: `124.8`, `6,240`. */
const formatTenths = (tenths: number): string =>
  `${formatNumber(Math.floor(tenths / 10))}${tenths % 10 === 0 ? '' : `.${tenths % 10}`}`;

const parseTime = (time: string | null): Date | null => {
  const date = new Date(time ?? '');
  return Number.isNaN(date.getTime()) ? null : date;
};

const dayAndMonth = (date: Date): string => `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()] ?? ''}`;
