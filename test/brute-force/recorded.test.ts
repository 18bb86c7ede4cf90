import { describe, expect, test } from 'vitest';
import type { ApiObject, ApiObjects, Plural } from '../../sandbox/api-lists.ts';
import { HOW_USED } from '../../src/usage/model.ts';
import type { Report } from '../../src/usage/report/report.ts';
import { openCluster, startServer } from '../adapters/openshift/open-cluster.ts';
import { reportOn } from '../usage/report-on.ts';
import { bruteForce } from './brute-force.ts';
import type { Figures } from './brute-force.ts';
import { pickFigures } from './pick-figures.ts';
import { LISTED_RESOURCES } from './read-lists.ts';
import type { Lists } from './read-lists.ts';
import { readRecordedLists } from './recorded-lists.ts';
import { listed } from '../listed-inventory.ts';
import type { ListedInventory } from '../listed-inventory.ts';

/** Within a day of the recording, so that its one ended pod counts. */
const SOON = '2026-11-24T09:00:00Z';
/** A day after the recording and more. */
const LATER = '2026-11-25T09:00:00Z';

type Objects = ApiObjects & { readonly rollouts?: readonly ApiObject[] };

/** A kind of custom resource, which the cluster is read for where it has it. */
const ROLLOUTS = { plural: 'rollouts', kind: 'RolloutList', apiVersion: 'argoproj.io/v1alpha1' };
const ROLLOUT_USES = [
  { group: 'argoproj.io', plural: 'rollouts', jsonPath: '{.spec.template.spec.containers[*].image}' },
];

const readCluster = async (readAt: string, objects?: Objects): Promise<ListedInventory> => {
  const { rollouts = [], ...lists } = objects ?? {};
  const server = await startServer({
    ...(objects === undefined ? {} : { lists }),
    custom: [{ ...ROLLOUTS, objects: rollouts }],
  });
  const options = { now: () => new Date(readAt), customUses: ROLLOUT_USES };
  const { cluster } = await openCluster(server, options);
  return listed(await cluster.readInventory({ namespaces: null }));
};

describe('the recorded cluster', () => {
  test.each([
    { name: 'as it is by default', readAt: SOON, chargeImported: false, groupByLabel: null },
    { name: 'in teams by label', readAt: SOON, chargeImported: false, groupByLabel: 'name' },
    { name: 'with imported images charged', readAt: SOON, chargeImported: true, groupByLabel: 'name' },
    { name: 'a day later', readAt: LATER, chargeImported: false, groupByLabel: null },
  ])('read over the API weighs what its raw lists do, to the byte: $name', async ({ readAt, ...options }) => {
    const report = reportOn(await readCluster(readAt), options);
    expect(report.reports.length).toBeGreaterThan(0);
    expect(pickFigures(report)).toEqual(bruteForce(await readRecordedLists(), { readAt, ...options }));
  });

  test('has in each revision of a single image the Size that its Image object states', async () => {
    const inventory = await readCluster(SOON);
    const stated = new Map(inventory.images.map(({ digest, statedBytes }) => [digest, statedBytes]));
    const revisions = reportOn(inventory)
      .reports.flatMap(({ namespaces }) => namespaces)
      .flatMap(({ streams }) => streams.flatMap(({ tags }) => tags.flatMap((tag) => tag.revisions)))
      .filter(({ digest }) => (stated.get(digest) ?? null) !== null);
    expect(revisions.length).toBeGreaterThan(200);
    for (const { digest, sizeBytes } of revisions) expect(sizeBytes).toBe(stated.get(digest));
  });
});

describe('a shape that was recorded', () => {
  let read: Promise<Report> | undefined;
  const readOnce = () => (read ??= readCluster(SOON).then((inventory) => reportOn(inventory)));

  test.each([
    // Its Image object states a Size, which is that of its layers and its config.
    { name: 'an image that names one layer three times', tag: 'beef01-tools/twice:a', sizes: [91_658_876] },
    {
      name: 'an image with its config inline',
      tag: 'beef01-tools/inline-config:latest',
      sizes: [81_611_966],
    },
    { name: 'an image of schema 1, without a config', tag: 'beef01-tools/schema1:old', sizes: [65_000_000] },
    { name: 'an image promoted by oc tag', tag: 'beef01-prod/api:rollback', sizes: [578_857_275] },
    { name: 'a tag that follows another', tag: 'beef01-dev/api:alias', sizes: [579_218_598] },
    // Its children are of 3,586,128 and 1,537,131 bytes and share nothing.
    { name: 'an index of two architectures', tag: 'a1b2c3-tools/pushed-multi:multi', sizes: [5_123_259] },
    {
      name: 'a history of which one image is gone',
      tag: 'beef01-tools/missing-image:latest',
      sizes: [14_125_083, null],
      unknown: 1,
    },
    { name: 'an imported image', tag: 'a1b2c3-import/imported:base', sizes: [3_073_303], charged: false },
    {
      // Its children are of 3,073,303 and 1,332,318 bytes and share nothing.
      name: 'an imported index',
      tag: 'a1b2c3-import/imported:multi',
      sizes: [4_405_621],
      charged: false,
    },
    {
      name: 'an imported image that this registry serves elsewhere',
      tag: 'a1b2c3-import/imported:managed-elsewhere',
      sizes: [3_586_128],
      charged: false,
    },
    {
      name: 'a failed import, with items of null',
      tag: 'a1b2c3-import/imported:absent',
      sizes: [],
      state: 'import-failed',
    },
    {
      name: 'a tag that is only in the spec',
      tag: 'a1b2c3-import/never-imported:latest',
      sizes: [],
      state: 'empty',
    },
  ])('is $name', async ({ tag, sizes, unknown = 0, charged = true, state = 'ok' }) => {
    const found = findTag(pickFigures(await readOnce()), tag);
    expect(found).toMatchObject({ state, unknownRevisions: unknown });
    expect(found?.revisions.map(({ sizeBytes }) => sizeBytes)).toEqual(sizes);
    expect(found?.revisions.filter((one) => one.charged !== (charged && one.sizeBytes !== null))).toEqual([]);
  });

  test('is an image in no stream, with bytes that no stream holds', async () => {
    expect((await readOnce()).snapshot.findings).toEqual([
      {
        code: 'orphan-images',
        subject: 'images',
        message: expect.stringMatching(/^6 images in no image stream hold [0-9.]+ [GM]iB /),
      },
    ]);
  });
});

describe('a workload added to the recorded cluster', () => {
  const inPod = (image: string) => ({ containers: [{ name: 'main', image }] });
  const inTemplate = (spec: object) => ({ spec: { template: { spec } } });
  const tagOf = (name: string, namespace = 'beef01-tools') => ({ kind: 'ImageStreamTag', namespace, name });

  const workloads = (digestOf: (tag: string) => string): Readonly<Record<string, Workload>> => ({
    'beef01-tools/api:pr-102': {
      plural: 'statefulsets',
      ...inTemplate({ initContainers: [{ name: 'first', image: 'beef01-tools/api:pr-102' }] }),
    },
    'beef01-tools/api:pr-104': {
      plural: 'replicasets',
      ...inTemplate(inPod('registry.example.test:5000/beef01-tools/api:pr-104')),
    },
    'beef01-tools/api:pr-106': {
      plural: 'daemonsets',
      metadata: {
        annotations: { 'image.openshift.io/triggers': JSON.stringify([{ from: tagOf('api:pr-106') }]) },
      },
    },
    'beef01-tools/api:pr-108': {
      plural: 'jobs',
      ...inTemplate({ volumes: [{ name: 'files', image: { reference: 'beef01-tools/api:pr-108' } }] }),
    },
    'beef01-tools/twice:a': {
      plural: 'replicationcontrollers',
      ...inTemplate(inPod(`elsewhere.example.test/any/thing@${digestOf('beef01-tools/twice:a')}`)),
    },
    'a1b2c3-tools/db:pr-102': {
      plural: 'builds',
      spec: { strategy: { sourceStrategy: { from: tagOf('db:pr-102', 'a1b2c3-tools') } } },
    },
    'a1b2c3-tools/db:pr-104': {
      plural: 'builds',
      spec: { source: { images: [{ from: tagOf('db:pr-104', 'a1b2c3-tools') }] } },
    },
    'a1b2c3-tools/db:pr-106': {
      plural: 'buildconfigs',
      spec: {
        triggers: [{ type: 'ImageChange', imageChange: { from: tagOf('db:pr-106', 'a1b2c3-tools') } }],
      },
    },
    'a1b2c3-tools/db:pr-108': {
      plural: 'buildconfigs',
      spec: { source: { dockerfile: 'FROM a1b2c3-tools/db:pr-108 AS base\nRUN true\n' } },
    },
    'a1b2c3-tools/db:pr-110': {
      plural: 'buildconfigs',
      spec: {
        strategy: { customStrategy: { from: { kind: 'DockerImage', name: 'a1b2c3-tools/db:pr-110' } } },
      },
    },
    '7c6b5a-tools/proxy:pr-102': {
      plural: 'deploymentconfigs',
      spec: { triggers: [{ imageChangeParams: { from: tagOf('proxy:pr-102', '7c6b5a-tools') } }] },
    },
    '7c6b5a-tools/proxy:pr-104': {
      plural: 'deployments',
      metadata: {
        annotations: {
          'image.openshift.io/triggers': JSON.stringify([
            {
              from: {
                kind: 'ImageStreamImage',
                namespace: '7c6b5a-tools',
                name: `proxy@${digestOf('7c6b5a-tools/proxy:pr-104')}`,
              },
            },
          ]),
        },
      },
    },
    '7c6b5a-tools/proxy:pr-106': {
      plural: 'pods',
      spec: { ephemeralContainers: [{ name: 'debug', image: '7c6b5a-tools/proxy:pr-106' }] },
    },
    '0f9e8d-tools/db:pr-102': {
      plural: 'deploymentconfigs',
      spec: {
        triggers: [
          { imageChangeParams: { lastTriggeredImage: `r/x@${digestOf('0f9e8d-tools/db:pr-102')}` } },
        ],
      },
    },
    '0f9e8d-tools/db:pr-104': {
      plural: 'builds',
      spec: {
        triggeredBy: [{ imageChangeBuild: { imageID: `r/x@${digestOf('0f9e8d-tools/db:pr-104')}` } }],
      },
      status: { phase: 'Failed' },
    },
    'd4e5f6-tools/web:pr-102': {
      plural: 'buildconfigs',
      status: {
        imageChangeTriggers: [{ lastTriggeredImageID: `r/x@${digestOf('d4e5f6-tools/web:pr-102')}` }],
      },
    },
    'd4e5f6-tools/web:pr-104': {
      plural: 'builds',
      spec: {
        source: { dockerfile: 'ARG TAG=none\nFROM --platform=linux/amd64 d4e5f6-tools/web:${TAG}\n' },
        strategy: { dockerStrategy: { buildArgs: [{ name: 'TAG', value: 'pr-104' }] } },
      },
    },
    'd4e5f6-tools/web:pr-106': {
      plural: 'buildconfigs',
      spec: {
        source: {
          dockerfile: 'ARG N=106\nFROM scratch AS one\nFROM one\nCOPY --from=d4e5f6-tools/web:pr-${N} /a /a',
        },
      },
    },
    'd4e5f6-tools/db:pr-102': {
      plural: 'cronjobs',
      spec: { suspend: true, jobTemplate: inTemplate(inPod('d4e5f6-tools/db:pr-102')) },
    },
    'a1b2c3-tools/web:pr-102': {
      plural: 'replicasets',
      // The first of these workloads runs.
      metadata: { ownerReferences: [{ kind: 'StatefulSet', name: 'added-0', controller: true }] },
      spec: { replicas: 0, ...inTemplate(inPod('a1b2c3-tools/web:pr-102')).spec },
    },
    'a1b2c3-tools/web:pr-104': {
      plural: 'jobs',
      ...inTemplate(inPod('a1b2c3-tools/web:pr-104')),
      status: { conditions: [{ type: 'Complete', status: 'True' }] },
    },
    'a1b2c3-tools/api:pr-102': { plural: 'rollouts', ...inTemplate(inPod('a1b2c3-tools/api:pr-102')) },
    'a1b2c3-import/never-imported:latest': { plural: 'pods', spec: inPod('a1b2c3-import/never-imported') },
    'beef01-tools/inline-config:latest': {
      plural: 'pods',
      status: { initContainerStatuses: [{ imageID: CONFIG_OF_INLINE_CONFIG }] },
    },
  });

  test('makes the one tag that it names be used, in whatever way it names it', async () => {
    const recorded = await readRecordedLists();
    const before = bruteForce(recorded, { readAt: SOON });
    const digestOf = (tag: string): string => findTag(before, tag)?.revisions[0]?.digest ?? '';
    const added = workloads(digestOf);
    const objects = addWorkloads(recorded, Object.values(added));
    const lists = Object.fromEntries(Object.entries(objects).map(([plural, items]) => [plural, { items }]));

    const figures = pickFigures(reportOn(await readCluster(SOON, objects)));
    expect(figures).toEqual(bruteForce(lists, { readAt: SOON }));
    for (const tag of Object.keys(added)) {
      expect([tag, findTag(before, tag)?.inUse, findTag(figures, tag)?.inUse]).toEqual([tag, false, true]);
    }
    const ways = Object.keys(added).flatMap((tag) => findTag(figures, tag)?.inUseHow ?? []);
    expect(HOW_USED.filter((how) => !ways.includes(how))).toEqual(['scheduled', 'scaled-to-0']);
  });
});

type Workload = {
  readonly plural: Plural | 'rollouts';
  readonly metadata?: object;
  readonly [field: string]: unknown;
};

/** The config that `beef01-tools/inline-config` was pushed with. */
const CONFIG_OF_INLINE_CONFIG = 'sha256:faf4ca21b01ae129968acc1e858f7046e7b3c085026f1994db0c9a49c8323c96';

/** The recorded objects and these, each in a namespace that holds none of what they name. */
const addWorkloads = (recorded: Lists, workloads: readonly Workload[]): Objects =>
  Object.fromEntries(
    [...LISTED_RESOURCES, 'rollouts' as const].map((resource) => [
      resource,
      [
        ...(recorded[resource]?.items ?? []),
        ...workloads.flatMap(({ plural, metadata, ...rest }, position) =>
          plural === resource
            ? [{ metadata: { ...metadata, namespace: 'd4e5f6-test', name: `added-${position}` }, ...rest }]
            : [],
        ),
      ],
    ]),
  );

const findTag = ({ namespaces }: Figures, name: string) =>
  namespaces
    .flatMap((namespace) =>
      namespace.streams.flatMap((stream) =>
        stream.tags.map((tag) => ({ ...tag, name: `${namespace.name}/${stream.name}:${tag.name}` })),
      ),
    )
    .find((tag) => tag.name === name);
