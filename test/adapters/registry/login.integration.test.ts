import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { craftImage, craftLayer } from '../../../sandbox/registry-images.ts';
import { pushStreams } from '../../../sandbox/registry-push.ts';
import { HTPASSWD_LOGIN, hasRegistryServer } from '../../../sandbox/registry-server.ts';
import { startTokenServer } from '../../../sandbox/token-server.ts';
import type { TokenServerOptions } from '../../../sandbox/token-server.ts';
import { serve } from '../http-client/serve.ts';
import { BASIC, openRegistry, startRealRegistry, withRegistry } from './open-registry.ts';

/** How a registry lets us in, and where credentials go. */

const LAYER = craftLayer('layer', 1000);
const STREAM = { namespace: 'a-dev', name: 'web', tags: { latest: [craftImage([LAYER])] } };
const WEB = { repository: 'a-dev/web', digest: LAYER.digest };
const PRESENT = { outcome: 'present', sizeBytes: LAYER.bytes.length };

const catchThrown = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (thrown) {
    return thrown;
  }
};

const catchError = (promise: Promise<unknown>) => promise.catch((thrown: unknown) => thrown);

describe.skipIf(!hasRegistryServer)(withRegistry('a registry that wants a user and a password'), () => {
  const open = async () => {
    const server = await startRealRegistry({ type: 'htpasswd' });
    await pushStreams({ url: server.url, authorization: BASIC }, [STREAM]);
    return server;
  };

  test('gets them', async () => {
    const { registry } = openRegistry((await open()).url, { credentials: HTPASSWD_LOGIN });
    expect(await registry.statBlob(WEB)).toEqual(PRESENT);
  });

  test.each([
    { name: 'a wrong password', credentials: { user: 'robot', password: 'open barley' } },
    { name: 'an unknown user', credentials: { user: 'stranger', password: 'open sesame' } },
    { name: 'a token that it does not take', credentials: { token: 'open-barley' } },
  ])('does not let $name in, and the error does not tell it', async ({ credentials }) => {
    const { registry } = openRegistry((await open()).url, { credentials });
    const thrown = await catchError(registry.statBlob(WEB));
    expect(thrown).toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('does not accept these credentials'),
      hint: expect.stringContaining('REGISTRY_PASSWORD'),
    });
    expect(JSON.stringify(thrown, Object.getOwnPropertyNames(thrown))).not.toMatch(/barley|sesame/);
  });

  test('says so when it gets none', async () => {
    const { registry } = openRegistry((await open()).url);
    await expect(registry.statBlob(WEB)).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('wants credentials'),
      hint: expect.stringContaining('oc whoami -t'),
    });
  });
});

describe.skipIf(!hasRegistryServer)(withRegistry('a registry that wants tokens'), () => {
  const open = async (options: Partial<TokenServerOptions> = {}) => {
    const tokens = await startTokenServer({ login: HTPASSWD_LOGIN, ...options });
    onTestFinished(() => tokens[Symbol.asyncDispose]());
    const { realm, cert } = tokens;
    const server = await startRealRegistry({ type: 'token', realm, service: 'the registry', cert });
    return { tokens, server };
  };
  const queriesOf = ({ requests }: { readonly requests: readonly { readonly query: string }[] }) =>
    requests.map(({ query }) => query);

  test('gets one for each repository from its token endpoint, and the same one again', async () => {
    const { tokens, server } = await open();
    const { registry } = openRegistry(server.url, { credentials: HTPASSWD_LOGIN });
    expect(await registry.statBlob(WEB)).toEqual({ outcome: 'absent' });
    expect(await registry.statBlob(WEB)).toEqual({ outcome: 'absent' });
    expect(await registry.statBlob({ ...WEB, repository: 'a-dev/api' })).toEqual({ outcome: 'absent' });
    expect(queriesOf(tokens)).toEqual([
      'service=the+registry',
      'service=the+registry&scope=repository%3Aa-dev%2Fweb%3Apull',
      'service=the+registry&scope=repository%3Aa-dev%2Fapi%3Apull',
    ]);
    expect(tokens.requests.map(({ authorization }) => authorization)).toEqual([BASIC, BASIC, BASIC]);
  });

  test('gets a new one when the old one has had its time', async () => {
    const { tokens, server } = await open({ lifeSeconds: 60 });
    let now = new Date();
    const { registry } = openRegistry(server.url, { credentials: HTPASSWD_LOGIN, now: () => now });
    await registry.statBlob(WEB);
    now = new Date(now.getTime() + 59_000);
    await registry.statBlob(WEB);
    expect(queriesOf(tokens).filter((query) => query.includes('web'))).toHaveLength(2);
  });

  test('gets the password nowhere when its endpoint does not take it', async () => {
    const { tokens, server } = await open();
    const { registry } = openRegistry(server.url, {
      credentials: { user: 'robot', password: 'open barley' },
    });
    for (const repository of ['a-dev/web', 'a-dev/api'])
      await expect(registry.statBlob({ ...WEB, repository })).rejects.toMatchObject({ code: 'forbidden' });
    expect(tokens.requests).toHaveLength(1);
  });

  test('lets nobody in particular ask, but not for this', async () => {
    const { registry } = openRegistry((await open()).server.url);
    expect(await registry.statBlob(WEB)).toEqual({ outcome: 'refused', reason: 'it wants credentials' });
  });
});

describe('credentials', () => {
  const credentials = { user: 'robot', password: 'open sesame' };
  const challenge = (header: string) =>
    serve((_, response) => void response.writeHead(401, { 'www-authenticate': header }).end());

  test('are tried before they are used, so that a wrong password is sent once', async () => {
    const { url, seen } = await challenge('Basic realm="x"');
    const { registry } = openRegistry(url, { credentials });
    for (const _ of [1, 2, 3]) await expect(registry.statBlob(WEB)).rejects.toThrow('does not accept');
    expect(seen).toEqual([
      { line: 'GET /v2/', authorization: null },
      { line: 'GET /v2/', authorization: BASIC },
    ]);
  });

  test.each(['http://tokens.example.test/token', 'ftp://127.0.0.1/token', '/token', ''])(
    'are not sent to a token endpoint at “%s”',
    async (realm) => {
      const { url, seen } = await challenge(`Bearer realm="${realm}",service="x"`);
      const { registry } = openRegistry(url, { credentials });
      await expect(registry.statBlob(WEB)).rejects.toMatchObject({
        code: 'invalid',
        message: expect.stringContaining(`wants the credentials sent to ${realm || 'nobody'}`),
        hint: expect.stringContaining('nothing was sent'),
      });
      expect(seen.map(({ authorization }) => authorization)).toEqual([null]);
    },
  );

  test('are not sent unencrypted to another machine, be they a password or a token', () => {
    for (const one of [credentials, { token: 'sesame' }]) {
      expect(() => openRegistry('http://registry.example.test', { credentials: one })).toThrow(
        'not encrypted',
      );
    }
  });

  test('that are a token go to the registry itself, whatever it asks for', async () => {
    const { url, seen } = await serve((request, response) => {
      const isIn = request.headers.authorization === 'Bearer sesame';
      response
        .writeHead(isIn ? 200 : 401, {
          'content-length': 5,
          'www-authenticate': 'Bearer realm="https://tokens.example.test/token"',
        })
        .end(request.method === 'HEAD' ? '' : '12345');
    });
    const { registry } = openRegistry(url, { credentials: { token: 'sesame' } });
    expect(await registry.statBlob(WEB)).toEqual({ outcome: 'present', sizeBytes: 5 });
    expect(seen.map(({ authorization }) => authorization)).toEqual([null, 'Bearer sesame', 'Bearer sesame']);
  });

  test.each(['sesame\nbarley', 'sesame barley', 'sesame\u0001barley', 'sesame\u2026barley', ' '])(
    'that are the token %j are refused before anything is asked, and not shown',
    (token) => {
      const thrown = catchThrown(() =>
        openRegistry('https://registry.example.test', { credentials: { token } }),
      );
      expect(thrown).toMatchObject({ code: 'invalid', hint: expect.stringContaining('REGISTRY_TOKEN') });
      expect(inspect(thrown, { depth: null })).not.toMatch(/sesame|barley/);
    },
  );

  test('are not sent on to what shows a page for people once it has let them in', async () => {
    const { url, seen } = await serve((request, response) => {
      if (request.headers.authorization === undefined)
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      else response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Welcome</p>');
    });
    const { registry } = openRegistry(url, { credentials });
    await expect(registry.statBlob(WEB)).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('is no image registry'),
    });
    expect(seen).toHaveLength(2);
  });

  test('that are a token with a line end are sent without it', async () => {
    const { url, seen } = await serve((_, response) => void response.writeHead(401).end());
    const { registry } = openRegistry(url, { credentials: { token: 'sesame\r\n' } });
    await expect(registry.statBlob(WEB)).rejects.toMatchObject({ code: 'forbidden' });
    expect(seen.at(-1)?.authorization).toBe('Bearer sesame');
  });

  test('are exchanged for a token that can be sent, or for none, which is not shown', async () => {
    const server = await serve((request, response) => {
      if (request.url?.startsWith('/token') === true)
        response.writeHead(200).end(JSON.stringify({ token: 'sesame\nbarley' }));
      else response.writeHead(401, { 'www-authenticate': `Bearer realm="${server.url}/token"` }).end();
    });
    const { registry, events } = openRegistry(server.url, { credentials });
    const thrown = await catchError(registry.statBlob(WEB));
    expect(thrown).toMatchObject({ code: 'unavailable', message: expect.stringContaining('no token') });
    expect(inspect(thrown, { depth: null })).not.toMatch(/sesame|barley/);
    expect(events).toEqual([]);
  });

  test('do not follow a redirect to where the blobs are', async () => {
    const bucket = await serve((_, response) => void response.writeHead(200, { 'content-length': 77 }).end());
    const { url, seen } = await serve((request, response) => {
      if (request.headers.authorization === undefined)
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      else if (request.method === 'HEAD')
        response.writeHead(307, { location: `${bucket.url}/data?signature=x` }).end();
      else response.writeHead(200).end();
    });
    const { registry } = openRegistry(url, { credentials });
    expect(await registry.statBlob(WEB)).toEqual({ outcome: 'present', sizeBytes: 77 });
    expect(seen.at(-1)).toEqual({ line: `HEAD /v2/a-dev/web/blobs/${LAYER.digest}`, authorization: BASIC });
    expect(bucket.seen).toEqual([{ line: 'HEAD /data?signature=x', authorization: null }]);
  });

  test('follow a redirect within the registry', async () => {
    const { url, seen } = await serve((request, response) => {
      if (request.headers.authorization === undefined)
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      else if (request.url === '/there') response.writeHead(200, { 'content-length': 77 }).end();
      else if (request.method === 'HEAD') response.writeHead(302, { location: '/there' }).end();
      else response.writeHead(200).end();
    });
    const { registry } = openRegistry(url, { credentials });
    expect(await registry.statBlob(WEB)).toEqual({ outcome: 'present', sizeBytes: 77 });
    expect(seen.at(-1)).toEqual({ line: 'HEAD /there', authorization: BASIC });
  });

  test('that end before their time are renewed once', async () => {
    let tokens = 0;
    const server = await serve((request, response) => {
      const { authorization } = request.headers;
      if (request.url?.startsWith('/token') === true)
        response.writeHead(200).end(JSON.stringify({ access_token: String((tokens += 1)) }));
      else if (authorization === 'Bearer 3') response.writeHead(200, { 'content-length': 5 }).end();
      else
        response
          .writeHead(401, { 'www-authenticate': `Bearer realm="${server.url}/token",service="x"` })
          .end();
    });
    const { registry } = openRegistry(server.url, { credentials });
    expect(await registry.statBlob(WEB)).toEqual({ outcome: 'present', sizeBytes: 5 });
    expect(server.seen.map(({ line }) => line.split(/[?:]/)[0])).toEqual([
      'GET /v2/',
      'GET /token',
      'GET /token',
      'HEAD /v2/a-dev/web/blobs/sha256',
      'GET /token',
      'HEAD /v2/a-dev/web/blobs/sha256',
    ]);
  });

  test('for which the endpoint has no token are of no use now', async () => {
    const server = await serve((request, response) => {
      if (request.url?.startsWith('/token') === true) response.writeHead(200).end('<html>');
      else response.writeHead(401, { 'www-authenticate': `Bearer realm="${server.url}/token"` }).end();
    });
    const { registry } = openRegistry(server.url, { credentials });
    await expect(registry.statBlob(WEB)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('gives out no token'),
    });
  });
});
