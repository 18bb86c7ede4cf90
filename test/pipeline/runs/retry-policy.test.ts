import { expect, test } from 'vitest';
import { JOBS } from '../../../src/pipeline/jobs.ts';
import { retryWaitMs, triesOf } from '../../../src/pipeline/runs/retry-policy.ts';

const MINUTE_MS = 60_000;

test.each([
  { tried: 1, longest: MINUTE_MS },
  { tried: 2, longest: 4 * MINUTE_MS },
  { tried: 3, longest: 16 * MINUTE_MS },
  { tried: 4, longest: 60 * MINUTE_MS },
])('a mail waits at most $longest ms after try $tried, and a quarter less at most', ({ tried, longest }) => {
  for (let number = 0; number < 100; number += 1) {
    const waitMs = retryWaitMs({ name: 'mail', id: `mail/run/${String(number)}` }, tried);
    expect(waitMs).toBeGreaterThanOrEqual((longest * 3) / 4);
    expect(waitMs).toBeLessThanOrEqual(longest);
  }
});

test('a mail is tried five times, every other job three times, and then no more', () => {
  for (const name of JOBS) {
    const tries = name === 'mail' ? 5 : 3;
    expect(triesOf(name)).toBe(tries);
    expect(retryWaitMs({ name, id: name }, tries - 1)).not.toBe(null);
    expect(retryWaitMs({ name, id: name }, tries)).toBe(null);
  }
});

test('a step of a run waits for seconds', () => {
  const waits = [1, 2].map((tried) => retryWaitMs({ name: 'size', id: 'size/run/shop-dev' }, tried) ?? 0);
  expect(waits[0]).toBeLessThanOrEqual(1_000);
  expect(waits[1]).toBeLessThanOrEqual(4_000);
});

test('mails that failed together do not come back together, and each is told the same time again', () => {
  const waitOf = (number: number) =>
    retryWaitMs({ name: 'mail', id: `mail/run/${String(number)}f00d` }, 1) ?? 0;
  const numbers = Array.from({ length: 100 }, (_, number) => number);
  const waits = numbers.map(waitOf);
  expect(new Set(waits).size).toBeGreaterThan(90);
  expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(10_000);
  expect(numbers.map(waitOf)).toEqual(waits);
});
