import { describe, expect, test } from 'vitest';
import { WORKLOAD_KINDS } from '../../../../src/adapters/openshift/workloads/kinds.ts';
import type { HowUsed, ImageReference } from '../../../../src/usage/model.ts';

const CREATED = '2026-11-23T02:58:23Z';

/** The references in an object of a kind, of the namespace `team-dev` and the name `w`. */
const find = (kind: string, parts: object, more: object = {}) => {
  const workload = WORKLOAD_KINDS.find((each) => each.kind === kind);
  const metadata = { namespace: 'team-dev', name: 'w', creationTimestamp: CREATED, ...more };
  return workload?.findReferences({ metadata, ...parts }) ?? null;
};
const imagesIn = (...parameters: Parameters<typeof find>): readonly ImageReference[] | undefined =>
  find(...parameters)?.map(({ reference }) => reference);
/** How an object uses what it names, each way once. */
const waysOf = (...parameters: Parameters<typeof find>): readonly HowUsed[] => [
  ...new Set(find(...parameters)?.map(({ how }) => how)),
];

const spec = (text: string): ImageReference => ({ type: 'pullSpec', spec: text });
const tag = (stream: string, name: string, namespace = 'team-dev'): ImageReference => ({
  type: 'tag',
  namespace,
  stream,
  tag: name,
});
const from = (name: string, namespace?: string) => ({ kind: 'ImageStreamTag', name, namespace });
const template = { spec: { containers: [{ image: 'a/web:1' }] } };
/** Kinds that have replicas. */
const SCALED = ['Deployment', 'ReplicaSet', 'StatefulSet', 'ReplicationController', 'DeploymentConfig'];

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
    ['Succeeded', 'finished', CREATED],
    ['Failed', 'finished', CREATED],
    ['Running', 'running', null],
    ['Pending', 'running', null],
  ])('them as one that is %s: %s since its creation (%s)', (phase, how, endedPodCreated) => {
    const references = find('Pod', { spec: template.spec, status: { phase } });
    expect(references).toEqual([
      {
        namespace: 'team-dev',
        workload: 'team-dev/Pod/w',
        reference: spec('a/web:1'),
        how,
        controller: null,
        endedPodCreated,
      },
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
    const spec = SCALED.includes(kind) ? { replicas: 0, template } : { template };
    expect(find(kind, { spec })).toEqual([
      {
        namespace: 'team-dev',
        workload: `team-dev/${kind}/w`,
        reference: { type: 'pullSpec', spec: 'a/web:1' },
        how: SCALED.includes(kind) ? 'scaled-to-0' : 'running',
        controller: null,
        endedPodCreated: null,
      },
    ]);
  });

  test('a CronJob counts', () => {
    expect(imagesIn('CronJob', { spec: { jobTemplate: { spec: { template } } } })).toEqual([spec('a/web:1')]);
  });

  test('a workload counts with its init containers and image volumes', () => {
    const whole = {
      spec: {
        initContainers: [{ image: 'a/init:1' }],
        volumes: [{ name: 'model', image: { reference: 'a/model:1' } }],
      },
    };
    expect(imagesIn('Deployment', { spec: { template: whole } })).toEqual(
      ['a/init:1', 'a/model:1'].map(spec),
    );
    expect(imagesIn('CronJob', { spec: { jobTemplate: { spec: { template: whole } } } })).toEqual(
      ['a/init:1', 'a/model:1'].map(spec),
    );
  });
});

describe('a workload', () => {
  test.each(SCALED)('that is a %s is running unless it has 0 replicas', (kind) => {
    expect(waysOf(kind, { spec: { template } })).toEqual(['running']);
    expect(waysOf(kind, { spec: { template, replicas: 2 } })).toEqual(['running']);
    expect(waysOf(kind, { spec: { template, replicas: 0 } })).toEqual(['scaled-to-0']);
  });

  test('that is a Job is running until it has ended or is suspended', () => {
    const ended = (type: string, status = 'True') => ({ conditions: [{ type, status }] });
    expect(waysOf('Job', { spec: { template } })).toEqual(['running']);
    expect(waysOf('Job', { spec: { template }, status: ended('Failed', 'False') })).toEqual(['running']);
    expect(waysOf('Job', { spec: { template, suspend: true } })).toEqual(['suspended']);
    for (const type of ['Complete', 'Failed'])
      expect(waysOf('Job', { spec: { template, suspend: true }, status: ended(type) })).toEqual(['finished']);
  });

  test('that is a CronJob is scheduled unless it is suspended', () => {
    const jobTemplate = { spec: { template } };
    expect(waysOf('CronJob', { spec: { jobTemplate } })).toEqual(['scheduled']);
    expect(waysOf('CronJob', { spec: { jobTemplate, suspend: true } })).toEqual(['suspended']);
  });

  test.each(['New', 'Pending', 'Running'])('that is a %s Build is running', (phase) => {
    const strategy = { dockerStrategy: { from: from('base:1') } };
    expect(waysOf('Build', { spec: { strategy }, status: { phase } })).toEqual(['running']);
  });

  test.each(['Complete', 'Failed', 'Error', 'Cancelled'])('that is a %s Build has finished', (phase) => {
    const strategy = { dockerStrategy: { from: from('base:1') } };
    expect(waysOf('Build', { spec: { strategy }, status: { phase } })).toEqual(['finished']);
  });

  test('is told with what controls it, not with what merely owns it', () => {
    const owner = (controller: boolean | undefined) => ({
      ownerReferences: [
        { apiVersion: 'example.test/v1', kind: 'App', name: 'all', uid: '0' },
        { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: '1', controller },
      ],
    });
    const controllerOf = (controller: boolean | undefined) =>
      find('ReplicaSet', { spec: { template } }, owner(controller))?.map((reference) => reference.controller);
    expect(controllerOf(true)).toEqual(['team-dev/Deployment/web']);
    expect(controllerOf(undefined)).toEqual([null]);
  });
});

describe('a DeploymentConfig uses', () => {
  test('the tags of its image-change triggers, and what they triggered last', () => {
    const triggers = [
      { type: 'ConfigChange' },
      {
        type: 'ImageChange',
        imageChangeParams: { from: from('api:dev'), lastTriggeredImage: 'r/team-dev/api@sha256:1' },
      },
      {
        type: 'ImageChange',
        imageChangeParams: { from: from('base:1', 'team-tools'), lastTriggeredImage: '' },
      },
    ];
    const parts = { spec: { triggers, template: null } };
    expect(imagesIn('DeploymentConfig', parts)).toEqual([
      tag('api', 'dev'),
      spec('r/team-dev/api@sha256:1'),
      tag('base', '1', 'team-tools'),
    ]);
    expect(waysOf('DeploymentConfig', parts)).toEqual(['trigger']);
  });

  test('the image of a strategy of its own', () => {
    const strategy = { type: 'Custom', customParams: { image: 'team-tools/deployer:1' } };
    expect(imagesIn('DeploymentConfig', { spec: { strategy } })).toEqual([spec('team-tools/deployer:1')]);
  });
});

describe.each(['Build', 'BuildConfig'])('a %s uses', (kind) => {
  test.each(['sourceStrategy', 'dockerStrategy', 'customStrategy'])('what its %s starts from', (strategy) => {
    expect(
      imagesIn(kind, { spec: { strategy: { [strategy]: { from: from('builder:9', 'openshift') } } } }),
    ).toEqual([tag('builder', '9', 'openshift')]);
  });

  test('its source images and inline Dockerfile, not what it makes', () => {
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
          output: { to: from('api:latest') },
        },
        status: { outputDockerImageReference: 'r/team-dev/api:latest', phase: 'Failed' },
      }),
    ).toEqual([
      { type: 'digest', digest: 'sha256:1' },
      spec('quay.example.test/a/b'),
      spec('team-dev/base:1'),
    ]);
  });

  test('what its inline Dockerfile comes to with its build arguments', () => {
    const spec = {
      source: { dockerfile: 'ARG BASE=team-dev/base:1\nFROM $BASE' },
      strategy: { dockerStrategy: { buildArgs: [{ name: 'BASE', value: 'team-dev/base:2' }] } },
    };
    expect(imagesIn(kind, { spec })).toEqual([{ type: 'pullSpec', spec: 'team-dev/base:2' }]);
  });
});

test('a BuildConfig builds from the tags of its triggers, and from what they triggered last', () => {
  const parts = {
    spec: {
      triggers: [
        { type: 'ImageChange', imageChange: {} },
        {
          type: 'ImageChange',
          imageChange: { from: from('lib:2'), lastTriggeredImageID: 'r/a/lib@sha256:1' },
        },
        { type: 'GitHub', github: {} },
      ],
    },
    status: { imageChangeTriggers: [{ from: { name: 'lib:2' }, lastTriggeredImageID: 'r/a/lib@sha256:2' }] },
  };
  expect(imagesIn('BuildConfig', parts)).toEqual([
    tag('lib', '2'),
    spec('r/a/lib@sha256:1'),
    spec('r/a/lib@sha256:2'),
  ]);
  expect(waysOf('BuildConfig', parts)).toEqual(['build-input']);
});

test('a Build uses the image whose change triggered it', () => {
  const imageChangeBuild = { imageID: 'r/a/lib@sha256:1', fromRef: from('lib:2') };
  const triggeredBy = [{ message: 'Manually triggered' }, { message: 'Image change', imageChangeBuild }];
  expect(imagesIn('Build', { spec: { triggeredBy } })).toEqual([tag('lib', '2'), spec('r/a/lib@sha256:1')]);
});

describe('the annotation image.openshift.io/triggers', () => {
  const withTriggers = (triggers: string) =>
    imagesIn(
      'StatefulSet',
      { spec: { template } },
      { annotations: { 'image.openshift.io/triggers': triggers } },
    );

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

  test('is a trigger, whatever the workload runs', () => {
    const annotations = { 'image.openshift.io/triggers': JSON.stringify([{ from: from('api:dev') }]) };
    expect(waysOf('Deployment', { spec: { template, replicas: 0 } }, { annotations })).toEqual([
      'scaled-to-0',
      'trigger',
    ]);
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
