import { setTimeout as sleep } from 'node:timers/promises';
import { HttpMethod, RequestContext } from '@kubernetes/client-node';
import { Agent, fetch } from 'undici';
import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import type { Observe } from '../../pipeline/events.ts';
import { loadLogin } from './kubeconfig.ts';
import type { Login, LoginSource } from './kubeconfig.ts';

type ClientOptions = LoginSource & {
  /** The wait before the second try, in milliseconds, give or take a half; it doubles with every further one. */
  readonly retryBaseMs: number;
};

/** What is asked for. */
type Question<Body> = {
  readonly path: string;
  /** What a usable answer looks like; proxies and login pages answer 200 with other things. */
  readonly schema: z.ZodType<Body>;
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
   * Asks up to five times, half a minute each. In between it waits as long as `Retry-After` says (a minute at most),
   * else longer every time.
   * @throws AppError `unavailable` when nothing answers, `forbidden` when the credentials are not accepted
   */
  ask<Body>(question: Question<Body>): Promise<Answer<Body>>;
};

const TRIES = 5;
const TIMEOUT_MS = 30_000;
const LONGEST_RETRY_AFTER_S = 60;

/**
 * The one client of a cluster's API: the vendor's kubeconfig, credentials and TLS over one shared set of connections.
 * @throws AppError `invalid` for an unusable kubeconfig
 */
export const createClient = (options: ClientOptions, observe: Observe): ApiClient => {
  let login = loadLogin(options);
  let dispatcher: Dispatcher | null = null;
  const closing = new AbortController();

  const ask = async <Body>(question: Question<Body>): Promise<Answer<Body>> => {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await tryOnce(question);
      if (answer.outcome !== 'fault') return answer;
      if (attempt === TRIES) return giveUp(answer, login);
      const { reason, retryAfterMs } = answer;
      const waitMs = retryAfterMs ?? backoffMs(options.retryBaseMs, attempt);
      observe({ type: 'api-retry', kind: question.kind, attempt, waitMs, reason });
      await sleep(waitMs, undefined, { signal: closing.signal }).catch(() => closing.signal.throwIfAborted());
    }
  };

  const tryOnce = async <Body>({ path, schema }: Question<Body>): Promise<Answer<Body> | Fault> => {
    let reply: Reply;
    try {
      reply = await exchange(path);
    } catch (thrown) {
      if (thrown instanceof AppError) throw thrown;
      return { outcome: 'fault', reason: reasonOf(thrown), retryAfterMs: null, answered: false };
    }
    return interpret(reply, schema);
  };

  /** A token may have been renewed since the files were read, so a 401 has them read once more. */
  const exchange = async (path: string): Promise<Reply> => {
    const used = login;
    const reply = await send(path);
    if (reply.status !== 401) return reply;
    if (login === used) login = loadLogin(options);
    const again = await send(path);
    if (again.status !== 401) return again;
    throw new AppError('forbidden', `The API at ${hostOf(login)} does not accept these credentials`, {
      hint: 'Log in again with `oc login`; a service account needs a valid token.',
    });
  };

  const send = async (path: string): Promise<Reply> => {
    closing.signal.throwIfAborted();
    const url = `${login.server}${path}`;
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(new Error('no answer within 30 s')), TIMEOUT_MS);
    try {
      const response = await fetch(url, {
        ...(await authorize(url)),
        redirect: 'manual',
        signal: AbortSignal.any([closing.signal, timeout.signal]),
      });
      const { status, headers } = response;
      return { status, retryAfter: headers.get('retry-after') ?? '', body: await response.text() };
    } finally {
      clearTimeout(timer);
    }
  };

  /** The vendor offers a new dispatcher, hence new sockets, for every request: the first one serves them all. */
  const authorize = async (url: string) => {
    const context = new RequestContext(url, HttpMethod.GET);
    try {
      await login.config.applySecurityAuthentication(context);
    } catch (thrown) {
      throw new AppError('invalid', `The kubeconfig's credentials cannot be used: ${reasonOf(thrown)}`, {
        hint: 'Log in again with `oc login`, or name another kubeconfig with --kubeconfig or KUBECONFIG.',
      });
    }
    const offered = context.getDispatcher();
    if (dispatcher === null) dispatcher = offered ?? new Agent();
    else await offered?.close();
    const headers = Object.entries(context.getHeaders()).map(([name, value]) => [name, value.trim()]);
    return { dispatcher, headers: Object.fromEntries(headers) };
  };

  return {
    login,
    ask,
    [Symbol.asyncDispose]: async () => {
      closing.abort(new AppError('unavailable', 'Reading the cluster was stopped'));
      await dispatcher?.destroy();
    },
  };
};

type Reply = { readonly status: number; readonly retryAfter: string; readonly body: string };

/** An attempt that is worth another; `answered` tells an API in trouble from one that is not there. */
type Fault = {
  readonly outcome: 'fault';
  readonly reason: string;
  readonly retryAfterMs: number | null;
  readonly answered: boolean;
};

const interpret = <Body>(reply: Reply, schema: z.ZodType<Body>): Answer<Body> | Fault => {
  const fault: Fault = {
    outcome: 'fault',
    reason: `HTTP ${reply.status}`,
    retryAfterMs: null,
    answered: true,
  };
  switch (reply.status) {
    case 200: {
      const body = schema.safeParse(parseJson(reply.body));
      if (body.success) return { outcome: 'read', body: body.data };
      return { ...fault, reason: 'HTTP 200, but not with what was asked for' };
    }
    case 403:
      return { outcome: 'forbidden' };
    case 404:
      return { outcome: 'absent' };
    case 410:
      return { outcome: 'expired', freshToken: expiredSchema.parse(parseJson(reply.body)) };
    case 429:
    case 503:
      return { ...fault, retryAfterMs: parseRetryAfter(reply.retryAfter) };
    default:
      return reply.status >= 500 ? fault : { outcome: 'failing', reason: fault.reason };
  }
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const expiredSchema = z
  .object({ metadata: z.object({ continue: z.string().min(1) }) })
  .transform(({ metadata }) => metadata.continue)
  .nullable()
  .catch(null);

const parseRetryAfter = (header: string): number | null =>
  /^\d+$/.test(header) ? Math.min(Number(header), LONGEST_RETRY_AFTER_S) * 1000 : null;

const backoffMs = (baseMs: number, attempt: number): number =>
  Math.round(baseMs * 2 ** (attempt - 1) * (0.5 + Math.random()));

const giveUp = ({ answered, reason }: Fault, login: Login): Answer<never> => {
  if (answered) return { outcome: 'failing', reason: `${reason}, ${TRIES} times` };
  throw new AppError('unavailable', `The API at ${hostOf(login)} does not answer: ${reason}`, {
    hint: 'Check the network (VPN, proxy), and the server and certificate authority that the kubeconfig names.',
  });
};

const hostOf = ({ server }: Login): string => new URL(server).host;

/**
 * What went wrong at the bottom of it (`fetch failed` is not it), first line only: what a credential plugin or a file says
 * further down is not for logs.
 */
const reasonOf = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) return String(thrown);
  if (thrown.cause instanceof Error) return reasonOf(thrown.cause);
  const [line] = thrown.message.split('\n');
  return line || ('code' in thrown ? String(thrown.code) : thrown.name);
};
