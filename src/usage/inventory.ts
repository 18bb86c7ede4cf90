import { createContents, strongest } from './blobs.ts';
import type { Blob, Contents, ImageContent } from './blobs.ts';
import { formatBytes, formatCount } from './format.ts';
import { findUses, namespaceOf, tagKey } from './in-use.ts';
import type { ClusterUses, Users } from './in-use.ts';
import { withImagesBelow } from './indexes.ts';
import { isCharged } from './ledger.ts';
import type { Finding, Image, ImageStream, Inventory, Namespace, Snapshot, User, Uses } from './registry.ts';
import { byName, compareText } from './text-order.ts';
import { addStake, addUpTeams, groupTeams } from './teams.ts';
import type { NamespaceBlobs, Stake, TeamTotals } from './teams.ts';
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
  const images = new Map(inventory.images.map((image) => [image.digest, image]));
  const contents = createContents(images);
  const streams = Map.groupBy(inventory.streams, ({ namespace }) => namespace);
  const reported = inventory.namespaces.filter(selection.isReported).toSorted(byName);
  const teams = groupTeams(reported, selection.groupByLabel);
  const totals = addUpTeams(teams, (name) =>
    listBlobs(streams.get(name) ?? [], { images, contents, chargeImported: selection.chargeImported }),
  );
  const isWhole = inventory.scope === 'cluster';
  const holders = findHolders(streams, contents);
  const namespaces = new Map(reported.map((namespace) => [namespace.name, namespace]));
  const uses = findUses(inventory);
  const environments = findEnvironments(inventory.namespaces, selection.environmentLabel);
  const cluster = { inventory, namespaces, environments, images, contents, streams, holders, uses, totals };
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
  readonly images: ReadonlyMap<string, Image>;
  readonly contents: Contents;
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
  const digests = withImagesBelow(digestsOf(streams), cluster.images);
  const heldOutside = new Set<string>();
  for (const digest of digests) {
    for (const blob of cluster.contents.contentOf(digest).blobs) {
      if (cluster.holders[blob.number] === null) heldOutside.add(blob.digest);
    }
  }
  const { readAt, exact, lists, scope, unreadableKinds } = cluster.inventory;
  return {
    cluster: cluster.inventory.cluster,
    takenAt: readAt,
    exact,
    lists,
    scope,
    unreadableKinds: unreadableKinds.toSorted(),
    namespace,
    team: standing.team,
    sharedWithTeamBytes: standing.sharedWithTeamBytes,
    streams,
    images: [...digests].toSorted().flatMap((digest) => cluster.images.get(digest) ?? []),
    heldOutside: [...heldOutside].toSorted(),
    uses: usesOf(streams, cluster),
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

/** By a blob's number the one namespace that holds it, null where several do. */
type Holders = readonly (string | null | undefined)[];

const findHolders = (
  streams: ReadonlyMap<string, readonly ImageStream[]>,
  { contentOf, numberOf }: Contents,
): Holders => {
  const holders: (string | null | undefined)[] = [];
  const hold = (number: number, namespace: string): void => {
    const holder = holders[number];
    holders[number] = holder === undefined || holder === namespace ? namespace : null;
  };
  for (const [namespace, own] of streams) {
    for (const digest of digestsOf(own)) {
      const { blobs, unsized } = contentOf(digest);
      for (const { number } of blobs) hold(number, namespace);
      for (const layer of unsized) hold(numberOf(layer), namespace);
    }
  }
  return holders;
};

const listBlobs = (
  streams: readonly ImageStream[],
  {
    images,
    contents: { contentOf },
    chargeImported,
  }: {
    readonly images: ReadonlyMap<string, Image>;
    readonly contents: Contents;
    readonly chargeImported: boolean;
  },
): NamespaceBlobs => {
  // Most images stand under several tags: an image counts again only where it is charged for the first time.
  const weighed = new Map<ImageContent, boolean>();
  for (const stream of streams) {
    for (const revision of stream.tags.flatMap(({ revisions }) => revisions)) {
      const content = contentOf(revision.digest);
      if (!content.isSizeKnown || weighed.get(content) === true) continue;
      weighed.set(content, chargeImported || isCharged(revision, images.get(revision.digest), stream));
    }
  }
  const blobs = new Map<number, Stake>();
  for (const [content, charged] of weighed) {
    for (const blob of content.blobs) addStake(blobs, { blob, isCharged: charged });
  }
  return blobs;
};

/** Images in no stream and below no index of one: nobody is charged with them. */
const findOrphans = ({ inventory, images, contents, holders }: Cluster): readonly Finding[] => {
  const reachable = withImagesBelow(digestsOf(inventory.streams), images);
  const orphans = inventory.images.filter(({ digest }) => !reachable.has(digest));
  if (orphans.length === 0) return [];
  const blobs = new Map<number, Blob>();
  for (const blob of orphans.flatMap(({ digest }) => contents.contentOf(digest).blobs)) {
    const known = blobs.get(blob.number);
    if (holders[blob.number] === undefined)
      blobs.set(blob.number, known === undefined ? blob : strongest(known, blob));
  }
  const bytes = [...blobs.values()].reduce((total, { sizeBytes }) => total + sizeBytes, 0);
  const atLeast = orphans.every(({ digest }) => contents.contentOf(digest).isWhole) ? '' : 'at least ';
  const text = `${formatCount(orphans.length, 'image')} in no image stream hold ${atLeast}${formatBytes(bytes)} that no stream holds; no namespace is charged with them.`;
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
