import { beyond, CODE, skipSpace, skipText, skipValue } from './json-text.ts';
import type { WantedField, WantedFields } from './wanted-fields.ts';

/** A value's JSON without the unwanted fields, and where the value ends in the text it was taken from. */
export type Picked = { readonly json: string; readonly end: number };

/**
 * Copies the JSON value that starts at `start`, keeping only the wanted fields of its objects, so that `JSON.parse` need not
 * build the rest. What is left out is skipped without being parsed, so it may be invalid JSON. `end` lies beyond the end
 * of the text where the value is incomplete or visibly invalid.
 */
export const pickFields = (text: string, start: number, fields: WantedFields): Picked => {
  let json = '';
  /** Up to where it is in `json` or cut out. */
  let done = start;

  /** Like the others here: from where a value begins to where it ends. */
  const pickValue = (at: number, wanted: WantedFields): number => {
    const code = text.charCodeAt(at);
    if (wanted !== 'all' && code === CODE.brace) return pickObject(at, wanted);
    if (wanted !== 'all' && code === CODE.bracket) return pickElements(at, wanted);
    return skipValue(text, at);
  };

  const pickObject = (brace: number, wantedOnes: readonly WantedField[]): number => {
    let hasKept = false;
    /** Where a field begins: at the comma before it, or after that comma while no field has been kept yet. */
    let from = brace + 1;
    let at = skipSpace(text, from);
    if (text.charCodeAt(at) === CODE.braceEnd) return at + 1;
    for (;;) {
      if (text.charCodeAt(at) !== CODE.quote) return beyond(text);
      const nameEnd = skipText(text, at);
      const colon = skipSpace(text, nameEnd);
      if (text.charCodeAt(colon) !== CODE.colon) return beyond(text);
      const value = skipSpace(text, colon + 1);
      const wanted = findWanted(wantedOnes, text, at);
      at = skipSpace(text, wanted === null ? skipValue(text, value) : pickValue(value, wanted));
      const hasNext = text.charCodeAt(at) === CODE.comma;
      if (wanted === null) {
        json += text.slice(done, from);
        done = hasNext && !hasKept ? at + 1 : at;
      } else {
        hasKept = true;
      }
      if (!hasNext) return text.charCodeAt(at) === CODE.braceEnd ? at + 1 : beyond(text);
      from = hasKept ? at : at + 1;
      at = skipSpace(text, at + 1);
    }
  };

  const pickElements = (bracket: number, wantedOnes: readonly WantedField[]): number => {
    let at = skipSpace(text, bracket + 1);
    if (text.charCodeAt(at) === CODE.bracketEnd) return at + 1;
    for (;;) {
      const isObject = text.charCodeAt(at) === CODE.brace;
      at = skipSpace(text, isObject ? pickObject(at, wantedOnes) : skipValue(text, at));
      if (text.charCodeAt(at) === CODE.bracketEnd) return at + 1;
      if (text.charCodeAt(at) !== CODE.comma) return beyond(text);
      at = skipSpace(text, at + 1);
    }
  };

  const end = pickValue(start, fields);
  return { json: json + text.slice(done, end), end };
};

/** What to keep of the field whose name starts at `quote`; a name with escapes could be any, so all; null for nothing. */
const findWanted = (fields: readonly WantedField[], text: string, quote: number): WantedFields | null => {
  const start = quote + 1;
  for (const { name, wanted } of fields) {
    if (text.charCodeAt(start + name.length) === CODE.quote && text.startsWith(name, start)) return wanted;
  }
  for (let at = start; text.charCodeAt(at) !== CODE.quote; at += 1) {
    if (text.charCodeAt(at) === CODE.backslash) return 'all';
  }
  return null;
};
