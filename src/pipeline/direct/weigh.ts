import { takeSnapshots } from '../../usage/snapshots.ts';
import type { ClusterSnapshots } from '../../usage/snapshots.ts';
import type { Inventory, Namespace, Snapshot } from '../../usage/model.ts';
import { assembleReport, reportNamespace, teamOf } from '../../usage/report/report.ts';
import type {
  NamespaceEntry,
  NamespaceReport,
  Report,
  ReportFrame,
  ReportRules,
  ReportWalk,
} from '../../usage/report/report.ts';
import { planDeletions } from '../../usage/cleanup/plan.ts';
import type { DeletionPlan } from '../../usage/cleanup/plan.ts';
import { weigh } from '../../usage/weighing/ledger.ts';
import type { WeighedNamespace } from '../records/result.ts';
import type { Cluster } from '../ports.ts';

/** What decides which namespaces are weighed, and how. */
export type WeighingRules = ReportRules & {
  /** The namespaces that a run is about. */
  readonly isReported: (namespace: Namespace) => boolean;
  readonly groupByLabel: string | null;
};

/** A report with what to delete first, by namespace. */
export type WeighedCluster = {
  readonly report: Report;
  readonly plans: ReadonlyMap<string, DeletionPlan>;
};

/**
 * Reads the cluster and weighs it in one go, without a store or a queue: `quotagram report`.
 * `names: null` reports every selected namespace, else exactly the named ones.
 */
export const weighCluster = async (
  deps: { readonly cluster: Cluster },
  rules: WeighingRules,
  names: readonly string[] | null,
): Promise<WeighedCluster> => {
  const { frame, weighed } = await readAndWeigh(deps, rules, names);
  return joinWeighed(frame, weighed);
};

/**
 * The same report, byte for byte, but weighed while it is walked: a whole cluster's takes a multiple of the memory that
 * the cluster does.
 */
export const walkCluster = async (
  deps: { readonly cluster: Cluster },
  rules: WeighingRules,
  names: readonly string[] | null,
): Promise<ReportWalk> => {
  const inventory = await deps.cluster.readInventory({ namespaces: names });
  const snapshots = splitInventory(inventory, rules, names);
  const chosen = new Set(chooseNames(snapshots, names));
  const teams = snapshots.teams.map((team) => team.filter((name) => chosen.has(name)));
  return {
    schemaVersion: 1,
    ...frameOf(inventory, snapshots),
    reports: walkTeams(teams, (name) => {
      const snapshot = snapshots.takeSnapshot(name);
      const { ledger } = weigh(snapshot, rules.chargeImported);
      return { team: snapshot.team, report: reportNamespace({ snapshot, ledger }, rules) };
    }),
  };
};

function* walkTeams(
  teams: readonly (readonly string[])[],
  weighOne: (name: string) => NamespaceEntry,
): Generator<TeamWalk> {
  for (const [name, ...others] of teams) {
    if (name === undefined) continue;
    const first = weighOne(name);
    yield { team: teamOf(first), namespaces: walkTeam(first, others, weighOne) };
  }
}

type TeamWalk = ReportWalk['reports'] extends Iterable<infer Team> ? Team : never;

function* walkTeam(
  first: NamespaceEntry,
  others: readonly string[],
  weighOne: (name: string) => NamespaceEntry,
): Generator<NamespaceReport> {
  yield first.report;
  for (const name of others) yield weighOne(name).report;
}

/** The same, with the namespaces still apart. */
export const readAndWeigh = async (
  deps: { readonly cluster: Cluster },
  rules: WeighingRules,
  names: readonly string[] | null,
): Promise<{ readonly frame: ReportFrame; readonly weighed: readonly WeighedNamespace[] }> => {
  const inventory = await deps.cluster.readInventory({ namespaces: names });
  const snapshots = splitInventory(inventory, rules, names);
  const chosen = chooseNames(snapshots, names);
  const weighed = chosen.map((name) => weighSnapshot(snapshots.takeSnapshot(name), rules));
  return { frame: frameOf(inventory, snapshots), weighed };
};

const chooseNames = (snapshots: ClusterSnapshots, names: readonly string[] | null): readonly string[] =>
  names === null ? snapshots.names : [...new Set(names)].toSorted();

/** One self-contained snapshot per selected namespace; a namespace that is asked for by name is always selected. */
export const splitInventory = (
  inventory: Inventory,
  rules: WeighingRules,
  names: readonly string[] | null,
): ClusterSnapshots => {
  const asked = new Set(names);
  return takeSnapshots(inventory, {
    isReported: (namespace) => asked.has(namespace.name) || rules.isReported(namespace),
    groupByLabel: rules.groupByLabel,
    environmentLabel: rules.environmentLabel,
    chargeImported: rules.chargeImported,
  });
};

/** Weighs one namespace and says what to delete first. */
export const weighSnapshot = (snapshot: Snapshot, rules: ReportRules): WeighedNamespace => {
  const weighing = weigh(snapshot, rules.chargeImported);
  const report = reportNamespace({ snapshot, ledger: weighing.ledger }, rules);
  return {
    status: 'weighed',
    namespace: snapshot.namespace.name,
    team: snapshot.team,
    report,
    plan: planDeletions(report, { takenAt: snapshot.takenAt, weighing }, rules),
  };
};

/** Puts weighed namespaces together into one report and their plans. */
export const joinWeighed = (frame: ReportFrame, weighed: readonly WeighedNamespace[]): WeighedCluster => ({
  report: assembleReport(frame, weighed),
  plans: new Map(weighed.flatMap(({ namespace, plan }) => (plan === null ? [] : [[namespace, plan]]))),
});

const frameOf = (inventory: Inventory, snapshots: ClusterSnapshots): ReportFrame => ({
  generatedAt: inventory.readAt,
  cluster: {
    ...inventory.cluster,
    usedBytes: snapshots.clusterUsedBytes,
    sumOfNamespacesBytes: snapshots.sumOfNamespacesBytes,
  },
  snapshot: {
    id: null,
    exact: inventory.exact,
    lists: inventory.lists,
    unreadableKinds: inventory.unreadableKinds.toSorted(),
    findings: snapshots.findings,
  },
});
