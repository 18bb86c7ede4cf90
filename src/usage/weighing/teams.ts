import { addBytes } from './rules.ts';
import type { Namespace, Team } from '../model.ts';
import { createStakes } from './blob-totals.ts';
import type { Stakes } from './blob-totals.ts';
import { textOf } from '../text-map.ts';

/** Teams with their totals, and what each namespace shares with the rest of its team. */
export type TeamTotals = {
  /** Distinct blobs over all charged revisions. */
  readonly clusterUsedBytes: number;
  readonly sumOfNamespacesBytes: number;
  /** By namespace. */
  readonly standings: ReadonlyMap<string, { readonly team: Team; readonly sharedWithTeamBytes: number }>;
};

/** Groups namespaces into teams: by a label's value (`label:<value>`), else each its own (`ns:<name>`). */
export const groupTeams = (
  namespaces: readonly Namespace[],
  label: string | null,
): readonly Omit<Team, 'usedBytes'>[] => {
  const groups = Map.groupBy(namespaces, ({ name, labels }) => {
    const value = label === null ? undefined : textOf(labels, label);
    return value === undefined || value === '' ? `ns:${name}` : `label:${value}`;
  });
  return [...groups].map(([id, members]) => ({
    id,
    displayName: isGrouped({ id }) ? id.slice('label:'.length) : members.map(displayNameOf).join(', '),
    namespaces: members.map(({ name }) => name).toSorted(),
  }));
};

/** Whether a label's value names the team: then it may have more namespaces than those that were read. */
export const isGrouped = ({ id }: Pick<Team, 'id'>): boolean => id.startsWith('label:');

/** The name people gave a namespace: annotation `openshift.io/display-name`, else its name. */
export const displayNameOf = (namespace: Namespace): string =>
  namespace.annotations['openshift.io/display-name']?.trim() || namespace.name;

/**
 * Adds up teams and the cluster; what namespaces share counts once in each of these totals. `addNamespace` adds what the
 * revisions of one say about its blobs, of which there are `blobCount` in the cluster.
 */
export const addUpTeams = (
  teams: readonly Omit<Team, 'usedBytes'>[],
  blobCount: number,
  addNamespace: (name: string, stakes: Stakes) => void,
): TeamTotals => {
  const [own, united, cluster] = [createStakes(blobCount), createStakes(blobCount), createStakes(blobCount)];
  const standings = new Map<string, { readonly team: Team; readonly sharedWithTeamBytes: number }>();
  let sumOfNamespacesBytes = 0;
  for (const team of teams) {
    // One namespace alone, as most are, says all that there is to say of its team.
    const isAlone = team.namespaces.length === 1;
    const all = isAlone ? own : united;
    united.clear();
    const members = team.namespaces.map((name) => {
      own.clear();
      addNamespace(name, own);
      sumOfNamespacesBytes = addBytes(sumOfNamespacesBytes, own.chargedBytes());
      if (!isAlone) united.addAll(own);
      return { name, charged: isAlone ? [] : own.listCharged() };
    });
    const chargedTo = new Map<number, number>();
    for (const { number } of members.flatMap(({ charged }) => charged))
      chargedTo.set(number, (chargedTo.get(number) ?? 0) + 1);
    const whole: Team = { ...team, usedBytes: all.chargedBytes() };
    for (const { name, charged } of members) {
      const shared = charged.filter(({ number }) => (chargedTo.get(number) ?? 0) > 1);
      const sharedWithTeamBytes = shared.reduce((total, { sizeBytes }) => addBytes(total, sizeBytes), 0);
      standings.set(name, { team: whole, sharedWithTeamBytes });
    }
    cluster.addAll(all);
  }
  return { clusterUsedBytes: cluster.chargedBytes(), sumOfNamespacesBytes, standings };
};
