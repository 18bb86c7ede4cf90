import { z } from 'zod';
import type { ImageReference, WorkloadReference } from '../../usage/registry.ts';
import { findBaseImages } from './dockerfile.ts';
import {
  fromSchema,
  optionalList,
  optionalText,
  optionalTextMap,
  timeSchema,
  toReference,
} from './objects.ts';
import type { From } from './objects.ts';
import type { Resource } from './resources.ts';

/** A kind of workload and how its objects name images. */
export type WorkloadKind = Resource & {
  /** What one object names, each image once; null for an object that cannot be understood. */
  readonly findReferences: (object: unknown) => readonly WorkloadReference[] | null;
};

const metadata = z.object({
  namespace: z.string(),
  name: z.string(),
  creationTimestamp: timeSchema.nullish(),
  annotations: optionalTextMap,
});

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
  metadata,
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

const templated = z.object({ metadata, spec: z.object({ template }).nullish() });
const cronJob = z.object({
  metadata,
  spec: z.object({ jobTemplate: z.object({ spec: z.object({ template }).nullish() }).nullish() }).nullish(),
});

const from = fromSchema.nullish();
const deploymentConfig = z.object({
  metadata,
  spec: z
    .object({
      template,
      triggers: optionalList(z.object({ imageChangeParams: z.object({ from }).nullish() })),
    })
    .nullish(),
});

const strategy = z.object({ from }).nullish();
/** A Build or BuildConfig; `spec.output` is what it makes, not what it uses. */
const build = z.object({
  metadata,
  spec: z
    .object({
      strategy: z
        .object({ sourceStrategy: strategy, dockerStrategy: strategy, customStrategy: strategy })
        .nullish(),
      source: z.object({ dockerfile: optionalText, images: optionalList(z.object({ from })) }).nullish(),
      triggers: optionalList(z.object({ imageChange: z.object({ from }).nullish() })),
    })
    .nullish(),
});

/** A pull spec or imageID as written, or the `from` of a trigger or a build. */
type Named = string | From | null | undefined;

const inPodSpec = (spec: z.output<typeof podSpec>): readonly Named[] => [
  ...[spec?.containers, spec?.initContainers, spec?.ephemeralContainers].flatMap(
    (some) => some?.map(({ image }) => image) ?? [],
  ),
  ...(spec?.volumes.map(({ image }) => image?.reference) ?? []),
];

const inPod = ({ spec, status }: z.output<typeof pod>): readonly Named[] => [
  ...inPodSpec(spec),
  ...[status?.containerStatuses, status?.initContainerStatuses, status?.ephemeralContainerStatuses].flatMap(
    (some) => some?.map(({ imageID }) => imageID) ?? [],
  ),
];

const inTemplate = ({ spec }: z.output<typeof templated>): readonly Named[] =>
  inPodSpec(spec?.template?.spec);

const inCronJob = ({ spec }: z.output<typeof cronJob>): readonly Named[] =>
  inPodSpec(spec?.jobTemplate?.spec?.template?.spec);

const inDeploymentConfig = ({ spec }: z.output<typeof deploymentConfig>): readonly Named[] => [
  ...inPodSpec(spec?.template?.spec),
  ...(spec?.triggers.map(({ imageChangeParams }) => imageChangeParams?.from) ?? []),
];

const inBuild = ({ spec }: z.output<typeof build>): readonly Named[] => [
  spec?.strategy?.sourceStrategy?.from,
  spec?.strategy?.dockerStrategy?.from,
  spec?.strategy?.customStrategy?.from,
  ...(spec?.source?.images.map((image) => image.from) ?? []),
  ...(spec?.triggers.map(({ imageChange }) => imageChange?.from) ?? []),
  ...findBaseImages(spec?.source?.dockerfile ?? ''),
];

const hasEnded = ({ status }: z.output<typeof pod>): boolean =>
  status?.phase === 'Succeeded' || status?.phase === 'Failed';

/** An annotation that has OpenShift write a tag's image into a workload; where it is no JSON nothing happens. */
const TRIGGERS = 'image.openshift.io/triggers';
const triggers = z.array(z.object({ from }).catch({ from: null })).catch([]);

const inAnnotations = (annotations: Readonly<Record<string, string>>): readonly Named[] => {
  try {
    return triggers.parse(JSON.parse(annotations[TRIGGERS] ?? '[]')).map((trigger) => trigger.from);
  } catch {
    return [];
  }
};

const workloadKind = <Schema extends z.ZodType<{ readonly metadata: z.output<typeof metadata> }>>(
  resource: Resource,
  schema: Schema,
  find: (object: z.output<Schema>) => readonly Named[],
  isEnded: (object: z.output<Schema>) => boolean = () => false,
): WorkloadKind => ({
  ...resource,
  findReferences: (object) => {
    const parsed = schema.safeParse(object);
    if (!parsed.success) return null;
    const { namespace, name, creationTimestamp, annotations } = parsed.data.metadata;
    const endedPodCreated = isEnded(parsed.data) ? (creationTimestamp ?? null) : null;
    const references = [...find(parsed.data), ...inAnnotations(annotations)].map((named) =>
      typeof named === 'string' ? toPullSpec(named) : toReference(named, namespace),
    );
    return distinct(references).map((reference) => ({
      namespace,
      workload: `${namespace}/${resource.kind}/${name}`,
      reference,
      endedPodCreated,
    }));
  },
});

/** A container that has not started has an empty imageID. */
const toPullSpec = (spec: string): ImageReference | null => (spec === '' ? null : { type: 'pullSpec', spec });

const distinct = (references: readonly (ImageReference | null)[]): readonly ImageReference[] => [
  ...new Map(
    references
      .filter((reference) => reference !== null)
      .map((reference) => [JSON.stringify(reference), reference]),
  ).values(),
];

/** Every kind that is read for the images it uses. */
export const WORKLOAD_KINDS: readonly WorkloadKind[] = [
  workloadKind({ group: '', plural: 'pods', kind: 'Pod' }, pod, inPod, hasEnded),
  workloadKind(
    { group: '', plural: 'replicationcontrollers', kind: 'ReplicationController' },
    templated,
    inTemplate,
  ),
  workloadKind({ group: 'apps', plural: 'deployments', kind: 'Deployment' }, templated, inTemplate),
  workloadKind({ group: 'apps', plural: 'replicasets', kind: 'ReplicaSet' }, templated, inTemplate),
  workloadKind({ group: 'apps', plural: 'statefulsets', kind: 'StatefulSet' }, templated, inTemplate),
  workloadKind({ group: 'apps', plural: 'daemonsets', kind: 'DaemonSet' }, templated, inTemplate),
  workloadKind({ group: 'batch', plural: 'jobs', kind: 'Job' }, templated, inTemplate),
  workloadKind({ group: 'batch', plural: 'cronjobs', kind: 'CronJob' }, cronJob, inCronJob),
  workloadKind(
    { group: 'apps.openshift.io', plural: 'deploymentconfigs', kind: 'DeploymentConfig' },
    deploymentConfig,
    inDeploymentConfig,
  ),
  workloadKind({ group: 'build.openshift.io', plural: 'builds', kind: 'Build' }, build, inBuild),
  workloadKind({ group: 'build.openshift.io', plural: 'buildconfigs', kind: 'BuildConfig' }, build, inBuild),
];
