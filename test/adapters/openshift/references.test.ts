import { describe, expect, test } from 'vitest';
import { WORKLOAD_KINDS } from '../../../src/adapters/openshift/references.ts';
import type { ImageReference } from '../../../src/usage/registry.ts';

const CREATED = '2026-11-23T02:58:23Z';

/** The references in an object of a kind, of the namespace `team-dev` and the name `w`. */
const find = (kind: string, parts: object, annotations?: Record<string, string>) => {
  const workload = WORKLOAD_KINDS.find((each) => each.kind === kind);
  const metadata = { namespace: 'team-dev', name: 'w', creationTimestamp: CREATED, annotations };
  return workload?.findReferences({ metadata, ...parts }) ?? null;
};
const imagesIn = (...parameters: Parameters<typeof find>): readonly ImageReference[] | undefined =>
  find(...parameters)?.map(({ reference }) => reference);

const spec = (text: string): ImageReference => ({ type: 'pullSpec', spec: text });
const tag = (stream: string, name: string, namespace = 'team-dev'): ImageReference => ({
  type: 'tag',
  namespace,
  stream,
  tag: name,
});
const from = (name: string, namespace?: string) => ({ kind: 'ImageStreamTag', name, namespace });
const template = { spec: { containers: [{ image: 'a/web:1' }] } };

test('every kind of workload that the product reads is there', () => {
  expect(WORKLOAD_KINDS.map(({ kind }) => kind).toSorted()).toEqual([
    'Build',
    'BuildConfig',
    'CronJob',
    'DaemonSet',
    'Deployment',
    'DeploymentConfig',
    'Job',
    'Pod',
    'ReplicaSet',
    'ReplicationController',
    'StatefulSet',
  ]);
});

describe('a pod uses', () => {
  test('the images of all its containers and image volumes, as written', () => {
    expect(
      imagesIn('Pod', {
        spec: {
          containers: [{ image: 'registry.example.test/a/web@sha256:1' }, { image: 'web' }],
          initContainers: [{ image: 'init' }],
          ephemeralContainers: [{ image: 'debug' }],
          volumes: [
            { name: 'model', image: { reference: 'a/model:1' } },
            { name: 'tmp', emptyDir: {} },
          ],
        },
      }),
    ).toEqual(['registry.example.test/a/web@sha256:1', 'web', 'init', 'debug', 'a/model:1'].map(spec));
  });

  test('the images that its containers run, each once, and none before they start', () => {
    expect(
      imagesIn('Pod', {
        spec: { containers: [{ image: 'a/web:1' }] },
        status: {
          phase: 'Running',
          containerStatuses: [{ imageID: 'r/a/web@sha256:1' }, { imageID: '' }],
          initContainerStatuses: [{ imageID: 'r/a/web@sha256:1' }],
          ephemeralContainerStatuses: [{ imageID: 'sha256:2' }],
        },
      }),
    ).toEqual(['a/web:1', 'r/a/web@sha256:1', 'sha256:2'].map(spec));
  });

  test.each([
    ['Succeeded', CREATED],
    ['Failed', CREATED],
    ['Running', null],
    ['Pending', null],
  ])('them as one that is %s since its creation (%s)', (phase, endedPodCreated) => {
    const references = find('Pod', { spec: template.spec, status: { phase } });
    expect(references).toEqual([
      { namespace: 'team-dev', workload: 'team-dev/Pod/w', reference: spec('a/web:1'), endedPodCreated },
    ]);
  });
});

describe('the pod template of', () => {
  test.each([
    'Deployment',
    'ReplicaSet',
    'StatefulSet',
    'DaemonSet',
    'Job',
    'ReplicationController',
    'DeploymentConfig',
  ])('a %s counts, at 0 replicas, too', (kind) => {
    expect(find(kind, { spec: { replicas: 0, template } })).toEqual([
      {
        namespace: 'team-dev',
        workload: `team-dev/${kind}/w`,
        reference: spec('a/web:1'),
        endedPodCreated: null,
      },
    ]);
  });

  test('a CronJob counts', () => {
    expect(imagesIn('CronJob', { spec: { jobTemplate: { spec: { template } } } })).toEqual([spec('a/web:1')]);
  });
});

test('a DeploymentConfig uses the tags of its image-change triggers', () => {
  const triggers = [
    { type: 'ConfigChange' },
    { type: 'ImageChange', imageChangeParams: { from: from('api:dev') } },
    { type: 'ImageChange', imageChangeParams: { from: from('base:1', 'team-tools') } },
  ];
  expect(imagesIn('DeploymentConfig', { spec: { triggers, template: null } })).toEqual([
    tag('api', 'dev'),
    tag('base', '1', 'team-tools'),
  ]);
});

describe.each(['Build', 'BuildConfig'])('a %s uses', (kind) => {
  test.each(['sourceStrategy', 'dockerStrategy', 'customStrategy'])('what its %s starts from', (strategy) => {
    expect(
      imagesIn(kind, { spec: { strategy: { [strategy]: { from: from('builder:9', 'openshift') } } } }),
    ).toEqual([tag('builder', '9', 'openshift')]);
  });

  test('its source images, triggers and inline Dockerfile, not what it makes', () => {
    expect(
      imagesIn(kind, {
        spec: {
          source: {
            images: [
              { from: { kind: 'ImageStreamImage', name: 'tools@sha256:1' } },
              { from: { kind: 'DockerImage', name: 'quay.example.test/a/b' } },
            ],
            dockerfile: 'FROM team-dev/base:1\nRUN make',
          },
          triggers: [
            { type: 'ImageChange', imageChange: {} },
            { type: 'ImageChange', imageChange: { from: from('lib:2') } },
            { type: 'GitHub', github: {} },
          ],
          output: { to: from('api:latest') },
        },
        status: { outputDockerImageReference: 'r/team-dev/api:latest', phase: 'Failed' },
      }),
    ).toEqual([
      { type: 'digest', digest: 'sha256:1' },
      spec('quay.example.test/a/b'),
      tag('lib', '2'),
      spec('team-dev/base:1'),
    ]);
  });
});

describe('the annotation image.openshift.io/triggers', () => {
  const withTriggers = (triggers: string) =>
    imagesIn('StatefulSet', { spec: { template } }, { 'image.openshift.io/triggers': triggers });

  test('names tags that the workload uses', () => {
    const triggers = [
      { from: from('api:dev'), fieldPath: 'spec.template.spec.containers[0].image' },
      { from: from('base:1', 'team-tools'), paused: 'true' },
    ];
    expect(withTriggers(JSON.stringify(triggers))).toEqual([
      spec('a/web:1'),
      tag('api', 'dev'),
      tag('base', '1', 'team-tools'),
    ]);
  });

  test.each(['', '{', '{}', 'null', '"text"'])('is passed over when it is %j', (triggers) => {
    expect(withTriggers(triggers)).toEqual([spec('a/web:1')]);
  });

  test('counts what can be understood of it', () => {
    expect(withTriggers(JSON.stringify([7, { from: 'x' }, { from: from('api:dev') }]))).toEqual([
      spec('a/web:1'),
      tag('api', 'dev'),
    ]);
  });
});

describe('an object', () => {
  test('without a spec uses nothing', () => {
    for (const { kind } of WORKLOAD_KINDS) expect(find(kind, {})).toEqual([]);
  });

  test('that cannot be understood is not one without uses', () => {
    expect(find('Pod', { spec: { containers: [{ image: 7 }] } })).toBeNull();
    expect(find('Deployment', { spec: { template: { spec: { containers: {} } } } })).toBeNull();
  });
});
