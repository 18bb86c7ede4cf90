import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { WantedFields } from '../../../../src/adapters/openshift/json/wanted-fields.ts';
import { pickFields } from '../../../../src/adapters/openshift/json/pick-fields.ts';

const field = (name: string, wanted: WantedFields = 'all') => ({ name, wanted });
/** What the cases below want: `name`, and of `of` only `size`. */
const WANTED: WantedFields = [field('name'), field('of', [field('size')])];

describe('of an object is left', () => {
  test.each([
    { name: 'the wanted fields', json: '{"uid":1,"name":2,"kind":3}', picked: '{"name":2}' },
    {
      name: 'all, where all is wanted',
      json: '{"name":1,"of":{"size":2}}',
      picked: '{"name":1,"of":{"size":2}}',
    },
    { name: 'nothing, where nothing is wanted', json: '{"uid":1,"kind":{"name":1}}', picked: '{}' },
    {
      name: 'of a field only what is wanted of it',
      json: '{"of":{"a":1,"size":2,"b":3}}',
      picked: '{"of":{"size":2}}',
    },
    {
      name: 'of a list the same of each object, and all that is none',
      json: '{"of":[{"a":1},1,[{"a":1}],{"size":2,"a":1},null]}',
      picked: '{"of":[{},1,[{"a":1}],{"size":2},null]}',
    },
    {
      name: 'a wanted field of another shape',
      json: '{"of":"size","name":{"a":1}}',
      picked: '{"of":"size","name":{"a":1}}',
    },
    {
      name: 'what is wanted, whatever stands in the texts around it',
      json: String.raw`{"a":"},\"name\":1","name":"{\\","b":["]}"]}`,
      picked: String.raw`{"name":"{\\"}`,
    },
    {
      name: 'every field of a name that is there twice',
      json: '{"name":1,"of":{"a":1},"name":2,"of":{"size":3}}',
      picked: '{"name":1,"of":{},"name":2,"of":{"size":3}}',
    },
    {
      name: 'a field whose name has escapes, with all that is in it: it may be a wanted one',
      json: String.raw`{"n\u0061me":1,"a\"b":{"a":1},"uid":2}`,
      picked: String.raw`{"n\u0061me":1,"a\"b":{"a":1}}`,
    },
    {
      name: 'the white space around what is left',
      json: '{ "uid" : 1 ,\t"name" :\r\n2 , "kind" : 3 }',
      picked: '{\t"name" :\r\n2 }',
    },
    {
      name: 'no sign of what is broken in a field that is not wanted',
      json: String.raw`{"uid":[nil,,"\x"],"name":1}`,
      picked: '{"name":1}',
    },
  ])('$name', ({ json, picked }) => {
    expect(pickFields(json, 0, WANTED)).toEqual({ json: picked, end: json.length });
  });
});

test('a value in the midst of a text is picked from up to its end', () => {
  expect(pickFields('[{"uid":1,"name":2},3]', 1, WANTED)).toEqual({ json: '{"name":2}', end: 19 });
  expect(pickFields('[true,3]', 1, WANTED)).toEqual({ json: 'true', end: 5 });
});

test.each([
  '{"name":1',
  '{"name"',
  '{"name":"x\\"}',
  '{"uid":[{}',
  '{"name" 1}',
  '{"uid"x1,"name":2}',
  '{"name":1,}',
  '{1:2}',
  '{"uid":}',
  '{"of":[1 2]}',
  '{"of":[1,]}',
  '}',
  '',
])('what does not end or is no JSON ends beyond the text: %s', (json) => {
  expect(pickFields(json, 0, WANTED).end).toBeGreaterThan(json.length);
});

/** Names that are in objects and in what is wanted of them. */
const NAMES = ['a', 'b', 'name', 'names', '__proto__', 'constructor', 'a"b', 'é', ''];
const names = fc.constantFrom(...NAMES);
const { wanted: someFields } = fc.letrec<{ wanted: WantedFields }>((tie) => ({
  wanted: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant<'all'>('all'),
    fc.uniqueArray(fc.record({ name: names, wanted: tie('wanted') }), { selector: ({ name }) => name }),
  ),
}));
const { value: someValues } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
    ),
    fc.dictionary(names, tie('value'), { maxKeys: 6 }),
    fc.array(tie('value'), { maxLength: 4 }),
  ),
}));
const someJson = fc
  .tuple(someValues, fc.constantFrom(undefined, 1, '\t'))
  .map(([value, indent]) => JSON.stringify(value, null, indent));

/** The same as `pickFields` does, on what is parsed: `kept` are escaped names. */
const pickParsed = (value: unknown, wanted: WantedFields): unknown => {
  if (wanted === 'all') return value;
  if (Array.isArray(value))
    return value.map((each) => (Array.isArray(each) ? each : pickParsed(each, wanted)));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) => {
      const isEscaped = JSON.stringify(name).includes('\\');
      const field = isEscaped ? 'all' : wanted.find((each) => each.name === name)?.wanted;
      return field === undefined ? [] : [[name, pickParsed(inner, field)]];
    }),
  );
};

test('of any value is left what is left when it is parsed first', () => {
  fc.assert(
    fc.property(someJson, someFields, (json, fields) => {
      const picked = pickFields(json, 0, fields);
      expect(picked.end).toBe(json.length);
      expect(JSON.parse(picked.json)).toEqual(pickParsed(JSON.parse(json), fields));
    }),
    { numRuns: 300 },
  );
});

test('mutilated JSON neither throws nor hangs, and what is JSON all the same is picked from', () => {
  const cuts = fc.tuple(
    fc.nat(),
    fc.nat({ max: 3 }),
    fc.string({ unit: fc.constantFrom(...'{}[]",:\\ 1at'), maxLength: 3 }),
  );
  fc.assert(
    fc.property(someJson, someFields, cuts, (json, fields, [at, length, inserted]) => {
      const start = at % (json.length + 1);
      const mutilated = json.slice(0, start) + inserted + json.slice(start + length);
      const picked = pickFields(mutilated, 0, fields);
      const parsed = parse(mutilated);
      if (parsed === undefined || mutilated.startsWith(' ')) return;
      expect(picked.end).toBeLessThanOrEqual(mutilated.length);
      expect(JSON.parse(picked.json)).toEqual(pickParsed(parsed, fields));
    }),
    { numRuns: 500 },
  );
});

const parse = (json: string): unknown => {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
};
