import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeJson, encodeJson } from '../../../src/adapters/redis/json-codec.ts';

test('any JSON value is the same after the round trip', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      expect(await decodeJson(await encodeJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test.each([
  ['no zstd', Buffer.from('{}')],
  ['empty', Buffer.alloc(0)],
])('bytes that are not ours are refused: %s', async (_, bytes) => {
  await expect(decodeJson(bytes)).rejects.toThrow();
});
