import { describe, expect, test } from 'vitest';
import type { Cluster } from '../../src/pipeline/ports.ts';
import type { Image, ImageStream, Namespace } from '../../src/usage/model.ts';
import { gather, listed } from '../listed-inventory.ts';
import type { ListedInventory } from '../listed-inventory.ts';

/**
 * What every cluster must do. `create` gives a cluster that holds the inventory, read at its `readAt`; what it takes to
 * end it is the caller's to arrange.
 */
export const describeCluster = (
  name: string,
  create: (inventory: ListedInventory) => Promise<Cluster>,
): void => {
  describe(`cluster: ${name}`, () => {
    test('without names gives everything it holds', async () => {
      const cluster = await create(INVENTORY);
      const read = listed(await cluster.readInventory({ namespaces: null }));
      expect(read).toEqual({ ...listed(gather(INVENTORY)), lists: read.lists });
    });

    test('tells when it read at least what nothing can be said without', async () => {
      const cluster = await create(INVENTORY);
      const { lists } = await cluster.readInventory({ namespaces: null });
      expect(lists).toEqual(expect.arrayContaining([...INVENTORY.lists]));
    });

    test('gives the same when it is read again', async () => {
      const cluster = await create(INVENTORY);
      const first = await cluster.readInventory({ namespaces: null });
      expect(listed(await cluster.readInventory({ namespaces: null }))).toEqual(listed(first));
    });

    test('gives at least what is in the named namespaces', async () => {
      const cluster = await create(INVENTORY);
      const { namespaces, streams, images, references } = listed(
        await cluster.readInventory({ namespaces: ['team-tools', 'team-empty'] }),
      );
      expect(namespaces).toEqual(
        expect.arrayContaining([namespaceOf('team-empty'), namespaceOf('team-tools')]),
      );
      expect(streams.filter(({ namespace }) => namespace === 'team-tools')).toEqual([STREAM]);
      expect(streams.filter(({ namespace }) => namespace === 'team-empty')).toEqual([]);
      expect(images).toEqual(listed(gather(INVENTORY)).images);
      expect(references.filter(({ namespace }) => namespace === 'team-tools')).toHaveLength(1);
    });

    test('knows when a named namespace does not exist, and says which', async () => {
      const cluster = await create(INVENTORY);
      await expect(cluster.readInventory({ namespaces: ['team-tools', 'team-typo'] })).rejects.toMatchObject({
        code: 'not_found',
        message: expect.stringContaining('team-typo'),
      });
    });

    test('without any namespace is empty, not an error', async () => {
      const nothing: ListedInventory = {
        ...INVENTORY,
        namespaces: [],
        streams: [],
        images: [],
        references: [],
      };
      const cluster = await create(nothing);
      const read = listed(await cluster.readInventory({ namespaces: null }));
      expect(read).toEqual({ ...nothing, lists: read.lists });
    });
  });
};

const namespaceOf = (name: string): Namespace => ({
  name,
  labels: { environment: name.replace('team-', '') },
  annotations: {},
});

const imageOf = (digest: string, facts: Partial<Image> = {}): Image => ({
  digest,
  managed: true,
  layers: [{ digest: 'sha256:base', sizeBytes: 7_000_000 }],
  statedBytes: 7_001_234,
  configDigest: `${digest}-config`,
  architecture: 'amd64',
  children: [],
  fault: null,
  ...facts,
});

const STREAM: ImageStream = {
  namespace: 'team-tools',
  name: 'api',
  publicRepository: '',
  repository: 'registry.example.test/team-tools/api',
  localLookup: true,
  tags: [
    {
      name: 'latest',
      revisions: [
        {
          digest: 'sha256:b',
          reference: 'registry.example.test/team-tools/api',
          created: '2026-11-23T08:00:00Z',
        },
        {
          digest: 'sha256:gone',
          reference: 'registry.example.test/team-tools/api',
          created: null,
        },
      ],
      from: null,
      isReference: false,
      importFailure: null,
    },
    {
      name: 'upstream',
      revisions: [],
      from: { type: 'pullSpec', spec: 'quay.example.test/acme/thing:1' },
      isReference: true,
      importFailure: 'no such image',
    },
  ],
};

const INVENTORY: ListedInventory = {
  cluster: { name: 'silver', apiUrl: 'https://api.silver.example.test:6443' },
  readAt: '2026-11-23T16:00:00Z',
  exact: true,
  lists: ['namespaces', 'imagestreams', 'images'].map((kind) => ({
    kind,
    readAt: '2026-11-23T16:00:00Z',
    exact: true,
  })),
  scope: 'cluster',
  unreadableKinds: [],
  namespaces: ['team-dev', 'team-empty', 'team-tools'].map(namespaceOf),
  streams: [{ ...STREAM, namespace: 'team-dev', tags: [] }, STREAM],
  images: [
    imageOf('sha256:b'),
    imageOf('sha256:c', {
      managed: false,
      layers: [],
      statedBytes: null,
      configDigest: null,
      architecture: null,
    }),
    imageOf('sha256:index', {
      layers: null,
      statedBytes: null,
      children: [
        { digest: 'sha256:b', architecture: 'amd64' },
        { digest: 'sha256:c', architecture: null },
      ],
    }),
  ],
  references: [
    {
      namespace: 'team-dev',
      workload: 'team-dev/Pod/migrate',
      reference: { type: 'pullSpec', spec: 'team-tools/api:latest' },
      how: 'finished',
      controller: null,
      endedPodCreated: '2026-11-23T10:00:00Z',
    },
    {
      namespace: 'team-tools',
      workload: 'team-tools/Deployment/api',
      reference: { type: 'pullSpec', spec: 'registry.example.test/team-tools/api@sha256:b' },
      how: 'running',
      controller: null,
      endedPodCreated: null,
    },
  ],
};
