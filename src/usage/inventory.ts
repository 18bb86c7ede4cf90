import { formatBytes, formatCount } from './format.ts';
import { findUses, namespaceOf, tagKey } from './in-use.ts';
import type { ClusterUses, Users } from './in-use.ts';
import { toImageTable } from './image-table.ts';
import type { Images, ImageTable } from './image-table.ts';
import { withImagesBelow } from './indexes.ts';
import { isStoredUnder } from './ledger.ts';
import type { HeldOutside } from './ledger.ts';
import type { Finding, Image, ImageStream, Inventory, Namespace, Snapshot, User, Uses } from './registry.ts';
import { byName, compareText } from './text-order.ts';
import { createStakes } from './stakes.ts';
import type { Stakes } from './stakes.ts';
import { addUpTeams, groupTeams, isGrouped } from './teams.ts';
import type { TeamTotals } from './teams.ts';
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
  const streams = Map.groupBy(inventory.streams, ({ namespace }) => namespace);
  const reported = inventory.namespaces.filter(selection.isReported).toSorted(byName);
  const teams = groupTeams(reported, selection.groupByLabel);
  const totals = addUpTeams(teams, images.countBlobs(), (name, stakes) =>
    addStakes(streams.get(name) ?? [], { images, stakes, chargeImported: selection.chargeImported }),
  );
  const isWhole = inventory.scope === 'cluster';
  const holders = findHolders(streams, images);
  const namespaces = new Map(reported.map((namespace) => [namespace.name, namespace]));
  const uses = findUses({ ...inventory, images });
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
  readonly streams: ReadonlyMap<string, readonly ImageStream[]>;
  readonly holders: Holders;
  readonly uses: ClusterUses;
  readonly totals: TeamTotals;
};

const takeSnapshot = (name: string, cluster: Cluster): Snapshot => {
  const namespace = cluster.namespaces.get(name);
  const standing = cluster.totals.standings.get(name);
  if (namespace === undefined || standing === undefined) throw new Error(`namespace ${name} is not reported`);
  const streams = (cluster.streams.get(name) ?? []).toSorted(byName);
  const digests = [...withImagesBelow(digestsOf(streams), cluster.images.childrenOf)].toSorted();
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
    uses: usesOf(streams, cluster),
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

const usesOf = (streams: readonly ImageStream[], { uses, environments }: Cluster): Uses => {
  const tags = streams.flatMap((stream) =>
    stream.tags.flatMap(({ name }) =>
      listUsers(`${stream.name}:${name}`, uses.tags.get(tagKey(stream.namespace, stream.name, name))),
    ),
  );
  const digests = [...digestsOf(streams)].flatMap((digest) => listUsers(digest, uses.digests.get(digest)));
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

/** The entry of a name; none where nobody uses it. */
const listUsers = (
  name: string,
  users: Users | undefined,
): readonly (readonly [string, readonly User[]])[] =>
  users === undefined
    ? []
    : [
        [
          name,
          [...users]
            .map(([workload, how]) => ({ workload, how }))
            .toSorted((a, b) => compareText(a.workload, b.workload)),
        ],
      ];

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

const findHolders = (streams: ReadonlyMap<string, readonly ImageStream[]>, images: ImageTable): Holders => {
  const holders = new Int32Array(images.countBlobs()).fill(NOBODY);
  let holder = 0;
  const hold = (number: number): void => {
    const known = holders[number];
    holders[number] = known === NOBODY || known === holder ? holder : SEVERAL;
  };
  for (const own of streams.values()) {
    for (const digest of digestsOf(own)) images.visitBlobs(digest, hold).unsized.forEach(hold);
    holder += 1;
  }
  return holders;
};

/** Adds what the revisions of a namespace say about its blobs: of what size they are, and whether it is charged with them. */
const addStakes = (
  streams: readonly ImageStream[],
  {
    images,
    stakes,
    chargeImported,
  }: { readonly images: ImageTable; readonly stakes: Stakes; readonly chargeImported: boolean },
): void => {
  // Most images stand under several tags: whether any of its revisions is charged decides.
  const charged = new Map<string, boolean>();
  for (const { repository, tags } of streams) {
    const isStored = isStoredUnder(repository);
    for (const { revisions } of tags) {
      for (const { digest, reference } of revisions) {
        if (charged.get(digest) === true) continue;
        charged.set(digest, chargeImported || (images.isManaged(digest) && isStored(reference)));
      }
    }
  }
  for (const [digest, isCharged] of charged)
    images.visitBlobs(digest, (number, sizeBytes, isLayer) =>
      stakes.add(number, sizeBytes, isLayer, isCharged),
    );
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
const findOrphans = ({ inventory, images, holders }: Cluster): readonly Finding[] => {
  const reachable = withImagesBelow(digestsOf(inventory.streams), images.childrenOf);
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

const digestsOf = (streams: readonly ImageStream[]): ReadonlySet<string> => {
  const digests = new Set<string>();
  for (const { tags } of streams) {
    for (const { revisions } of tags) for (const { digest } of revisions) digests.add(digest);
  }
  return digests;
};

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => compareText(a, b);
