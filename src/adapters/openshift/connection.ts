import { text } from 'node:stream/consumers';
import { HttpMethod, RequestContext } from '@kubernetes/client-node';
import { AppError } from '../../errors.ts';
import { openConnections } from '../http-client/connections.ts';
import type { Connections, HttpReply } from '../http-client/connections.ts';
import { isCertificateFault, reasonOf } from '../http-client/silence.ts';
import type { Silence } from '../http-client/silence.ts';
import type { ReadBody } from './json/bodies.ts';
import { loadLogin } from './kubeconfig.ts';
import type { Login, LoginSource } from './kubeconfig.ts';

/** What a request brought: with status 200 what `read` made of it, undefined for nothing usable; else the words. */
export type Reply<Body> = HttpReply<{ readonly usable: Body | undefined; readonly text: string }> | Silence;

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
  let connections: Connections | null = null;

  const get = async <Body>(path: string, read: ReadBody<Body>): Promise<Reply<Body>> => {
    stop.throwIfAborted();
    const url = `${login.server}${path}`;
    const { connections, headers } = await authorize(url);
    const reply = await connections.send({
      method: 'GET',
      url,
      headers,
      read: async (body, status) =>
        status === 200
          ? { usable: await read(body), text: '' }
          : { usable: undefined, text: await text(body) },
    });
    if (reply.status === 401) throw refusedCredentials(login);
    if (reply.status === null) throwIfForGood(reply, login);
    return reply;
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
    if (connections === null) connections = openConnections(stop, offered);
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
    return { connections, headers: Object.fromEntries(headers) };
  };

  return { login, get, close: async () => connections?.close() };
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

/** Certificates do not heal between two tries as a network does. */
const throwIfForGood = ({ code, reason }: Silence, { host }: Login): void => {
  // A key or certificate in the kubeconfig that OpenSSL cannot load.
  if (code.startsWith('ERR_OSSL_')) throw unusableCredentials(reason);
  if (!isCertificateFault(code)) return;
  // Node's advice after the semicolon is about flags that a user of ours does not set.
  const [fault] = reason.split(';');
  throw new AppError('invalid', `The certificate of the API at ${host} cannot be trusted: ${fault}`, {
    hint:
      "The kubeconfig's certificate-authority must be the one that signed it, and its server a name that it is " +
      'for; an expired one must be renewed.',
  });
};
