import { createSlicer } from './cluster/slice.ts';
import type { Slice } from './cluster/slice.ts';
import { findUses, namespaceOf, uniteUsers } from './in-use/uses.ts';
import type { ClusterUses } from './in-use/uses.ts';
import type { Finding, Inventory, Namespace, Snapshot, User, Uses } from './model.ts';
import { textOf } from './text-map.ts';
import { byName, compareText } from './text-order.ts';
import { findHolders, findOrphans, isHeldBySeveral } from './weighing/holders.ts';
import { addUpTeams, groupTeams, isGrouped } from './weighing/teams.ts';
import type { TeamTotals } from './weighing/teams.ts';

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
  /** The namespaces of each team, sorted; the teams by id. */
  readonly teams: readonly (readonly string[])[];
  /** Makes the snapshot of one of them; one by one, so that a large cluster is never in memory twice. */
  readonly takeSnapshot: (name: string) => Snapshot;
  /** Distinct blobs over the charged revisions of all reported namespaces; null when only a part was read. */
  readonly clusterUsedBytes: number | null;
  readonly sumOfNamespacesBytes: number | null;
  readonly findings: readonly Finding[];
};

/** Cuts a whole cluster into one self-contained snapshot per reported namespace. */
export const takeSnapshots = (inventory: Inventory, selection: Selection): ClusterSnapshots => {
  const { holdings } = inventory;
  const reported = inventory.namespaces.filter(selection.isReported).toSorted(byName);
  const teams = groupTeams(reported, selection.groupByLabel);
  const totals = addUpTeams(holdings, teams, selection.chargeImported);
  const holders = findHolders(holdings);
  const isWhole = inventory.scope === 'cluster';
  const cluster: Cluster = {
    inventory,
    namespaces: new Map(reported.map((namespace) => [namespace.name, namespace])),
    environments: findEnvironments(inventory.namespaces, selection.environmentLabel),
    slice: createSlicer(holdings),
    isHeldBySeveral: (digest) => isHeldBySeveral(holders, digest),
    uses: findUses(inventory),
    shares: totals.shares,
  };
  return {
    names: reported.map(({ name }) => name),
    teams: teams.toSorted((a, b) => compareText(a.id, b.id)).map(({ namespaces }) => namespaces),
    takeSnapshot: (name) => takeSnapshot(name, cluster),
    clusterUsedBytes: isWhole ? totals.clusterUsedBytes : null,
    sumOfNamespacesBytes: isWhole ? totals.sumOfNamespacesBytes : null,
    findings: isWhole ? findOrphans(holdings, holders) : [],
  };
};

type Cluster = {
  readonly inventory: Inventory;
  readonly namespaces: ReadonlyMap<string, Namespace>;
  readonly environments: ReadonlyMap<string, string>;
  readonly slice: (namespace: string) => Slice;
  readonly isHeldBySeveral: (digest: number) => boolean;
  readonly uses: ClusterUses;
  readonly shares: TeamTotals['shares'];
};

const takeSnapshot = (name: string, cluster: Cluster): Snapshot => {
  const namespace = cluster.namespaces.get(name);
  const share = cluster.shares.get(name);
  if (namespace === undefined || share === undefined) throw new Error(`namespace ${name} is not reported`);
  const slice = cluster.slice(name);
  const { readAt, exact, lists, scope, unreadableKinds } = cluster.inventory;
  return {
    cluster: cluster.inventory.cluster,
    takenAt: readAt,
    exact,
    lists,
    scope,
    unreadableKinds: unreadableKinds.toSorted(),
    namespace,
    ...(scope === 'cluster' || !isGrouped(share.team) ? share : hideShares(share)),
    holdings: slice.holdings,
    heldOutside: Uint8Array.from(slice.digestSources, (digest) => Number(cluster.isHeldBySeveral(digest))),
    uses: usesOf(slice, cluster),
  };
};

/** What a namespace shares with namespaces of its team that could not be read is unknown. */
const hideShares = ({ team }: Pick<Snapshot, 'team'>): Pick<Snapshot, 'team' | 'sharedWithTeamBytes'> => ({
  team: { ...team, usedBytes: null },
  sharedWithTeamBytes: null,
});

const usesOf = (slice: Slice, { uses, environments }: Cluster): Uses => {
  const digests = [...new Set(slice.holdings.revisions.digests)].toSorted(byNumber).flatMap((digest) => {
    const users = uses.digests.get(slice.digestSources[digest] ?? -1);
    return users === undefined ? [] : [{ digest, users: sortUsers(users) }];
  });
  const tags = slice.tagSources.flatMap((source, tag) => {
    const users = uses.tags.get(source);
    return users === undefined ? [] : [{ tag, users: sortUsers(users) }];
  });
  const places = new Set(tags.flatMap(({ users }) => users.map(({ workload }) => namespaceOf(workload))));
  return {
    digests,
    tags,
    environments: Object.fromEntries(
      [...places].toSorted().flatMap((place) => {
        const environment = environments.get(place);
        return environment === undefined ? [] : [[place, environment]];
      }),
    ),
  };
};

const byNumber = (a: number, b: number): number => a - b;

const sortUsers = (users: readonly User[]): readonly User[] =>
  uniteUsers(users).toSorted((a, b) => compareText(a.workload, b.workload));

const findEnvironments = (namespaces: readonly Namespace[], label: string): ReadonlyMap<string, string> =>
  new Map(
    namespaces.flatMap(({ name, labels }) => {
      const environment = textOf(labels, label);
      return environment ? [[name, environment]] : [];
    }),
  );
