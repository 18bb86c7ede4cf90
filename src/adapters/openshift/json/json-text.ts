/** The characters that JSON is built with, as `charCodeAt` tells them. */
export const CODE = {
  quote: 0x22,
  comma: 0x2c,
  colon: 0x3a,
  bracket: 0x5b,
  backslash: 0x5c,
  bracketEnd: 0x5d,
  brace: 0x7b,
  braceEnd: 0x7d,
} as const;

/**
 * Where the value that begins at a place ends, found without parsing it: what is in it may be no JSON. Beyond the end of
 * the text where no value begins or the value does not end.
 */
export const skipValue = (json: string, start: number): number => {
  const code = json.charCodeAt(start);
  if (code === CODE.quote) return skipText(json, start);
  if (code === CODE.brace || code === CODE.bracket) return skipNested(json, start);
  let end = start;
  while (isPlain(json.charCodeAt(end))) end += 1;
  return end === start ? beyond(json) : end;
};

/** The same for a text, which begins with its quote. */
export const skipText = (json: string, start: number): number => {
  for (let quote = json.indexOf('"', start + 1); quote !== -1; quote = json.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (json.charCodeAt(quote - backslashes - 1) === CODE.backslash) backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
  }
  return beyond(json);
};

/** The first place from one on that is no white space. */
export const skipSpace = (json: string, start: number): number => {
  let at = start;
  while (isSpace(json.charCodeAt(at))) at += 1;
  return at;
};

/** A place at which there is nothing, so that whoever goes on from there finds nothing that it looks for. */
export const beyond = (json: string): number => json.length + 1;

const skipNested = (json: string, start: number): number => {
  let depth = 0;
  for (let at = start; at < json.length; at += 1) {
    const code = json.charCodeAt(at);
    if (code === CODE.quote) {
      at = skipText(json, at) - 1;
    } else if (code === CODE.brace || code === CODE.bracket) {
      depth += 1;
    } else if (code === CODE.braceEnd || code === CODE.bracketEnd) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return beyond(json);
};

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

/** Whatever numbers, true, false and null are written with, and more. */
const isPlain = (code: number): boolean =>
  (code >= 0x2b && code <= 0x39 && code !== CODE.comma) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a);
