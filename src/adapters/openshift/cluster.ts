import { z } from 'zod';
import { AppError } from '../../errors.ts';
import type { Observe } from '../../pipeline/events.ts';
import { mapInLanes } from '../../pipeline/lanes.ts';
import type { Cluster, Now } from '../../pipeline/ports.ts';
import type { ImageStream, Namespace } from '../../usage/registry.ts';
import { readObject } from './bodies.ts';
import { createClient } from './client.ts';
import { groupCustomUses, readCustomUses } from './custom-resources.ts';
import type { CustomUse } from './custom-resources.ts';
import { readHeldImages } from './held-images.ts';
import type { LoginSource } from './kubeconfig.ts';
import { joinReadings, readList } from './lists.ts';
import type { ListDeps, ListOutcome, ListRequest, PartReading } from './lists.ts';
import { formatTime, toImage, toImageStream, toNamespace } from './objects.ts';
import { WORKLOAD_KINDS } from './references.ts';
import { toRefusalError } from './refusals.ts';
import { IMAGES, IMAGE_STREAMS, listPath, NAMESPACES } from './resources.ts';
import type { Resource } from './resources.ts';
import { createSharing } from './sharing.ts';
import { readWorkloads } from './workloads.ts';

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
      const known = await mapInLanes(WORKLOAD_KINDS, (kind) => readWorkloads(deps, kind, names ?? []));
      const custom = await mapInLanes(groupCustomUses(customUses), (kind) =>
        readCustomUses(deps, kind, names ?? []),
      );
      const workloads = [...known, ...custom];
      const namespaces = await readNamespaces(deps, names);
      const { shareStream, shareImage } = createSharing();
      const streams = await readImageStreams(deps, names, (object) => shareStream(toImageStream(object)));
      const held = streams.objects.filter(({ namespace }) => names?.includes(namespace));
      const images = await readAllOrPart(
        deps,
        { resource: IMAGES, slim: (object) => shareImage(toImage(object)) },
        names && (() => readHeldImages(deps, held)),
      );
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
        streams: streams.objects,
        images: images.objects,
        references: workloads.flatMap(({ references }) => references),
      };
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
};

/** All there is of a kind in the cluster, or a part of it. */
type Reading<Slim> = PartReading<Slim> & { readonly isWhole: boolean };

/**
 * All objects of a kind, or, where they may not be listed and namespaces are named, what these hold of it.
 * @throws AppError for whatever else keeps the list from being read
 */
const readAllOrPart = async <Slim>(
  deps: ListDeps,
  { resource, slim }: { readonly resource: Resource; readonly slim: (object: unknown) => Slim },
  readPart: (() => Promise<PartReading<Slim>>) | null,
): Promise<Reading<Slim>> => {
  const request = { resource, namespace: null };
  const all = await readList(deps, request, slim);
  if (all.outcome === 'forbidden' && readPart !== null) return { ...(await readPart()), isWhole: false };
  const { objects, ...list } = orThrow(deps, request, all);
  return { objects, list: joinReadings(resource.plural, [list]), isWhole: true };
};

const readNamespaces = async (
  deps: ListDeps,
  names: readonly string[] | null,
): Promise<Reading<Namespace>> => {
  const kind = { resource: NAMESPACES, slim: toNamespace };
  const reading = await readAllOrPart(deps, kind, names && (() => getNamespaces(deps, names)));
  const known = new Set(reading.objects.map(({ name }) => name));
  const unknown = names?.find((name) => !known.has(name));
  if (unknown !== undefined) throw unknownNamespace(unknown);
  return reading;
};

const getNamespaces = async (deps: ListDeps, names: readonly string[]): Promise<PartReading<Namespace>> => {
  const readAt = formatTime(deps.now());
  const objects = await mapInLanes(names, (name) => getNamespace(deps, name));
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

const readImageStreams = (
  deps: ListDeps,
  names: readonly string[] | null,
  slim: (object: unknown) => ImageStream,
): Promise<Reading<ImageStream>> =>
  readAllOrPart(
    deps,
    { resource: IMAGE_STREAMS, slim },
    names && (() => listImageStreamsOf(deps, names, slim)),
  );

const listImageStreamsOf = async (
  deps: ListDeps,
  names: readonly string[],
  slim: (object: unknown) => ImageStream,
): Promise<PartReading<ImageStream>> => {
  const parts = await mapInLanes(names, async (namespace) => {
    const request = { resource: IMAGE_STREAMS, namespace };
    return orThrow(deps, request, await readList(deps, request, slim));
  });
  return {
    objects: parts.flatMap(({ objects }) => objects),
    list: joinReadings(IMAGE_STREAMS.plural, parts),
  };
};

const orThrow = <Slim>(
  { client }: ListDeps,
  request: ListRequest,
  list: ListOutcome<Slim>,
): Extract<ListOutcome<Slim>, { readonly outcome: 'read' }> => {
  if (list.outcome === 'read') return list;
  throw toRefusalError(list, request, client.login);
};
