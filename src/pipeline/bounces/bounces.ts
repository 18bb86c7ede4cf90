import type { BounceMailbox, Now, Store } from '../ports.ts';
import type { Bounce } from '../records/bounce.ts';
import type { Delivery } from '../records/delivery.ts';

/** What a mailbox of notices came to. */
export type BounceTally = {
  /** Deliveries that are known to have come back since now. */
  readonly recorded: readonly Bounce[];
  /** Notices about deliveries that were known to have come back. */
  readonly known: number;
  /** Notices that a mail is late: the server goes on trying. */
  readonly delayed: number;
  /** Notices about mails that are none of ours. */
  readonly foreign: number;
  /** Other messages: no notices, or unreadable ones. */
  readonly other: number;
};

/** As much of a delivery's id, 128 of its 256 bits, as an address has room for (docs/decisions/0017). */
export const bounceIdOf = ({ id }: Delivery): string => id.slice(0, BOUNCE_ID_LENGTH);

const BOUNCE_ID_LENGTH = 32;

/** Reads all notices and marks whose mail came back. Safe to run twice: what is recorded stands. */
export const recordBounces = async (
  { store, now }: { readonly store: Store; readonly now: Now },
  mailbox: BounceMailbox,
): Promise<BounceTally> => {
  const find = createFinder(store);
  const recorded: Bounce[] = [];
  const counts = { known: 0, delayed: 0, foreign: 0, other: 0 };
  for await (const notice of mailbox.readNotices()) {
    const delivery = notice === null ? null : await find(notice.deliveryId);
    if (notice === null) counts.other += 1;
    else if (delivery === null) counts.foreign += 1;
    else if (!notice.hasFailed) counts.delayed += 1;
    else {
      const bounce: Bounce = {
        deliveryId: delivery.id,
        runId: delivery.runId,
        address: delivery.recipient.address,
        namespaces: delivery.namespaces,
        status: notice.status,
        detail: notice.detail,
        recordedAt: now().toISOString(),
      };
      if (await store.addBounce(bounce)) recorded.push(bounce);
      else counts.known += 1;
    }
  }
  return { recorded, ...counts };
};

/** Finds a delivery by its id, or by the half of it that fits into a bounce address. */
const createFinder = (store: Store) => {
  let byHalf: Promise<ReadonlyMap<string, Delivery>> | null = null;
  return async (id: string): Promise<Delivery | null> => {
    if (id.length !== BOUNCE_ID_LENGTH) return store.loadDelivery(id);
    byHalf ??= loadByHalf(store);
    return (await byHalf).get(id) ?? null;
  };
};

const loadByHalf = async (store: Store): Promise<ReadonlyMap<string, Delivery>> => {
  const byHalf = new Map<string, Delivery>();
  for (const { id } of await store.listRuns(RUNS_BACK)) {
    for (const delivery of await store.listDeliveries(id)) byHalf.set(bounceIdOf(delivery), delivery);
  }
  return byHalf;
};

/** Servers give up after a week at most; a mailbox may lie for some more. One-offs are runs, too. */
const RUNS_BACK = 1_000;
