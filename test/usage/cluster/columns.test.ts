import { expect, test } from 'vitest';
import { createDoubleColumn, createIntColumn, grown, makeInts } from '../../../src/usage/cluster/columns.ts';

/** Beyond what counts as large: then an array grows in place. */
const LENGTHS = Array.from({ length: 80 }, (_, step) => Math.ceil(1.2 ** step));

test('an array keeps what is in it while it grows', () => {
  let numbers = new Int32Array(0);
  for (const length of LENGTHS) {
    numbers = grown(numbers, length, makeInts);
    numbers[length - 1] = length;
  }
  expect(LENGTHS.map((length) => numbers[length - 1])).toEqual(LENGTHS);
  expect(numbers.reduce((sum, value) => sum + Number(value !== 0), 0)).toBe(new Set(LENGTHS).size);
});

test('an array that is long enough stays as it is', () => {
  const numbers = new Int32Array(3);
  expect(grown(numbers, 3, makeInts)).toBe(numbers);
});

test.each([
  { name: 'integers', create: createIntColumn, value: (position: number) => -position },
  { name: 'doubles', create: createDoubleColumn, value: (position: number) => position / 2 },
])('a column of $name has what was pushed, in its order', ({ create, value }) => {
  const column = create();
  expect([...column.view()]).toEqual([]);
  for (let position = 0; position < 300_000; position += 1) column.push(value(position));
  expect(column.count()).toBe(300_000);
  expect(column.at(299_999)).toBe(value(299_999));
  const numbers = column.view();
  expect(numbers).toHaveLength(300_000);
  expect(numbers.every((number, position) => number === value(position))).toBe(true);
});
