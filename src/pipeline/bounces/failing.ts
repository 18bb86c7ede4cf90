import { compareText } from '../../usage/text-order.ts';
import type { FailingRecipient, Store } from '../ports.ts';
import type { Bounce } from '../records/bounce.ts';
import type { Run } from '../records/run.ts';

/** The addresses, in lower case, that a namespace names now; null: it was given up, and nobody knows. */
export type Named = ReadonlyMap<string, ReadonlySet<string> | null>;

/**
 * Whose mail is known to have come back since staff was told last, by address. Who is not in the next list has been
 * reached since, or is not mailed any more: a mail to an address that is still wrong comes back again.
 */
export const listFailing = async (
  store: Store,
  run: Run,
  named: Named,
): Promise<readonly FailingRecipient[]> => {
  const bounces = await store.listBounces();
  const byAddress = Map.groupBy(await pickNew(store, run, bounces), ({ address }) => address.toLowerCase());
  const failing: FailingRecipient[] = [];
  for (const [address, found] of byAddress) {
    const [latest] = found;
    if (latest === undefined) continue;
    const about = [...new Set(found.flatMap(({ namespaces }) => namespaces))].toSorted(compareText);
    const dates = await listStreak(store, bounces, found);
    failing.push({
      address: latest.address,
      namespaces: about,
      mails: dates.length,
      since: dates.toSorted(compareText)[0] ?? latest.recordedAt,
      status: latest.status,
      detail: latest.detail,
      isNamed: [...named].some(
        ([namespace, addresses]) => addresses?.has(address) ?? about.includes(namespace),
      ),
      aloneIn: [...named].flatMap(([namespace, addresses]) =>
        addresses?.has(address) && addresses.isSubsetOf(byAddress) ? namespace : [],
      ),
    });
  }
  return failing.toSorted((a, b) => compareText(a.address, b.address));
};

const pickNew = async (store: Store, run: Run, bounces: readonly Bounce[]): Promise<readonly Bounce[]> => {
  const before = (await store.listRuns(RUNS_BACK)).find(
    ({ id, kind, claimedAt }) =>
      kind !== 'one-off' && id !== run.id && Date.parse(claimedAt) < Date.parse(run.claimedAt),
  );
  if (before === undefined) return bounces;
  const since = Date.parse(before.endedAt ?? before.claimedAt);
  return bounces.filter(({ recordedAt }) => Date.parse(recordedAt) >= since);
};

/** One-offs are runs, too. */
const RUNS_BACK = 200;

/** When the mails in a row left that came back, up to each of these: what went before them in their threads. */
const listStreak = async (
  store: Store,
  bounces: readonly Bounce[],
  latest: readonly Bounce[],
): Promise<readonly string[]> => {
  const all = new Map(bounces.map((bounce) => [bounce.deliveryId, bounce]));
  const dates = new Map<string, string>();
  for (const { deliveryId } of latest) {
    let bounce = all.get(deliveryId);
    while (bounce !== undefined) {
      const delivery = await store.loadDelivery(bounce.deliveryId);
      dates.set(bounce.deliveryId, delivery?.date ?? bounce.recordedAt);
      bounce = all.get(delivery?.thread?.last ?? '');
    }
  }
  return [...dates.values()];
};
