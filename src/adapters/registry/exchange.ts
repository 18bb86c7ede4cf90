import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../errors.ts';
import type { Observe } from '../../pipeline/events.ts';
import type { Now } from '../../pipeline/ports.ts';

/** An HTTP answer. */
export type Reply = { readonly status: number; readonly headers: Headers; readonly body: string };

/** What is asked of whom; `authorization` is the header's value, null for none. */
export type Question = {
  readonly method: 'GET' | 'HEAD';
  readonly url: string;
  readonly authorization: string | null;
};

/** How it is asked. */
export type ExchangeOptions = {
  readonly observe: Observe;
  readonly now: Now;
  /** The wait before the second try, in milliseconds, give or take a half; it doubles with every further one. */
  readonly retryBaseMs: number;
  /** Ends what is under way; its reason is thrown. */
  readonly stop: AbortSignal;
};

/**
 * Asks up to five times, half a minute each, until there is an answer other than 429 and 5xx; the fifth of those is
 * returned. Waits longer every time, and at least as long as `Retry-After` says (a minute at most). No redirect is
 * followed.
 * @throws AppError `unavailable` when nothing answers, `invalid` when the certificate cannot be trusted or nothing is encrypted
 */
export type Exchange = (question: Question) => Promise<Reply>;

const TRIES = 5;
const TIMEOUT_MS = 30_000;
const LONGEST_RETRY_AFTER_MS = 60_000;

/** The way to registries and to those who give out tokens for them. */
export const createExchange =
  ({ observe, now, retryBaseMs, stop }: ExchangeOptions): Exchange =>
  async (question) => {
    for (let attempt = 1; ; attempt += 1) {
      const reply = await ask(question, stop);
      const { status } = reply;
      if (status !== null && status !== 429 && status < 500) return reply;
      if (attempt === TRIES) return orThrow(reply, question);
      const waitMs = Math.max(backoffMs(retryBaseMs, attempt), retryAfterMs(reply, now()));
      const reason = status === null ? reply.reason : `HTTP ${String(status)}`;
      observe({ type: 'api-retry', kind: 'registry', attempt, waitMs, reason });
      await sleep(waitMs, undefined, { signal: stop }).catch(() => stop.throwIfAborted());
    }
  };

type Silence = { readonly status: null; readonly reason: string };

const ask = async (question: Question, stop: AbortSignal): Promise<Reply | Silence> => {
  const { method, url, authorization } = question;
  try {
    const response = await fetch(url, {
      method,
      headers: {
        // A size is that of the blob as it is stored.
        'accept-encoding': 'identity',
        ...(authorization !== null && { authorization }),
      },
      redirect: 'manual',
      signal: AbortSignal.any([stop, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const { status, headers } = response;
    return { status, headers, body: await response.text() };
  } catch (thrown) {
    stop.throwIfAborted();
    throwIfForGood(thrown, new URL(url));
    return { status: null, reason: reasonOf(thrown) };
  }
};

const orThrow = (reply: Reply | Silence, { url }: Question): Reply => {
  if (reply.status !== null) return reply;
  throw new AppError('unavailable', `${new URL(url).host} does not answer: ${reply.reason}`, {
    hint: 'Check the address of the registry and the network (VPN, proxy).',
  });
};

const backoffMs = (baseMs: number, attempt: number): number =>
  Math.round(baseMs * 2 ** (attempt - 1) * (0.5 + Math.random()));

/** A number of seconds or a date (RFC 9110 §10.2.3); 0 where there is none or it means nothing. */
const retryAfterMs = (reply: Reply | Silence, now: Date): number => {
  const stated = reply.status === null ? '' : (reply.headers.get('retry-after') ?? '');
  const ms = /^\d+$/.test(stated) ? Number(stated) * 1000 : Date.parse(stated) - now.getTime();
  return ms > 0 ? Math.min(ms, LONGEST_RETRY_AFTER_MS) : 0;
};

/** OpenSSL's and Node's names for a certificate that is not trusted: it will not be so at the next try, either. */
const CERTIFICATE_FAULT = /CERT|SIGNATURE|ERR_TLS|INVALID_CA/;

/** What OpenSSL makes of an answer that is not TLS. */
const NO_TLS = /ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)/;

const throwIfForGood = (thrown: unknown, { host }: URL): void => {
  const bottom = bottomOf(thrown);
  const code = bottom instanceof Error && 'code' in bottom ? String(bottom.code) : '';
  if (NO_TLS.test(code)) {
    throw new AppError('invalid', `${host} does not speak https; it looks like plain http`, {
      hint: `If nothing between here and there can listen in, name it as http://${host}.`,
    });
  }
  if (!CERTIFICATE_FAULT.test(code)) return;
  const [reason] = reasonOf(thrown).split(';');
  throw new AppError('invalid', `The certificate of ${host} cannot be trusted: ${reason}`, {
    hint: 'Put the authority that signed it (for a route of OpenShift, the ingress’s) in a file and name that with NODE_EXTRA_CA_CERTS.',
  });
};

/** `fetch failed` says nothing; its innermost cause does. */
const bottomOf = (thrown: unknown): unknown =>
  thrown instanceof Error && thrown.cause instanceof Error ? bottomOf(thrown.cause) : thrown;

const reasonOf = (thrown: unknown): string => {
  const bottom = bottomOf(thrown);
  if (!(bottom instanceof Error)) return String(bottom);
  if (bottom.name === 'TimeoutError') return `no answer within ${String(TIMEOUT_MS / 1000)} s`;
  const code = 'code' in bottom ? String(bottom.code) : '';
  return bottom.message.split('\n')[0] || code || bottom.name;
};
