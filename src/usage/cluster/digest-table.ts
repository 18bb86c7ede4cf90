import type { Digests } from '../model.ts';
import { grown, makeInts } from './columns.ts';

/** Numbers digests from 0, each distinct one once. */
export type DigestTable = {
  readonly count: () => number;
  /** A digest's number; a new one where it has none yet. */
  readonly numberOf: (digest: string) => number;
  /** A digest's number; -1 where it has none. */
  readonly find: (digest: string) => number;
  /** All digests by number, as they are now. */
  readonly view: () => Digests;
};

/** 32-bit words of a sha256. */
export const WORDS = 8;
const FREE = -1;

/** A large cluster names millions of digests: a sha256 takes 32 bytes here, and no object, where a string takes 88. */
export const createDigestTable = (known: Digests = NO_DIGESTS): DigestTable => {
  let count = known.count;
  let words = new Int32Array(known.words);
  /** Numbers by the first word of their digest: open addressing, at most half full. */
  let slots = new Int32Array(2 ** Math.max(10, Math.ceil(Math.log2(count * 2 + 1)))).fill(FREE);
  const others = new Map(known.others);
  const otherNumbers = new Map([...others].map(([number, digest]) => [digest, number]));
  const sought = new Int32Array(WORDS);

  const isSought = (number: number): boolean => {
    const start = number * WORDS;
    for (let at = 0; at < WORDS; at += 1) if (words[start + at] !== sought[at]) return false;
    return true;
  };

  /** The slot of the digest in `sought`, or the free slot where it belongs. */
  const slotOfSought = (): number => {
    const last = slots.length - 1;
    let slot = (sought[0] ?? 0) & last;
    for (;;) {
      const number = slots[slot] ?? FREE;
      if (number === FREE || isSought(number)) return slot;
      slot = (slot + 1) & last;
    }
  };

  const place = (number: number): void => {
    const last = slots.length - 1;
    let slot = (words[number * WORDS] ?? 0) & last;
    while (slots[slot] !== FREE) slot = (slot + 1) & last;
    slots[slot] = number;
  };

  const addSought = (): number => {
    const number = count;
    words = grown(words, (number + 1) * WORDS, makeInts);
    words.set(sought, number * WORDS);
    count += 1;
    if (count * 2 <= slots.length) place(number);
    else placeAll(slots.length * 2);
    return number;
  };

  const placeAll = (length: number): void => {
    slots = new Int32Array(length).fill(FREE);
    for (let number = 0; number < count; number += 1) if (!others.has(number)) place(number);
  };

  const addOther = (digest: string): number => {
    const number = count;
    words = grown(words, (number + 1) * WORDS, makeInts);
    others.set(number, digest);
    otherNumbers.set(digest, number);
    count += 1;
    return number;
  };

  if (count > 0) placeAll(slots.length);
  return {
    count: () => count,
    numberOf: (digest) => {
      if (!readSha256(digest, sought)) return otherNumbers.get(digest) ?? addOther(digest);
      const found = slots[slotOfSought()] ?? FREE;
      return found === FREE ? addSought() : found;
    },
    find: (digest) =>
      readSha256(digest, sought) ? (slots[slotOfSought()] ?? FREE) : (otherNumbers.get(digest) ?? FREE),
    view: () => ({ count, words: words.subarray(0, count * WORDS), others }),
  };
};

const NO_DIGESTS: Digests = { count: 0, words: new Int32Array(0), others: new Map() };

/** A digest by its number, as the API wrote it; in a slice, only one that a report may name. */
export const digestAt = ({ words, others }: Digests, number: number): string =>
  others.get(number) ?? writeSha256(words, number * WORDS);

const PREFIX = 'sha256:';
const LENGTH = PREFIX.length + WORDS * 8;
const HEX = '0123456789abcdef';

/** By character code the value of a hexadecimal digit; -1 for any other character. */
const DIGITS = new Int8Array(128).fill(-1);
for (let value = 0; value < HEX.length; value += 1) DIGITS[HEX.charCodeAt(value)] = value;

/** Reads `sha256:` and 64 lower-case digits; false for anything else. */
const readSha256 = (digest: string, words: Int32Array): boolean => {
  if (digest.length !== LENGTH || !digest.startsWith(PREFIX)) return false;
  let at = PREFIX.length;
  // Below 0 as soon as one character is no digit.
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

/** The characters of a digest; only the hexadecimal digits change. */
const codes = [...PREFIX.padEnd(LENGTH, '0')].map((character) => character.charCodeAt(0));

const writeSha256 = (words: Int32Array, start: number): string => {
  let at = PREFIX.length;
  for (let index = start; index < start + WORDS; index += 1) {
    const word = words[index] ?? 0;
    for (let shift = 28; shift >= 0; shift -= 4) codes[at++] = HEX.charCodeAt((word >>> shift) & 15);
  }
  return String.fromCharCode(...codes);
};
