import { randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { makeCertificate } from './certificate.ts';
import { TOKEN_ISSUER } from './registry-server.ts';

/** A running token endpoint. */
export type TokenServer = AsyncDisposable & {
  /** Where it gives out tokens. */
  readonly realm: string;
  /** The certificate that a registry has to trust for these tokens. */
  readonly cert: string;
  /** The query of every request so far, e.g. `service=x&scope=…`, and who asked; null: nobody in particular. */
  readonly requests: readonly { readonly query: string; readonly authorization: string | null }[];
};

/** Whom it gives tokens to, how long they last, and whether it states that. */
export type TokenServerOptions = {
  readonly login: { readonly user: string; readonly password: string };
  readonly lifeSeconds?: number;
};

/**
 * Gives out tokens to pull, on a free port of loopback, as distribution's token specification has it: to its one user
 * for what is asked for, to nobody in particular for nothing.
 */
export const startTokenServer = async ({
  login,
  lifeSeconds = 300,
}: TokenServerOptions): Promise<TokenServer> => {
  const { key, cert } = makeCertificate(new Date());
  const requests: { query: string; authorization: string | null }[] = [];
  const expected = `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`;
  const server = createServer((request, response) => {
    const { search, searchParams } = new URL(request.url ?? '/', 'http://loopback');
    const authorization = request.headers.authorization ?? null;
    requests.push({ query: search.slice(1), authorization });
    if (authorization !== null && authorization !== expected) {
      response.writeHead(401).end('{"details":"unknown user"}');
      return;
    }
    const scopes = authorization === null ? [] : searchParams.getAll('scope');
    const token = signToken(
      { key, cert },
      { service: searchParams.get('service') ?? '', scopes, lifeSeconds },
    );
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ token, expires_in: lifeSeconds }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    realm: `http://127.0.0.1:${String(port)}/token`,
    cert,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};

type Grant = { readonly service: string; readonly scopes: readonly string[]; readonly lifeSeconds: number };

/** A JSON Web Token (RFC 7515) with the certificate of its key, signed with ES256. */
const signToken = (
  { key, cert }: { readonly key: string; readonly cert: string },
  { service, scopes, lifeSeconds }: Grant,
): string => {
  const now = Math.floor(Date.now() / 1000);
  const der = cert.replaceAll(/-----.*-----|\s/g, '');
  const parts = [
    { typ: 'JWT', alg: 'ES256', x5c: [der] },
    {
      iss: TOKEN_ISSUER,
      sub: 'robot',
      aud: service,
      nbf: now - 5,
      iat: now,
      exp: now + lifeSeconds,
      jti: randomUUID(),
      access: scopes.map((scope) => {
        const [type, name, actions = ''] = scope.split(':');
        return { type, name, actions: actions.split(',') };
      }),
    },
  ];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
};
