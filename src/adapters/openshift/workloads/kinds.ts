import { z } from 'zod';
import type { HowUsed } from '../../../usage/model.ts';
import { findBaseImages } from './dockerfile.ts';
import { optionalList, optionalText } from '../objects/fields.ts';
import { fromSchema } from '../objects/objects.ts';
import { createWorkloadKind, metadataSchema, usedAs } from './workload-kind.ts';
import type { Naming, WorkloadKind } from './workload-kind.ts';

const containers = optionalList(z.object({ image: optionalText }));
const podSpec = z
  .object({
    containers,
    initContainers: containers,
    ephemeralContainers: containers,
    volumes: optionalList(z.object({ image: z.object({ reference: optionalText }).nullish() })),
  })
  .nullish();
const template = z.object({ spec: podSpec }).nullish();

const statuses = optionalList(z.object({ imageID: optionalText }));
const pod = z.object({
  metadata: metadataSchema,
  spec: podSpec,
  status: z
    .object({
      phase: optionalText,
      containerStatuses: statuses,
      initContainerStatuses: statuses,
      ephemeralContainerStatuses: statuses,
    })
    .nullish(),
});

const isFlagged = z.boolean().nullish();
const replicas = z.number().nullish();

/** Whatever keeps so many pods of a template, or (a DaemonSet, which has no replicas) one a node. */
const scaled = z.object({ metadata: metadataSchema, spec: z.object({ template, replicas }).nullish() });

const conditions = optionalList(z.object({ type: optionalText, status: optionalText }));
const job = z.object({
  metadata: metadataSchema,
  spec: z.object({ template, suspend: isFlagged }).nullish(),
  status: z.object({ conditions }).nullish(),
});
const cronJob = z.object({
  metadata: metadataSchema,
  spec: z
    .object({
      jobTemplate: z.object({ spec: z.object({ template }).nullish() }).nullish(),
      suspend: isFlagged,
    })
    .nullish(),
});

const from = fromSchema.nullish();
const deploymentConfig = z.object({
  metadata: metadataSchema,
  spec: z
    .object({
      template,
      replicas,
      strategy: z.object({ customParams: z.object({ image: optionalText }).nullish() }).nullish(),
      triggers: optionalList(
        z.object({ imageChangeParams: z.object({ from, lastTriggeredImage: optionalText }).nullish() }),
      ),
    })
    .nullish(),
});

const strategy = z.object({ from }).nullish();
const buildArgs = optionalList(z.object({ name: optionalText, value: optionalText }));
/** What a Build and a BuildConfig have in common; `spec.output` is what they make, not what they use. */
const buildSpec = z.object({
  strategy: z
    .object({
      sourceStrategy: strategy,
      dockerStrategy: z.object({ from, buildArgs }).nullish(),
      customStrategy: strategy,
    })
    .nullish(),
  source: z.object({ dockerfile: optionalText, images: optionalList(z.object({ from })) }).nullish(),
});
const build = z.object({
  metadata: metadataSchema,
  spec: buildSpec
    .extend({
      triggeredBy: optionalList(
        z.object({ imageChangeBuild: z.object({ imageID: optionalText, fromRef: from }).nullish() }),
      ),
    })
    .nullish(),
  status: z.object({ phase: optionalText }).nullish(),
});
const lastTriggered = { lastTriggeredImageID: optionalText };
const buildConfig = z.object({
  metadata: metadataSchema,
  spec: buildSpec
    .extend({
      triggers: optionalList(z.object({ imageChange: z.object({ from, ...lastTriggered }).nullish() })),
    })
    .nullish(),
  status: z.object({ imageChangeTriggers: optionalList(z.object(lastTriggered)) }).nullish(),
});

type Named = Naming['named'];

const inPodSpec = (spec: z.output<typeof podSpec>): readonly Named[] => [
  ...[spec?.containers, spec?.initContainers, spec?.ephemeralContainers].flatMap(
    (some) => some?.map(({ image }) => image) ?? [],
  ),
  ...(spec?.volumes.map(({ image }) => image?.reference) ?? []),
];

const inPod = (one: z.output<typeof pod>): readonly Naming[] => {
  const { spec, status } = one;
  const ids = [
    status?.containerStatuses,
    status?.initContainerStatuses,
    status?.ephemeralContainerStatuses,
  ].flatMap((some) => some?.map(({ imageID }) => imageID) ?? []);
  return usedAs(hasEnded(one) ? 'finished' : 'running', [...inPodSpec(spec), ...ids]);
};

const hasEnded = ({ status }: z.output<typeof pod>): boolean =>
  status?.phase === 'Succeeded' || status?.phase === 'Failed';

const inScaled = ({ spec }: z.output<typeof scaled>): readonly Naming[] =>
  usedAs(howScaled(spec?.replicas), inPodSpec(spec?.template?.spec));

/** 1 where nothing is said. */
const howScaled = (count: number | null | undefined): HowUsed => (count === 0 ? 'scaled-to-0' : 'running');

const inJob = ({ spec, status }: z.output<typeof job>): readonly Naming[] => {
  const hasFinished = status?.conditions.some(
    (condition) => ['Complete', 'Failed'].includes(condition.type ?? '') && condition.status === 'True',
  );
  const how = hasFinished === true ? 'finished' : spec?.suspend === true ? 'suspended' : 'running';
  return usedAs(how, inPodSpec(spec?.template?.spec));
};

const inCronJob = ({ spec }: z.output<typeof cronJob>): readonly Naming[] =>
  usedAs(
    spec?.suspend === true ? 'suspended' : 'scheduled',
    inPodSpec(spec?.jobTemplate?.spec?.template?.spec),
  );

const inDeploymentConfig = ({ spec }: z.output<typeof deploymentConfig>): readonly Naming[] => [
  ...usedAs(howScaled(spec?.replicas), [
    ...inPodSpec(spec?.template?.spec),
    spec?.strategy?.customParams?.image,
  ]),
  ...usedAs(
    'trigger',
    spec?.triggers.flatMap(({ imageChangeParams: params }) => [params?.from, params?.lastTriggeredImage]) ??
      [],
  ),
];

const inBuildSpec = (spec: z.output<typeof buildSpec> | null | undefined): readonly Named[] => {
  const { sourceStrategy, dockerStrategy, customStrategy } = spec?.strategy ?? {};
  const given = dockerStrategy?.buildArgs.map(({ name, value }) => [name ?? '', value ?? ''] as const);
  return [
    ...[sourceStrategy, dockerStrategy, customStrategy].map((one) => one?.from),
    ...(spec?.source?.images.map((image) => image.from) ?? []),
    ...findBaseImages(spec?.source?.dockerfile ?? '', new Map(given)),
  ];
};

const inBuild = ({ spec, status }: z.output<typeof build>): readonly Naming[] =>
  usedAs(BUILD_ENDS.has(status?.phase ?? '') ? 'finished' : 'running', [
    ...inBuildSpec(spec),
    ...(spec?.triggeredBy.flatMap(({ imageChangeBuild: cause }) => [cause?.fromRef, cause?.imageID]) ?? []),
  ]);

const BUILD_ENDS: ReadonlySet<string> = new Set(['Complete', 'Failed', 'Error', 'Cancelled']);

const inBuildConfig = ({ spec, status }: z.output<typeof buildConfig>): readonly Naming[] =>
  usedAs('build-input', [
    ...inBuildSpec(spec),
    ...(spec?.triggers.flatMap(({ imageChange }) => [imageChange?.from, imageChange?.lastTriggeredImageID]) ??
      []),
    ...(status?.imageChangeTriggers.map(({ lastTriggeredImageID }) => lastTriggeredImageID) ?? []),
  ]);

/** Every kind that is always read for the images it uses. */
export const WORKLOAD_KINDS: readonly WorkloadKind[] = [
  createWorkloadKind({ group: '', plural: 'pods', kind: 'Pod' }, pod, { find: inPod, isEnded: hasEnded }),
  createWorkloadKind({ group: 'apps', plural: 'deployments', kind: 'Deployment' }, scaled, {
    find: inScaled,
  }),
  createWorkloadKind({ group: 'apps', plural: 'replicasets', kind: 'ReplicaSet' }, scaled, {
    find: inScaled,
  }),
  createWorkloadKind({ group: 'apps', plural: 'statefulsets', kind: 'StatefulSet' }, scaled, {
    find: inScaled,
  }),
  createWorkloadKind({ group: 'apps', plural: 'daemonsets', kind: 'DaemonSet' }, scaled, { find: inScaled }),
  createWorkloadKind({ group: 'batch', plural: 'jobs', kind: 'Job' }, job, { find: inJob }),
  createWorkloadKind({ group: 'batch', plural: 'cronjobs', kind: 'CronJob' }, cronJob, { find: inCronJob }),
  createWorkloadKind({ group: '', plural: 'replicationcontrollers', kind: 'ReplicationController' }, scaled, {
    find: inScaled,
  }),
  createWorkloadKind(
    { group: 'apps.openshift.io', plural: 'deploymentconfigs', kind: 'DeploymentConfig' },
    deploymentConfig,
    { find: inDeploymentConfig },
  ),
  createWorkloadKind({ group: 'build.openshift.io', plural: 'builds', kind: 'Build' }, build, {
    find: inBuild,
  }),
  createWorkloadKind(
    { group: 'build.openshift.io', plural: 'buildconfigs', kind: 'BuildConfig' },
    buildConfig,
    { find: inBuildConfig },
  ),
];
