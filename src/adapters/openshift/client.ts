import { z } from 'zod';
import { AppError } from '../../errors.ts';
import type { Observe } from '../../pipeline/events.ts';
import { isWorthRetrying, TRIES, tryRepeatedly } from '../http-client/retries.ts';
import type { RetryOptions } from '../http-client/retries.ts';
import { parseJson } from './json/bodies.ts';
import type { ReadBody } from './json/bodies.ts';
import { openConnection } from './connection.ts';
import type { Reply } from './connection.ts';
import type { Login, LoginSource } from './kubeconfig.ts';

type ClientOptions = LoginSource & Pick<RetryOptions, 'retryBaseMs' | 'now'>;

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
   * Asks up to five times, half a minute each, with growing waits in between.
   * @throws AppError `unavailable` when nothing answers, `forbidden` when the credentials are not accepted, `invalid`
   * when they cannot be used or the API's certificate cannot be trusted
   */
  ask<Body>(question: Question<Body>): Promise<Answer<Body>>;
};

/**
 * The one client of a cluster's API.
 * @throws AppError `invalid` for an unusable kubeconfig
 */
export const createClient = (options: ClientOptions, observe: Observe): ApiClient => {
  const closing = new AbortController();
  const connection = openConnection(options, closing.signal);
  const { login } = connection;

  const retrying = { ...options, observe, stop: closing.signal };

  const ask = async <Body>({ path, read, kind }: Question<Body>): Promise<Answer<Body>> => {
    const answer = await tryRepeatedly(retrying, kind, async () => {
      const reply = await connection.get(path, read);
      const answer = interpret(reply);
      return {
        answer,
        fault: answer.outcome === 'fault' ? answer.reason : null,
        retryAfter: reply.status === null ? '' : reply.headers.get('retry-after'),
      };
    });
    return answer.outcome === 'fault' ? giveUp(answer, login) : answer;
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
  const { status, body } = reply;
  const reason = `HTTP ${String(status)}`;
  switch (status) {
    case 200:
      return body.usable === undefined
        ? { outcome: 'fault', reason: `${reason}, but not with what was asked for`, answered: true }
        : { outcome: 'read', body: body.usable };
    case 403:
      return { outcome: 'forbidden' };
    case 404:
      return { outcome: 'absent' };
    case 410:
      return { outcome: 'expired', freshToken: expiredSchema.parse(parseJson(body.text)) };
    default:
      return isWorthRetrying(status)
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
