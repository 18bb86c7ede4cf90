import type { Holdings } from '../model.ts';

/**
 * `created` of a revision as a number (see `Revisions`), because 400,000 times as strings take 16 MB: the 14 digits of
 * `YYYY-MM-DDTHH:MM:SSZ`. A time in any other form is a string, which `numberOf` numbers.
 */
export const packCreated = (created: string | null, numberOf: (text: string) => number): number => {
  if (created === null) return NOT_STATED;
  const packed = packTime(created);
  return packed >= 0 ? packed : FIRST_STRING - numberOf(created);
};

/** When a revision was created, ISO 8601; null where the API states no time. */
export const createdAt = ({ revisions, strings }: Holdings, revision: number): string | null => {
  const packed = revisions.created[revision] ?? NOT_STATED;
  if (packed >= 0) return unpackTime(packed);
  return packed === NOT_STATED ? null : (strings[FIRST_STRING - packed] ?? null);
};

/** The same packed time in a slice, where `renumber` gives its string another number. */
export const repackCreated = (packed: number, renumber: (text: number) => number): number =>
  packed > FIRST_STRING ? packed : FIRST_STRING - renumber(FIRST_STRING - packed);

const NOT_STATED = -1;
const FIRST_STRING = -2;

/** The digits of a time; -1 for a text in any other form. */
const packTime = (time: string): number => {
  if (time.length !== FORM.length) return -1;
  let digits = 0;
  for (let at = 0; at < FORM.length; at += 1) {
    const code = time.charCodeAt(at);
    if (FORM.charCodeAt(at) !== ZERO) {
      if (code !== FORM.charCodeAt(at)) return -1;
      continue;
    }
    if (code < ZERO || code > NINE) return -1;
    digits = digits * 10 + code - ZERO;
  }
  return digits;
};

const unpackTime = (digits: number): string => {
  let left = digits;
  for (let at = FORM.length - 1; at >= 0; at -= 1) {
    if (FORM.charCodeAt(at) !== ZERO) continue;
    const shorter = Math.floor(left / 10);
    codes[at] = ZERO + left - shorter * 10;
    left = shorter;
  }
  return String.fromCharCode(...codes);
};

/** A 0 where there is a digit. */
const FORM = '0000-00-00T00:00:00Z';
const [ZERO, NINE] = [0x30, 0x39];
const codes = [...FORM].map((character) => character.charCodeAt(0));
