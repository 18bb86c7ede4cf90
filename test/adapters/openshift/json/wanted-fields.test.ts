import { expect, test } from 'vitest';
import { z } from 'zod';
import { wantedFieldsOf } from '../../../../src/adapters/openshift/json/wanted-fields.ts';

const shape = { size: z.int() };
const ofShape = [{ name: 'size', wanted: 'all' }];

test.each([
  { name: 'an object looks at its fields', schema: z.object(shape), fields: ofShape },
  {
    name: 'and so on down to what is no object',
    schema: z.object({ a: z.object({ b: z.object(shape) }), c: z.string() }),
    fields: [
      { name: 'a', wanted: [{ name: 'b', wanted: ofShape }] },
      { name: 'c', wanted: 'all' },
    ],
  },
  { name: 'a list looks at what its objects look at', schema: z.array(z.object(shape)), fields: ofShape },
  { name: 'what may be absent', schema: z.object(shape).optional(), fields: ofShape },
  { name: 'what may be null', schema: z.object(shape).nullable(), fields: ofShape },
  { name: 'what may be both', schema: z.object(shape).nullish(), fields: ofShape },
  { name: 'what has a default', schema: z.object(shape).default({ size: 0 }), fields: ofShape },
  { name: 'what is caught', schema: z.object(shape).catch({ size: 0 }), fields: ofShape },
  { name: 'what is transformed', schema: z.object(shape).transform(({ size }) => size), fields: ofShape },
  { name: 'what is refined', schema: z.object(shape).refine(({ size }) => size > 0), fields: ofShape },
  { name: 'a loose object is looked at as a whole', schema: z.looseObject(shape), fields: 'all' },
  { name: 'a strict object, too', schema: z.strictObject(shape), fields: 'all' },
  { name: 'an object of any other fields, too', schema: z.object(shape).catchall(z.int()), fields: 'all' },
  { name: 'a map, too', schema: z.record(z.string(), z.object(shape)), fields: 'all' },
  { name: 'one of several, too', schema: z.union([z.object(shape), z.string()]), fields: 'all' },
  {
    name: 'what is made of anything before it is checked, too',
    schema: z.preprocess((given) => given, z.object(shape)),
    fields: 'all',
  },
  { name: 'whatever is unknown, too', schema: z.unknown(), fields: 'all' },
])('$name', ({ schema, fields }) => {
  expect(wantedFieldsOf(schema, 'picked')).toEqual(fields);
});

test('a list may be looked at as a whole', () => {
  expect(wantedFieldsOf(z.object({ a: z.array(z.object(shape)), b: z.object(shape) }), 'whole')).toEqual([
    { name: 'a', wanted: 'all' },
    { name: 'b', wanted: ofShape },
  ]);
});
