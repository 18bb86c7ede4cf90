import { describe, expect, test } from 'vitest';
import { readRetryAfter, tryRepeatedly } from '../../../src/adapters/http-client/retries.ts';
import type { Try } from '../../../src/adapters/http-client/retries.ts';
import type { RunEvent } from '../../../src/pipeline/events.ts';

const NOW = new Date('2026-11-24T03:00:00.900Z');

/** Tries that bring what is listed, one after the other. */
const tryInTurn = async (tries: readonly Try<string>[]) => {
  const events: RunEvent[] = [];
  const left = [...tries];
  const answer = await tryRepeatedly(
    {
      observe: (event) => events.push(event),
      now: () => NOW,
      retryBaseMs: 4,
      stop: new AbortController().signal,
    },
    'things',
    () => Promise.resolve(left.shift() ?? { answer: 'one too many', fault: null }),
  );
  return { answer, events };
};

describe('a question', () => {
  test('that is answered is not asked again', async () => {
    expect(await tryInTurn([{ answer: 'first', fault: null }])).toEqual({ answer: 'first', events: [] });
  });

  test('is asked again until the answer is final, and each time a listener hears why', async () => {
    const { answer, events } = await tryInTurn([
      { answer: '', fault: 'HTTP 500' },
      { answer: '', fault: 'it was cut' },
      { answer: 'third', fault: null },
    ]);
    expect(answer).toBe('third');
    expect(events).toEqual([
      { type: 'api-retry', kind: 'things', attempt: 1, waitMs: expect.any(Number), reason: 'HTTP 500' },
      { type: 'api-retry', kind: 'things', attempt: 2, waitMs: expect.any(Number), reason: 'it was cut' },
    ]);
  });

  test('is asked five times, and the fifth answer stands; each wait is about twice the one before', async () => {
    const faulty = (answer: string): Try<string> => ({ answer, fault: 'HTTP 503' });
    const { answer, events } = await tryInTurn(['1', '2', '3', '4', '5'].map(faulty));
    expect(answer).toBe('5');
    const waits = events.flatMap((event) => (event.type === 'api-retry' ? [event.waitMs] : []));
    expect(waits).toHaveLength(4);
    for (const [position, waitMs] of waits.entries()) {
      expect(waitMs).toBeGreaterThanOrEqual(2 * 2 ** position);
      expect(waitMs).toBeLessThanOrEqual(6 * 2 ** position);
    }
  });

  test('waits at least as long as the server asks for', async () => {
    const { events } = await tryInTurn([
      { answer: '', fault: 'HTTP 429', retryAfter: 'Tue, 24 Nov 2026 03:00:01 GMT' },
      { answer: '', fault: null },
    ]);
    expect(events).toMatchObject([{ waitMs: 100 }]);
  });

  test('that waits is given up when we stop, for the reason of that', async () => {
    const stop = new AbortController();
    const waiting = tryRepeatedly(
      {
        observe: () => stop.abort(new Error('we stop')),
        now: () => NOW,
        retryBaseMs: 60_000,
        stop: stop.signal,
      },
      'things',
      () => Promise.resolve({ answer: '', fault: 'HTTP 500' }),
    );
    await expect(waiting).rejects.toThrow('we stop');
  });
});

test.each([
  ['a number of seconds', '3', 3_000],
  ['no seconds', '0', 0],
  ['a date', 'Tue, 24 Nov 2026 03:00:02 GMT', 1_100],
  ['a date that is past', 'Tue, 24 Nov 2026 03:00:00 GMT', 0],
  ['more than a minute', '61', 60_000],
  ['a date more than a minute away', 'Tue, 24 Nov 2026 04:00:00 GMT', 60_000],
  ['a fraction, which the standard does not have', '1.5s', 0],
  ['a negative number, which is no date either', '-3s', 0],
  ['a word', 'soon', 0],
  ['nothing', '', 0],
])('Retry-After with %s (“%s”) is a wait of %i ms', (_name, header, waitMs) => {
  expect(readRetryAfter(header, NOW)).toBe(waitMs);
});
