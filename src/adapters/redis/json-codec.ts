import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/** Any JSON value as compressed bytes. At this size a thread of its own takes longer than the work. */
export const encodeJson = (value: unknown): Buffer =>
  zstdCompressSync(JSON.stringify(value), { params: { [constants.ZSTD_c_compressionLevel]: 1 } });

/** The value that `encodeJson` was given, not yet validated; throws when the bytes are not compressed JSON. */
export const decodeJson = (bytes: Buffer): unknown => JSON.parse(zstdDecompressSync(bytes).toString('utf8'));
