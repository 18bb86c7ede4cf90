import { setTimeout as sleep } from 'node:timers/promises';
import type { Observe } from '../../pipeline/events.ts';
import type { Now } from '../../pipeline/ports.ts';

/** How to try again. */
export type RetryOptions = {
  readonly observe: Observe;
  readonly now: Now;
  /** The wait before the second try, in milliseconds, give or take a half; it doubles with every further one. */
  readonly retryBaseMs: number;
  /** Ends the wait; its reason is thrown. */
  readonly stop: AbortSignal;
};

/** What one try brought. */
export type Try<Answer> = {
  readonly answer: Answer;
  /** Why to try again; null where the answer is final. */
  readonly fault: string | null;
  /** The answer's `Retry-After` header; undefined or empty where it has none. */
  readonly retryAfter?: string | undefined;
};

/** How often a question is asked before we give up. */
export const TRIES = 5;

/** Whether a server that answers so may do better a little later: it is too busy (429) or in trouble (5xx). */
export const isWorthRetrying = (status: number): boolean => status === 429 || status >= 500;

/**
 * Tries up to five times and returns the first final answer, or else the last one. Each wait is about twice as long as
 * the one before, and at least as long as `Retry-After` says, though never more than a minute because of that. `kind` is
 * what the events name.
 */
export const tryRepeatedly = async <Answer>(
  { observe, now, retryBaseMs, stop }: RetryOptions,
  kind: string,
  tryOnce: () => Promise<Try<Answer>>,
): Promise<Answer> => {
  for (let attempt = 1; ; attempt += 1) {
    const { answer, fault, retryAfter = '' } = await tryOnce();
    if (fault === null || attempt === TRIES) return answer;
    const waitMs = Math.max(backoffMs(retryBaseMs, attempt), readRetryAfter(retryAfter, now()));
    observe({ type: 'api-retry', kind, attempt, waitMs, reason: fault });
    await sleep(waitMs, undefined, { signal: stop }).catch(() => stop.throwIfAborted());
  }
};

const backoffMs = (baseMs: number, attempt: number): number =>
  Math.round(baseMs * 2 ** (attempt - 1) * (0.5 + Math.random()));

const LONGEST_RETRY_AFTER_MS = 60_000;

/**
 * The wait that a `Retry-After` header asks for, in milliseconds, a minute at most. It is a number of seconds or a date
 * (RFC 9110 §10.2.3); 0 where it is neither or already past.
 */
export const readRetryAfter = (header: string, now: Date): number => {
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now.getTime();
  return ms > 0 ? Math.min(ms, LONGEST_RETRY_AFTER_MS) : 0;
};
