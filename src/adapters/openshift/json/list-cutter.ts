import { isAscii } from 'node:buffer';
import { CODE, skipText } from './json-text.ts';
import type { WantedFields } from './wanted-fields.ts';
import { pickFields } from './pick-fields.ts';

/** Takes a list's JSON apart as it arrives. */
export type ListCutter = {
  /** Takes the next bytes. */
  readonly push: (chunk: Uint8Array) => void;
  /** The list as it is without its items and what follows them; null until these begin. */
  readonly head: () => string | null;
  /** What is left when all has arrived: the text with a 0 in place of every item. */
  readonly rest: () => string;
};

/** How deep what is in `items` is. */
const ITEMS_DEPTH = 2;
/** More than a chunk and what may be left of the one before. */
const FIRST_BYTES = 131_072;
const ENDS_IN_ITEMS = /(?<!\\)"items"\s*:\s*$/;

/**
 * Hands out every object in a list's `items` as a text of its own, soon after its last byte, so that a page of many
 * megabytes is never parsed in one go; of each only the wanted fields (see `pickFields`). An object that is not
 * understood stays in the rest. Whether items and rest are JSON, `JSON.parse` tells.
 */
export const createListCutter = (fields: WantedFields, takeItem: (json: string) => void): ListCutter => {
  /** Its first `waitingBytes` have arrived and are not cut yet. */
  let waiting = Buffer.alloc(FIRST_BYTES);
  let waitingBytes = 0;
  /** How much must be waiting to be worth another look: an item in many chunks is not looked at for each. */
  let enoughBytes = 0;
  let rest = '';
  let depth = 0;
  let isInItems = false;
  let head: string | null = null;

  const cut = (): void => {
    const bytes = waiting.subarray(0, waitingBytes);
    const isPlain = isAscii(bytes);
    const decode = (part: string): string => (isPlain ? part : Buffer.from(part, 'latin1').toString());
    /** A character a byte: a string is searched much faster than bytes are. */
    const text = bytes.toString('latin1');
    /** Up to where it was handed out or is in the rest. */
    let done = 0;
    const keep = (end: number): void => {
      rest += decode(text.slice(done, end));
      done = end;
    };
    let at = 0;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      let end = at + 1;
      if (code === CODE.quote) {
        end = skipText(text, at);
      } else if (code === CODE.brace && isInItems && depth === ITEMS_DEPTH) {
        const item = pickFields(text, at, fields);
        end = item.end;
        if (end <= text.length) {
          keep(at);
          rest += '0';
          done = end;
          takeItem(decode(item.json));
        }
      } else if (code === CODE.brace || code === CODE.bracket) {
        depth += 1;
        if (depth === ITEMS_DEPTH) {
          keep(at);
          isInItems = code === CODE.bracket && ENDS_IN_ITEMS.test(rest);
          if (isInItems) head = `${rest}[]}`;
        }
      } else if (code === CODE.braceEnd || code === CODE.bracketEnd) {
        depth -= 1;
      }
      if (end > text.length) break;
      at = end;
    }
    keep(at);
    bytes.copyWithin(0, at);
    waitingBytes -= at;
    enoughBytes = 2 * waitingBytes;
  };

  const push = (chunk: Uint8Array): void => {
    const neededBytes = waitingBytes + chunk.length;
    if (neededBytes > waiting.length) waiting = Buffer.concat([waiting], 2 * neededBytes);
    waiting.set(chunk, waitingBytes);
    waitingBytes = neededBytes;
    if (waitingBytes >= enoughBytes) cut();
  };

  return {
    push,
    head: () => head,
    rest: () => {
      cut();
      return rest + waiting.toString('utf8', 0, waitingBytes);
    },
  };
};
