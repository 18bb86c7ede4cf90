import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';

/** Any JSON value as compressed bytes. */
export const encodeJson = (value: unknown): Promise<Buffer> => compress(JSON.stringify(value));

/** The value that `encodeJson` was given, not yet validated; throws when the bytes are not compressed JSON. */
export const decodeJson = async (bytes: Buffer): Promise<unknown> =>
  JSON.parse((await decompress(bytes)).toString('utf8'));

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
