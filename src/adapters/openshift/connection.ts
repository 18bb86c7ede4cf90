import { pipeline } from 'node:stream';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { HttpMethod, RequestContext } from '@kubernetes/client-node';
import { Agent, request } from 'undici';
import type { Dispatcher } from 'undici';
import { AppError } from '../../errors.ts';
import type { ReadBody } from './json/bodies.ts';
import { loadLogin } from './kubeconfig.ts';
import type { Login, LoginSource } from './kubeconfig.ts';

/** What a request brought; `status` is null where no whole answer came. */
export type Reply<Body> =
  | { readonly status: 200; readonly body: Body | undefined }
  | { readonly status: number; readonly retryAfter: string; readonly text: string }
  | { readonly status: null; readonly reason: string };

/** The way to one API. */
export type Connection = AsyncDisposable & {
  readonly login: Login;
  /**
   * Sends one request and waits half a minute for its whole answer. What a renewed login may mend is tried once more.
   * @throws AppError `forbidden` when the credentials are not accepted, `invalid` when they cannot be used or the API's
   * certificate cannot be trusted
   */
  get<Body>(path: string, read: ReadBody<Body>): Promise<Reply<Body>>;
};

const TIMEOUT_MS = 30_000;

/**
 * Opens the way to the API that a kubeconfig or a pod's service account leads to: the vendor's credentials and TLS.
 * `stop` ends what is under way; its reason is thrown.
 * @throws AppError `invalid` for an unusable kubeconfig
 */
export const openConnection = (source: LoginSource, stop: AbortSignal): Connection => {
  const sessions = new AsyncDisposableStack();
  const open = (context: string | null): Session => {
    const opened = openSession(loadLogin({ ...source, context }), stop);
    sessions.defer(opened.close);
    return opened;
  };
  const first = open(source.context);
  let session = first;

  const get = async <Body>(path: string, read: ReadBody<Body>): Promise<Reply<Body>> => {
    const used = session;
    try {
      return await used.get(path, read);
    } catch (thrown) {
      stop.throwIfAborted();
      if (!(thrown instanceof AppError)) throw thrown;
      // The context that it began with: another `oc login` must not turn one cluster into another midway.
      if (session === used) session = open(first.login.config.currentContext);
      return session.get(path, read);
    }
  };

  return { login: first.login, get, [Symbol.asyncDispose]: () => sessions.disposeAsync() };
};

/** One login over one set of connections. */
type Session = {
  readonly login: Login;
  /** @throws AppError for what a renewed login may mend */
  readonly get: Connection['get'];
  readonly close: () => Promise<void>;
};

const openSession = (login: Login, stop: AbortSignal): Session => {
  let dispatcher: Dispatcher | null = null;

  const get = async <Body>(path: string, read: ReadBody<Body>): Promise<Reply<Body>> => {
    stop.throwIfAborted();
    const url = `${login.server}${path}`;
    const { dispatcher: connections, headers: credentials } = await authorize(url);
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(new Error('no answer within 30 s')), TIMEOUT_MS);
    try {
      const response = await request(url, {
        dispatcher: connections,
        headers: { ...credentials, 'accept-encoding': 'gzip' },
        signal: AbortSignal.any([stop, timeout.signal]),
      });
      const { statusCode: status, headers } = response;
      const body = openBody(response);
      if (status === 200) return { status, body: await read(body) };
      const words = await text(body);
      if (status === 401) throw refusedCredentials(login);
      return { status, retryAfter: String(headers['retry-after'] ?? ''), text: words };
    } catch (thrown) {
      if (thrown instanceof AppError) throw thrown;
      throwIfForGood(thrown, login);
      return { status: null, reason: reasonOf(thrown) };
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
      throw unusableCredentials(credentialFault(thrown));
    }
    const offered = context.getDispatcher();
    if (dispatcher === null) dispatcher = offered ?? new Agent();
    else await offered?.close();
    const headers = Object.entries(context.getHeaders()).map(
      ([name, value]) => [name, value.trim()] as const,
    );
    // What sends it would quote it in its complaint.
    if (!headers.every(([, value]) => FIT_FOR_HEADER.test(value))) {
      throw unusableCredentials(
        'the token or user name holds a line break or another character that cannot be sent',
      );
    }
    return { dispatcher, headers: Object.fromEntries(headers) };
  };

  return { login, get, close: async () => dispatcher?.destroy() };
};

/** An API compresses what is longer than 128 KiB (Kubernetes, APIResponseCompression). */
const openBody = ({ headers, body }: Dispatcher.ResponseData): Readable => {
  const encoding = String(headers['content-encoding'] ?? 'identity').toLowerCase();
  switch (encoding) {
    case 'identity':
      return body;
    case 'gzip':
    case 'x-gzip':
      // Whoever reads on hears of what goes wrong.
      return pipeline(body, createGunzip(), () => {});
    default:
      body.on('error', () => {}).destroy();
      throw new Error(`it answers in an encoding that was not asked for (${encoding})`);
  }
};

const refusedCredentials = ({ host }: Login): AppError =>
  new AppError('forbidden', `The API at ${host} does not accept these credentials`, {
    hint: 'Log in again with `oc login`; a service account needs a valid token.',
  });

/** Printable ASCII: what no server reads in another way (RFC 9110 §5.5). */
const FIT_FOR_HEADER = /^[\x20-\x7E]*$/;

const unusableCredentials = (reason: string): AppError =>
  new AppError('invalid', `The kubeconfig's credentials cannot be used: ${reason}`, {
    hint: 'Log in again with `oc login`, or name another kubeconfig with --kubeconfig or KUBECONFIG.',
  });

/** What a plugin printed, the fault of reading it would quote. */
const credentialFault = (thrown: unknown): string =>
  thrown instanceof SyntaxError ? 'the credential plugin prints no JSON' : reasonOf(thrown);

/** What Node calls a certificate that it does not trust: X509_V_ERR_* of OpenSSL, and a host name of its own. */
const CERTIFICATE_FAULTS: ReadonlySet<string> = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'INVALID_CA',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Certificates do not heal between two tries as a network does. */
const throwIfForGood = (thrown: unknown, { host }: Login): void => {
  const code = codeOf(thrown);
  // A key or certificate in the kubeconfig that OpenSSL cannot load.
  if (code.startsWith('ERR_OSSL_')) throw unusableCredentials(reasonOf(thrown));
  if (!CERTIFICATE_FAULTS.has(code)) return;
  // Node's advice after the semicolon is about flags that a user of ours does not set.
  const [reason] = reasonOf(thrown).split(';');
  throw new AppError('invalid', `The certificate of the API at ${host} cannot be trusted: ${reason}`, {
    hint:
      "The kubeconfig's certificate-authority must be the one that signed it, and its server a name that it is " +
      'for; an expired one must be renewed.',
  });
};

const codeOf = (thrown: unknown): string => {
  const bottom = bottomOf(thrown);
  return bottom instanceof Error && 'code' in bottom ? String(bottom.code) : '';
};

/**
 * What went wrong at the bottom of it, first line only: what a credential plugin or a file says further down is not
 * for logs.
 */
const reasonOf = (thrown: unknown): string => {
  const bottom = bottomOf(thrown);
  if (!(bottom instanceof Error)) return String(bottom);
  const [line] = bottom.message.split('\n');
  return line || codeOf(bottom) || bottom.name;
};

/** `fetch failed` says nothing; its innermost cause does. */
const bottomOf = (thrown: unknown): unknown =>
  thrown instanceof Error && thrown.cause instanceof Error ? bottomOf(thrown.cause) : thrown;
