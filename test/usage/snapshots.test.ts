import { digestAt } from '../../src/usage/cluster/digest-table.ts';
import type { Snapshot } from '../../src/usage/model.ts';
import { listImages } from '../../src/usage/cluster/records.ts';
import { describe, expect, test } from 'vitest';
import { takeSnapshots } from '../../src/usage/snapshots.ts';
import {
  image,
  imported,
  index,
  inventory,
  namespace,
  NAMESPACE,
  NOW,
  selection,
  snapshot,
  stream,
  uses,
} from './build.ts';
import { gather } from '../listed-inventory.ts';

const OTHER = 'd4e5f6-dev';
const POD = `${NAMESPACE}/Pod/api-1`;

/** Sizes of the layers that other namespaces hold, too. */
const heldOutsideOf = ({ holdings: { layers }, heldOutside }: Snapshot): readonly number[] =>
  [...layers.bytes].filter((_, layer) => heldOutside[layers.digests[layer] ?? -1] === 1);

/** Who uses what, by digest and by `stream:tag`. */
const usersOf = ({ holdings: { digests, streams, tags }, uses: found }: Snapshot) => {
  const nameTag = (tag: number): string =>
    `${streams.find(({ tagsFrom, tagsTo }) => tag >= tagsFrom && tag < tagsTo)?.name}:${tags[tag]?.name}`;
  return {
    digests: Object.fromEntries(found.digests.map(({ digest, users }) => [digestAt(digests, digest), users])),
    tags: Object.fromEntries(found.tags.map(({ tag, users }) => [nameTag(tag), users])),
  };
};

describe('the snapshots of a cluster', () => {
  test('are of the reported namespaces only, sorted by name', () => {
    const given = inventory({ namespaces: ['z', 'a', 'openshift-x', 'B'].map((name) => namespace(name)) });
    const isReported = ({ name }: { readonly name: string }): boolean => !name.startsWith('openshift-');
    expect(takeSnapshots(gather(given), selection({ isReported })).names).toEqual(['B', 'a', 'z']);
  });

  test('hold what is true of the whole reading', () => {
    const taken = snapshot({
      namespaces: [namespace()],
      exact: false,
      lists: [
        { kind: 'pods', readAt: NOW, exact: true },
        { kind: 'images', readAt: NOW, exact: false },
      ],
      unreadableKinds: ['pods', 'jobs'],
    });
    expect(taken).toMatchObject({
      cluster: { name: 'silver', apiUrl: 'https://api.silver.example.test:6443' },
      takenAt: NOW,
      exact: false,
      lists: [
        { kind: 'pods', readAt: NOW, exact: true },
        { kind: 'images', readAt: NOW, exact: false },
      ],
      scope: 'cluster',
      unreadableKinds: ['jobs', 'pods'],
    });
  });

  test('hold an empty namespace', () => {
    expect(snapshot({ namespaces: [namespace()] })).toMatchObject({
      namespace: { name: NAMESPACE },
      team: { id: `ns:${NAMESPACE}`, usedBytes: 0 },
      holdings: { streams: [], tags: [] },
      heldOutside: new Uint8Array(0),
      uses: { digests: [], tags: [], environments: {} },
    });
  });

  test('hold only their own streams and the images that these name, with children', () => {
    const taken = snapshot({
      streams: [
        stream('web', { latest: ['z'] }),
        stream('api', { latest: ['all', 'gone'] }),
        stream('far', { latest: ['far'] }, { namespace: OTHER }),
      ],
      images: [image('z'), index('all', ['child', 'lost']), image('child'), image('far'), image('orphan')],
    });
    expect(taken.holdings.streams.map(({ name }) => name)).toEqual(['api', 'web']);
    expect(listImages(taken.holdings).map(({ digest }) => digest)).toEqual(['all', 'child', 'z']);
  });

  test('hold what is below an index that is below an index, and who uses it', () => {
    const taken = snapshot({
      streams: [stream('api', { latest: ['all'], old: ['child'] })],
      images: [
        index('all', ['inner']),
        index('inner', ['child', 'all']),
        image('child', { layers: { base: 7 } }),
      ],
      references: [uses(POD, { type: 'digest', digest: 'all' })],
    });
    expect(listImages(taken.holdings).map(({ digest }) => digest)).toEqual(['all', 'child', 'inner']);
    expect(taken.team.usedBytes).toBe(7);
    const user = { workload: POD, how: 'running' };
    expect(usersOf(taken).digests).toEqual({ all: [user], child: [user] });
  });

  test('are the same whatever the order of what was read', () => {
    const given = {
      namespaces: [namespace(), namespace(OTHER)],
      streams: [
        stream('web', { latest: ['a'], old: ['b', 'a'] }),
        stream('api', { latest: ['b'] }),
        stream('api', { latest: ['a'] }, { namespace: OTHER }),
      ],
      images: [image('b', { layers: { base: 100, b: 1 } }), image('a', { layers: { base: 100, a: 2 } })],
      references: [uses(POD, `${NAMESPACE}/web:latest`), uses(`${OTHER}/Job/x`, `${NAMESPACE}/web:old`)],
      unreadableKinds: ['pods', 'jobs'],
    };
    const reversed = {
      namespaces: given.namespaces.toReversed(),
      streams: given.streams.toReversed(),
      images: given.images.toReversed(),
      references: given.references.toReversed(),
      unreadableKinds: given.unreadableKinds.toReversed(),
    };
    expect(JSON.stringify(snapshot(reversed))).toBe(JSON.stringify(snapshot(given)));
  });

  test('are not disturbed by a namespace named __proto__', () => {
    const taken = snapshot(
      {
        streams: [stream('api', { latest: ['a'] }, { namespace: '__proto__' })],
        images: [image('a', { layers: { a: 10 } })],
      },
      '__proto__',
    );
    expect(taken.team).toEqual({
      id: 'ns:__proto__',
      displayName: '__proto__',
      namespaces: ['__proto__'],
      usedBytes: 10,
    });
  });
});

describe('blobs held outside', () => {
  const images = [image('a', { layers: { base: 100, a: 1 } }), image('b', { layers: { base: 100, b: 2 } })];

  test('are those that another namespace’s revisions hold, too', () => {
    const streams = [
      stream('api', { latest: ['a'] }),
      stream('api', { latest: ['b'] }, { namespace: OTHER }),
    ];
    expect(heldOutsideOf(snapshot({ images, streams }))).toEqual([100]);
    expect(heldOutsideOf(snapshot({ images, streams }, OTHER))).toEqual([100]);
  });

  test('are none where only the namespace itself holds them, however often', () => {
    const streams = [stream('api', { latest: ['a', 'b'] }), stream('web', { latest: ['b'] })];
    expect(heldOutsideOf(snapshot({ images, streams }))).toEqual([]);
  });

  test('are held by namespaces that are not reported, too', () => {
    const streams = [
      stream('api', { latest: ['a'] }),
      stream('base', { latest: ['b'] }, { namespace: 'openshift' }),
    ];
    const isReported = ({ name }: { readonly name: string }): boolean => name !== 'openshift';
    expect(heldOutsideOf(snapshot({ images, streams }, NAMESPACE, { isReported }))).toEqual([100]);
  });

  test('are held by history and by imported revisions, too', () => {
    const streams = [
      stream('api', { latest: ['a'] }),
      stream('api', { latest: ['gone', imported('b')] }, { namespace: OTHER }),
    ];
    expect(heldOutsideOf(snapshot({ images, streams }))).toEqual([100]);
  });

  test('are held by images of unknown size, too', () => {
    const streams = [
      stream('api', { latest: ['a'] }),
      stream('odd', { latest: ['odd'] }, { namespace: OTHER }),
    ];
    const odd = image('odd', { layers: [{ digest: 'base', sizeBytes: 0 }] });
    expect(heldOutsideOf(snapshot({ images: [...images, odd], streams }))).toEqual([100]);
  });

  test('are held through an index, too', () => {
    const streams = [
      stream('api', { latest: ['all'] }),
      stream('api', { latest: ['b'] }, { namespace: OTHER }),
    ];
    expect(heldOutsideOf(snapshot({ images: [...images, index('all', ['a'])], streams }))).toEqual([100]);
  });

  test('are not held by images in no stream', () => {
    expect(heldOutsideOf(snapshot({ images, streams: [stream('api', { latest: ['a'] })] }))).toEqual([]);
  });
});

describe('uses of a namespace’s images', () => {
  test('come from workloads anywhere, each once and sorted', () => {
    const taken = snapshot({
      streams: [stream('api', { v1: ['a', 'b'] })],
      images: [image('a'), image('b')],
      references: [
        uses(`${OTHER}/Deployment/z`, `${NAMESPACE}/api:v1`),
        uses(POD, { type: 'digest', digest: 'a' }),
        uses(POD, `${NAMESPACE}/api:v1`),
        uses(POD, { type: 'digest', digest: 'b' }, { how: 'trigger' }),
      ],
    });
    const [pod, deployment] = [
      { workload: POD, how: 'running' },
      { workload: `${OTHER}/Deployment/z`, how: 'running' },
    ];
    expect({ ...usersOf(taken), environments: taken.uses.environments }).toEqual({
      digests: { a: [pod, deployment], b: [{ workload: POD, how: 'trigger' }] },
      tags: { 'api:v1': [pod, deployment] },
      environments: {},
    });
  });

  test('come with the environments of the namespaces whose workloads name a tag', () => {
    const environment = (name: string, value: string) => namespace(name, { labels: { environment: value } });
    const taken = snapshot({
      namespaces: [
        environment(NAMESPACE, 'tools'),
        environment('p', 'prod'),
        environment('q', 'test'),
        namespace('r'),
      ],
      streams: [stream('api', { v1: ['a'] })],
      references: [
        uses('p/Deployment/x', `${NAMESPACE}/api:v1`),
        uses('q/Deployment/x', { type: 'digest', digest: 'a' }),
        uses('r/Deployment/x', `${NAMESPACE}/api:v1`),
      ],
    });
    expect(taken.uses.environments).toEqual({ p: 'prod' });
  });

  test('leave out images and tags of others, and tags that are in no stream', () => {
    const taken = snapshot({
      streams: [stream('api', { v1: ['a'] }), stream('far', { v1: ['far'] }, { namespace: OTHER })],
      images: [image('a'), image('far')],
      references: [
        uses(POD, `${OTHER}/far:v1`),
        uses(POD, `${NAMESPACE}/api:lost`),
        uses(POD, `${NAMESPACE}/lost:v1`),
      ],
    });
    expect(taken.uses).toEqual({ digests: [], tags: [], environments: {} });
  });
});

describe('teams of a cluster', () => {
  const grouped = {
    namespaces: [
      namespace(NAMESPACE, { labels: { name: 'wally' } }),
      namespace(OTHER, { labels: { name: 'wally' } }),
      namespace('alone'),
    ],
    images: [
      image('a', { layers: { base: 100, a: 1 } }),
      image('b', { layers: { base: 100, b: 2 } }),
      image('c', { layers: { base: 100, c: 4 } }),
    ],
    streams: [
      stream('api', { latest: ['a'] }),
      stream('api', { latest: ['b'] }, { namespace: OTHER }),
      stream('api', { latest: ['c'] }, { namespace: 'alone' }),
    ],
  };

  test('are named by a label’s value, with what they share', () => {
    expect(snapshot(grouped, NAMESPACE, { groupByLabel: 'name' })).toMatchObject({
      team: { id: 'label:wally', displayName: 'wally', namespaces: [NAMESPACE, OTHER], usedBytes: 103 },
      sharedWithTeamBytes: 100,
    });
    expect(snapshot(grouped, 'alone', { groupByLabel: 'name' })).toMatchObject({
      team: { id: 'ns:alone', namespaces: ['alone'], usedBytes: 104 },
      sharedWithTeamBytes: 0,
    });
  });

  test('share nothing where each namespace is its own', () => {
    expect(snapshot(grouped)).toMatchObject({ team: { usedBytes: 101 }, sharedWithTeamBytes: 0 });
  });

  test('hold only reported namespaces', () => {
    const isReported = ({ name }: { readonly name: string }): boolean => name !== OTHER;
    expect(snapshot(grouped, NAMESPACE, { groupByLabel: 'name', isReported })).toMatchObject({
      team: { namespaces: [NAMESPACE], usedBytes: 101 },
      sharedWithTeamBytes: 0,
    });
  });

  test('are charged with imported images only where these are charged', () => {
    const streams = [
      stream('api', { latest: ['a'] }),
      stream('api', { latest: [imported('b')] }, { namespace: OTHER }),
    ];
    const given = { ...grouped, streams };
    expect(snapshot(given, NAMESPACE, { groupByLabel: 'name' })).toMatchObject({
      team: { usedBytes: 101 },
      sharedWithTeamBytes: 0,
    });
    expect(snapshot(given, NAMESPACE, { groupByLabel: 'name', chargeImported: true })).toMatchObject({
      team: { usedBytes: 103 },
      sharedWithTeamBytes: 100,
    });
  });

  test('are charged through one revision, though another one has imported the same image', () => {
    const streams = [stream('api', { one: [imported('a')], two: ['a'], three: [imported('a')] })];
    expect(snapshot({ ...grouped, streams }).team.usedBytes).toBe(101);
  });

  test('are charged with a layer, though it was seen in an imported image first', () => {
    const streams = [stream('api', { a: [imported('b')], z: ['a'] })];
    expect(snapshot({ ...grouped, streams }).team.usedBytes).toBe(101);
  });

  test('are not charged with what an image of unknown size names', () => {
    const odd = image('odd', { layers: { base: 0 } });
    const streams = [stream('api', { far: [imported('a')], odd: ['odd'] })];
    expect(snapshot({ ...grouped, images: [...grouped.images, odd], streams }).team.usedBytes).toBe(0);
  });

  test('add up to the cluster’s total once, and to the namespaces’ sum each', () => {
    const totals = takeSnapshots(gather(inventory(grouped)), selection({ groupByLabel: 'name' }));
    expect(totals).toMatchObject({ clusterUsedBytes: 107, sumOfNamespacesBytes: 307 });
  });

  test('are unknown where a label names the team, which may have namespaces that were not read', () => {
    const part = { ...grouped, scope: 'namespaces' } as const;
    expect(snapshot(part, NAMESPACE, { groupByLabel: 'name' })).toMatchObject({
      team: { id: 'label:wally', usedBytes: null },
      sharedWithTeamBytes: null,
    });
    expect(snapshot(part, 'alone', { groupByLabel: 'name' })).toMatchObject({
      team: { id: 'ns:alone', usedBytes: 104 },
      sharedWithTeamBytes: 0,
    });
  });

  test('leave namespaces that are not reported out of the cluster’s total', () => {
    const isReported = ({ name }: { readonly name: string }): boolean => name === 'alone';
    const totals = takeSnapshots(gather(inventory(grouped)), selection({ isReported }));
    expect(totals).toMatchObject({ clusterUsedBytes: 104, sumOfNamespacesBytes: 104 });
  });

  test('have no cluster’s total where only a part was read', () => {
    const totals = takeSnapshots(gather(inventory({ ...grouped, scope: 'namespaces' })), selection());
    expect(totals).toMatchObject({ clusterUsedBytes: null, sumOfNamespacesBytes: null });
  });
});

describe('images in no stream', () => {
  const findingsOf = (given: Parameters<typeof inventory>[0]) =>
    takeSnapshots(gather(inventory(given)), selection()).findings;

  test('are one finding with the bytes that no stream holds', () => {
    const findings = findingsOf({
      streams: [stream('api', { latest: ['a'] })],
      images: [
        image('a', { layers: { base: 100 } }),
        image('lost', { layers: { base: 100, one: 1024, two: 1024 } }),
        image('gone', { layers: { two: 1024, three: 1024 } }),
      ],
    });
    expect(findings).toEqual([
      {
        code: 'orphan-images',
        subject: 'images',
        message:
          '2 images in no image stream hold 3 KiB that no stream holds; no namespace is charged with them.',
      },
    ]);
  });

  test('are in no total', () => {
    const given = {
      streams: [stream('api', { latest: ['a'] })],
      images: [image('a', { layers: { a: 10 } }), image('lost', { layers: { lost: 99 } })],
    };
    expect(takeSnapshots(gather(inventory(given)), selection())).toMatchObject({
      clusterUsedBytes: 10,
      sumOfNamespacesBytes: 10,
    });
  });

  test.each([
    { name: 'in the history of a tag', tags: { latest: ['a', 'old'] }, images: [image('a'), image('old')] },
    { name: 'below an index', tags: { latest: ['all'] }, images: [index('all', ['old']), image('old')] },
    {
      name: 'below an index that is below an index',
      tags: { latest: ['all'] },
      images: [index('all', ['inner']), index('inner', ['old']), image('old')],
    },
    { name: 'imported', tags: { latest: [imported('old')] }, images: [image('old')] },
  ])('are not those $name', ({ tags, images }) => {
    expect(findingsOf({ streams: [stream('api', tags)], images })).toEqual([]);
  });

  test('are not those of a namespace that is not reported', () => {
    const given = inventory({
      streams: [stream('base', { latest: ['a'] }, { namespace: 'openshift' })],
      images: [image('a')],
    });
    expect(takeSnapshots(gather(given), selection({ isReported: () => false })).findings).toEqual([]);
  });

  test('cannot be told where only a part of the cluster was read', () => {
    expect(findingsOf({ images: [image('lost')], scope: 'namespaces' })).toEqual([]);
  });
});
