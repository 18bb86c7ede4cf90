import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { Agent } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openConnections } from '../../../src/adapters/http-client/connections.ts';
import type { HttpRequest } from '../../../src/adapters/http-client/connections.ts';
import { AppError } from '../../../src/errors.ts';
import { findFreePort } from '../../../sandbox/free-port.ts';
import { serve } from './serve.ts';

/** What is worth another try, and what a caller makes of an answer, is tested with each caller. */

const open = (stop = new AbortController().signal) => {
  const connections = openConnections(stop, new Agent());
  onTestFinished(() => connections.close());
  return connections;
};

const get = (url: string, more: Partial<HttpRequest<string>> = {}): HttpRequest<string> => ({
  method: 'GET',
  url,
  headers: {},
  read: text,
  ...more,
});

test('an answer comes with its status, its headers in lower case and its body', async () => {
  const { url } = await serve((request, response) =>
    response
      .writeHead(404, {
        'X-Asked-By': request.headers['user-agent'],
        'WWW-Authenticate': ['Basic', 'Negotiate'],
      })
      .end('nothing here'),
  );
  const reply = await open().send(get(url));
  expect(reply).toMatchObject({ status: 404, body: 'nothing here' });
  const headers = reply.status === null ? new Map() : reply.headers;
  expect(headers.get('x-asked-by')).toBe('quotagram');
  expect(headers.get('www-authenticate')).toBe('Basic, Negotiate');
});

test('a redirect is an answer', async () => {
  const { url, seen } = await serve((_, response) => response.writeHead(302, { location: '/there' }).end());
  expect(await open().send(get(url))).toMatchObject({ status: 302 });
  expect(seen).toHaveLength(1);
});

describe('a compressed body', () => {
  const serveGzip = () =>
    serve((request, response) => {
      const isAsked = request.headers['accept-encoding'] === 'gzip';
      response
        .writeHead(200, isAsked ? { 'content-encoding': 'gzip' } : {})
        .end(isAsked ? gzipSync('words') : 'plain words');
    });

  test('is asked for and read', async () => {
    const { url } = await serveGzip();
    expect(await open().send(get(url))).toMatchObject({ status: 200, body: 'words' });
  });

  test('is not asked for where the caller says so', async () => {
    const { url } = await serveGzip();
    const request = get(url, { headers: { 'accept-encoding': 'identity' } });
    expect(await open().send(request)).toMatchObject({ status: 200, body: 'plain words' });
  });

  test('that HEAD only describes is not waited for', async () => {
    const { url } = await serve((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': '77' }).end(),
    );
    const reply = await open().send(get(url, { method: 'HEAD' }));
    expect(reply).toMatchObject({ status: 200, body: '' });
    expect(reply.status === null ? '' : reply.headers.get('content-length')).toBe('77');
  });
});

describe('no whole answer came', () => {
  test('where nobody listens', async () => {
    const port = String(await findFreePort());
    expect(await open().send(get(`http://127.0.0.1:${port}`))).toEqual({
      status: null,
      code: 'ECONNREFUSED',
      reason: `connect ECONNREFUSED 127.0.0.1:${port}`,
    });
  });

  test('where the body cannot be read', async () => {
    const { url } = await serve((_, response) => response.writeHead(200).end());
    const request = get(url, { read: () => Promise.reject(new Error('it is no list')) });
    expect(await open().send(request)).toMatchObject({ status: null, reason: 'it is no list' });
  });
});

test('an AppError of whoever reads the body is theirs to see', async () => {
  const { url } = await serve((_, response) => response.writeHead(200).end());
  const request = get(url, { read: () => Promise.reject(new AppError('invalid', 'it is no list')) });
  await expect(open().send(request)).rejects.toMatchObject({ code: 'invalid', message: 'it is no list' });
});

test('stopping ends what is under way and refuses what comes after', async () => {
  const stop = new AbortController();
  const asked = new EventTarget();
  const { url, seen } = await serve(() => asked.dispatchEvent(new Event('asked')));
  const { send } = open(stop.signal);
  const isAsked = once(asked, 'asked');
  const sending = expect(send(get(url))).rejects.toThrow('we stop');
  await isAsked;
  stop.abort(new AppError('unavailable', 'we stop'));
  await sending;
  await expect(send(get(url))).rejects.toThrow('we stop');
  expect(seen).toHaveLength(1);
});
