import { AppError } from '../../errors.ts';
import type { Observe } from '../../pipeline/events.ts';
import type { Now, Registry } from '../../pipeline/ports.ts';
import type { BlobStat } from '../../usage/verify/registry-verdict.ts';
import { openConnections } from '../http-client/connections.ts';
import { isLoopback } from '../http-client/loopback.ts';
import { createExchange } from './exchange.ts';
import type { Exchange, Question, Reply } from './exchange.ts';
import { isFitToken, logIn, SET_THEM } from './login.ts';
import type { Login, RegistryCredentials } from './login.ts';

/** Which registry, and who asks. */
export type RegistryOptions = {
  /** Its address as people write it: `https://registry.example.com`, or only the host. */
  readonly url: string;
  /** null: nobody in particular. */
  readonly credentials: RegistryCredentials | null;
  readonly now: Now;
  /** The first wait before another try, in milliseconds; 500 unless a test says less. */
  readonly retryBaseMs?: number;
};

/**
 * A registry that speaks the distribution API (OCI distribution specification, `HEAD /v2/<name>/blobs/<digest>`), as
 * OpenShift's and Docker's do. Nothing is ever written to it. It logs in with the first question.
 * @throws AppError `invalid` for an address that is none, credentials that cannot be sent, or would be unencrypted
 */
export const createRegistry = (options: RegistryOptions, observe: Observe): Registry & AsyncDisposable => {
  const base = parseAddress(options.url, options.credentials !== null);
  const credentials = checkCredentials(options.credentials);
  const closing = new AbortController();
  const { now, retryBaseMs = 500 } = options;
  const stop = closing.signal;
  const exchange = createExchange(openConnections(stop), { observe, now, retryBaseMs, stop });
  let login: Promise<Login> | null = null;
  return {
    statBlob: async ({ repository, digest }) => {
      login ??= logIn({ exchange, now }, base, credentials);
      const name = repository.split('/').map(encodeURIComponent).join('/');
      const url = new URL(`/v2/${name}/blobs/${encodeURIComponent(digest).replaceAll('%3A', ':')}`, base)
        .href;
      const reply = await askLoggedIn(exchange, await login, { repository, url });
      return interpret(reply, credentials !== null);
    },
    [Symbol.asyncDispose]: async () => {
      closing.abort(new AppError('unavailable', 'Asking the registry was stopped'));
      await login?.catch(() => {});
    },
  };
};

const parseAddress = (text: string, hasCredentials: boolean): URL => {
  const url = URL.parse(text.includes('://') ? text : `https://${text}`);
  if (url === null || !['https:', 'http:'].includes(url.protocol) || url.hostname === '') {
    throw new AppError('invalid', `${text} is not the address of a registry`, { hint: LOOKS_LIKE });
  }
  if (url.username !== '' || url.password !== '') {
    // What stands on a command line, everybody on the machine can read.
    throw new AppError('invalid', 'The address of the registry holds credentials', { hint: SET_THEM });
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new AppError('invalid', `${text} has more than the address of a registry`, { hint: LOOKS_LIKE });
  }
  if (url.protocol === 'http:' && hasCredentials && !isLoopback(url.hostname)) {
    throw new AppError('invalid', `${text} is not encrypted, so the credentials are not sent there`, {
      hint: 'Use its https address.',
    });
  }
  return url;
};

const LOOKS_LIKE = 'It looks like https://default-route-openshift-image-registry.apps.silver.example.com.';

/** What sends a token that no header can hold would quote it in its complaint; any password can be sent, encoded. */
const checkCredentials = (credentials: RegistryCredentials | null): RegistryCredentials | null => {
  if (credentials === null || !('token' in credentials)) return credentials;
  const token = credentials.token.trim();
  if (isFitToken(token)) return { token };
  throw new AppError(
    'invalid',
    'The token for the registry holds a blank, a line break or another character that no token has',
    {
      hint: SET_THEM,
    },
  );
};

/** A token may have ended before its time: what is not accepted is asked once more with a new one. */
const askLoggedIn = async (
  exchange: Exchange,
  login: Login,
  { repository, url }: { readonly repository: string; readonly url: string },
): Promise<Reply> => {
  const ask = async (): Promise<Reply> =>
    follow(exchange, { method: 'HEAD', url, authorization: await login.authorize(repository) });
  const reply = await ask();
  return reply.status === 401 && login.renew(repository) ? ask() : reply;
};

const REDIRECTS = 5;

/** A registry may point to where its blobs really are, e.g. a bucket; what lets us in here is not for there. */
const follow = async (exchange: Exchange, question: Question): Promise<Reply> => {
  let reply = await exchange(question);
  let { url } = question;
  for (let hops = 0; hops < REDIRECTS && reply.status >= 300 && reply.status < 400; hops += 1) {
    const target = URL.parse(reply.headers.get('location') ?? '', url);
    if (target === null || !['https:', 'http:'].includes(target.protocol)) return reply;
    const isSame = target.origin === new URL(question.url).origin;
    url = target.href;
    reply = await exchange({ method: 'HEAD', url, authorization: isSame ? question.authorization : null });
  }
  return reply;
};

const interpret = ({ status, headers }: Reply, hasCredentials: boolean): BlobStat => {
  switch (status) {
    case 200: {
      const length = headers.get('content-length') ?? '';
      // A proxy’s page for people is no blob.
      const isPage = headers.get('content-type')?.startsWith('text/html') === true;
      if (!isPage && /^\d+$/.test(length)) return { outcome: 'present', sizeBytes: Number(length) };
      return { outcome: 'failing', reason: 'HTTP 200 without a size' };
    }
    case 404:
      return { outcome: 'absent' };
    case 401:
    case 403:
      return {
        outcome: 'refused',
        reason: hasCredentials ? 'these credentials may not pull from there' : 'it wants credentials',
      };
    case 500:
      // OpenShift's registry answers so, try after try, for a blob whose file is gone from its storage.
      return { outcome: 'failing', reason: 'HTTP 500: usually its file is gone or cannot be read' };
    default:
      return { outcome: 'failing', reason: `HTTP ${String(status)}` };
  }
};
