/** What looks like chance and is not: the same seed, purpose and key give the same. Keys are whole numbers below 2^32. */
export type Chance = {
  /** From 0 up to, but not including, 1. */
  readonly fraction: (key: number) => number;
  /** A whole number from `least` to `most`, both included. */
  readonly whole: (key: number, least: number, most: number) => number;
  /** 64 hexadecimal digits; different for different keys. */
  readonly hex: (key: number) => string;
  /** The same as a digest, `sha256:…`. */
  readonly digest: (key: number) => string;
};

/** Chance of one purpose, apart from that of every other. */
export const createChance = (seed: number, purpose: string): Chance => {
  const own = [...purpose].reduce((hash, letter) => mix(hash ^ letter.charCodeAt(0)), mix(seed));
  const salts = Array.from({ length: 8 }, (_, position) => mix(own + position));
  const fraction = (key: number): number => mix(key ^ own) / 2 ** 32;
  const words = new Uint32Array(salts.length);
  const bytes = Buffer.from(words.buffer);
  const hex = (key: number): string => {
    for (const [position, salt] of salts.entries()) words[position] = mix(key ^ salt);
    return bytes.toString('hex');
  };
  return {
    fraction,
    whole: (key, least, most) => least + Math.floor(fraction(key) * (most - least + 1)),
    hex,
    digest: (key) => `sha256:${hex(key)}`,
  };
};

/** Stirs 32 bits so that no two inputs give the same (two rounds of xor, shift and multiply). */
const mix = (bits: number): number => {
  const once = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
  const twice = Math.imul(once ^ (once >>> 15), 0x735a2d97);
  return (twice ^ (twice >>> 15)) >>> 0;
};
