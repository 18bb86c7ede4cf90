import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeJson, encodeJson } from '../../../src/adapters/redis/json-codec.ts';

test('any JSON value is the same after the round trip', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(decodeJson(encodeJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test.each([
  ['no zstd', Buffer.from('{}')],
  ['empty', Buffer.alloc(0)],
])('bytes that are not ours are refused: %s', (_, bytes) => {
  expect(() => decodeJson(bytes)).toThrow();
});
