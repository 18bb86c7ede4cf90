import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { writeAll } from '../../src/cli/terminal.ts';

/** Pieces of ten characters without end, and how many were taken. */
const endlessly = () => {
  let taken = 0;
  const pieces = (function* () {
    for (;;) {
      taken += 1;
      yield '0123456789';
    }
  })();
  return { pieces, taken: () => taken };
};

test('pieces arrive in order', async () => {
  const out = new PassThrough();
  const arrived = text(out);
  await writeAll(out, ['a', 'b', 'c']);
  out.end();
  expect(await arrived).toBe('abc');
});

test('no piece is made before there is room for it', async () => {
  const out = new PassThrough({ highWaterMark: 50 });
  const { pieces, taken } = endlessly();
  const written = writeAll(out, pieces);
  for (let turn = 0; turn < 1_000; turn += 1) await nextTurn();
  const full = taken();
  expect(full).toBeLessThan(20);
  out.read();
  for (let turn = 0; turn < 1_000; turn += 1) await nextTurn();
  expect(taken()).toBeGreaterThan(full);
  expect(out.listenerCount('close')).toBeLessThan(5);
  out.destroy();
  await written;
});

test('whoever goes away while there is no room ends the wait, and that is no fault', async () => {
  const out = new PassThrough({ highWaterMark: 50 });
  out.on('error', () => {});
  const written = writeAll(out, endlessly().pieces);
  for (let turn = 0; turn < 1_000; turn += 1) await nextTurn();
  out.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  await written;
});

test('no piece is made once nobody reads any more, and that is no fault', async () => {
  const out = new PassThrough();
  const { pieces, taken } = endlessly();
  const written = writeAll(out, pieces);
  await once(out, 'readable');
  out.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  await once(out, 'error');
  await written;
  const last = taken();
  await writeAll(out, pieces);
  expect(taken()).toBeLessThanOrEqual(last + 1);
});
