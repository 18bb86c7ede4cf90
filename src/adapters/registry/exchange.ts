import { text } from 'node:stream/consumers';
import { AppError } from '../../errors.ts';
import type { Connections, HttpReply } from '../http-client/connections.ts';
import { isWorthRetrying, tryRepeatedly } from '../http-client/retries.ts';
import type { RetryOptions, Try } from '../http-client/retries.ts';
import { isCertificateFault } from '../http-client/silence.ts';
import type { Silence } from '../http-client/silence.ts';

/** An HTTP answer. */
export type Reply = HttpReply<string>;

/** What is asked of whom; `authorization` is the header's value, null for none. */
export type Question = {
  readonly method: 'GET' | 'HEAD';
  readonly url: string;
  readonly authorization: string | null;
};

/**
 * Asks until there is an answer other than 429 and 5xx; after the last try one of those is returned.
 * @throws AppError `unavailable` when nothing answers, `invalid` when the certificate cannot be trusted or nothing is encrypted
 */
export type Exchange = (question: Question) => Promise<Reply>;

/** The way to registries and to those who give out tokens for them. */
export const createExchange =
  (connections: Connections, retrying: RetryOptions): Exchange =>
  async (question) => {
    const reply = await tryRepeatedly(retrying, 'registry', () => tryOnce(connections, question));
    return reply.status === null ? giveUp(reply, question) : reply;
  };

const tryOnce = async (
  { send }: Connections,
  { method, url, authorization }: Question,
): Promise<Try<Reply | Silence>> => {
  const answer = await send({
    method,
    url,
    // A size is that of the blob as it is stored.
    headers: { 'accept-encoding': 'identity', ...(authorization !== null && { authorization }) },
    read: text,
  });
  if (answer.status === null) {
    throwIfForGood(answer, new URL(url));
    return { answer, fault: answer.reason };
  }
  const fault = isWorthRetrying(answer.status) ? `HTTP ${String(answer.status)}` : null;
  return { answer, fault, retryAfter: answer.headers.get('retry-after') };
};

const giveUp = ({ reason }: Silence, { url }: Question): never => {
  throw new AppError('unavailable', `${new URL(url).host} does not answer: ${reason}`, {
    hint: 'Check the address of the registry and the network (VPN, proxy).',
  });
};

/** What OpenSSL makes of an answer that is not TLS. */
const NO_TLS = /ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)/;

const throwIfForGood = ({ code, reason }: Silence, { host }: URL): void => {
  if (NO_TLS.test(code)) {
    throw new AppError('invalid', `${host} does not speak https; it looks like plain http`, {
      hint: `If nothing between here and there can listen in, name it as http://${host}.`,
    });
  }
  if (!isCertificateFault(code)) return;
  const [fault] = reason.split(';');
  throw new AppError('invalid', `The certificate of ${host} cannot be trusted: ${fault}`, {
    hint: 'Put the authority that signed it (for a route of OpenShift, the ingress’s) in a file and name that with NODE_EXTRA_CA_CERTS.',
  });
};
