import { z } from 'zod';
import { AppError } from '../../errors.ts';
import type { Now } from '../../pipeline/ports.ts';
import { isLoopback } from '../http-client/loopback.ts';
import { isWorthRetrying } from '../http-client/retries.ts';
import { readChallenges } from './challenges.ts';
import type { Challenge } from './challenges.ts';
import type { Exchange, Reply } from './exchange.ts';

/** Who asks: a user, or the bearer of a token that the registry itself takes (OpenShift: `oc whoami -t`). */
export type RegistryCredentials =
  { readonly user: string; readonly password: string } | { readonly token: string };

/** How a registry lets us in. */
export type Login = {
  /** The `Authorization` header's value for reading a repository; null: none is needed. */
  readonly authorize: (repository: string) => Promise<string | null>;
  /** Forgets what it last gave for a repository, as it was not accepted; false where it would only give the same. */
  readonly renew: (repository: string) => boolean;
};

type LoginDeps = { readonly exchange: Exchange; readonly now: Now };

/**
 * Logs in as `docker login` does: asks the registry's base (distribution API, `GET /v2/`), takes up its challenge, and
 * tries the credentials there once before they are used, so that a wrong password is not sent a thousand times.
 *
 * They go to the registry and, where it names one in a Bearer challenge, to its token endpoint, as with docker and
 * skopeo also to one on another host; but never unencrypted except on loopback, and to nobody a redirect leads to.
 * @throws AppError `invalid`, `forbidden` or `unavailable`, each with what to do
 */
export const logIn = async (
  deps: LoginDeps,
  base: URL,
  credentials: RegistryCredentials | null,
): Promise<Login> => {
  const first = await deps.exchange({ method: 'GET', url: baseOf(base), authorization: null });
  if (isRegistryAnswer(first)) return OPEN;
  if (first.status !== 401) throw noRegistry(base, first);
  const challenges = readChallenges(first.headers.get('www-authenticate') ?? '');
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
  if (credentials !== null && 'token' in credentials) {
    return logInWith(deps, base, `Bearer ${credentials.token}`);
  }
  if (bearer !== undefined) return logInByTokens(deps, readRealm(bearer, base), credentials);
  if (!challenges.some(({ scheme }) => scheme === 'basic')) throw noRegistry(base, first);
  if (credentials === null)
    throw new AppError('forbidden', `${base.host} wants credentials`, { hint: SET_THEM });
  return logInWith(deps, base, basic(credentials));
};

const OPEN: Login = { authorize: () => Promise.resolve(null), renew: () => false };

/** What to set, for whoever is not let in. */
export const SET_THEM =
  'Set REGISTRY_TOKEN (for OpenShift: the output of `oc whoami -t`), or REGISTRY_USER and REGISTRY_PASSWORD.';

const baseOf = (base: URL): string => new URL('/v2/', base).href;

/**
 * Whether a registry answers so where it lets in (distribution API, `GET /v2/`): its version in a header, or at least
 * no page for people.
 */
const isRegistryAnswer = ({ status, headers, body }: Reply): boolean =>
  status === 200 &&
  (headers.has('docker-distribution-api-version') || body.trim() === '' || parseJson(body) !== undefined);

const noRegistry = (base: URL, { status, headers }: Reply): AppError => {
  const location = headers.get('location') ?? null;
  const form = status === 200 ? ` and ${headers.get('content-type') ?? 'something that is no JSON'}` : '';
  const answer = location === null ? `HTTP ${String(status)}${form}` : `a redirect to ${location}`;
  const hint =
    'Name the registry’s own address without a path. `--registry auto` finds that of OpenShift’s registry.';
  return isWorthRetrying(status)
    ? new AppError('unavailable', `${base.host} is in trouble: it answers /v2/ with ${answer}`, {
        hint: 'Try again later.',
      })
    : new AppError('invalid', `${base.host} is no image registry: it answers /v2/ with ${answer}`, { hint });
};

const basic = ({ user, password }: { readonly user: string; readonly password: string }): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** The same header for everything. */
const logInWith = async ({ exchange }: LoginDeps, base: URL, authorization: string): Promise<Login> => {
  const reply = await exchange({ method: 'GET', url: baseOf(base), authorization });
  if (reply.status === 401 || reply.status === 403) throw refusedCredentials(base.host);
  if (!isRegistryAnswer(reply)) throw noRegistry(base, reply);
  return { authorize: () => Promise.resolve(authorization), renew: () => false };
};

const refusedCredentials = (host: string): AppError =>
  new AppError('forbidden', `${host} does not accept these credentials`, { hint: SET_THEM });

/** Where tokens are given out (distribution's token specification). */
type Realm = { readonly url: URL; readonly service: string | null };

const readRealm = ({ parameters }: Challenge, base: URL): Realm => {
  const stated = parameters.get('realm') ?? '';
  const url = URL.parse(stated);
  const isSafe =
    url?.protocol === 'https:' ||
    (url?.protocol === 'http:' && isLoopback(url.hostname) && isLoopback(base.hostname));
  if (url === null || !isSafe) {
    throw new AppError('invalid', `${base.host} wants the credentials sent to ${stated || 'nobody'}`, {
      hint: 'That is not encrypted, so nothing was sent. Whoever runs the registry must give its token endpoint an https address.',
    });
  }
  return { url, service: parameters.get('service') ?? null };
};

/** Whether a token consists of what a header can hold in one word, which it has to (RFC 6750 §2.1). */
export const isFitToken = (token: string): boolean => /^[\x21-\x7E]+$/.test(token);

/** A short-lived token for each repository; without credentials it is one for anybody. */
const logInByTokens = async (
  deps: LoginDeps,
  realm: Realm,
  credentials: { readonly user: string; readonly password: string } | null,
): Promise<Login> => {
  const authorization = credentials === null ? null : basic(credentials);
  const tokens = new Map<string, Promise<Token>>();
  const fetchToken = (repository: string | null): Promise<Token> =>
    requestToken(deps, realm, { repository, authorization });
  const keepNew = (repository: string): Promise<Token> => {
    const token = fetchToken(repository);
    tokens.set(repository, token);
    return token;
  };
  if (authorization !== null) await fetchToken(null);
  return {
    authorize: async (repository) => {
      const kept = tokens.get(repository) ?? keepNew(repository);
      const { header, expiresAt } = await kept;
      if (expiresAt > deps.now().getTime()) return header;
      const other = tokens.get(repository);
      return (await (other === undefined || other === kept ? keepNew(repository) : other)).header;
    },
    renew: (repository) => tokens.delete(repository),
  };
};

type Token = { readonly header: string; readonly expiresAt: number };

/** A token's life in seconds where the endpoint states none (distribution's token specification). */
const DEFAULT_LIFE = 60;

const tokenSchema = z
  .object({
    token: z.string().optional(),
    access_token: z.string().optional(),
    expires_in: z.number().optional(),
  })
  .transform(({ token, access_token, expires_in }) => ({
    token: token || access_token || null,
    lifeMs: (expires_in ?? DEFAULT_LIFE) * 1000,
  }));

const requestToken = async (
  { exchange, now }: LoginDeps,
  { url, service }: Realm,
  {
    repository,
    authorization,
  }: { readonly repository: string | null; readonly authorization: string | null },
): Promise<Token> => {
  const asked = new URL(url);
  if (service !== null) asked.searchParams.set('service', service);
  if (repository !== null) asked.searchParams.set('scope', `repository:${repository}:pull`);
  const requestedAt = now().getTime();
  const { status, body } = await exchange({ method: 'GET', url: asked.href, authorization });
  if (status === 401 || status === 403) throw refusedCredentials(url.host);
  const parsed = status === 200 ? tokenSchema.safeParse(parseJson(body)) : null;
  const token = parsed?.data?.token ?? null;
  if (token === null || !isFitToken(token)) {
    throw new AppError(
      'unavailable',
      `${url.host} gives out no token: it answers with HTTP ${String(status)}`,
      {
        hint: 'Try again later; else whoever runs the registry must look after its token endpoint.',
      },
    );
  }
  // A part of its life is kept back for the way.
  return { header: `Bearer ${token}`, expiresAt: requestedAt + (parsed?.data?.lifeMs ?? 0) * 0.8 };
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
