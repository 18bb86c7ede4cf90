import { expect, test } from 'vitest';
import { grown, makeDoubles, makeInts } from '../../../src/usage/cluster/columns.ts';

/** Beyond what is large: then a column grows where it is. */
const LENGTHS = Array.from({ length: 80 }, (_, step) => Math.ceil(1.2 ** step));

test('a column of integers keeps what is in it while it grows', () => {
  let column = makeInts(0);
  for (const length of LENGTHS) {
    column = grown(column, length, makeInts);
    column[length - 1] = length;
  }
  expect(LENGTHS.map((length) => column[length - 1])).toEqual(LENGTHS);
  expect(column.reduce((sum, value) => sum + Number(value !== 0), 0)).toBe(new Set(LENGTHS).size);
});

test('a column of doubles does, too', () => {
  let column = makeDoubles(0);
  for (const length of LENGTHS) {
    column = grown(column, length, makeDoubles);
    column[length - 1] = length / 2;
  }
  expect(LENGTHS.map((length) => column[length - 1])).toEqual(LENGTHS.map((length) => length / 2));
});

test('a column that is long enough stays as it is', () => {
  const column = makeInts(3);
  expect(grown(column, 3, makeInts)).toBe(column);
});
