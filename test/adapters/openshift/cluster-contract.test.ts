import type { ApiObjects } from '../../../sandbox/api-lists.ts';
import type { ImageObject, ImageStreamObject } from '../../../src/adapters/openshift/objects/objects.ts';
import type { Image, ImageReference, ImageStream, WorkloadReference } from '../../../src/usage/model.ts';
import { describeCluster } from '../../pipeline/cluster-contract.ts';
import { openCluster, startServer } from './open-cluster.ts';
import type { ListedInventory } from '../../listed-inventory.ts';

describeCluster('OpenShift', async (inventory) => {
  const server = await startServer({ lists: toObjects(inventory) });
  const { cluster } = await openCluster(server, {
    ...inventory.cluster,
    now: () => new Date(inventory.readAt),
  });
  return cluster;
});

/** The API objects that a cluster with this inventory would have. */
const toObjects = ({ namespaces, streams, images, references }: ListedInventory): ApiObjects => ({
  namespaces: namespaces.map((metadata) => ({ metadata })),
  imagestreams: [...streams].map(toImageStreamObject),
  images: [...images].map(toImageObject),
  pods: references.filter(({ endedPodCreated }) => endedPodCreated !== null).map(toEndedPod),
  deployments: references.filter(({ endedPodCreated }) => endedPodCreated === null).map(toDeployment),
});

const toImageStreamObject = ({ namespace, name, repository, localLookup, tags }: ImageStream) =>
  ({
    metadata: { namespace, name },
    spec: {
      lookupPolicy: { local: localLookup },
      tags: tags.map((tag) => ({ name: tag.name, from: toFrom(tag.from), reference: tag.isReference })),
    },
    status: {
      dockerImageRepository: repository,
      tags: tags.map(({ name: tag, revisions, importFailure }) => ({
        tag,
        items: revisions.map(({ digest, reference, created }) => ({
          image: digest,
          dockerImageReference: `${reference}@${digest}`,
          created,
        })),
        conditions:
          importFailure === null ? [] : [{ type: 'ImportSuccess', status: 'False', message: importFailure }],
      })),
    },
  }) satisfies ImageStreamObject;

const toFrom = (reference: ImageReference | null) => {
  switch (reference?.type) {
    case undefined:
      return null;
    case 'pullSpec':
      return { kind: 'DockerImage', name: reference.spec };
    case 'tag':
      return {
        kind: 'ImageStreamTag',
        namespace: reference.namespace,
        name: `${reference.stream}:${reference.tag}`,
      };
    case 'digest':
      return { kind: 'ImageStreamImage', name: `any@${reference.digest}` };
  }
};

const toImageObject = (image: Image) =>
  ({
    metadata: { name: image.digest, annotations: { 'openshift.io/image.managed': String(image.managed) } },
    dockerImageLayers:
      image.layers?.map(({ digest, sizeBytes }) => ({ name: digest, size: sizeBytes })) ?? null,
    dockerImageMetadata: {
      Id: image.configDigest,
      Size: image.statedBytes,
      Architecture: image.architecture,
    },
    dockerImageManifests: [...image.children],
  }) satisfies ImageObject;

const toEndedPod = ({ namespace, workload, reference, endedPodCreated }: WorkloadReference) => ({
  metadata: { namespace, name: nameOf(workload), creationTimestamp: endedPodCreated },
  spec: { containers: [{ image: specOf(reference) }] },
  status: { phase: 'Succeeded' },
});

const toDeployment = ({ namespace, workload, reference }: WorkloadReference) => ({
  metadata: { namespace, name: nameOf(workload) },
  spec: { template: { spec: { containers: [{ image: specOf(reference) }] } } },
});

const nameOf = (workload: string): string => workload.split('/')[2] ?? '';

const specOf = (reference: ImageReference): string | null =>
  reference.type === 'pullSpec' ? reference.spec : null;
