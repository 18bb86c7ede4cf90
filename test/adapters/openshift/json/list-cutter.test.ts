import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { createListCutter } from '../../../../src/adapters/openshift/json/list-cutter.ts';
import type { WantedFields } from '../../../../src/adapters/openshift/json/wanted-fields.ts';

/** Cuts a text that arrives in chunks of so many bytes. */
const cut = (
  text: string,
  chunkBytes = 64,
  fields: WantedFields = 'all',
): { items: readonly string[]; rest: string } => {
  const items: string[] = [];
  const cutter = createListCutter(fields, (json) => void items.push(json));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += chunkBytes) cutter.push(bytes.subarray(at, at + chunkBytes));
  return { items, rest: cutter.rest() };
};

describe('a list is cut into its items and the rest', () => {
  test.each([
    {
      name: 'each item is a text of its own, and a 0 in the rest',
      list: '{"kind":"PodList","items":[{"a":1},{"b":{"c":[{}]}}],"metadata":{"continue":"x"}}',
      items: ['{"a":1}', '{"b":{"c":[{}]}}'],
      rest: '{"kind":"PodList","items":[0,0],"metadata":{"continue":"x"}}',
    },
    {
      name: 'brackets and quotes in texts end nothing',
      list: String.raw`{"items":[{"a":"}]\"}","b\\":"\\"},{"c":"{["}]}`,
      items: [String.raw`{"a":"}]\"}","b\\":"\\"}`, '{"c":"{["}'],
      rest: '{"items":[0,0]}',
    },
    {
      name: 'items of other fields stay where they are',
      list: '{"metadata":{"items":[{"a":1}]},"others":[{"b":2}],"x\\"items":[{"c":3}],"items" : [ {"d":4} ]}',
      items: ['{"d":4}'],
      rest: '{"metadata":{"items":[{"a":1}]},"others":[{"b":2}],"x\\"items":[{"c":3}],"items" : [ 0 ]}',
    },
    {
      name: 'what is no object stays',
      list: '{"items":[null,[{"a":1}],"{}",{"b":2}]}',
      items: ['{"b":2}'],
      rest: '{"items":[null,[{"a":1}],"{}",0]}',
    },
    { name: 'null items are in the rest', list: '{"items":null}', items: [], rest: '{"items":null}' },
    {
      name: 'an item that breaks off stays in the rest, which is then no JSON',
      list: '{"items":[{"a":1},{"b":',
      items: ['{"a":1}'],
      rest: '{"items":[0,{"b":',
    },
    {
      name: 'a page of another kind is all rest',
      list: '<!doctype html><p>{"items"',
      items: [],
      rest: '<!doctype html><p>{"items"',
    },
  ])('$name', ({ list, items, rest }) => {
    for (const chunkBytes of [1, 2, 3, 5, 64, 1000]) expect(cut(list, chunkBytes)).toEqual({ items, rest });
  });

  test.each([1, 7, 1000])('items have only the wanted fields, in chunks of %i bytes', (chunkBytes) => {
    const list = '{"items":[{"uid":"ü","a":"ä"},{"b":{"a":1},"a":2}],"a":3,"b":4}';
    expect(cut(list, chunkBytes, [{ name: 'a', wanted: 'all' }])).toEqual({
      items: ['{"a":"ä"}', '{"a":2}'],
      rest: '{"items":[0,0],"a":3,"b":4}',
    });
  });

  test('an item that is not understood stays in the rest, which is then no list of the items before it', () => {
    expect(cut('{"items":[{"a":1},{"a" 2},{"a":3}]}', 10, [{ name: 'a', wanted: 'all' }])).toEqual({
      items: ['{"a":1}'],
      rest: '{"items":[0,{"a" 2},{"a":3}]}',
    });
  });

  test('an item is handed out soon after its last byte has arrived', () => {
    const items: string[] = [];
    const cutter = createListCutter('all', (json) => void items.push(json));
    cutter.push(Buffer.from('{"items":[{"a":1},{"b":'));
    expect(items).toEqual(['{"a":1}']);
    cutter.push(Buffer.from('2},{"c":3},{"d"'));
    expect(items).toEqual(['{"a":1}', '{"b":2}', '{"c":3}']);
  });

  test('an item of many chunks comes as a whole', () => {
    const long = JSON.stringify({ a: 'ä"'.repeat(500_000), b: 1 });
    for (const chunkBytes of [16_384, 65_536, 10_000_000]) {
      const { items, rest } = cut(`{"items":[{"b":1},${long},{"b":1}]}`, chunkBytes);
      expect(items).toEqual(['{"b":1}', long, '{"b":1}']);
      expect(rest).toBe('{"items":[0,0,0]}');
    }
  });

  test('characters of several bytes may arrive in parts', () => {
    expect(cut('{"items":[{"ä":"😀"}],"é":"ü"}', 1)).toEqual({
      items: ['{"ä":"😀"}'],
      rest: '{"items":[0],"é":"ü"}',
    });
  });

  test('any objects come out as JSON.parse reads them, in chunks of any size', () => {
    const objects = fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()));
    fc.assert(
      fc.property(objects, fc.jsonValue(), fc.integer({ min: 1, max: 90 }), (given, other, chunkBytes) => {
        const { items, rest } = cut(JSON.stringify({ other, items: given, more: other }), chunkBytes);
        const read: unknown[] = items.map((json) => JSON.parse(json));
        expect(read).toEqual(JSON.parse(JSON.stringify(given)));
        expect(JSON.parse(rest)).toEqual(
          JSON.parse(JSON.stringify({ other, items: given.map(() => 0), more: other })),
        );
      }),
    );
  });
});
