import { describe, expect, test } from 'vitest';
import { openCluster, PATHS, startServer } from './open-cluster.ts';
import { listed } from '../../listed-inventory.ts';

/** The parts of API objects that a test does not care about. */
const named = (name: string, namespace?: string) => ({
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
});
const pod = (namespace: string, name: string, image: string) => ({
  ...named(name, namespace),
  spec: { containers: [{ image }] },
});

describe('a whole cluster', () => {
  test('is read completely', async () => {
    const { cluster } = await openCluster(await startServer());
    const inventory = await cluster.readInventory({ namespaces: null });
    expect(inventory).toMatchObject({
      readAt: '2026-11-24T03:00:00Z',
      exact: true,
      scope: 'cluster',
      unreadableKinds: [],
    });
    expect(inventory.namespaces).toHaveLength(33);
    expect(inventory.holdings.streams).toHaveLength(62);
    expect(inventory.holdings.images.digests).toHaveLength(142);
    expect(inventory.references).toHaveLength(75);
    expect(inventory.references.filter(({ reference }) => reference.type === 'tag')).toEqual([
      {
        namespace: 'd4e5f6-dev',
        workload: 'd4e5f6-dev/DeploymentConfig/api',
        reference: { type: 'tag', namespace: 'd4e5f6-dev', stream: 'api', tag: 'dev' },
        how: 'trigger',
        controller: null,
        endedPodCreated: null,
      },
      {
        namespace: 'a1b2c3-tools',
        workload: 'a1b2c3-tools/BuildConfig/api',
        reference: { type: 'tag', namespace: 'a1b2c3-tools', stream: 'web', tag: 'latest' },
        how: 'build-input',
        controller: null,
        endedPodCreated: null,
      },
    ]);
  });

  test('is the same in small pages as in one', async () => {
    const server = await startServer();
    const [whole, paged] = [await openCluster(server), await openCluster(server, { pageSize: 7 })];
    expect(listed(await paged.cluster.readInventory({ namespaces: null }))).toEqual(
      listed(await whole.cluster.readInventory({ namespaces: null })),
    );
    expect(paged.events.filter((event) => event.type === 'list-read' && event.kind === 'images')).toEqual([
      { type: 'list-read', kind: 'images', objects: 142, pages: 21 },
    ]);
    expect(
      whole.events.filter((event) => event.type === 'list-page-read' && event.kind === 'images'),
    ).toEqual([{ type: 'list-page-read', kind: 'images', objects: 142 }]);
  });

  test('is the same when the API compresses its answers', async () => {
    const [plain, compressed] = [await startServer(), await startServer({ compresses: true })];
    const read = async (server: typeof plain) =>
      listed(await (await openCluster(server)).cluster.readInventory({ namespaces: null }));
    const { cluster: _, ...inventory } = await read(compressed);
    expect(inventory).toEqual(expect.objectContaining({ scope: 'cluster' }));
    const { cluster: __, ...expected } = await read(plain);
    expect(inventory).toEqual(expected);
  });

  test('is read in pages of 500, what uses images before the images, and never written to', async () => {
    const server = await startServer();
    const { cluster } = await openCluster(server);
    await cluster.readInventory({ namespaces: null });
    expect(server.requests).toHaveLength(14);
    expect(server.requests.every((request) => /^GET .*\?limit=500$/.test(request))).toBe(true);
    expect(server.requests.slice(-3)).toEqual([
      `GET ${PATHS.namespaces}?limit=500`,
      `GET ${PATHS.imagestreams}?limit=500`,
      `GET ${PATHS.images}?limit=500`,
    ]);
  });

  test('is read over few connections', async () => {
    const server = await startServer();
    const { cluster } = await openCluster(server, { pageSize: 5 });
    await cluster.readInventory({ namespaces: null });
    expect(server.requests.length).toBeGreaterThan(60);
    expect(server.connections()).toBeLessThan(10);
  });

  test('is named as configured, else as in the kubeconfig', async () => {
    const server = await startServer({ lists: {} });
    const plain = await openCluster({ url: `${server.url}/` });
    expect((await plain.cluster.readInventory({ namespaces: null })).cluster).toEqual({
      name: 'silver',
      apiUrl: server.url,
    });
    const renamed = await openCluster(server, {
      name: 'Silver',
      apiUrl: 'https://api.silver.example.test:6443',
    });
    expect((await renamed.cluster.readInventory({ namespaces: null })).cluster).toEqual({
      name: 'Silver',
      apiUrl: 'https://api.silver.example.test:6443',
    });
  });

  test('without any object is an empty inventory', async () => {
    const { cluster } = await openCluster(await startServer({ lists: {} }));
    expect(listed(await cluster.readInventory({ namespaces: null }))).toMatchObject({
      namespaces: [],
      streams: [],
      images: [],
      references: [],
    });
  });
});

describe('a workload kind', () => {
  test('that the cluster does not have has no uses', async () => {
    const server = await startServer();
    server.addFault('/apis/apps.openshift.io/v1/deploymentconfigs', { status: 404 });
    const { cluster, events } = await openCluster(server);
    const { unreadableKinds, references } = await cluster.readInventory({ namespaces: null });
    expect(unreadableKinds).toEqual([]);
    expect(references.some(({ workload }) => workload.includes('/DeploymentConfig/'))).toBe(false);
    expect(events.some(({ type }) => type === 'kind-unreadable')).toBe(false);
  });

  test('that may not be listed or keeps failing is unreadable, and the rest goes on', async () => {
    const server = await startServer();
    server.addFault(PATHS.pods, { status: 403 });
    server.addFault(PATHS.builds, { status: 500 }, 5);
    const { cluster, events } = await openCluster(server);
    const { unreadableKinds, references, images } = listed(await cluster.readInventory({ namespaces: null }));
    expect(unreadableKinds).toEqual(['builds', 'pods']);
    expect(references).toHaveLength(5);
    expect([...images]).toHaveLength(142);
    expect(events.filter(({ type }) => type === 'kind-unreadable')).toEqual(
      expect.arrayContaining([
        { type: 'kind-unreadable', kind: 'pods', reason: 'may not list pods at the cluster scope' },
        {
          type: 'kind-unreadable',
          kind: 'builds',
          reason: 'does not list builds (build.openshift.io): HTTP 500, 5 times',
        },
      ]),
    );
  });

  test('with an object that cannot be understood is unreadable, and what the others use counts', async () => {
    const strange = { ...named('strange', 'a'), spec: { containers: 'none' } };
    const server = await startServer({ lists: { pods: [pod('a', 'sound', 'a/web:1'), strange] } });
    const { cluster } = await openCluster(server);
    const { unreadableKinds, references } = await cluster.readInventory({ namespaces: null });
    expect(unreadableKinds).toEqual(['pods']);
    expect(references.map(({ workload }) => workload)).toEqual(['a/Pod/sound']);
  });
});

describe('an object that cannot be understood', () => {
  test('is a fault of its own when it is an Image', async () => {
    const server = await startServer({
      lists: { images: [{ ...named('sha256:bad'), dockerImageLayers: [{ name: 'sha256:1', size: -1 }] }] },
    });
    const { cluster } = await openCluster(server);
    const { images } = listed(await cluster.readInventory({ namespaces: null }));
    expect([...images].map(({ digest, layers, fault }) => ({ digest, layers, fault }))).toEqual([
      {
        digest: 'sha256:bad',
        layers: [{ digest: 'sha256:1', sizeBytes: 0 }],
        fault: 'dockerImageLayers[0].size: Too small: expected number to be >=0',
      },
    ]);
  });

  test('stops the reading when it is an image stream', async () => {
    const server = await startServer({
      lists: {
        imagestreams: [{ ...named('web', 'a'), status: { tags: [{ tag: 'latest', items: 'none' }] } }],
      },
    });
    const { cluster } = await openCluster(server);
    await expect(cluster.readInventory({ namespaces: null })).rejects.toMatchObject({
      code: 'internal',
      message:
        'The ImageStream a/web cannot be understood: status.tags[0].items: Invalid input: expected array, received string',
    });
  });
});

describe('a missing right', () => {
  test.each([
    [PATHS.images, 'images (image.openshift.io)', 'apiGroups: ["image.openshift.io"], resources: ["images"]'],
    [PATHS.imagestreams, 'imagestreams (image.openshift.io)', 'resources: ["imagestreams"]'],
    [PATHS.namespaces, 'namespaces', 'apiGroups: [""], resources: ["namespaces"]'],
  ])('to list %s is named, with the rule that grants it', async (path, kind, rule) => {
    const server = await startServer();
    server.addFault(path, { status: 403 });
    const { cluster } = await openCluster(server);
    await expect(cluster.readInventory({ namespaces: null })).rejects.toMatchObject({
      code: 'forbidden',
      message: `These credentials may not list ${kind} at the cluster scope`,
      hint: expect.stringMatching(
        new RegExp(
          `^Grant a ClusterRole with this rule: .*${RegExp.escape(rule)}.*verbs: \\["get", "list"\\]`,
        ),
      ),
    });
  });
});

test('a cluster without the image API is no OpenShift', async () => {
  const server = await startServer();
  server.addFault(PATHS.imagestreams, { status: 404 });
  const { cluster } = await openCluster(server);
  await expect(cluster.readInventory({ namespaces: null })).rejects.toMatchObject({
    code: 'invalid',
    message: `The API at ${new URL(server.url).host} knows no imagestreams (image.openshift.io): it is not an OpenShift cluster's`,
  });
});

describe('named namespaces', () => {
  test('are read with the whole cluster around them where that may be read', async () => {
    const { cluster } = await openCluster(await startServer());
    const inventory = await cluster.readInventory({ namespaces: ['a1b2c3-dev'] });
    expect(inventory.scope).toBe('cluster');
    expect(inventory.namespaces).toHaveLength(33);
    expect(inventory.holdings.streams).toHaveLength(62);
  });

  test('that do not exist are said to', async () => {
    const { cluster } = await openCluster(await startServer());
    await expect(cluster.readInventory({ namespaces: ['a1b2c3-dev', 'a1b2c3-nope'] })).rejects.toMatchObject({
      code: 'not_found',
      message: 'There is no namespace a1b2c3-nope',
      hint: expect.stringContaining('oc get projects'),
    });
  });

  test('are read alone where the cluster may not be read', async () => {
    const server = await startServer();
    for (const path of [PATHS.namespaces, PATHS.imagestreams, PATHS.pods])
      server.addFault(path, { status: 403 });
    const { cluster } = await openCluster(server);
    const inventory = await cluster.readInventory({
      namespaces: ['a1b2c3-dev', 'a1b2c3-import', 'a1b2c3-dev'],
    });
    expect(inventory.scope).toBe('namespaces');
    expect(inventory.namespaces.map(({ name }) => name)).toEqual(['a1b2c3-dev', 'a1b2c3-import']);
    expect(Map.groupBy(inventory.holdings.streams, ({ namespace }) => namespace)).toEqual(
      new Map([
        ['a1b2c3-dev', expect.objectContaining({ length: 4 })],
        ['a1b2c3-import', expect.objectContaining({ length: 4 })],
      ]),
    );
    expect(inventory.holdings.images.digests).toHaveLength(142);
    expect(inventory.unreadableKinds).toEqual(['pods']);
    const pods = inventory.references.filter(({ workload }) => workload.includes('/Pod/'));
    expect(new Set(pods.map(({ namespace }) => namespace))).toEqual(new Set(['a1b2c3-dev']));
  });

  test('that may not be listed are asked for one by one, and may turn out not to exist', async () => {
    const server = await startServer();
    server.addFault(PATHS.namespaces, { status: 403 });
    const { cluster } = await openCluster(server);
    await expect(cluster.readInventory({ namespaces: ['a1b2c3-nope'] })).rejects.toMatchObject({
      code: 'not_found',
      message: 'There is no namespace a1b2c3-nope',
    });
  });

  test('that may not be seen either are named', async () => {
    const server = await startServer();
    server.addFault(PATHS.namespaces, { status: 403 });
    server.addFault(`${PATHS.namespaces}/a1b2c3-dev`, { status: 403 });
    const { cluster } = await openCluster(server);
    await expect(cluster.readInventory({ namespaces: ['a1b2c3-dev'] })).rejects.toMatchObject({
      code: 'forbidden',
      message: 'These credentials may not see the namespace a1b2c3-dev, if there is one',
    });
  });

  test('whose streams may not be listed either have the missing right named', async () => {
    const server = await startServer();
    server.addFault(PATHS.imagestreams, { status: 403 });
    server.addFault('/apis/image.openshift.io/v1/namespaces/a1b2c3-dev/imagestreams', { status: 403 });
    const { cluster } = await openCluster(server);
    await expect(cluster.readInventory({ namespaces: ['a1b2c3-dev'] })).rejects.toMatchObject({
      code: 'forbidden',
      message: 'These credentials may not list imagestreams (image.openshift.io) in the namespace a1b2c3-dev',
      hint: expect.stringMatching(/^Grant a Role /),
    });
  });
});
