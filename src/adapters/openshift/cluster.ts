import { z } from 'zod';
import { AppError } from '../../errors.ts';
import type { Observe } from '../../pipeline/events.ts';
import { mapConcurrently } from '../../pipeline/concurrency.ts';
import type { Cluster, Now } from '../../pipeline/ports.ts';
import { createHoldingsBuilder } from '../../usage/cluster/holdings-builder.ts';
import type { HoldingsBuilder } from '../../usage/cluster/holdings-builder.ts';
import { createInternedStrings } from '../../usage/cluster/interned-strings.ts';
import { listStreams } from '../../usage/cluster/records.ts';
import type { ImageStream, Namespace } from '../../usage/model.ts';
import { readObject } from './json/bodies.ts';
import { createClient } from './client.ts';
import { groupCustomUses, readCustomUses } from './workloads/custom-resources.ts';
import type { CustomUse } from './workloads/custom-resources.ts';
import { formatTime } from './objects/fields.ts';
import { readHeldImages } from './lists/held-images.ts';
import type { LoginSource } from './kubeconfig.ts';
import { gatherList, joinReadings, readList } from './lists/lists.ts';
import type { ListDeps, ListOutcome, ListRequest, PartReading } from './lists/lists.ts';
import type { Reduction } from './json/wanted-fields.ts';
import { IMAGE_FIELDS, IMAGE_STREAM_FIELDS, toImage, toImageStream, toNamespace } from './objects/objects.ts';
import { WORKLOAD_KINDS } from './workloads/kinds.ts';
import { toRefusalError } from './lists/refusals.ts';
import { IMAGES, IMAGE_STREAMS, listPath, NAMESPACES } from './lists/resources.ts';
import type { Resource } from './lists/resources.ts';
import { createSharing } from './objects/interning.ts';
import { readWorkloads } from './workloads/workloads.ts';

/** Which cluster, and how it is called. */
export type ClusterOptions = LoginSource & {
  /** What people call the cluster; null: its name in the kubeconfig. */
  readonly name: string | null;
  /** The API's URL as people use it; null: the kubeconfig's server. */
  readonly apiUrl: string | null;
  /** Custom resources that are read for the images they name, too; none unless told. */
  readonly customUses?: readonly CustomUse[];
  readonly now: Now;
  /** Objects a page; 500 unless a test says less. */
  readonly pageSize?: number;
  /** The first wait before another try, in milliseconds; 500 unless a test says less. */
  readonly retryBaseMs?: number;
};

/**
 * The cluster that a kubeconfig or a pod's service account leads to. Nothing is ever written to it.
 * @throws AppError `invalid` for an unusable kubeconfig
 */
export const createCluster = (options: ClusterOptions, observe: Observe): Cluster & AsyncDisposable => {
  const { pageSize = 500, retryBaseMs = 500, customUses = [] } = options;
  const client = createClient({ ...options, retryBaseMs }, observe);
  const deps: ListDeps = { client, pageSize, now: options.now, observe };
  return {
    readInventory: async (request) => {
      const names = request.namespaces === null ? null : [...new Set(request.namespaces)];
      const readAt = formatTime(options.now());
      const interned = createInternedStrings();
      const builder = createHoldingsBuilder(interned);
      const workloadDeps = { ...deps, shareReference: createSharing(interned).shareReference };
      const known = await mapConcurrently(WORKLOAD_KINDS, (kind) =>
        readWorkloads(workloadDeps, kind, names ?? []),
      );
      const custom = await mapConcurrently(groupCustomUses(customUses), (kind) =>
        readCustomUses(workloadDeps, kind, names ?? []),
      );
      const workloads = [...known, ...custom];
      const namespaces = await readNamespaces(deps, names);
      const streams = await readImageStreams(deps, names, builder);
      const images = await readImages(deps, names, builder);
      const readings = [namespaces, streams, images];
      const isWhole = readings.every((reading) => reading.isWhole);
      const lists = [...workloads, ...readings].flatMap(({ list }) => list ?? []);
      return {
        cluster: {
          name: options.name ?? client.login.clusterName,
          apiUrl: options.apiUrl ?? client.login.publicServer,
        },
        readAt,
        exact: lists.every(({ exact }) => exact),
        lists,
        scope: isWhole ? 'cluster' : 'namespaces',
        unreadableKinds: workloads
          .filter(({ unreadable }) => unreadable)
          .map(({ kind }) => kind)
          .toSorted(),
        namespaces: namespaces.objects.filter(({ name }) => isWhole || names?.includes(name)),
        holdings: builder.build(),
        references: workloads.flatMap(({ references }) => references),
      };
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
};

/** All there is of a kind in the cluster, or a part of it. */
type Reading<Objects> = PartReading<Objects> & { readonly isWhole: boolean };

/**
 * All objects of a kind, or, where they may not be listed and namespaces are named, what these hold of it.
 * @throws AppError for whatever else keeps the list from being read
 */
const readAllOrPart = async <Objects>(
  deps: ListDeps,
  resource: Resource,
  read: {
    readonly all: (request: ListRequest) => Promise<ListOutcome<Objects>>;
    readonly part: (() => Promise<PartReading<Objects>>) | null;
  },
): Promise<Reading<Objects>> => {
  const request = { resource, namespace: null };
  const all = await read.all(request);
  if (all.outcome === 'forbidden' && read.part !== null) return { ...(await read.part()), isWhole: false };
  const { objects, ...list } = orThrow(deps, request, all);
  return { objects, list: joinReadings(resource.plural, [list]), isWhole: true };
};

const readNamespaces = async (
  deps: ListDeps,
  names: readonly string[] | null,
): Promise<Reading<readonly Namespace[]>> => {
  const reading = await readAllOrPart(deps, NAMESPACES, {
    all: (request) => readList(deps, request, { fields: 'all', reduce: toNamespace }),
    part: names && (() => getNamespaces(deps, names)),
  });
  const known = new Set(reading.objects.map(({ name }) => name));
  const unknown = names?.find((name) => !known.has(name));
  if (unknown !== undefined) throw unknownNamespace(unknown);
  return reading;
};

const getNamespaces = async (
  deps: ListDeps,
  names: readonly string[],
): Promise<PartReading<readonly Namespace[]>> => {
  const readAt = formatTime(deps.now());
  const objects = await mapConcurrently(names, (name) => getNamespace(deps, name));
  return { objects, list: { kind: NAMESPACES.plural, readAt, exact: true } };
};

const getNamespace = async ({ client }: ListDeps, name: string): Promise<Namespace> => {
  const answer = await client.ask({
    kind: NAMESPACES.plural,
    path: `${listPath(NAMESPACES, null)}/${encodeURIComponent(name)}`,
    read: readObject(z.looseObject({ kind: z.literal(NAMESPACES.kind) })),
  });
  if (answer.outcome === 'read') return toNamespace(answer.body);
  if (answer.outcome === 'absent') throw unknownNamespace(name);
  if (answer.outcome === 'forbidden') throw unseenNamespace(name);
  throw toRefusalError(answer, { resource: NAMESPACES, namespace: name, verb: 'get' }, client.login);
};

const unknownNamespace = (name: string): AppError =>
  new AppError('not_found', `There is no namespace ${name}`, {
    hint: 'Check the spelling; `oc get projects` lists those that you can see.',
  });

/** OpenShift answers 403, too, for a namespace that does not exist. */
const unseenNamespace = (name: string): AppError =>
  new AppError('forbidden', `These credentials may not see the namespace ${name}, if there is one`, {
    hint: 'Check the spelling; `oc get projects` lists those that you can see.',
  });

const STREAM_REDUCTION: Reduction<ImageStream> = { fields: IMAGE_STREAM_FIELDS, reduce: toImageStream };

const readImageStreams = (
  deps: ListDeps,
  names: readonly string[] | null,
  { addStream, forgetStreams }: HoldingsBuilder,
): Promise<Reading<void>> =>
  readAllOrPart(deps, IMAGE_STREAMS, {
    all: (request) =>
      gatherList(deps, request, {
        ...STREAM_REDUCTION,
        start: forgetStreams,
        add: (_, stream) => addStream(stream),
        isRepeatable: true,
      }),
    part:
      names &&
      (async () => {
        const parts = await mapConcurrently(names, async (namespace) => {
          const request = { resource: IMAGE_STREAMS, namespace };
          return orThrow(deps, request, await readList(deps, request, STREAM_REDUCTION));
        });
        // The list may have been refused half-way.
        forgetStreams();
        for (const { objects } of parts) objects.forEach(addStream);
        return { objects: undefined, list: joinReadings(IMAGE_STREAMS.plural, parts) };
      }),
  });

const readImages = (
  deps: ListDeps,
  names: readonly string[] | null,
  { addImage, forgetImages, build }: HoldingsBuilder,
): Promise<Reading<void>> =>
  readAllOrPart(deps, IMAGES, {
    all: (request) =>
      gatherList(deps, request, {
        fields: IMAGE_FIELDS,
        reduce: toImage,
        start: forgetImages,
        add: (_, image) => addImage(image),
        isRepeatable: true,
      }),
    part:
      names &&
      (async () => {
        const held = listStreams(build()).filter(({ namespace }) => names.includes(namespace));
        const { objects, list } = await readHeldImages(deps, held);
        forgetImages();
        objects.forEach(addImage);
        return { objects: undefined, list };
      }),
  });

const orThrow = <Objects>(
  { client }: ListDeps,
  request: ListRequest,
  list: ListOutcome<Objects>,
): Extract<ListOutcome<Objects>, { readonly outcome: 'read' }> => {
  if (list.outcome === 'read') return list;
  throw toRefusalError(list, request, client.login);
};
