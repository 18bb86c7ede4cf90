import { imageAt } from '../cluster/images.ts';
import { runOfRevisions, streamsOf } from '../cluster/find-streams.ts';
import type { Holdings, Namespace, Team } from '../model.ts';
import { textOf } from '../text-map.ts';
import { createBlobTally } from './blob-tally.ts';
import type { BlobTally } from './blob-tally.ts';
import { addBytes, contentOf, createIsStored, isCharged } from './rules.ts';

/** Teams with their totals, and what each namespace shares with the rest of its team. */
export type TeamTotals = {
  /** Distinct blobs over all charged revisions. */
  readonly clusterUsedBytes: number;
  readonly sumOfNamespacesBytes: number;
  /** By namespace. */
  readonly shares: ReadonlyMap<string, { readonly team: Team; readonly sharedWithTeamBytes: number }>;
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

/** Adds up teams and the cluster; what namespaces share counts once in each of these totals. */
export const addUpTeams = (
  holdings: Holdings,
  teams: readonly Omit<Team, 'usedBytes'>[],
  chargeImported: boolean,
): TeamTotals => {
  const createTally = (): BlobTally => createBlobTally(holdings.digests.count);
  const [own, united, cluster] = [createTally(), createTally(), createTally()];
  const shares = new Map<string, { readonly team: Team; readonly sharedWithTeamBytes: number }>();
  let sumOfNamespacesBytes = 0;
  for (const team of teams) {
    // Most teams have one namespace, whose tally is then the team's.
    const isAlone = team.namespaces.length === 1;
    const all = isAlone ? own : united;
    united.clear();
    const members = team.namespaces.map((name) => {
      own.clear();
      tallyNamespace(holdings, { name, chargeImported }, own);
      sumOfNamespacesBytes = addBytes(sumOfNamespacesBytes, own.chargedBytes());
      if (!isAlone) united.addAll(own);
      return { name, charged: isAlone ? [] : own.listCharged() };
    });
    const chargedTo = new Map<number, number>();
    for (const { blob } of members.flatMap(({ charged }) => charged))
      chargedTo.set(blob, (chargedTo.get(blob) ?? 0) + 1);
    const whole: Team = { ...team, usedBytes: all.chargedBytes() };
    for (const { name, charged } of members) {
      const shared = charged.filter(({ blob }) => (chargedTo.get(blob) ?? 0) > 1);
      const sharedWithTeamBytes = shared.reduce((total, { bytes }) => addBytes(total, bytes), 0);
      shares.set(name, { team: whole, sharedWithTeamBytes });
    }
    cluster.addAll(all);
  }
  return { clusterUsedBytes: cluster.chargedBytes(), sumOfNamespacesBytes, shares };
};

const tallyNamespace = (
  holdings: Holdings,
  { name, chargeImported }: { readonly name: string; readonly chargeImported: boolean },
  tally: BlobTally,
): void => {
  for (const [digest, charged] of listCharges(holdings, name, chargeImported)) {
    const { blobs, bytes, layerCount } = contentOf(holdings, digest);
    for (let at = 0; at < blobs.length; at += 1)
      tally.add(blobs[at] ?? -1, bytes[at] ?? 0, at < layerCount, charged);
  }
};

/** By digest whether a namespace is charged for it: most images stand under several tags, and any charged revision decides. */
const listCharges = (
  holdings: Holdings,
  namespace: string,
  chargeImported: boolean,
): ReadonlyMap<number, boolean> => {
  const { revisions, strings } = holdings;
  const charges = new Map<number, boolean>();
  for (const stream of streamsOf(holdings, namespace)) {
    const isStored = createIsStored(stream);
    const [from, to] = runOfRevisions(holdings, stream);
    for (let at = from; at < to; at += 1) {
      const digest = revisions.digests[at] ?? -1;
      if (digest < 0 || charges.get(digest) === true) continue;
      const reference = strings[revisions.references[at] ?? -1] ?? '';
      charges.set(digest, isCharged(imageAt(holdings, digest), isStored(reference), chargeImported));
    }
  }
  return charges;
};
