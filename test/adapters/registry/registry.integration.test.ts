import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:https';
import { describe, expect, onTestFinished, test } from 'vitest';
import { makeCertificate } from '../../../sandbox/certificate.ts';
import { findFreePort } from '../../../sandbox/free-port.ts';
import { craftImage } from '../../../sandbox/registry-images.ts';
import { pushStreams } from '../../../sandbox/registry-push.ts';
import { hasRegistryServer } from '../../../sandbox/registry-server.ts';
import { describeRegistry } from '../../pipeline/registry-contract.ts';
import { until } from '../openshift/open-cluster.ts';
import { serve } from '../http-client/serve.ts';
import { openRegistry, startRealRegistry, withRegistry } from './open-registry.ts';

/** What a registry answers, and what becomes of answers that are none. */

describe.skipIf(!hasRegistryServer)(withRegistry('with a real registry'), () => {
  describeRegistry('distribution', async (repository, blobs) => {
    const server = await startRealRegistry();
    const [namespace = '', name = ''] = repository.split('/');
    await pushStreams(server, [{ namespace, name, tags: { latest: [craftImage(blobs)] } }]);
    return openRegistry(server.url).registry;
  });
});

const WEB = { repository: 'a-dev/web', digest: `sha256:${'1'.repeat(64)}` };

/** A registry that is open, and answers a question for a blob as told, one after the other; the last again and again. */
const answering = (
  ...answers: readonly { readonly status: number; readonly headers?: Readonly<Record<string, string>> }[]
) => {
  const left = [...answers];
  return serve((request, response) => {
    const { status, headers = {} } =
      request.method === 'GET'
        ? { status: 200 }
        : ((left.length > 1 ? left.shift() : left[0]) ?? { status: 500 });
    response.writeHead(status, headers).end();
  });
};

const found = { status: 200, headers: { 'content-length': '5' } };

describe('an answer', () => {
  test.each([
    { name: '404 is that there is no such blob', answer: { status: 404 }, stat: { outcome: 'absent' } },
    {
      name: '403 is a refusal',
      answer: { status: 403 },
      stat: { outcome: 'refused', reason: 'it wants credentials' },
    },
    {
      name: '200 with a page for people is no blob',
      answer: { status: 200, headers: { 'content-length': '5', 'content-type': 'text/html; charset=utf-8' } },
      stat: { outcome: 'failing', reason: 'HTTP 200 without a size' },
    },
    {
      name: '200 without a length is of no use',
      answer: { status: 200, headers: { 'transfer-encoding': 'chunked' } },
      stat: { outcome: 'failing', reason: 'HTTP 200 without a size' },
    },
    {
      name: '405 is of no use',
      answer: { status: 405 },
      stat: { outcome: 'failing', reason: 'HTTP 405' },
    },
    {
      name: '500 to every try is what a blob without its file gets',
      answer: { status: 500 },
      stat: { outcome: 'failing', reason: 'HTTP 500: usually its file is gone or cannot be read' },
    },
    {
      name: 'a redirect to nowhere is of no use',
      answer: { status: 307 },
      stat: { outcome: 'failing', reason: 'HTTP 307' },
    },
  ])('$name', async ({ answer, stat }) => {
    const { registry } = openRegistry((await answering(answer)).url);
    expect(await registry.statBlob(WEB)).toEqual(stat);
  });

  test('that redirects in a circle ends', async () => {
    const server = await serve((request, response) => {
      if (request.method === 'GET') response.writeHead(200).end();
      else response.writeHead(302, { location: request.url }).end();
    });
    const { registry } = openRegistry(server.url);
    expect(await registry.statBlob(WEB)).toEqual({ outcome: 'failing', reason: 'HTTP 302' });
    expect(server.seen.length).toBeLessThan(10);
  });
});

describe('what lets in at /v2/', () => {
  const answeringBase = async (headers: Readonly<Record<string, string>>, body: string) => {
    const { url } = await serve((request, response) => {
      if (request.method === 'GET') response.writeHead(200, headers).end(body);
      else response.writeHead(200, { 'content-length': 5 }).end();
    });
    return openRegistry(url).registry.statBlob(WEB);
  };

  test.each([
    { name: 'nothing', headers: {}, body: '' },
    { name: 'JSON', headers: { 'content-type': 'application/json' }, body: '{}\n' },
    {
      name: 'whatever with the version of the API',
      headers: { 'docker-distribution-api-version': 'registry/2.0', 'content-type': 'text/plain' },
      body: 'welcome',
    },
  ])('with $name is a registry', async ({ headers, body }) => {
    expect(await answeringBase(headers, body)).toEqual({ outcome: 'present', sizeBytes: 5 });
  });

  test('with a page for people is none, and nothing is asked of it', async () => {
    await expect(answeringBase({ 'content-type': 'text/html' }, '<p>Welcome</p>')).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringMatching(/is no image registry: it answers \/v2\/ with HTTP 200 and text\/html$/),
      hint: expect.stringContaining('--registry auto'),
    });
  });
});

test('a registry that is asked by https and speaks plain http is said to do so, at once', async () => {
  const { url } = await serve((_, response) => void response.writeHead(200).end());
  const { host } = new URL(url);
  const { registry, events } = openRegistry(host);
  await expect(registry.statBlob(WEB)).rejects.toMatchObject({
    code: 'invalid',
    message: `${host} does not speak https; it looks like plain http`,
    hint: expect.stringContaining(`http://${host}`),
  });
  expect(events).toEqual([]);
});

describe('a registry in trouble', () => {
  test.each([500, 502, 503, 429])('is asked again after HTTP %i', async (status) => {
    const { registry, events } = openRegistry((await answering({ status }, found)).url);
    expect(await registry.statBlob(WEB)).toEqual({ outcome: 'present', sizeBytes: 5 });
    expect(events).toEqual([
      {
        type: 'api-retry',
        kind: 'registry',
        attempt: 1,
        waitMs: expect.any(Number),
        reason: `HTTP ${String(status)}`,
      },
    ]);
  });

  test('is given up on after five tries', async () => {
    const { url, seen } = await answering({ status: 503 });
    const { registry, events } = openRegistry(url);
    expect(await registry.statBlob(WEB)).toEqual({ outcome: 'failing', reason: 'HTTP 503' });
    expect(seen.filter(({ line }) => line.startsWith('HEAD'))).toHaveLength(5);
    expect(events).toHaveLength(4);
  });

  test('is waited for as long as it asks', async () => {
    const busy = { status: 429, headers: { 'retry-after': '1' } };
    const { registry, events } = openRegistry((await answering(busy, found)).url);
    expect(await registry.statBlob(WEB)).toEqual({ outcome: 'present', sizeBytes: 5 });
    expect(events).toMatchObject([{ waitMs: 1000 }]);
  });

  test('that cuts the line is asked again', async () => {
    let cuts = 1;
    const { url } = await serve((request, response) => {
      if (request.method === 'GET') response.writeHead(200).end();
      else if (cuts-- > 0) request.socket.destroy();
      else response.writeHead(200, { 'content-length': 5 }).end();
    });
    const { registry, events } = openRegistry(url);
    expect(await registry.statBlob(WEB)).toEqual({ outcome: 'present', sizeBytes: 5 });
    expect(events).toMatchObject([{ type: 'api-retry', reason: expect.stringMatching(/closed|reset/) }]);
  });

  test('from the start says so', async () => {
    const { url } = await serve((_, response) => void response.writeHead(503).end());
    await expect(openRegistry(url).registry.statBlob(WEB)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('is in trouble: it answers /v2/ with HTTP 503'),
    });
  });

  test('that does not answer at all is named', async () => {
    const port = await findFreePort();
    const { registry } = openRegistry(`http://127.0.0.1:${String(port)}`);
    await expect(registry.statBlob(WEB)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(
        new RegExp(`^127\\.0\\.0\\.1:${String(port)} does not answer: .*ECONNREFUSED`),
      ),
    });
  });

  test('that keeps silent can be left', async () => {
    let asked = false;
    const { url } = await serve(() => (asked = true));
    const { registry } = openRegistry(url);
    const answer = registry.statBlob(WEB).catch((thrown: unknown) => thrown);
    await until(() => asked);
    await registry[Symbol.asyncDispose]();
    expect(await answer).toMatchObject({ code: 'unavailable', message: 'Asking the registry was stopped' });
  });
});

describe('what is no registry', () => {
  test.each([
    { status: 404, headers: {}, answer: 'HTTP 404' },
    {
      status: 302,
      headers: { location: 'https://login.example.test/' },
      answer: 'a redirect to https://login',
    },
    { status: 401, headers: { 'www-authenticate': 'Negotiate' }, answer: 'HTTP 401' },
  ])('is told by what it says to /v2/: $answer', async ({ status, headers, answer }) => {
    const { url } = await serve((_, response) => void response.writeHead(status, headers).end());
    await expect(openRegistry(url).registry.statBlob(WEB)).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining(`is no image registry: it answers /v2/ with ${answer}`),
      hint: expect.stringContaining('--registry auto'),
    });
  });

  test.each([
    ['', 'is not the address of a registry'],
    ['ftp://registry.example.test', 'is not the address of a registry'],
    ['https://registry.example.test/v2/', 'has more than the address of a registry'],
    ['https://registry.example.test?x', 'has more than the address of a registry'],
    ['https://robot:sesame@registry.example.test', 'holds credentials'],
  ])('is not asked: “%s”', (url, message) => {
    expect(() => openRegistry(url)).toThrow(
      expect.objectContaining({ code: 'invalid', message: expect.stringContaining(message) }),
    );
    expect(() => openRegistry(url)).not.toThrow('sesame');
  });
});

test('a certificate that nobody trusted has signed ends it at once, with what to do', async () => {
  const server = createTlsServer(makeCertificate(new Date()), (_, response) => void response.end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  const host = `127.0.0.1:${String(address !== null && typeof address === 'object' ? address.port : 0)}`;
  const { registry, events } = openRegistry(host);
  await expect(registry.statBlob(WEB)).rejects.toMatchObject({
    code: 'invalid',
    message: `The certificate of ${host} cannot be trusted: self-signed certificate`,
    hint: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
  });
  expect(events).toEqual([]);
});
