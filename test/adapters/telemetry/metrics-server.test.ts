import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { createMetrics } from '../../../src/adapters/telemetry/metrics.ts';
import { serveMetrics } from '../../../src/adapters/telemetry/metrics-server.ts';

const now = (): Date => new Date('2026-11-23T16:20:00Z');

test('tells whoever asks on this machine what has been counted so far', async () => {
  const metrics = createMetrics({ now });
  await using server = await serveMetrics(metrics, '0');
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
  const runId = 'weekly-2026-11-23';
  metrics.observe({ type: 'run-finished', runId, submitted: 2, failed: 1 });

  const response = await fetch(server.url);

  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect((await response.text()).split('\n')).toEqual(
    expect.arrayContaining([
      '# TYPE quotagram_runs_total counter',
      'quotagram_runs_total{outcome="finished"} 1',
    ]),
  );
  metrics.observe({ type: 'run-stopped', runId, reason: 'no rights' });
  expect(await (await fetch(`${server.url}?format=any`)).text()).toContain('{outcome="stopped"} 1');
});

test.each(['/', '/metrics/', '/other'])('has nothing at %s', async (path) => {
  await using server = await serveMetrics(createMetrics({ now }), '0');
  const response = await fetch(new URL(path, server.url));
  expect(response.status).toBe(404);
  expect(await response.text()).not.toContain('quotagram_');
});

test.each(['POST', 'PUT', 'DELETE', 'HEAD'])('refuses %s', async (method) => {
  await using server = await serveMetrics(createMetrics({ now }), '0');
  const response = await fetch(server.url, { method });
  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toBe('GET');
});

test('answers that it cannot when the metrics fail, and goes on', async () => {
  const metrics = createMetrics({ now });
  let asked = 0;
  const text = async (): Promise<string> => {
    asked += 1;
    if (asked === 1) throw new Error('a defect');
    return metrics.text();
  };
  await using server = await serveMetrics({ ...metrics, text }, '0');
  expect((await fetch(server.url)).status).toBe(500);
  expect((await fetch(server.url)).status).toBe(200);
});

test.each([
  { address: '127.0.0.1:0', host: '127.0.0.1' },
  { address: 'localhost:0', host: /127\.0\.0\.1|\[::1\]/ },
  { address: '0.0.0.0:0', host: '0.0.0.0' },
])('listens at $address', async ({ address, host }) => {
  await using server = await serveMetrics(createMetrics({ now }), address);
  expect(new URL(server.url).host.replace(/:\d+$/, '')).toMatch(host);
  expect((await fetch(server.url)).status).toBe(200);
});

test('says that a port is taken', async () => {
  await using first = await serveMetrics(createMetrics({ now }), '0');
  const { port } = new URL(first.url);
  await expect(serveMetrics(createMetrics({ now }), port)).rejects.toMatchObject({
    code: 'unavailable',
    message: `Metrics cannot be served at ${port}: the port is taken`,
    hint: expect.stringContaining('another port'),
  });
});

test.each([
  '',
  'metrics',
  '65536',
  '-1',
  '9464/metrics',
  ':9464',
  '::1:9464',
  'http://127.0.0.1:9464',
  '9464 ',
])('refuses “%s”, which is no address', async (address) => {
  await expect(serveMetrics(createMetrics({ now }), address)).rejects.toMatchObject({
    code: 'invalid',
    message: `Metrics cannot be served at ${address}: that is no address`,
    hint: expect.stringContaining('0.0.0.0:9464'),
  });
});

test('refuses an address that is none of this machine', async () => {
  // Reserved for documentation (RFC 5737).
  await expect(serveMetrics(createMetrics({ now }), '192.0.2.1:0')).rejects.toMatchObject({
    code: 'invalid',
    hint: expect.stringContaining('a host of this machine'),
  });
});

test('closes, with its port free again, though somebody who asked says no more', async () => {
  const server = await serveMetrics(createMetrics({ now }), '0');
  const { port } = new URL(server.url);
  const silent = connect(Number(port), '127.0.0.1');
  await once(silent, 'connect');
  silent.write('GET /metrics HTTP/1.1\r\n');
  await fetch(server.url);
  const cut = once(silent, 'close');
  await server[Symbol.asyncDispose]();
  await cut;
  await using again = await serveMetrics(createMetrics({ now }), port);
  expect(again.url).toBe(server.url);
});
