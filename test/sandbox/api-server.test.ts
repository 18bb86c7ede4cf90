import { readFile } from 'node:fs/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startApiServer } from '../../sandbox/api-server.ts';
import type { ApiServerOptions } from '../../sandbox/api-server.ts';

const start = async (options: ApiServerOptions = {}) => {
  const server = await startApiServer(options);
  onTestFinished(() => server.close());
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${server.url}${path}`, { headers });
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
  const getJson = async (path: string) => JSON.parse((await get(path)).text);
  return { server, get, getJson };
};

const recorded = (name: string) =>
  readFile(new URL(`../../sandbox/recorded/${name}`, import.meta.url), 'utf8');
const recordedJson = async (name: string) => JSON.parse(await recorded(name));

/** The body of a recording that holds headers, too. */
const recordedBody = async (name: string) => (await recorded(name)).split(/\r?\n\r?\n/)[1]?.trim();

test('what a group holds, and in which versions, can be found out', async () => {
  const { get, getJson } = await start({
    lists: {},
    custom: [
      {
        plural: 'rollouts',
        kind: 'RolloutList',
        apiVersion: 'argoproj.io/v1alpha1',
        objects: [{ metadata: { namespace: 'a', name: 'web' } }],
      },
    ],
  });
  expect(await getJson('/apis/argoproj.io')).toMatchObject({
    kind: 'APIGroup',
    versions: [{ groupVersion: 'argoproj.io/v1alpha1', version: 'v1alpha1' }],
  });
  expect(await getJson('/apis/argoproj.io/v1alpha1')).toMatchObject({
    kind: 'APIResourceList',
    resources: [{ name: 'rollouts', kind: 'Rollout', namespaced: true }],
  });
  expect((await getJson('/apis/argoproj.io/v1alpha1/rollouts')).items).toHaveLength(1);
  const { resources } = await getJson('/apis/image.openshift.io/v1');
  expect(resources.map(({ name }: { name: string }) => name)).toEqual(['imagestreams', 'images']);
  for (const path of ['/apis/example.test', '/apis/argoproj.io/v1'])
    expect((await get(path)).status).toBe(404);
});

describe('lists', () => {
  test('are served whole without a limit, by their real paths', async () => {
    const { getJson } = await start();
    expect(await getJson('/api/v1/namespaces')).toEqual(await recordedJson('namespaces.json'));
    expect(await getJson('/apis/image.openshift.io/v1/images?limit=0')).toEqual(
      await recordedJson('images.json'),
    );
    expect(await getJson('/apis/batch/v1/cronjobs?limit=500')).toEqual(await recordedJson('cronjobs.json'));
  });

  test('come in the pages that were recorded, continue tokens and remaining counts included', async () => {
    const { getJson } = await start();
    let token = '';
    for (const page of [0, 1, 2, 3]) {
      const served = await getJson(`/api/v1/namespaces?limit=10&continue=${token}`);
      expect(served).toEqual(await recordedJson(`pages/namespaces-${page}.json`));
      token = served.metadata.continue ?? '';
    }
    expect(token).toBe('');
  });

  test('of one namespace hold its objects only', async () => {
    const { getJson } = await start();
    const list = await getJson('/apis/image.openshift.io/v1/namespaces/a1b2c3-import/imagestreams?limit=3');
    expect(list.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual([
      'empty',
      'imported',
      'never-imported',
    ]);
    expect(list.metadata.remainingItemCount).toBe(1);
  });

  test('are of given objects instead, in the order of the API, and empty for the other kinds', async () => {
    const { getJson } = await start({
      lists: { namespaces: [{ metadata: { name: 'b' } }, { metadata: { name: 'a' } }] },
    });
    expect((await getJson('/api/v1/namespaces')).items).toEqual([
      { metadata: { name: 'a' } },
      { metadata: { name: 'b' } },
    ]);
    expect((await getJson('/api/v1/pods')).items).toEqual([]);
  });
});

test('a single object states its kind, as its list entry does not', async () => {
  const { getJson } = await start();
  expect(await getJson('/api/v1/namespaces/a1b2c3-dev')).toMatchObject({
    kind: 'Namespace',
    apiVersion: 'v1',
    metadata: { name: 'a1b2c3-dev' },
  });
  expect(await getJson('/version')).toEqual(await recordedJson('version.json'));
});

describe('what the image API works out of an image stream', () => {
  const streams = '/apis/image.openshift.io/v1/namespaces';

  test.each([
    ['a1b2c3-import', 'empty'],
    ['a1b2c3-import', 'imported'],
    ['a1b2c3-tools', 'multiarch'],
    ['a1b2c3-tools', 'pushed-multi'],
    ['beef01-tools', 'inline-config'],
    ['beef01-tools', 'missing-image'],
    ['beef01-tools', 'schema1'],
    ['beef01-tools', 'twice'],
    ['d4e5f6-dev', 'pushed-oci'],
  ])('layers, as recorded of %s/%s', async (namespace, name) => {
    const { getJson } = await start();
    const { metadata, ...layers } = await getJson(`${streams}/${namespace}/imagestreams/${name}/layers`);
    const recording = await recordedJson(`layers/${namespace}.${name}.json`);
    expect(metadata).toMatchObject({ name, namespace, uid: recording.metadata.uid });
    expect({ metadata: recording.metadata, ...layers }).toEqual(recording);
  });

  test('an image by its stream, also one below an index, without its manifest and config', async () => {
    const { getJson, get } = await start();
    const { items } = await recordedJson('images.json');
    const pathOf = (stream: string, digest: string) =>
      `${streams}/${stream.replace('/', '/imagestreamimages/')}${encodeURIComponent(`@${digest}`)}`;
    const [index] = items.filter((item: ImageItem) => item.dockerImageManifests?.length === 4);
    const child = items.find(
      (item: ImageItem) => item.metadata.name === index.dockerImageManifests[0].digest,
    );
    expect(await getJson(pathOf('a1b2c3-tools/multiarch', child.metadata.name))).toEqual({
      kind: 'ImageStreamImage',
      apiVersion: 'image.openshift.io/v1',
      metadata: {
        name: `multiarch@${child.metadata.name}`,
        namespace: 'a1b2c3-tools',
        creationTimestamp: child.metadata.creationTimestamp,
      },
      image: child,
    });
    const inline = items.find((item: ImageItem) => item.dockerImageConfig !== undefined);
    const { dockerImageManifest: _manifest, dockerImageConfig: _config, ...shown } = inline;
    expect((await getJson(pathOf('beef01-tools/inline-config', inline.metadata.name))).image).toEqual(shown);
    expect((await get(pathOf('a1b2c3-tools/api', child.metadata.name))).status).toBe(404);
    expect((await get(pathOf('a1b2c3-tools/nope', child.metadata.name))).status).toBe(404);
  });

  test('less of an index in OpenShift 4.12: no children by stream, and layers of one size', async () => {
    const { getJson, get } = await start({ imageApi: '4.12' });
    const { images, blobs } = await getJson(`${streams}/a1b2c3-tools/imagestreams/multiarch/layers`);
    const [child, { layers }] = Object.entries<{ layers: string[] | null }>(images).find(
      ([, image]) => image.layers !== null,
    ) ?? ['', { layers: [] }];
    expect(layers).toHaveLength(2);
    expect(new Set(layers?.map((layer) => blobs[layer].size)).size).toBe(1);
    expect((await get(`${streams}/a1b2c3-tools/imagestreamimages/multiarch@${child}`)).status).toBe(404);
  });
});

describe('a viewer of some projects', () => {
  test('may read them and what is in them', async () => {
    const { get, getJson } = await start({ viewerOf: ['a1b2c3-dev', 'a1b2c3-tools'] });
    expect((await getJson('/api/v1/namespaces/a1b2c3-tools')).metadata.name).toBe('a1b2c3-tools');
    const pods = await getJson('/api/v1/namespaces/a1b2c3-dev/pods');
    expect(pods.items.length).toBeGreaterThan(0);
    expect((await get('/version')).status).toBe(200);
  });

  test.each([
    [
      '/api/v1/namespaces',
      'namespaces is forbidden: User "nobody" cannot list resource "namespaces" in API group "" at the cluster scope',
    ],
    [
      '/api/v1/namespaces/b',
      'namespaces "b" is forbidden: User "nobody" cannot get resource "namespaces" in API group "" in the namespace "b"',
    ],
    [
      '/api/v1/namespaces/b/pods',
      'pods is forbidden: User "nobody" cannot list resource "pods" in API group "" in the namespace "b"',
    ],
    [
      '/apis/image.openshift.io/v1/namespaces/b/imagestreams/web/layers',
      'imagestreams.image.openshift.io "web" is forbidden: User "nobody" cannot get resource "imagestreams/layers" in API group "image.openshift.io" in the namespace "b"',
    ],
  ])('may read nothing else: %s', async (path, message) => {
    const { get } = await start({ viewerOf: ['a1b2c3-dev'] });
    const refused = await get(path);
    expect(refused.status).toBe(403);
    expect(JSON.parse(refused.text)).toMatchObject({ kind: 'Status', reason: 'Forbidden', message });
  });
});

type ImageItem = {
  readonly metadata: { readonly name: string };
  readonly dockerImageManifests?: readonly { readonly digest: string }[];
  readonly dockerImageConfig?: string;
};

describe('refusals are worded as recorded', () => {
  test('401 without the token', async () => {
    const { get } = await start({ token: 'sesame' });
    const refused = await get('/api/v1/pods', { authorization: 'Bearer other' });
    expect(refused.status).toBe(401);
    expect(JSON.parse(refused.text)).toEqual(await recordedJson('refusals/images-401.json'));
    expect((await get('/api/v1/pods', { authorization: 'Bearer sesame' })).status).toBe(200);
  });

  test('403', async () => {
    const { server, getJson } = await start();
    server.addFault('/apis/image.openshift.io/v1/images', { status: 403 });
    expect(await getJson('/apis/image.openshift.io/v1/images')).toEqual(
      await recordedJson('refusals/images-403.json'),
    );
  });

  test('404 of an object, and plain text for a path that nothing serves', async () => {
    const { get } = await start();
    const missing = await get('/apis/image.openshift.io/v1/namespaces/a1b2c3-dev/imagestreams/nope');
    expect(missing.status).toBe(404);
    expect(JSON.parse(missing.text)).toEqual(await recordedJson('refusals/layers-404.json'));
    const unknown = await get('/apis/route.openshift.io/v1/routes');
    expect([unknown.status, unknown.text]).toEqual([404, '404 page not found\n']);
  });

  test('400 for a continue token that is none', async () => {
    const { get } = await start();
    const refused = await get('/api/v1/pods?limit=5&continue=gQ');
    expect(refused.status).toBe(400);
    expect(JSON.parse(refused.text)).toEqual(await recordedJson('refusals/continue-400.json'));
  });

  test('503 while the image API is down', async () => {
    const { server, get } = await start();
    server.addFault('/apis/image.openshift.io/v1/images', { status: 503 });
    const refused = await get('/apis/image.openshift.io/v1/images');
    expect(refused.status).toBe(503);
    expect(refused.text).toBe(await recordedBody('refusals/aggregator-down-503.txt'));
  });

  test('410 for an expired token, with a fresh one that works', async () => {
    const { server, getJson } = await start();
    server.addFault('/apis/image.openshift.io/v1/images', 'expired', 9);
    const first = await getJson('/apis/image.openshift.io/v1/images?limit=50');
    const refused = await getJson(
      `/apis/image.openshift.io/v1/images?limit=50&continue=${first.metadata.continue}`,
    );
    const { metadata, ...status } = JSON.parse(
      (await recordedBody('refusals/expired-continue-410.txt')) ?? '',
    );
    expect(refused).toMatchObject(status);
    expect(refused.metadata).toEqual(metadata);
    const second = await getJson(
      `/apis/image.openshift.io/v1/images?limit=50&continue=${refused.metadata.continue}`,
    );
    expect(second.items).toEqual((await recordedJson('images.json')).items.slice(50, 100));
  });
});

describe('faults', () => {
  test('meet the next requests of their path, in the order added, and no others', async () => {
    const { server, get } = await start();
    server.addFault('/api/v1/pods', { status: 429, headers: { 'retry-after': '7' } }, 2);
    server.addFault('/api/v1/pods', 'html');
    expect((await get('/api/v1/namespaces')).status).toBe(200);
    expect((await get('/api/v1/pods')).headers.get('retry-after')).toBe('7');
    expect((await get('/api/v1/pods?limit=5')).status).toBe(429);
    expect((await get('/api/v1/pods')).text).toContain('<!doctype html>');
    expect((await get('/api/v1/pods')).status).toBe(200);
    expect(server.requests.at(-1)).toBe('GET /api/v1/pods');
  });

  test('break bodies: cut, truncated, of another kind', async () => {
    const { server, get } = await start();
    for (const fault of ['cut', 'truncated', 'wrong kind'] as const) server.addFault('/api/v1/pods', fault);
    await expect(get('/api/v1/pods')).rejects.toThrow('terminated');
    const truncated = await get('/api/v1/pods');
    expect(() => JSON.parse(truncated.text)).toThrow(SyntaxError);
    expect(JSON.parse((await get('/api/v1/pods')).text).kind).toBe('Table');
  });

  test('hold an answer back until the server closes', async () => {
    const { server, get } = await start();
    server.addFault('/api/v1/pods', 'hang');
    const held = get('/api/v1/pods');
    while (server.requests.length === 0) await new Promise(setImmediate);
    await Promise.all([expect(held).rejects.toThrow('fetch failed'), server.close()]);
  });
});

test('it may be below a path, and is nowhere else then', async () => {
  const { server, get } = await start({ basePath: '/clusters/silver' });
  expect(server.url).toMatch(/:\d+\/clusters\/silver$/);
  expect((await get('/api/v1/pods')).status).toBe(200);
  expect((await fetch(`${new URL(server.url).origin}/api/v1/pods`)).status).toBe(404);
});

test('nothing can be written to it', async () => {
  const { server } = await start();
  const response = await fetch(`${server.url}/api/v1/namespaces/a1b2c3-dev`, { method: 'DELETE' });
  expect(response.status).toBe(405);
  expect(await response.json()).toMatchObject({ reason: 'MethodNotAllowed' });
});
