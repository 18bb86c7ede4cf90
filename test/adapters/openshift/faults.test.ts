import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Fault } from '../../../sandbox/api-server.ts';
import { openCluster, PATHS, startServer, until } from './open-cluster.ts';
import { listed } from '../../listed-inventory.ts';

/** What goes wrong between us and the API, and what a reading makes of it. */

afterEach(() => {
  vi.useRealTimers();
});

const wholeCluster = { namespaces: null };
const lists = { images: [1, 2, 3, 4, 5].map((digit) => ({ metadata: { name: `sha256:${digit}` } })) };

const isForImages = (request: string) => request.startsWith(`GET ${PATHS.images}?`);

describe('one bad answer is asked for again:', () => {
  test.each<[string, Fault, unknown]>([
    ['429', { status: 429 }, 'HTTP 429'],
    ['500', { status: 500 }, 'HTTP 500'],
    ['503 as plain text', { status: 503 }, 'HTTP 503'],
    ['a connection cut in the body', 'cut', expect.stringMatching(/closed|reset/i)],
    ['truncated JSON', 'truncated', 'HTTP 200, but not with what was asked for'],
    ['a web page with status 200', 'html', 'HTTP 200, but not with what was asked for'],
    ['a list of another kind', 'wrong kind', 'HTTP 200, but not with what was asked for'],
    [
      'an encoding that was not asked for',
      { status: 200, headers: { 'content-encoding': 'br' } },
      'it answers in an encoding that was not asked for (br)',
    ],
  ])('%s', async (_name, fault, reason) => {
    const server = await startServer({ lists });
    server.addFault(PATHS.images, fault);
    const { cluster, events } = await openCluster(server);
    const inventory = await cluster.readInventory(wholeCluster);
    expect(inventory.holdings.images.digests).toHaveLength(5);
    expect(inventory.exact).toBe(true);
    expect(events.filter(({ type }) => type === 'api-retry')).toEqual([
      { type: 'api-retry', kind: 'images', attempt: 1, waitMs: expect.any(Number), reason },
    ]);
  });

  test('an answer that is cut in the middle of what is compressed', async () => {
    const server = await startServer({ compresses: true });
    server.addFault(PATHS.images, 'cut');
    const { cluster, events } = await openCluster(server, { pageSize: 50 });
    expect((await cluster.readInventory(wholeCluster)).holdings.images.digests).toHaveLength(142);
    expect(events.filter(({ type }) => type === 'api-retry')).toEqual([
      expect.objectContaining({ kind: 'images', attempt: 1, reason: expect.stringMatching(/closed|reset/i) }),
    ]);
  });

  test('a later page, of which some objects had arrived, and none is there twice', async () => {
    const server = await startServer();
    const { cluster, events } = await openCluster(server, { pageSize: 20 });
    const undisturbed = listed(await cluster.readInventory(wholeCluster));
    for (const path of [PATHS.imagestreams, PATHS.images]) server.addFault(path, 'cut later', 2);
    expect(listed(await cluster.readInventory(wholeCluster))).toEqual(undisturbed);
    expect(events.filter(({ type }) => type === 'api-retry')).toHaveLength(4);
  });

  test('none within half a minute', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const server = await startServer({ lists });
    server.addFault(PATHS.images, 'hang');
    const { cluster, events } = await openCluster(server);
    const reading = cluster.readInventory(wholeCluster);
    await until(() => server.requests.some(isForImages));
    await vi.advanceTimersByTimeAsync(29_999);
    expect(events.filter(({ type }) => type === 'api-retry')).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect((await reading).holdings.images.digests).toHaveLength(5);
    expect(events).toContainEqual({
      type: 'api-retry',
      kind: 'images',
      attempt: 1,
      waitMs: expect.any(Number),
      reason: 'no answer within 30 s',
    });
  });
});

test('the waits between tries double, give or take a half', async () => {
  const server = await startServer({ lists });
  server.addFault(PATHS.images, { status: 500 }, 4);
  const { cluster, events } = await openCluster(server, { retryBaseMs: 10 });
  await cluster.readInventory(wholeCluster);
  const waits = events.filter((event) => event.type === 'api-retry').map(({ waitMs }) => waitMs);
  expect(waits).toHaveLength(4);
  for (const [position, waitMs] of waits.entries()) {
    expect(waitMs).toBeGreaterThanOrEqual(5 * 2 ** position);
    expect(waitMs).toBeLessThanOrEqual(15 * 2 ** position);
  }
});

test('an API that keeps failing at what is needed is unavailable', async () => {
  const server = await startServer({ lists });
  server.addFault(PATHS.images, { status: 503 }, 5);
  const { cluster } = await openCluster(server);
  await expect(cluster.readInventory(wholeCluster)).rejects.toMatchObject({
    code: 'unavailable',
    message: `The API at ${new URL(server.url).host} does not list images (image.openshift.io): HTTP 503, 5 times`,
    hint: expect.stringContaining('oc get apiservices'),
  });
  expect(server.requests.filter(isForImages)).toHaveLength(5);
});

test('an answer that no other try can mend is not asked for again', async () => {
  const server = await startServer({ lists });
  server.addFault(PATHS.images, { status: 400 });
  const { cluster, events } = await openCluster(server);
  await expect(cluster.readInventory(wholeCluster)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(/does not list images \(image\.openshift\.io\): HTTP 400$/),
  });
  expect(events.filter(({ type }) => type === 'api-retry')).toEqual([]);
});

test.each([
  ['namespaces', PATHS.namespaces, 'v1', 'NamespaceList'],
  ['imagestreams', PATHS.imagestreams, 'image.openshift.io/v1', 'ImageStreamList'],
  ['images', PATHS.images, 'image.openshift.io/v1', 'ImageList'],
])(
  'a list of %s without items is no empty list, which would make every namespace small',
  async (plural, path, apiVersion, kind) => {
    for (const items of [{ items: null }, {}]) {
      const server = await startServer({ lists });
      const body = JSON.stringify({ kind, apiVersion, metadata: {}, ...items });
      server.addFault(path, { status: 200, body }, 5);
      const { cluster } = await openCluster(server);
      await expect(cluster.readInventory(wholeCluster)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringMatching(
          `does not list ${plural}.*: HTTP 200, but not with what was asked for, 5 times$`,
        ),
      });
    }
  },
);

test('an API that nobody answers at is unavailable, and named', async () => {
  const server = await startServer();
  await server.close();
  const { cluster } = await openCluster(server);
  const { host } = new URL(server.url);
  await expect(cluster.readInventory(wholeCluster)).rejects.toMatchObject({
    code: 'unavailable',
    message: `The API at ${host} does not answer: connect ECONNREFUSED ${host}`,
    hint: expect.stringContaining('Check the network'),
  });
});

describe('Retry-After', () => {
  test.each([
    { status: 429, header: '1', waitMs: 1000 },
    { status: 503, header: '1', waitMs: 1000 },
    { status: 500, header: '1', waitMs: 1000 },
    { status: 429, header: 'Tue, 24 Nov 2026 03:00:02 GMT', waitMs: 1100 },
  ])('of a $status is waited for: $header', async ({ status, header, waitMs }) => {
    const server = await startServer({ lists });
    server.addFault(PATHS.images, { status, headers: { 'retry-after': header } });
    const { cluster, events } = await openCluster(server);
    expect((await cluster.readInventory(wholeCluster)).holdings.images.digests).toHaveLength(5);
    expect(events).toContainEqual(expect.objectContaining({ type: 'api-retry', waitMs }));
  });

  test.each([
    ['is none', '0'],
    ['ended before we were told, by our clock', 'Tue, 24 Nov 2026 03:00:00 GMT'],
    ['means nothing', 'soon'],
  ])('that %s leaves our own wait', async (_name, header) => {
    const server = await startServer({ lists });
    server.addFault(PATHS.images, { status: 429, headers: { 'retry-after': header } });
    const { cluster, events } = await openCluster(server, { retryBaseMs: 10 });
    await cluster.readInventory(wholeCluster);
    const waits = events.filter((event) => event.type === 'api-retry').map(({ waitMs }) => waitMs);
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThanOrEqual(5);
    expect(waits[0]).toBeLessThanOrEqual(15);
  });

  test.each([
    ['number of seconds', '3600'],
    ['date', 'Tue, 24 Nov 2026 04:00:00 GMT'],
  ])('as a %s is waited for a minute at most; closing the cluster ends the wait', async (_name, header) => {
    const server = await startServer({ lists });
    server.addFault(PATHS.images, { status: 429, headers: { 'retry-after': header } });
    const { cluster, events } = await openCluster(server);
    const stopped = expect(cluster.readInventory(wholeCluster)).rejects.toMatchObject({
      code: 'unavailable',
      message: 'Reading the cluster was stopped',
    });
    await until(() => events.some(({ type }) => type === 'api-retry'));
    expect(events).toContainEqual(expect.objectContaining({ type: 'api-retry', waitMs: 60_000 }));
    await cluster[Symbol.asyncDispose]();
    await stopped;
  });
});

test('closing the cluster ends a request that is under way', async () => {
  const server = await startServer({ lists });
  server.addFault(PATHS.images, 'hang');
  const { cluster } = await openCluster(server);
  const stopped = expect(cluster.readInventory(wholeCluster)).rejects.toMatchObject({
    message: 'Reading the cluster was stopped',
  });
  await until(() => server.requests.some(isForImages));
  await cluster[Symbol.asyncDispose]();
  await stopped;
});

test.each([
  ['the same page again', ['one', 'one']],
  ['pages in a circle', ['one', 'two', 'one']],
])('a list that leads to %s is given up, with the reason', async (_name, tokens) => {
  const server = await startServer({ lists });
  for (const token of tokens) {
    const body = JSON.stringify({ kind: 'ImageList', metadata: { continue: token }, items: [] });
    server.addFault(PATHS.images, { status: 200, body });
  }
  const { cluster } = await openCluster(server);
  await expect(cluster.readInventory(wholeCluster)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(
      /^The API at 127\.0\.0\.1:\d+ does not list images \(image\.openshift\.io\): it repeats a continue token$/,
    ),
  });
  expect(server.requests.filter(isForImages)).toHaveLength(tokens.length);
});

describe('a list that expires on the way (410)', () => {
  test('starts again once and stays exact', async () => {
    const server = await startServer({ lists });
    server.addFault(PATHS.images, 'expired');
    const { cluster, events } = await openCluster(server, { pageSize: 2 });
    const { images, exact } = listed(await cluster.readInventory(wholeCluster));
    expect([...images].map(({ digest }) => digest)).toEqual(
      lists.images.map(({ metadata }) => metadata.name),
    );
    expect(exact).toBe(true);
    expect(events.filter(({ type }) => type === 'list-restarted')).toEqual([
      { type: 'list-restarted', kind: 'images', exact: true },
    ]);
    expect(events).toContainEqual({ type: 'list-read', kind: 'images', objects: 5, pages: 3 });
  });

  test('goes on from the fresh token the second time and is no longer exact', async () => {
    const server = await startServer({ lists });
    server.addFault(PATHS.images, 'expired', Infinity);
    const { cluster, events } = await openCluster(server, { pageSize: 2 });
    const { images, exact } = listed(await cluster.readInventory(wholeCluster));
    expect([...images].map(({ digest }) => digest)).toEqual(
      lists.images.map(({ metadata }) => metadata.name),
    );
    expect(exact).toBe(false);
    expect(events.filter(({ type }) => type === 'list-restarted')).toEqual([
      { type: 'list-restarted', kind: 'images', exact: true },
      { type: 'list-restarted', kind: 'images', exact: false },
      { type: 'list-restarted', kind: 'images', exact: false },
    ]);
  });

  test.each([
    ['gives no fresh token', {}],
    ['does not take its own fresh token', { metadata: { continue: 'fresh' } }],
  ])('fails when the API %s', async (_name, status) => {
    const server = await startServer({ lists });
    server.addFault(PATHS.images, { status: 410, body: JSON.stringify(status) }, Infinity);
    const { cluster } = await openCluster(server);
    await expect(cluster.readInventory(wholeCluster)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('does not list images (image.openshift.io): HTTP 410 again and again'),
    });
  });
});
