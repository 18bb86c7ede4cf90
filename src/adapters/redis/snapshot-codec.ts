import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { z } from 'zod';
import { snapshotSchema } from '../../pipeline/records/snapshot.ts';
import { writeOut } from '../../usage/snapshots.ts';
import type { ListedSnapshot } from '../../usage/snapshots.ts';
import type { Layer, Snapshot } from '../../usage/model.ts';

/**
 * A snapshot as compressed bytes. Images of one namespace share most layers, so each distinct {digest, size} is
 * written once and images refer to it by index.
 */
export const encodeSnapshot = (snapshot: Snapshot): Promise<Buffer> => {
  const indexes = new Map<string, number>();
  const layers: [digest: string, sizeBytes: number][] = [];
  const indexOf = ({ digest, sizeBytes }: Layer): number => {
    const key = `${sizeBytes} ${digest}`;
    const known = indexes.get(key);
    if (known !== undefined) return known;
    indexes.set(key, layers.length);
    return layers.push([digest, sizeBytes]) - 1;
  };
  const listed = writeOut(snapshot);
  const images = listed.images.map((image) => ({ ...image, layers: image.layers?.map(indexOf) ?? null }));
  return encodeJson({ layers, snapshot: { ...listed, images } });
};

/** The snapshot that `encodeSnapshot` was given; throws when the bytes are not ours. */
export const decodeSnapshot = async (bytes: Buffer): Promise<ListedSnapshot> => {
  const { layers, snapshot } = packedSchema.parse(await decodeJson(bytes));
  const layerAt = (index: number): Layer => {
    const layer = layers[index];
    if (layer === undefined) throw new RangeError(`No layer ${index} among ${layers.length}`);
    return { digest: layer[0], sizeBytes: layer[1] };
  };
  const images = snapshot.images.map((image) => ({ ...image, layers: image.layers?.map(layerAt) ?? null }));
  return { ...snapshot, images };
};

/** Any JSON value as compressed bytes. */
export const encodeJson = (value: unknown): Promise<Buffer> => compress(JSON.stringify(value));

/** The value that `encodeJson` was given, not yet validated; throws when the bytes are not compressed JSON. */
export const decodeJson = async (bytes: Buffer): Promise<unknown> =>
  JSON.parse((await decompress(bytes)).toString('utf8'));

const packedSchema = z.strictObject({
  layers: z.array(z.tuple([z.string(), z.int().nonnegative()])),
  snapshot: snapshotSchema.extend({
    images: z.array(
      snapshotSchema.shape.images.element.extend({ layers: z.array(z.int().nonnegative()).nullable() }),
    ),
  }),
});

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
