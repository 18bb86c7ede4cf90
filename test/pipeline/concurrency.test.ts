import { expect, test } from 'vitest';
import { mapConcurrently } from '../../src/pipeline/concurrency.ts';

/** Work that ends when told to. */
const createWork = () => {
  const underWay: PromiseWithResolvers<string>[] = [];
  return {
    underWay,
    start: () => {
      const work = Promise.withResolvers<string>();
      underWay.push(work);
      return work.promise;
    },
  };
};

const settle = () => new Promise(setImmediate);

test('at most four are under way, and results come in the order of the inputs', async () => {
  const { underWay, start } = createWork();
  const results = mapConcurrently(
    ['a', 'b', 'c', 'd', 'e', 'f'],
    async (input) => `${input}${await start()}`,
  );
  await settle();
  expect(underWay).toHaveLength(4);
  underWay[2]?.resolve('3');
  await settle();
  expect(underWay).toHaveLength(5);
  for (const position of [4, 3, 1, 0]) underWay[position]?.resolve(String(position + 1));
  await settle();
  underWay[5]?.resolve('6');
  expect(await results).toEqual(['a1', 'b2', 'c3', 'd4', 'e5', 'f6']);
});

test('after a failure nothing more starts, and it is thrown once the others have ended', async () => {
  const { underWay, start } = createWork();
  let thrown: unknown = null;
  const results = mapConcurrently([1, 2, 3, 4, 5, 6], start).catch((error: unknown) => (thrown = error));
  underWay[1]?.reject(new Error('no'));
  await settle();
  expect(thrown).toBeNull();
  for (const position of [0, 2, 3]) underWay[position]?.resolve('');
  await results;
  expect(thrown).toEqual(new Error('no'));
  expect(underWay).toHaveLength(4);
});

test('no input gives no result', async () => {
  expect(await mapConcurrently([], async () => 'x')).toEqual([]);
});
