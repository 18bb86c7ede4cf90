import { z } from 'zod';
import { AppError } from '../../errors.ts';
import type { Observe } from '../../pipeline/events.ts';
import type { Cluster, Now } from '../../pipeline/ports.ts';
import type { ImageStream, Inventory, Namespace } from '../../usage/registry.ts';
import { createClient } from './client.ts';
import type { LoginSource } from './kubeconfig.ts';
import { mapInLanes } from './lanes.ts';
import { readList } from './lists.ts';
import type { ListDeps, ListOutcome, ListRequest } from './lists.ts';
import { formatTime, toImage, toImageStream, toNamespace } from './objects.ts';
import { WORKLOAD_KINDS } from './references.ts';
import { toRefusalError } from './refusals.ts';
import { IMAGES, IMAGE_STREAMS, listPath, NAMESPACES } from './resources.ts';
import { readWorkloads } from './workloads.ts';

/** Which cluster, and how it is called. */
export type ClusterOptions = LoginSource & {
  /** What people call the cluster; null: its name in the kubeconfig. */
  readonly name: string | null;
  /** The API's URL as people use it; null: the kubeconfig's server. */
  readonly apiUrl: string | null;
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
  const { pageSize = 500, retryBaseMs = 500 } = options;
  const client = createClient({ ...options, retryBaseMs }, observe);
  const deps: ListDeps = { client, pageSize, observe };
  return {
    readInventory: async (request) => {
      const names = request.namespaces === null ? null : [...new Set(request.namespaces)];
      const readAt = formatTime(options.now());
      const workloads = await mapInLanes(WORKLOAD_KINDS, (kind) => readWorkloads(deps, kind, names ?? []));
      const namespaces = await readNamespaces(deps, names);
      const streams = await readImageStreams(deps, names);
      const images = await readWhole(deps, { resource: IMAGES, namespace: null }, toImage);
      return {
        cluster: {
          name: options.name ?? client.login.clusterName,
          apiUrl: options.apiUrl ?? client.login.publicServer,
        },
        readAt,
        exact: [...workloads, namespaces, streams, images].every(({ exact }) => exact),
        scope: streams.scope,
        unreadableKinds: workloads
          .filter(({ unreadable }) => unreadable)
          .map(({ kind }) => kind)
          .toSorted(),
        namespaces: namespaces.objects,
        streams: streams.objects,
        images: images.objects,
        references: workloads.flatMap(({ references }) => references),
      };
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
};

type Whole<Slim> = { readonly objects: readonly Slim[]; readonly exact: boolean };

/** All namespaces, or, where they may not be listed, the named ones. */
const readNamespaces = async (deps: ListDeps, names: readonly string[] | null): Promise<Whole<Namespace>> => {
  const request = { resource: NAMESPACES, namespace: null };
  const all = await readList(deps, request, toNamespace);
  if (all.outcome === 'forbidden' && names !== null)
    return { objects: await mapInLanes(names, (name) => getNamespace(deps, name)), exact: true };
  const whole = orThrow(deps, request, all);
  const known = new Set(whole.objects.map(({ name }) => name));
  const unknown = names?.find((name) => !known.has(name));
  if (unknown !== undefined) throw unknownNamespace(unknown);
  return whole;
};

const getNamespace = async ({ client }: ListDeps, name: string): Promise<Namespace> => {
  const answer = await client.ask({
    kind: NAMESPACES.plural,
    path: `${listPath(NAMESPACES, null)}/${encodeURIComponent(name)}`,
    schema: z.looseObject({ kind: z.literal(NAMESPACES.kind) }),
  });
  if (answer.outcome === 'read') return toNamespace(answer.body);
  if (answer.outcome === 'absent') throw unknownNamespace(name);
  if (answer.outcome === 'forbidden') throw unseenNamespace(name);
  throw toRefusalError(answer, { resource: NAMESPACES, namespace: name }, client.login);
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

/** The streams of the whole cluster, or, where they may not be listed, those of the named namespaces. */
const readImageStreams = async (
  deps: ListDeps,
  names: readonly string[] | null,
): Promise<Whole<ImageStream> & { readonly scope: Inventory['scope'] }> => {
  const request = { resource: IMAGE_STREAMS, namespace: null };
  const all = await readList(deps, request, toImageStream);
  if (all.outcome !== 'forbidden' || names === null)
    return { ...orThrow(deps, request, all), scope: 'cluster' };
  const parts = await mapInLanes(names, (namespace) =>
    readWhole(deps, { resource: IMAGE_STREAMS, namespace }, toImageStream),
  );
  return {
    objects: parts.flatMap(({ objects }) => objects),
    exact: parts.every(({ exact }) => exact),
    scope: 'namespaces',
  };
};

/** @throws AppError for whatever keeps the list from being read */
const readWhole = async <Slim>(
  deps: ListDeps,
  request: ListRequest,
  slim: (object: unknown) => Slim,
): Promise<Whole<Slim>> => orThrow(deps, request, await readList(deps, request, slim));

const orThrow = <Slim>({ client }: ListDeps, request: ListRequest, list: ListOutcome<Slim>): Whole<Slim> => {
  if (list.outcome === 'read') return list;
  throw toRefusalError(list, request, client.login);
};
