import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import type { Observe } from '../../pipeline/events.ts';
import type { Now } from '../../pipeline/ports.ts';
import { parseJson } from './json/bodies.ts';
import type { ReadBody } from './json/bodies.ts';
import { openConnection } from './connection.ts';
import type { Reply } from './connection.ts';
import type { Login, LoginSource } from './kubeconfig.ts';

type ClientOptions = LoginSource & {
  /** The wait before the second try, in milliseconds, give or take a half; it doubles with every further one. */
  readonly retryBaseMs: number;
  readonly now: Now;
};

/** What is asked for. */
type Question<Body> = {
  readonly path: string;
  /** Knows a usable answer; proxies and login pages answer 200 with other things. */
  readonly read: ReadBody<Body>;
  /** The plural that events name. */
  readonly kind: string;
};

/** What the API says in the end; what a refusal means is the caller's to decide. */
export type Answer<Body> =
  | { readonly outcome: 'read'; readonly body: Body }
  /** 403. */
  | { readonly outcome: 'forbidden' }
  /** 404. Of a list: the kind does not exist in this cluster. */
  | { readonly outcome: 'absent' }
  /** 410: the continue token is too old; the fresh one goes on from the same place at a later moment. */
  | { readonly outcome: 'expired'; readonly freshToken: string | null }
  /** It answers, but with nothing usable. */
  | { readonly outcome: 'failing'; readonly reason: string };

/** Reads from the API; it has no way to write. */
export type ApiClient = AsyncDisposable & {
  readonly login: Login;
  /**
   * Asks up to five times, half a minute each. In between it waits longer every time, and at least as long as
   * `Retry-After` says (a minute at most).
   * @throws AppError `unavailable` when nothing answers, `forbidden` when the credentials are not accepted, `invalid`
   * when they cannot be used or the API's certificate cannot be trusted
   */
  ask<Body>(question: Question<Body>): Promise<Answer<Body>>;
};

const TRIES = 5;
const LONGEST_RETRY_AFTER_MS = 60_000;

/**
 * The one client of a cluster's API.
 * @throws AppError `invalid` for an unusable kubeconfig
 */
export const createClient = (options: ClientOptions, observe: Observe): ApiClient => {
  const closing = new AbortController();
  const connection = openConnection(options, closing.signal);
  const { login } = connection;

  const ask = async <Body>({ path, read, kind }: Question<Body>): Promise<Answer<Body>> => {
    for (let attempt = 1; ; attempt += 1) {
      const reply = await connection.get(path, read);
      const answer = interpret(reply);
      if (answer.outcome !== 'fault') return answer;
      if (attempt === TRIES) return giveUp(answer, login);
      const waitMs = Math.max(backoffMs(options.retryBaseMs, attempt), retryAfterMs(reply, options.now()));
      observe({ type: 'api-retry', kind, attempt, waitMs, reason: answer.reason });
      await sleep(waitMs, undefined, { signal: closing.signal }).catch(() => closing.signal.throwIfAborted());
    }
  };

  return {
    login,
    ask,
    [Symbol.asyncDispose]: async () => {
      closing.abort(new AppError('unavailable', 'Reading the cluster was stopped'));
      await connection[Symbol.asyncDispose]();
    },
  };
};

/** An attempt that is worth another; `answered` tells an API in trouble from one that is not there. */
type Fault = { readonly outcome: 'fault'; readonly reason: string; readonly answered: boolean };

const interpret = <Body>(reply: Reply<Body>): Answer<Body> | Fault => {
  if (reply.status === null) return { outcome: 'fault', reason: reply.reason, answered: false };
  const reason = `HTTP ${reply.status}`;
  if ('body' in reply) {
    if (reply.body !== undefined) return { outcome: 'read', body: reply.body };
    return { outcome: 'fault', reason: `${reason}, but not with what was asked for`, answered: true };
  }
  switch (reply.status) {
    case 403:
      return { outcome: 'forbidden' };
    case 404:
      return { outcome: 'absent' };
    case 410:
      return { outcome: 'expired', freshToken: expiredSchema.parse(parseJson(reply.text)) };
    default:
      return reply.status === 429 || reply.status >= 500
        ? { outcome: 'fault', reason, answered: true }
        : { outcome: 'failing', reason };
  }
};

const expiredSchema = z
  .object({ metadata: z.object({ continue: z.string().min(1) }) })
  .transform(({ metadata }) => metadata.continue)
  .nullable()
  .catch(null);

const giveUp = ({ answered, reason }: Fault, { host }: Login): Answer<never> => {
  if (answered) return { outcome: 'failing', reason: `${reason}, ${TRIES} times` };
  throw new AppError('unavailable', `The API at ${host} does not answer: ${reason}`, {
    hint: 'Check the network (VPN, proxy) and the server that the kubeconfig names.',
  });
};

const backoffMs = (baseMs: number, attempt: number): number =>
  Math.round(baseMs * 2 ** (attempt - 1) * (0.5 + Math.random()));

/** `Retry-After` is a number of seconds or a date (RFC 9110 §10.2.3); 0 where there is none or it means nothing. */
const retryAfterMs = (reply: Reply<unknown>, now: Date): number => {
  const stated = 'retryAfter' in reply ? reply.retryAfter : '';
  const ms = /^\d+$/.test(stated) ? Number(stated) * 1000 : Date.parse(stated) - now.getTime();
  return ms > 0 ? Math.min(ms, LONGEST_RETRY_AFTER_MS) : 0;
};
