/** Takes a list's JSON apart as it arrives. */
export type ListCutter = {
  /** Takes the next bytes. */
  readonly push: (chunk: Uint8Array) => void;
  /** What is left when all has arrived: the text with a 0 in place of every item. */
  readonly rest: () => string;
};

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACE = 0x7b;
const BRACE_END = 0x7d;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;
/** How deep `items` and each object in it are. */
const [LIST_DEPTH, ITEM_DEPTH] = [2, 3];
const ENDS_IN_ITEMS = /(?<!\\)"items"\s*:\s*$/;

/**
 * Hands out every object in a list's `items` as a text of its own, once its last byte is there, so that a page of many
 * megabytes is never parsed in one go. It looks only for where objects begin and end; whether items and rest are JSON,
 * `JSON.parse` tells.
 */
export const createListCutter = (takeItem: (json: string) => void): ListCutter => {
  let rest = '';
  let depth = 0;
  let isText = false;
  let isEscaped = false;
  let isInItems = false;
  let isInItem = false;
  /** What has arrived of the item, or of the rest between two items. */
  let open: Uint8Array[] = [];

  const close = (chunk: Uint8Array): string => {
    const last = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    const whole = open.length === 0 ? last : Buffer.concat([...open, last]);
    open = [];
    return whole.toString();
  };

  /** Where the text that goes on at a place ends: at its closing quote, or with the chunk. */
  const skipText = (chunk: Uint8Array, start: number): number => {
    let from = start;
    if (isEscaped && from < chunk.length) {
      isEscaped = false;
      from += 1;
    }
    for (;;) {
      const quote = chunk.indexOf(QUOTE, from);
      const end = quote === -1 ? chunk.length : quote;
      let backslashes = 0;
      while (end - backslashes > from && chunk[end - backslashes - 1] === BACKSLASH) backslashes += 1;
      const isOdd = backslashes % 2 === 1;
      isText = quote === -1 || isOdd;
      if (quote === -1) isEscaped = isOdd;
      if (quote === -1 || !isOdd) return end;
      from = quote + 1;
    }
  };

  const push = (chunk: Uint8Array): void => {
    let start = 0;
    for (let at = isText ? skipText(chunk, 0) + 1 : 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte === QUOTE) {
        at = skipText(chunk, at + 1);
      } else if (byte === BRACE || byte === BRACKET) {
        depth += 1;
        if (depth === ITEM_DEPTH && isInItems && byte === BRACE) {
          rest += `${close(chunk.subarray(start, at))}0`;
          start = at;
          isInItem = true;
        } else if (depth === LIST_DEPTH) {
          rest += close(chunk.subarray(start, at));
          start = at;
          isInItems = byte === BRACKET && ENDS_IN_ITEMS.test(rest);
        }
      } else if (byte === BRACE_END || byte === BRACKET_END) {
        if (depth === ITEM_DEPTH && isInItem) {
          takeItem(close(chunk.subarray(start, at + 1)));
          start = at + 1;
          isInItem = false;
        }
        depth -= 1;
      }
    }
    if (start < chunk.length) open.push(chunk.subarray(start));
  };

  return { push, rest: () => rest + close(Buffer.alloc(0)) };
};
