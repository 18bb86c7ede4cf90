import type { ApiObject } from '../../sandbox/api-lists.ts';
import type {
  HowUsed,
  Image,
  ImageReference,
  ImageStream,
  Layer,
  Namespace,
  Tag,
  WorkloadReference,
} from '../../src/usage/model.ts';
import type { ListedInventory } from '../listed-inventory.ts';

/** List answers of the API, parsed, by resource (`images`, `pods`, …); what is absent has no objects. */
export type Lists = {
  readonly [Resource in ListedResource | CustomResource]?: { readonly items: readonly ApiObject[] };
};

const WORKLOAD_KINDS = {
  pods: 'Pod',
  deployments: 'Deployment',
  replicasets: 'ReplicaSet',
  statefulsets: 'StatefulSet',
  daemonsets: 'DaemonSet',
  jobs: 'Job',
  cronjobs: 'CronJob',
  replicationcontrollers: 'ReplicationController',
  deploymentconfigs: 'DeploymentConfig',
  builds: 'Build',
  buildconfigs: 'BuildConfig',
  rollouts: 'Rollout',
} as const;

type WorkloadResource = keyof typeof WORKLOAD_KINDS;
type CustomResource = 'rollouts';
type ListedResource = Exclude<WorkloadResource, CustomResource> | 'namespaces' | 'images' | 'imagestreams';

/** Every resource that `readLists` always looks at; it knows one custom one, too, which holds a pod template. */
export const LISTED_RESOURCES: readonly ListedResource[] = [
  'namespaces',
  'images',
  'imagestreams',
  'pods',
  'deployments',
  'replicasets',
  'statefulsets',
  'daemonsets',
  'jobs',
  'cronjobs',
  'replicationcontrollers',
  'deploymentconfigs',
  'builds',
  'buildconfigs',
];

/** Reads raw API lists into the nouns of registry.ts, written from the definitions without a look at the adapter. */
export const readLists = (lists: Lists, readAt: string): ListedInventory => ({
  cluster: { name: 'recorded', apiUrl: null },
  readAt,
  exact: true,
  lists: [],
  scope: 'cluster',
  unreadableKinds: [],
  namespaces: itemsOf(lists.namespaces).map(readNamespace),
  streams: itemsOf(lists.imagestreams).map(readStream),
  images: itemsOf(lists.images).map(readImage),
  references: workloadResources.flatMap((resource) =>
    itemsOf(lists[resource]).flatMap((object) => readWorkload(resource, object)),
  ),
});

const workloadResources = [...LISTED_RESOURCES, 'rollouts' as const].filter(
  (resource): resource is WorkloadResource => resource in WORKLOAD_KINDS,
);

const readNamespace = (object: unknown): Namespace => ({
  name: nameOf(object),
  labels: textsAt(object, 'metadata', 'labels'),
  annotations: textsAt(object, 'metadata', 'annotations'),
});

const readImage = (object: unknown): Image => {
  const layers = at(object, 'dockerImageLayers');
  const stated = at(object, 'dockerImageMetadata', 'Size');
  const isSound =
    (layers === undefined || layers === null || (Array.isArray(layers) && layers.every(isLayer))) &&
    (stated === undefined || stated === null || Number.isSafeInteger(stated));
  return {
    digest: nameOf(object),
    managed: at(object, 'metadata', 'annotations', 'openshift.io/image.managed') === 'true',
    layers: Array.isArray(layers) ? layers.map(readLayer) : null,
    statedBytes: typeof stated === 'number' ? stated : null,
    configDigest: textAt(object, 'dockerImageMetadata', 'Id'),
    architecture: textAt(object, 'dockerImageMetadata', 'Architecture'),
    children: listAt(object, 'dockerImageManifests').map((child) => ({
      digest: textAt(child, 'digest') ?? '',
      architecture: textAt(child, 'architecture'),
    })),
    fault: isSound ? null : 'unparsable',
  };
};

const isLayer = (layer: unknown): boolean => {
  const size = at(layer, 'size');
  return textAt(layer, 'name') !== null && Number.isSafeInteger(size) && Number(size) >= 0;
};

const readLayer = (layer: unknown): Layer => ({
  digest: textAt(layer, 'name') ?? '',
  sizeBytes: Number(at(layer, 'size')),
});

const readStream = (object: unknown): ImageStream => {
  const namespace = namespaceOf(object);
  const name = nameOf(object);
  const asked = listAt(object, 'spec', 'tags');
  const seen = listAt(object, 'status', 'tags');
  const names = new Set([
    ...asked.map((tag) => textAt(tag, 'name') ?? ''),
    ...seen.map((tag) => textAt(tag, 'tag') ?? ''),
  ]);
  return {
    namespace,
    name,
    repository: textAt(object, 'status', 'dockerImageRepository') ?? '',
    publicRepository: textAt(object, 'status', 'publicDockerImageRepository') ?? '',
    localLookup: at(object, 'spec', 'lookupPolicy', 'local') === true,
    tags: [...names].map((tag): Tag => {
      const spec = asked.find((entry) => at(entry, 'name') === tag);
      const status = seen.find((entry) => at(entry, 'tag') === tag);
      const failed = listAt(status, 'conditions').find(
        (condition) => at(condition, 'type') === 'ImportSuccess' && at(condition, 'status') === 'False',
      );
      return {
        name: tag,
        revisions: listAt(status, 'items').map((item) => ({
          digest: textAt(item, 'image') ?? '',
          reference: textAt(item, 'dockerImageReference') ?? '',
          created: textAt(item, 'created'),
        })),
        from: readObjectReference(at(spec, 'from'), { namespace, stream: name }),
        isReference: at(spec, 'reference') === true,
        importFailure: failed === undefined ? null : (textAt(failed, 'message') ?? 'no reason'),
      };
    }),
  };
};

const readWorkload = (resource: WorkloadResource, object: unknown): readonly WorkloadReference[] => {
  const namespace = namespaceOf(object);
  const phase = at(object, 'status', 'phase');
  const hasEnded = resource === 'pods' && (phase === 'Succeeded' || phase === 'Failed');
  const owner = listAt(object, 'metadata', 'ownerReferences').find((one) => at(one, 'controller') === true);
  const own = stateOf(resource, object);
  const references = [
    ...readTemplates(resource, object).map((reference) => ({ reference, how: own })),
    ...readBuild(object, namespace).map((reference) => ({ reference, how: own })),
    ...readTriggers(object, namespace).map((reference) => ({
      reference,
      how: resource === 'buildconfigs' ? own : ('trigger' as const),
    })),
  ];
  return references.map(({ reference, how }) => ({
    namespace,
    workload: `${namespace}/${WORKLOAD_KINDS[resource]}/${nameOf(object)}`,
    reference,
    how,
    controller: owner === undefined ? null : `${namespace}/${textAt(owner, 'kind')}/${textAt(owner, 'name')}`,
    endedPodCreated: hasEnded ? textAt(object, 'metadata', 'creationTimestamp') : null,
  }));
};

/** What an object is doing with what its template or build names. */
const stateOf = (resource: WorkloadResource, object: unknown): HowUsed => {
  const phase = textAt(object, 'status', 'phase') ?? '';
  const isSuspended = at(object, 'spec', 'suspend') === true;
  switch (resource) {
    case 'pods':
      return ['Succeeded', 'Failed'].includes(phase) ? 'finished' : 'running';
    case 'builds':
      return ['Complete', 'Failed', 'Error', 'Cancelled'].includes(phase) ? 'finished' : 'running';
    case 'buildconfigs':
      return 'build-input';
    case 'cronjobs':
      return isSuspended ? 'suspended' : 'scheduled';
    case 'jobs': {
      const hasEnded = listAt(object, 'status', 'conditions').some(
        (one) =>
          at(one, 'status') === 'True' && (at(one, 'type') === 'Complete' || at(one, 'type') === 'Failed'),
      );
      return hasEnded ? 'finished' : isSuspended ? 'suspended' : 'running';
    }
    case 'rollouts':
      return 'named';
    default:
      return at(object, 'spec', 'replicas') === 0 ? 'scaled-to-0' : 'running';
  }
};

const readTemplates = (resource: WorkloadResource, object: unknown): readonly ImageReference[] => {
  const pod =
    resource === 'pods'
      ? at(object, 'spec')
      : resource === 'cronjobs'
        ? at(object, 'spec', 'jobTemplate', 'spec', 'template', 'spec')
        : at(object, 'spec', 'template', 'spec');
  const containers = ['containers', 'initContainers', 'ephemeralContainers'].flatMap((key) =>
    listAt(pod, key),
  );
  const statuses = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'].flatMap(
    (key) => listAt(object, 'status', key),
  );
  return [
    ...containers.map((container) => textAt(container, 'image')),
    ...listAt(pod, 'volumes').map((volume) => textAt(volume, 'image', 'reference')),
    ...statuses.map((status) => textAt(status, 'imageID')),
    textAt(object, 'spec', 'strategy', 'customParams', 'image'),
  ].flatMap(asPullSpec);
};

const readTriggers = (object: unknown, namespace: string): readonly ImageReference[] => {
  const annotation = textAt(object, 'metadata', 'annotations', 'image.openshift.io/triggers');
  const annotated = annotation === null ? [] : listAt(parse(annotation));
  const listed = listAt(object, 'spec', 'triggers');
  return [
    ...[
      ...annotated.map((trigger) => at(trigger, 'from')),
      ...listed.map((trigger) => at(trigger, 'imageChangeParams', 'from')),
      ...listed.map((trigger) => at(trigger, 'imageChange', 'from')),
    ].flatMap((from) => readObjectReference(from, { namespace, stream: null }) ?? []),
    ...[
      ...listed.map((trigger) => textAt(trigger, 'imageChangeParams', 'lastTriggeredImage')),
      ...listed.map((trigger) => textAt(trigger, 'imageChange', 'lastTriggeredImageID')),
      ...listAt(object, 'status', 'imageChangeTriggers').map((one) => textAt(one, 'lastTriggeredImageID')),
    ].flatMap(asPullSpec),
  ];
};

const readBuild = (object: unknown, namespace: string): readonly ImageReference[] => {
  const strategies = ['dockerStrategy', 'sourceStrategy', 'customStrategy'];
  const causes = listAt(object, 'spec', 'triggeredBy').map((cause) => at(cause, 'imageChangeBuild'));
  return [
    ...strategies.map((strategy) => at(object, 'spec', 'strategy', strategy, 'from')),
    ...listAt(object, 'spec', 'source', 'images').map((image) => at(image, 'from')),
    ...causes.map((cause) => at(cause, 'fromRef')),
  ]
    .flatMap((from) => readObjectReference(from, { namespace, stream: null }) ?? [])
    .concat(
      [...causes.map((cause) => textAt(cause, 'imageID')), ...readDockerfile(object)].flatMap(asPullSpec),
    );
};

/** What an inline Dockerfile starts from and copies from; ARG lines count with what the build gives them. */
const readDockerfile = (object: unknown): readonly string[] => {
  const lines = (textAt(object, 'spec', 'source', 'dockerfile') ?? '').split('\n').map((line) => line.trim());
  const given = listAt(object, 'spec', 'strategy', 'dockerStrategy', 'buildArgs').map((one) => [
    textAt(one, 'name') ?? '',
    textAt(one, 'value') ?? '',
  ]);
  const defaults = lines
    .filter((line) => line.startsWith('ARG '))
    .map((line) => line.slice('ARG '.length).split('='));
  const fill = (name: string): string =>
    [...given, ...defaults].reduce((text, [arg = '', value = '']) => text.replace(`\${${arg}}`, value), name);
  const stages = lines.flatMap((line) => / AS (\w+)$/.exec(line)?.[1] ?? []);
  return lines
    .flatMap((line) => {
      const words = line.split(/\s+/).filter((word) => !word.startsWith('--platform='));
      if (words[0] === 'FROM') return [words[1] ?? ''];
      return words[0] === 'COPY' && words[1]?.startsWith('--from=') ? [words[1].slice('--from='.length)] : [];
    })
    .map(fill)
    .filter((name) => name !== 'scratch' && !stages.includes(name));
};

/** An ObjectReference: a tag may be named without its stream where a tag of the same stream is meant. */
const readObjectReference = (
  from: unknown,
  place: { readonly namespace: string; readonly stream: string | null },
): ImageReference | null => {
  const namespace = textAt(from, 'namespace') ?? place.namespace;
  const name = textAt(from, 'name') ?? '';
  if (at(from, 'kind') === 'ImageStreamTag') {
    const [stream, tag] = name.includes(':') ? name.split(':') : [place.stream, name];
    return stream ? { type: 'tag', namespace, stream, tag: tag ?? '' } : null;
  }
  if (at(from, 'kind') === 'ImageStreamImage')
    return { type: 'digest', digest: name.slice(name.indexOf('@') + 1) };
  return at(from, 'kind') === 'DockerImage' && name !== '' ? { type: 'pullSpec', spec: name } : null;
};

const asPullSpec = (spec: string | null): readonly ImageReference[] =>
  spec === null ? [] : [{ type: 'pullSpec', spec }];

const parse = (json: string): unknown => {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
};

const itemsOf = (list: Lists[keyof Lists]): readonly unknown[] => list?.items ?? [];

const nameOf = (object: unknown): string => textAt(object, 'metadata', 'name') ?? '';
const namespaceOf = (object: unknown): string => textAt(object, 'metadata', 'namespace') ?? '';

const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null
        ? Object.entries(inner).find(([k]) => k === key)?.[1]
        : undefined,
    value,
  );

const textAt = (value: unknown, ...path: readonly string[]): string | null => {
  const text = at(value, ...path);
  return typeof text === 'string' && text !== '' ? text : null;
};

const listAt = (value: unknown, ...path: readonly string[]): readonly unknown[] => {
  const list = at(value, ...path);
  return Array.isArray(list) ? list : [];
};

const textsAt = (value: unknown, ...path: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(at(value, ...path) ?? {}).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
