import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

const readReadme = () => readFile(new URL('../../README.md', import.meta.url), 'utf8');

test('no example lets npm write its banner into the output of a command', async () => {
  const runs = (await readReadme()).match(/npm run .*quotagram .*/g) ?? [];
  expect(runs.length).toBeGreaterThan(5);
  expect(runs.filter((run) => !run.startsWith('npm run -s quotagram -- '))).toEqual([]);
});
