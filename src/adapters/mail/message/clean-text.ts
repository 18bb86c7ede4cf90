/** Characters that steer a terminal or turn text around: controls, line separators, marks of writing direction. */
const STEERING = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
/** The longest name the API allows: `stream:tag@sha256:digest`, in characters. */
const MAX_LENGTH = 253 + 1 + 128 + 1 + 71;

/**
 * Text of others as it may be shown: without what could steer the reader's screen, and not longer than a name can be or
 * than that many characters.
 */
export const cleanText = (text: string, maxLength = MAX_LENGTH): string => {
  const visible = text.replace(STEERING, '');
  if (visible.length <= maxLength) return visible;
  // A character outside the first plane has a length of two.
  const characters = [...visible];
  return characters.length > maxLength ? `${characters.slice(0, maxLength).join('')}…` : visible;
};

/** Plain data (what JSON can say) with every text in it clean; keys stay as they are. Mostly there is nothing to clean. */
export const cleanStrings = <Data>(data: Data): Data =>
  isClean(data)
    ? data
    : JSON.parse(JSON.stringify(data), (_key, value: unknown) =>
        typeof value === 'string' ? cleanText(value) : value,
      );

const isClean = (value: unknown): boolean => {
  if (typeof value === 'string') return value.length <= MAX_LENGTH && value.search(STEERING) < 0;
  if (Array.isArray(value)) return value.every(isClean);
  if (!isObject(value)) return true;
  // Plain data inherits nothing, and asking for all values at once would copy them.
  for (const name in value) if (!isClean(value[name])) return false;
  return true;
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** A header's text in ASCII on one line, as every mail server takes it; accents are dropped. */
export const asciiLine = (text: string): string => {
  const line = text.normalize('NFKD').replace(/[^\x20-\x7e]/g, '');
  return line.length > MAX_LINE_LENGTH ? `${line.slice(0, MAX_LINE_LENGTH)}...` : line;
};

const MAX_LINE_LENGTH = 150;
