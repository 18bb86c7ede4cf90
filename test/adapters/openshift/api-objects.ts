import { expect } from 'vitest';
import type { ApiObject } from '../../../sandbox/api-lists.ts';
import { toImage, toImageStream, toNamespace } from '../../../src/adapters/openshift/objects/objects.ts';
import { WORKLOAD_KINDS } from '../../../src/adapters/openshift/workloads/kinds.ts';

import type { NamespaceReport, Report } from '../../../src/usage/report/report.ts';
import { bruteForce } from '../../brute-force/brute-force.ts';
import { pickFigures } from '../../brute-force/pick-figures.ts';
import { inventory, NOW } from '../../usage/build.ts';
import { reportOn } from '../../usage/report-on.ts';
import type { ReportOptions } from '../../usage/report-on.ts';
import type { ListedInventory } from '../../listed-inventory.ts';

/** API objects as OpenShift writes them, with sound defaults, and the report that comes of them. */

/** The registry as streams and pushed revisions name it. */
export const HOST = 'image-registry.openshift-image-registry.svc:5000';
/** Streams belong to it unless they say otherwise. */
export const NAMESPACE = 'a1b2c3-dev';

/** A namespace with somebody to tell, so that no finding says that there is nobody. */
export const apiNamespace = (name: string, metadata: object = {}): ApiObject => ({
  metadata: { annotations: { owner: 'ann@example.test' }, ...metadata, name },
  status: { phase: 'Active' },
});

/** An Image of these fields; `managed` is what its annotation says, null for one without. */
export const apiImage = (name: string, fields: object, managed: string | null = 'true'): ApiObject => ({
  metadata: { name, annotations: managed === null ? null : { 'openshift.io/image.managed': managed } },
  dockerImageMetadataVersion: '1.0',
  ...fields,
});

/** `dockerImageLayers` of these sizes by digest. */
export const apiLayers = (sizes: Readonly<Record<string, number>>): readonly object[] =>
  Object.entries(sizes).map(([name, size]) => ({
    name,
    size,
    mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  }));

/** An Image of one architecture as a push makes it: layers by digest, and a config of 3 bytes called `<name>-config`. */
export const pushedImage = (name: string, sizes: Readonly<Record<string, number>>): ApiObject =>
  apiImage(name, {
    dockerImageLayers: apiLayers(sizes),
    dockerImageMetadata: {
      kind: 'DockerImage',
      Id: `${name}-config`,
      Size: Object.values(sizes).reduce((sum, size) => sum + size, 3),
      Architecture: 'amd64',
    },
  });

/** An index Image: it has neither layers nor a Size. */
export const indexImage = (name: string, architectures: Readonly<Record<string, string>>): ApiObject =>
  apiImage(name, {
    dockerImageManifests: Object.entries(architectures).map(([digest, architecture]) => ({
      digest,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      manifestSize: 7,
      architecture,
      os: 'linux',
    })),
    dockerImageMetadata: { kind: 'DockerImage', Id: '', Config: null },
  });

/** Fields of a stream beside its tags; `repository` null for a stream without a `dockerImageRepository`. */
type StreamFields = {
  readonly namespace?: string;
  readonly repository?: string | null;
  readonly publicRepository?: string;
  readonly spec?: object;
};

/**
 * An ImageStream; each tag of its status is given as its tag events, newest first (a text is the digest of one that was
 * pushed), or as the fields of its `status.tags` entry.
 */
export const apiStream = (
  name: string,
  tags: Readonly<
    Record<string, readonly (string | object)[] | { readonly items: unknown; readonly conditions?: unknown }>
  >,
  {
    namespace = NAMESPACE,
    repository = `${HOST}/${namespace}/${name}`,
    publicRepository,
    spec = {},
  }: StreamFields = {},
): ApiObject => ({
  metadata: { namespace, name },
  spec: { lookupPolicy: { local: false }, ...spec },
  status: {
    ...(repository === null ? {} : { dockerImageRepository: repository }),
    ...(publicRepository === undefined ? {} : { publicDockerImageRepository: publicRepository }),
    tags: Object.entries(tags).map(([tag, given]) => ({
      tag,
      ...('items' in given
        ? given
        : { items: given.map((event) => tagEvent(event, `${namespace}/${name}`)) }),
    })),
  },
});

const tagEvent = (event: string | object, place: string): object =>
  typeof event === 'string'
    ? {
        created: '2026-11-01T08:00:00Z',
        dockerImageReference: `${HOST}/${place}@${event}`,
        image: event,
        generation: 1,
      }
    : event;

/** What the API lists; the namespaces are those of the streams unless told. */
type ApiLists = {
  readonly namespaces?: readonly ApiObject[];
  readonly imagestreams: readonly ApiObject[];
  readonly images?: readonly ApiObject[];
  readonly pods?: readonly ApiObject[];
};

/** Reads API objects into an inventory, as the adapter does. */
export const readObjects = (given: ApiLists): ListedInventory => {
  // As it comes over the wire.
  const lists: Required<ApiLists> = JSON.parse(JSON.stringify(withDefaults(given)));
  return inventory({
    namespaces: lists.namespaces.map(toNamespace),
    streams: lists.imagestreams.map(toImageStream),
    images: lists.images.map(toImage),
    references: WORKLOAD_KINDS.filter(({ plural }) => plural === 'pods').flatMap((kind) =>
      lists.pods.flatMap((pod) => kind.findReferences(pod) ?? []),
    ),
  });
};

/** The report on API objects. Its figures are compared with those that the brute force has of the same objects. */
export const reportOnObjects = (given: ApiLists, options: ReportOptions = {}): Report => {
  const report = reportOn(readObjects(given), options);
  const lists = Object.fromEntries(
    Object.entries(withDefaults(given)).map(([plural, items]) => [plural, { items }]),
  );
  expect(pickFigures(report)).toEqual(bruteForce(lists, { readAt: NOW, ...options }));
  return report;
};

/** One namespace of a report. */
export const namespaceIn = ({ reports }: Report, name = NAMESPACE): NamespaceReport => {
  const found = reports.flatMap(({ namespaces }) => namespaces).find((one) => one.name === name);
  if (found === undefined) throw new Error(`no namespace ${name}`);
  return found;
};

const withDefaults = (given: ApiLists): Required<ApiLists> => {
  const names = new Set(given.imagestreams.map(({ metadata }) => metadata.namespace ?? ''));
  return {
    namespaces: [...names].map((name) => apiNamespace(name)),
    images: [],
    pods: [],
    ...given,
  };
};
