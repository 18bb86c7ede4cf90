import { formatBytes, formatCount } from './format.ts';
import { findUses, namespaceOf, streamKey, uniteUsers } from './in-use/uses.ts';
import type { ClusterUses } from './in-use/uses.ts';
import { toImageTable } from './cluster/image-table.ts';
import type { Images, ImageTable } from './cluster/image-table.ts';
import { withImagesBelow } from './cluster/index-images.ts';
import { isStoredUnder } from './weighing/ledger.ts';
import type { HeldOutside } from './weighing/ledger.ts';
import type {
  Finding,
  Image,
  ImageStream,
  Inventory,
  Namespace,
  Snapshot,
  Team,
  User,
  Uses,
} from './model.ts';
import { byName, compareText } from './text-order.ts';
import { createStakes } from './weighing/blob-totals.ts';
import { toStreamTable } from './cluster/stream-table.ts';
import type { StreamTable } from './cluster/stream-table.ts';
import { addUpTeams, groupTeams, isGrouped } from './weighing/teams.ts';
import type { TeamTotals } from './weighing/teams.ts';
import { textOf } from './text-map.ts';

/** Which namespaces get a report, and how they are grouped. */
export type Selection = {
  readonly isReported: (namespace: Namespace) => boolean;
  /** Label whose value names the team; null: each namespace is its own. */
  readonly groupByLabel: string | null;
  /** Label that names a namespace's environment, e.g. `dev`. */
  readonly environmentLabel: string;
  /** Whether bytes of imported images count, too. */
  readonly chargeImported: boolean;
};

/** One snapshot per reported namespace, and what is true of all of them together. */
export type ClusterSnapshots = {
  /** The reported namespaces, sorted. */
  readonly names: readonly string[];
  /** Makes the snapshot of one of them; one by one, so that a large cluster is never in memory twice. */
  readonly takeSnapshot: (name: string) => Snapshot;
  /** Distinct blobs over the charged revisions of all reported namespaces; null when only a part was read. */
  readonly clusterUsedBytes: number | null;
  readonly sumOfNamespacesBytes: number | null;
  readonly findings: readonly Finding[];
};

/** Turns a whole cluster into one self-contained snapshot per reported namespace. The order of the input is irrelevant. */
export const takeSnapshots = (inventory: Inventory, selection: Selection): ClusterSnapshots => {
  const images = toImageTable(inventory.images);
  const streams = toStreamTable(inventory.streams);
  const reported = inventory.namespaces.filter(selection.isReported).toSorted(byName);
  const teams = groupTeams(reported, selection.groupByLabel);
  const { holders, totals } = addUp(teams, { streams, images }, selection.chargeImported);
  const isWhole = inventory.scope === 'cluster';
  const namespaces = new Map(reported.map((namespace) => [namespace.name, namespace]));
  const uses = findUses({ ...inventory, streams, images });
  const environments = findEnvironments(inventory.namespaces, selection.environmentLabel);
  const cluster = { inventory, namespaces, environments, images, streams, holders, uses, totals };
  return {
    names: reported.map(({ name }) => name),
    takeSnapshot: (name) => takeSnapshot(name, cluster),
    clusterUsedBytes: isWhole ? totals.clusterUsedBytes : null,
    sumOfNamespacesBytes: isWhole ? totals.sumOfNamespacesBytes : null,
    findings: isWhole ? findOrphans(cluster) : [],
  };
};

type Cluster = {
  readonly inventory: Inventory;
  readonly namespaces: ReadonlyMap<string, Namespace>;
  readonly environments: ReadonlyMap<string, string>;
  readonly images: ImageTable;
  readonly streams: StreamTable;
  readonly holders: Holders;
  readonly uses: ClusterUses;
  readonly totals: TeamTotals;
};

const takeSnapshot = (name: string, cluster: Cluster): Snapshot => {
  const namespace = cluster.namespaces.get(name);
  const standing = cluster.totals.standings.get(name);
  if (namespace === undefined || standing === undefined) throw new Error(`namespace ${name} is not reported`);
  const streams = cluster.streams.listStreams(name).toSorted(byName);
  const own = cluster.streams.listDigests(name);
  const digests = [...withImagesBelow(own, cluster.images.childrenOf)].toSorted();
  const images = cluster.images.select(digests);
  const { readAt, exact, lists, scope, unreadableKinds } = cluster.inventory;
  return {
    cluster: cluster.inventory.cluster,
    takenAt: readAt,
    exact,
    lists,
    scope,
    unreadableKinds: unreadableKinds.toSorted(),
    namespace,
    ...(scope === 'cluster' || !isGrouped(standing.team) ? standing : hideShares(standing)),
    streams,
    images,
    heldOutside: findHeldOutside(digests, images, cluster.holders),
    uses: usesOf(streams, own, cluster),
  };
};

/** What a namespace shares with others of its team that could not be read is unknown. */
const hideShares = ({ team }: Pick<Snapshot, 'team'>): Pick<Snapshot, 'team' | 'sharedWithTeamBytes'> => ({
  team: { ...team, usedBytes: null },
  sharedWithTeamBytes: null,
});

/** Most of a team's blobs stand in several of its namespaces: they are written out only where a list is wanted. */
const findHeldOutside = (digests: readonly string[], images: Images, holders: Holders): HeldOutside => {
  const isHeld = (number: number): boolean => holders[number] === SEVERAL;
  return {
    images,
    isHeld,
    *[Symbol.iterator]() {
      const held = new Set<number>();
      for (const digest of digests) {
        images.visitBlobs(digest, (number) => {
          if (isHeld(number)) held.add(number);
        });
      }
      for (const number of held) yield images.digestOf(number);
    },
  };
};

type UsersEntry = readonly [name: string, users: readonly User[]];

const usesOf = (
  streams: readonly ImageStream[],
  held: readonly string[],
  { uses, environments }: Cluster,
): Uses => {
  const tags: UsersEntry[] = [];
  for (const stream of streams) {
    const named = uses.tags.get(streamKey(stream.namespace, stream.name));
    if (named === undefined) continue;
    for (const { name } of stream.tags) {
      const users = named.get(name);
      if (users !== undefined) tags.push([`${stream.name}:${name}`, sortUsers(users)]);
    }
  }
  const digests: UsersEntry[] = [];
  for (const digest of held) {
    const users = uses.digests.get(digest);
    if (users !== undefined) digests.push([digest, sortUsers(users)]);
  }
  const places = new Set(tags.flatMap(([, users]) => users.map(({ workload }) => namespaceOf(workload))));
  return {
    digests: Object.fromEntries(digests.toSorted(byKey)),
    tags: Object.fromEntries(tags.toSorted(byKey)),
    environments: Object.fromEntries(
      [...places].toSorted().flatMap((place) => {
        const environment = environments.get(place);
        return environment === undefined ? [] : [[place, environment]];
      }),
    ),
  };
};

const sortUsers = (users: readonly User[]): readonly User[] =>
  uniteUsers(users).toSorted((a, b) => compareText(a.workload, b.workload));

const findEnvironments = (namespaces: readonly Namespace[], label: string): ReadonlyMap<string, string> =>
  new Map(
    namespaces.flatMap(({ name, labels }) => {
      const environment = textOf(labels, label);
      return environment ? [[name, environment]] : [];
    }),
  );

/** By a blob's number the one namespace that holds it, counted from 0 on, or one of these. */
type Holders = Int32Array;
const [NOBODY, SEVERAL] = [-1, -2];

/**
 * Who holds each blob, and what the teams use. Looking at an image costs more than what is noted of it, so that both are
 * noted in one look.
 */
const addUp = (
  teams: readonly Omit<Team, 'usedBytes'>[],
  { streams, images }: Pick<Cluster, 'streams' | 'images'>,
  chargeImported: boolean,
): Pick<Cluster, 'holders' | 'totals'> => {
  const holders = new Int32Array(images.countBlobs()).fill(NOBODY);
  let holder = 0;
  const hold = (number: number): void => {
    const known = holders[number];
    holders[number] = known === NOBODY || known === holder ? holder : SEVERAL;
  };
  const totals = addUpTeams(teams, images.countBlobs(), (namespace, stakes) => {
    for (const [digest, isCharged] of listCharges(namespace, { streams, images, chargeImported })) {
      const { unsized } = images.visitBlobs(digest, (number, sizeBytes, isLayer) => {
        stakes.add(number, sizeBytes, isLayer, isCharged);
        hold(number);
      });
      unsized.forEach(hold);
    }
    holder += 1;
  });
  for (const namespace of streams.listNamespaces()) {
    if (totals.standings.has(namespace)) continue;
    for (const digest of streams.listDigests(namespace))
      images.visitBlobs(digest, hold).unsized.forEach(hold);
    holder += 1;
  }
  return { holders, totals };
};

/** By digest whether a namespace is charged with an image: most stand under several tags, and any of its revisions decides. */
const listCharges = (
  namespace: string,
  {
    streams,
    images,
    chargeImported,
  }: Pick<Cluster, 'streams' | 'images'> & { readonly chargeImported: boolean },
): ReadonlyMap<string, boolean> => {
  const charged = new Map<string, boolean>();
  let [repository, isStored] = ['', isStoredUnder('')];
  streams.visitRevisions(namespace, (digest, reference, ownRepository) => {
    if (charged.get(digest) === true) return;
    if (ownRepository !== repository) [repository, isStored] = [ownRepository, isStoredUnder(ownRepository)];
    charged.set(digest, chargeImported || (images.isManaged(digest) && isStored(reference)));
  });
  return charged;
};

/** A snapshot whose lists are written out. */
export type ListedSnapshot = Snapshot & {
  readonly images: readonly Image[];
  readonly heldOutside: readonly string[];
};

/** The same with every list written out, to be kept somewhere else. */
export const writeOut = (snapshot: Snapshot): ListedSnapshot => ({
  ...snapshot,
  images: [...snapshot.images],
  heldOutside: [...snapshot.heldOutside],
});

/** Images in no stream and below no index of one: nobody is charged with them. */
const findOrphans = ({ streams, images, holders }: Cluster): readonly Finding[] => {
  const held = [...streams.listNamespaces()].flatMap(streams.listDigests);
  const reachable = withImagesBelow(held, images.childrenOf);
  const stakes = createStakes(images.countBlobs());
  let [count, isWhole] = [0, true];
  for (const digest of images.listDigests()) {
    if (reachable.has(digest)) continue;
    count += 1;
    const content = images.visitBlobs(digest, (number, sizeBytes, isLayer) => {
      if (holders[number] === NOBODY) stakes.add(number, sizeBytes, isLayer, true);
    });
    isWhole &&= content.isWhole;
  }
  if (count === 0) return [];
  const text = `${formatCount(count, 'image')} in no image stream hold ${isWhole ? '' : 'at least '}${formatBytes(stakes.chargedBytes())} that no stream holds; no namespace is charged with them.`;
  return [{ code: 'orphan-images', subject: 'images', message: text }];
};

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => compareText(a, b);
