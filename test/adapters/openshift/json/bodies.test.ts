import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { readPage } from '../../../../src/adapters/openshift/json/bodies.ts';

const frame = z.object({ items: z.array(z.literal(0)) });
/** Keeps the sizes of objects that are read with only these. */
const sizes = {
  fields: [{ name: 'size', wanted: 'all' }],
  reduce: (object: unknown) => z.strictObject({ size: z.int() }).parse(object).size,
} as const;

const reading = { schema: frame, reduction: sizes, onHead: () => {}, take: () => false };

test('objects are reduced from the wanted fields alone', async () => {
  const page = Buffer.from('{"items":[{"size":1,"uid":"a"},{"uid":"b","size":2}]}');
  expect(await readPage(reading)(Readable.from(chunksOf(page)))).toEqual({
    objects: [1, 2],
    frame: { items: [0, 0] },
    fault: null,
  });
});

test.each([
  ['last', '{"items":[{"size":1},{"size":tru}]}'],
  ['first', '{"items":[{"size":1,},{"size":2}]}'],
])('a list with a broken object is no list, though the rest of it is: %s', async (_, page) => {
  expect(await readPage(reading)(Readable.from(chunksOf(Buffer.from(page))))).toBeUndefined();
});

test('others get their turn while a page that has arrived as a whole is read', async () => {
  const filling = 'x'.repeat(10_000);
  const items = Array.from({ length: 600 }, (_, size) => ({ size, filling }));
  const page = Buffer.from(JSON.stringify({ items }));
  let turns = 0;
  const takeTurn = () => {
    turns += 1;
    turn = setImmediate(takeTurn);
  };
  let turn = setImmediate(takeTurn);
  const read = await readPage(reading)(Readable.from(chunksOf(page)));
  clearImmediate(turn);
  expect(read?.objects).toHaveLength(600);
  expect(page.length).toBeGreaterThan(6_000_000);
  expect(turns).toBeGreaterThanOrEqual(5);
});

test('what a list says of itself is told before its objects have arrived', async () => {
  const told: unknown[] = [];
  let toldAfter = 0;
  const schema = z.object({ metadata: z.object({ continue: z.string() }) });
  const page = Buffer.from(
    `{"metadata":{"continue":"x"},"items":[${'{"size":1},'.repeat(20_000)}{"size":2}]}`,
  );
  async function* chunks() {
    for await (const chunk of chunksOf(page)) {
      yield chunk;
      if (told.length === 0) toldAfter += 1;
    }
  }
  const read = readPage({ schema, reduction: sizes, onHead: (head) => told.push(head), take: () => false });
  expect((await read(Readable.from(chunks())))?.objects).toHaveLength(20_001);
  expect(told).toEqual([{ metadata: { continue: 'x' } }]);
  expect(toldAfter).toBe(0);
});

test('objects are taken as they arrive once the list has said that it is the right one', async () => {
  const schema = z.object({ kind: z.literal('SizeList'), items: z.array(z.literal(0)) });
  const items = '"items":[{"size":1},{"size":2}]';
  const read = async (page: string) => {
    const taken: number[] = [];
    const take = (size: number) => taken.push(size) > 0;
    const body = await readPage({ ...reading, schema, take })(Readable.from(bytesOf(page)));
    return { taken, left: body?.objects };
  };
  expect(await read(`{"kind":"SizeList",${items}}`)).toEqual({ taken: [1, 2], left: [] });
  expect(await read(`{"kind":"SizeList",${items}`)).toEqual({ taken: [1, 2], left: undefined });
  expect(await read(`{"kind":"PodList",${items}}`)).toEqual({ taken: [], left: undefined });
  expect(await read(`{${items},"kind":"SizeList"}`)).toEqual({ taken: [], left: [1, 2] });
});

/** One by one, the slowest that they can come. */
async function* bytesOf(page: string) {
  for (const byte of Buffer.from(page)) yield Uint8Array.of(byte);
}

/** As they come from a socket, but all at once. */
async function* chunksOf(page: Buffer) {
  for (let at = 0; at < page.length; at += 65_536) yield page.subarray(at, at + 65_536);
}
