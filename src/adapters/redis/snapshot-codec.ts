import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { Packr } from 'msgpackr';
import { z } from 'zod';
import { snapshotSchema } from '../../pipeline/records/snapshot.ts';
import type { Snapshot } from '../../usage/model.ts';

/** The form in which snapshots are stored: 1 was JSON, which no version reads any more. */
const SNAPSHOT_VERSION = 2;

/** A snapshot as bytes: its own arrays as MessagePack, compressed. */
export const encodeSnapshot = (snapshot: Snapshot): Buffer =>
  zstdCompressSync(packr.pack({ version: SNAPSHOT_VERSION, snapshot }), {
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
  });

/** The snapshot that `encodeSnapshot` was given; throws when the bytes are not ours. */
export const decodeSnapshot = (bytes: Buffer): Snapshot =>
  versionedSchema.parse(packr.unpack(zstdDecompressSync(bytes))).snapshot;

/** With its types for typed arrays and maps. */
const packr = new Packr({ moreTypes: true });

const versionedSchema = z.strictObject({ version: z.literal(SNAPSHOT_VERSION), snapshot: snapshotSchema });
