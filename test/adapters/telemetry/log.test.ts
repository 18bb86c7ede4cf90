import { expect, test } from 'vitest';
import { createLogListener } from '../../../src/adapters/telemetry/log.ts';
import { deliveryOf, SLOT } from '../../pipeline/build.ts';

const createMemory = () => {
  const lines: string[] = [];
  return {
    destination: { write: (line: string) => void lines.push(line) },
    read: () => lines.map((line): unknown => JSON.parse(line)),
  };
};

test('an event becomes one JSON line with a static message and its facts as fields', () => {
  const memory = createMemory();
  const observe = createLogListener(memory.destination);
  observe({ type: 'run-sealed', runId: 'weekly-2026-11-23', namespaces: 12, over: 3, mails: 4 });
  expect(memory.read()).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      event: 'run-sealed',
      runId: 'weekly-2026-11-23',
      namespaces: 12,
      over: 3,
      mails: 4,
      msg: 'sealed a run: its numbers and recipients are final',
    },
  ]);
});

test('what someone must act on is an error, what heals by itself a warning', () => {
  const memory = createMemory();
  const observe = createLogListener(memory.destination);
  const delivery = { runId: 'weekly-2026-11-23', deliveryId: 'f00d', reason: '451 try again later' };
  observe({ type: 'mail-delayed', ...delivery, attempt: 1, nextTryAt: '2026-11-23T16:01:00.000Z' });
  observe({ type: 'mail-failed', ...delivery });
  observe({ type: 'mail-uncertain', ...delivery });
  observe({ type: 'run-stopped', runId: 'weekly-2026-11-23', reason: 'images cannot be listed' });
  observe({ type: 'api-retry', kind: 'Image', attempt: 1, waitMs: 500, reason: '503' });
  expect(memory.read()).toMatchObject([
    {
      level: 'warn',
      event: 'mail-delayed',
      deliveryId: 'f00d',
      reason: '451 try again later',
      attempt: 1,
      nextTryAt: '2026-11-23T16:01:00.000Z',
    },
    { level: 'error', event: 'mail-failed' },
    { level: 'error', event: 'mail-uncertain' },
    { level: 'error', event: 'run-stopped', reason: 'images cannot be listed' },
    { level: 'warn', event: 'api-retry', waitMs: 500 },
  ]);
});

test('the delivery that an event is about stays out, for it holds an address', () => {
  const memory = createMemory();
  const failed = { runId: SLOT.id, deliveryId: 'f00d', reason: '550 no such user' };
  createLogListener(memory.destination)({ type: 'mail-failed', ...failed }, deliveryOf());
  expect(deliveryOf().recipient.address).toMatch(/@/);
  expect(JSON.stringify(memory.read())).not.toMatch(/@/);
});

test('pages are left out unless asked for', () => {
  const quiet = createMemory();
  const chatty = createMemory();
  const page = { type: 'list-page-read', kind: 'Image', objects: 500 } as const;
  createLogListener(quiet.destination)(page);
  createLogListener(chatty.destination, 'debug')(page);
  expect(quiet.read()).toEqual([]);
  expect(chatty.read()).toMatchObject([{ level: 'debug', event: 'list-page-read', objects: 500 }]);
});
