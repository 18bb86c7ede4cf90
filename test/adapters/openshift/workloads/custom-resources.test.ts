import { describe, expect, test } from 'vitest';
import type { ApiList, ApiObject } from '../../../../sandbox/api-lists.ts';
import type { CustomUse } from '../../../../src/adapters/openshift/workloads/custom-resources.ts';
import { openCluster, startServer } from '../open-cluster.ts';

/** Where the images of a rollout are. */
const CONTAINERS = '{.spec.template.spec.containers[*].image}';
const ROLLOUTS = '/apis/argoproj.io/v1alpha1/rollouts';

const rollout = (namespace: string, name: string, ...images: readonly (string | null)[]): ApiObject => ({
  metadata: { namespace, name },
  spec: { template: { spec: { containers: images.map((image) => ({ image })) } } },
});

const served = (objects: readonly ApiObject[], rest: Partial<ApiList> = {}): ApiList => ({
  plural: 'rollouts',
  kind: 'RolloutList',
  apiVersion: 'argoproj.io/v1alpha1',
  objects,
  ...rest,
});

const pathsOf = (...jsonPaths: readonly string[]): readonly CustomUse[] =>
  jsonPaths.map((jsonPath) => ({ group: 'argoproj.io', plural: 'rollouts', jsonPath }));

/** A cluster of only these, read with these paths. */
const openWith = async (custom: readonly ApiList[], customUses = pathsOf(CONTAINERS)) => {
  const server = await startServer({ lists: { namespaces: [{ metadata: { name: 'a' } }] }, custom });
  return { server, ...(await openCluster(server, { customUses })) };
};

const readWith = async (...parameters: Parameters<typeof openWith>) => {
  const { cluster, events, server } = await openWith(...parameters);
  return { ...(await cluster.readInventory({ namespaces: null })), events, server };
};

const spec = (text: string) => ({ type: 'pullSpec', spec: text });

describe('custom resources that the configuration lists', () => {
  test('name the images that a path leads to, and their kind is the cluster’s to tell', async () => {
    const inventory = await readWith([
      served([rollout('a', 'web', 'a/web:1', 'a/proxy'), rollout('b', 'none')]),
    ]);
    const common = {
      namespace: 'a',
      workload: 'a/Rollout/web',
      how: 'named',
      controller: null,
      endedPodCreated: null,
    };
    expect(inventory.references).toEqual([
      { ...common, reference: spec('a/web:1') },
      { ...common, reference: spec('a/proxy') },
    ]);
    expect(inventory.unreadableKinds).toEqual([]);
    expect(inventory.lists.map(({ kind }) => kind)).toContain('rollouts.argoproj.io');
  });

  test('are listed once, however many paths there are', async () => {
    const object = {
      ...rollout('a', 'web', 'a/web:1'),
      status: { 'current.image': 'a/web@sha256:1', images: ['a/x', 'a/y'] },
    };
    const paths = pathsOf(CONTAINERS, "{.status['current.image']}", '{.status.images[1]}', '{..image}');
    const { references, server } = await readWith([served([object])], paths);
    expect(references.map(({ reference }) => reference)).toEqual(
      ['a/web:1', 'a/web@sha256:1', 'a/y'].map(spec),
    );
    expect(server.requests.filter((request) => request.includes(ROLLOUTS))).toHaveLength(1);
  });

  test('are looked for in every version of their group', async () => {
    const analyses = served([], {
      plural: 'analysisruns',
      kind: 'AnalysisRunList',
      apiVersion: 'argoproj.io/v1',
    });
    const { references } = await readWith([analyses, served([rollout('a', 'web', 'a/web:1')])]);
    expect(references.map(({ workload }) => workload)).toEqual(['a/Rollout/web']);
  });

  test('may belong to no namespace', async () => {
    const { references } = await readWith(
      [served([{ metadata: { name: 'runtime' }, spec: { containers: [{ image: 'a/serve:1' }] } }])],
      pathsOf('{.spec.containers[*].image}'),
    );
    expect(references).toMatchObject([{ namespace: '', workload: '/Rollout/runtime' }]);
  });

  test('name nothing where a path leads nowhere or to null', async () => {
    const { references, unreadableKinds } = await readWith([
      served([rollout('a', 'null', null), { metadata: { namespace: 'a', name: 'bare' } }]),
    ]);
    expect([references, unreadableKinds]).toEqual([[], []]);
  });

  test.each([
    ['a group', []],
    ['a kind in its group', [served([], { plural: 'experiments', kind: 'ExperimentList' })]],
  ])('that the cluster does not have, %s, have no uses', async (_name, custom) => {
    const { references, unreadableKinds, events } = await readWith(custom);
    expect([references, unreadableKinds]).toEqual([[], []]);
    expect(events.some(({ type }) => type === 'kind-unreadable')).toBe(false);
  });

  test.each([
    ['may not be listed', ROLLOUTS, 403, 'may not list rollouts (argoproj.io) at the cluster scope'],
    ['keep failing', ROLLOUTS, 500, 'does not list rollouts (argoproj.io): HTTP 500, 5 times'],
    [
      'are of a group that keeps failing',
      '/apis/argoproj.io',
      503,
      'does not list rollouts (argoproj.io): HTTP 503, 5 times',
    ],
    [
      'are of a version that may not be seen',
      '/apis/argoproj.io/v1alpha1',
      403,
      'may not list rollouts (argoproj.io) at the cluster scope',
    ],
  ])('that %s are unreadable, and the rest goes on', async (_name, path, status, reason) => {
    const { server, cluster, events } = await openWith([served([rollout('a', 'web', 'a/web:1')])]);
    server.addFault(path, { status }, 5);
    const { unreadableKinds, namespaces } = await cluster.readInventory({ namespaces: null });
    expect(unreadableKinds).toEqual(['rollouts.argoproj.io']);
    expect(namespaces).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'kind-unreadable')).toMatchObject([{ reason }]);
  });

  test('are read in the named namespaces where they may not be listed everywhere', async () => {
    const { server, cluster } = await openWith([
      served([rollout('a', 'web', 'a/web:1'), rollout('b', 'web', 'b/web:1')]),
    ]);
    server.addFault(ROLLOUTS, { status: 403 });
    const { references, unreadableKinds } = await cluster.readInventory({ namespaces: ['a'] });
    expect(references.map(({ workload }) => workload)).toEqual(['a/Rollout/web']);
    expect(unreadableKinds).toEqual(['rollouts.argoproj.io']);
  });

  test.each([
    ['an object', CONTAINERS, { image: { name: 'a/web:1' } }],
    ['a number', CONTAINERS, { image: 7 }],
    ['a list', '{.spec.template.spec.containers}', { image: 'a/web:1' }],
    ['what would be a script', '{.spec.template.spec.containers[(@.length-1)].image}', { image: 'a/web:1' }],
    ['what would be a filter', '{.spec.template.spec.containers[?(@.image)].image}', { image: 'a/web:1' }],
  ])('in which a path leads to %s are not understood', async (_name, jsonPath, container) => {
    const object = {
      metadata: { namespace: 'a', name: 'odd' },
      spec: { template: { spec: { containers: [container] } } },
    };
    const { references, unreadableKinds } = await readWith([served([object])], pathsOf(jsonPath));
    expect(references).toEqual([]);
    expect(unreadableKinds).toEqual(['rollouts.argoproj.io']);
  });

  test('that are too deep for a path are not understood, and stop nothing', async () => {
    const deep = Array.from({ length: 4_000 }).reduce<object>((inner) => ({ inner }), { image: 'a/web:1' });
    const { unreadableKinds } = await readWith(
      [served([{ metadata: { namespace: 'a', name: 'deep' }, spec: deep }, rollout('a', 'web', 'a/web:1')])],
      pathsOf('{..image}'),
    );
    expect(unreadableKinds).toEqual(['rollouts.argoproj.io']);
  });
});
