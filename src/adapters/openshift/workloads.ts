import type { ListReading, WorkloadReference } from '../../usage/registry.ts';
import { joinReadings, readList } from './lists.ts';
import type { ListDeps, ListOutcome } from './lists.ts';
import { describeRefusal } from './refusals.ts';
import type { WorkloadKind } from './workload-kind.ts';

/** One kind's uses of images; `unreadable` when some may have gone unseen. */
export type WorkloadReading = {
  readonly kind: string;
  readonly references: readonly WorkloadReference[];
  readonly unreadable: boolean;
  /** Null where nothing of it was read. */
  readonly list: ListReading | null;
};

type Found = readonly WorkloadReference[] | null;

/**
 * Reads one kind of workload all over the cluster, else, where that is forbidden, in the named namespaces. A kind that
 * the cluster does not have has no uses; one that cannot be read leaves them unknown and stops nothing.
 */
export const readWorkloads = async (
  deps: ListDeps,
  kind: WorkloadKind,
  names: readonly string[],
): Promise<WorkloadReading> => {
  const list = (namespace: string | null): Promise<ListOutcome<Found>> =>
    readList(deps, { resource: kind, namespace }, kind.findReferences);
  const all = await list(null);
  const parts: ListOutcome<Found>[] = [];
  if (all.outcome === 'forbidden') for (const name of names) parts.push(await list(name));
  const readings = [all, ...parts].filter((each) => each.outcome === 'read');
  const found = readings.flatMap(({ objects }) => objects);
  const blindSpot = describeBlindSpot(all, kind, found);
  // Who may view only the named namespaces knows that, and the report says what it does.
  const isExpected = parts.length > 0 && readings.length === parts.length;
  if (blindSpot !== null && !isExpected)
    deps.observe({ type: 'kind-unreadable', kind: kind.plural, reason: blindSpot });
  return {
    kind: kind.plural,
    references: found.flatMap((references) => references ?? []),
    unreadable: blindSpot !== null,
    list: joinReadings(kind.plural, readings),
  };
};

const describeBlindSpot = (
  all: ListOutcome<Found>,
  kind: WorkloadKind,
  found: readonly Found[],
): string | null => {
  if (all.outcome !== 'read' && all.outcome !== 'absent')
    return describeRefusal(all, { resource: kind, namespace: null });
  return found.includes(null) ? 'an object cannot be understood' : null;
};
