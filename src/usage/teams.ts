import { addBytes, strongest } from './blobs.ts';
import type { Blob } from './blobs.ts';
import type { Namespace, Team } from './registry.ts';
import { textOf } from './text-map.ts';

/** A namespace's blobs of known size by number, and whether any of its revisions is charged with them. */
export type NamespaceBlobs = ReadonlyMap<number, Stake>;
/** A blob and whether it is charged. */
export type Stake = { readonly blob: Blob; readonly isCharged: boolean };

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
    displayName: id.startsWith('label:') ? id.slice('label:'.length) : members.map(displayNameOf).join(', '),
    namespaces: members.map(({ name }) => name).toSorted(),
  }));
};

/** The name people gave a namespace: annotation `openshift.io/display-name`, else its name. */
export const displayNameOf = (namespace: Namespace): string =>
  namespace.annotations['openshift.io/display-name']?.trim() || namespace.name;

/** Adds up teams and the cluster; what namespaces share counts once in each of these totals. */
export const addUpTeams = (
  teams: readonly Omit<Team, 'usedBytes'>[],
  listBlobs: (namespace: string) => NamespaceBlobs,
): TeamTotals => {
  const cluster = new Map<number, Stake>();
  const standings = new Map<string, { readonly team: Team; readonly sharedWithTeamBytes: number }>();
  let sumOfNamespacesBytes = 0;
  for (const team of teams) {
    const members = team.namespaces.map((name) => ({ name, blobs: listBlobs(name) }));
    const united = new Map<number, Stake>();
    const chargedTo = new Map<number, number>();
    for (const { blobs } of members) {
      for (const [number, stake] of blobs) {
        addStake(united, stake);
        if (stake.isCharged) chargedTo.set(number, (chargedTo.get(number) ?? 0) + 1);
      }
    }
    const whole: Team = { ...team, usedBytes: chargedBytes(united.values()) };
    for (const { name, blobs } of members) {
      const shared = [...blobs.values()].filter(({ blob }) => (chargedTo.get(blob.number) ?? 0) > 1);
      standings.set(name, { team: whole, sharedWithTeamBytes: chargedBytes(shared) });
      sumOfNamespacesBytes = addBytes(sumOfNamespacesBytes, chargedBytes(blobs.values()));
    }
    for (const stake of united.values()) addStake(cluster, stake);
  }
  return { clusterUsedBytes: chargedBytes(cluster.values()), sumOfNamespacesBytes, standings };
};

/** Adds what one more revision (or namespace) says about a blob. */
export const addStake = (stakes: Map<number, Stake>, stake: Stake): void => {
  const { blob, isCharged } = stake;
  const known = stakes.get(blob.number);
  if (known === undefined) stakes.set(blob.number, stake);
  else if (known.blob !== blob || (isCharged && !known.isCharged)) {
    stakes.set(blob.number, { blob: strongest(known.blob, blob), isCharged: known.isCharged || isCharged });
  }
};

const chargedBytes = (stakes: Iterable<Stake>): number => {
  let total = 0;
  for (const { blob, isCharged } of stakes) if (isCharged) total = addBytes(total, blob.sizeBytes);
  return total;
};
