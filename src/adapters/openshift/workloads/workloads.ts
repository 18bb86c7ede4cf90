import type { ListReading, WorkloadReference } from '../../../usage/model.ts';
import { joinReadings, readList } from '../lists/lists.ts';
import type { ListDeps, ListOutcome } from '../lists/lists.ts';
import type { Reduction } from '../json/wanted-fields.ts';
import { describeRefusal } from '../lists/refusals.ts';
import type { Sharing } from '../objects/interning.ts';
import type { WorkloadKind } from './workload-kind.ts';

/** One kind's uses of images; `unreadable` when some may have gone unseen. */
export type WorkloadReading = {
  readonly kind: string;
  readonly references: readonly WorkloadReference[];
  readonly unreadable: boolean;
  /** Null where nothing of it was read. */
  readonly list: ListReading | null;
};

/** What reading workloads takes. */
export type WorkloadDeps = ListDeps & Pick<Sharing, 'shareReference'>;

type Found = readonly WorkloadReference[] | null;

/**
 * Reads one kind of workload all over the cluster, else, where that is forbidden, in the named namespaces. A kind that
 * the cluster does not have has no uses; one that cannot be read leaves them unknown and stops nothing.
 */
export const readWorkloads = async (
  deps: WorkloadDeps,
  kind: WorkloadKind,
  names: readonly string[],
): Promise<WorkloadReading> => {
  const reduction: Reduction<Found> = {
    fields: kind.fields,
    reduce: (object) => kind.findReferences(object)?.map(deps.shareReference) ?? null,
  };
  const list = (namespace: string | null): Promise<ListOutcome<readonly Found[]>> =>
    readList(deps, { resource: kind, namespace }, reduction);
  const all = await list(null);
  const parts: ListOutcome<readonly Found[]>[] = [];
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
  all: ListOutcome<readonly Found[]>,
  kind: WorkloadKind,
  found: readonly Found[],
): string | null => {
  if (all.outcome !== 'read' && all.outcome !== 'absent')
    return describeRefusal(all, { resource: kind, namespace: null });
  return found.includes(null) ? 'an object cannot be understood' : null;
};
