import { grown, makeInts } from './columns.ts';

/** Numbers digests from 0 on, each distinct one once. */
export type DigestTable = {
  /** How many it knows. */
  readonly count: () => number;
  /** A digest's number; a new one where it has none yet. */
  readonly numberOf: (digest: string) => number;
  /** A digest's number; -1 where it has none. */
  readonly find: (digest: string) => number;
  readonly digestOf: (number: number) => string;
};

/** 32-bit words of a sha256. */
const WORDS = 8;
const FREE = -1;

/**
 * A large cluster names millions of digests. A sha256, as nearly all of them are, takes 32 bytes here and no object,
 * where a text takes 88; other digests are kept as they are.
 */
export const createDigestTable = (): DigestTable => {
  let count = 0;
  let words = makeInts(0);
  /** Numbers by the first word of their digest: open addressing, at most half full. */
  let slots = makeInts(1024).fill(FREE);
  const others = new Map<string, number>();
  const otherDigests = new Map<number, string>();
  const sought = makeInts(WORDS);

  const isSought = (number: number): boolean => {
    const start = number * WORDS;
    for (let at = 0; at < WORDS; at += 1) if (words[start + at] !== sought[at]) return false;
    return true;
  };

  /** Where what is sought stands in `slots`, or is to stand. */
  const slotOfSought = (): number => {
    const last = slots.length - 1;
    let slot = (sought[0] ?? 0) & last;
    for (;;) {
      const number = slots[slot] ?? FREE;
      if (number === FREE || isSought(number)) return slot;
      slot = (slot + 1) & last;
    }
  };

  const widen = (): void => {
    const narrow = slots;
    slots = makeInts(narrow.length * 2).fill(FREE);
    const last = slots.length - 1;
    for (const number of narrow) {
      if (number === FREE) continue;
      let slot = (words[number * WORDS] ?? 0) & last;
      while (slots[slot] !== FREE) slot = (slot + 1) & last;
      slots[slot] = number;
    }
  };

  const addSought = (slot: number): number => {
    const number = count;
    const start = number * WORDS;
    words = grown(words, start + WORDS, makeInts);
    for (let at = 0; at < WORDS; at += 1) words[start + at] = sought[at] ?? 0;
    slots[slot] = number;
    count += 1;
    if (count * 2 > slots.length) widen();
    return number;
  };

  const addOther = (digest: string): number => {
    const number = count;
    others.set(digest, number);
    otherDigests.set(number, digest);
    count += 1;
    return number;
  };

  return {
    count: () => count,
    numberOf: (digest) => {
      if (!readSha256(digest, sought)) return others.get(digest) ?? addOther(digest);
      const slot = slotOfSought();
      const known = slots[slot] ?? FREE;
      return known === FREE ? addSought(slot) : known;
    },
    find: (digest) =>
      readSha256(digest, sought) ? (slots[slotOfSought()] ?? FREE) : (others.get(digest) ?? FREE),
    digestOf: (number) => otherDigests.get(number) ?? writeSha256(words, number * WORDS),
  };
};

const PREFIX = 'sha256:';
const LENGTH = PREFIX.length + WORDS * 8;
const HEX = '0123456789abcdef';

/** By character code the value of a hexadecimal digit; -1 for whatever else. */
const DIGITS = new Int8Array(128).fill(-1);
for (let value = 0; value < HEX.length; value += 1) DIGITS[HEX.charCodeAt(value)] = value;

/** Reads `sha256:` and 64 lower-case digits; false for anything else. */
const readSha256 = (digest: string, words: Int32Array): boolean => {
  if (digest.length !== LENGTH || !digest.startsWith(PREFIX)) return false;
  let at = PREFIX.length;
  // Below 0 once anything is no digit.
  let sign = 0;
  for (let index = 0; index < WORDS; index += 1) {
    let word = 0;
    for (const end = at + 8; at < end; at += 1) {
      const digit = DIGITS[digest.charCodeAt(at)] ?? -1;
      sign |= digit;
      word = (word << 4) | digit;
    }
    words[index] = word;
  }
  return sign >= 0;
};

/** The characters of a digest, of which only the digits change. */
const codes = [...PREFIX.padEnd(LENGTH, '0')].map((character) => character.charCodeAt(0));

const writeSha256 = (words: Int32Array, start: number): string => {
  let at = PREFIX.length;
  for (let index = start; index < start + WORDS; index += 1) {
    const word = words[index] ?? 0;
    for (let shift = 28; shift >= 0; shift -= 4) codes[at++] = HEX.charCodeAt((word >>> shift) & 15);
  }
  return String.fromCharCode(...codes);
};
