import { createHash } from 'node:crypto';

/** SHA-256 over the parts and where they end, hexadecimal. */
export const hashId = (...parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');
