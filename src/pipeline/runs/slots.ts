import { AppError } from '../../errors.ts';
import { formatMoment } from '../../usage/format.ts';
import type { Now, Store } from '../ports.ts';
import type { Run } from '../records/run.ts';
import { latestSlot, manualSlot, slotDue } from './schedule.ts';
import type { Timer } from './schedule.ts';

/** What a run is started for: its slot's name and kind. */
export type Slot = Pick<Run, 'id' | 'kind'>;

/**
 * The weekly slot that is due now; null when it was due longer ago than `catchUpMs`. A run that begins within ten minutes
 * is on time, even when nothing may be caught up (`catchUpMs` 0).
 */
export const dueSlot = (schedule: Timer & { readonly catchUpMs: number }, now: Date): Slot | null => {
  const { slot, dueAt } = latestSlot(schedule, now);
  const lateMs = now.getTime() - dueAt.getTime();
  return lateMs > Math.max(schedule.catchUpMs, ON_TIME_MS) ? null : { id: slot, kind: 'weekly' };
};

/** No timer fires at the very millisecond, and this one waits while the collector works on another run. */
const ON_TIME_MS = 10 * 60_000;

/**
 * The slot that a person names: one that has a run already, or a weekly one that is due; null: a run by hand, now.
 * @throws AppError `invalid` for no slot that is due, `not_found` for a run by hand that there is none of, `conflict`
 * for a new run by hand while another has not ended: whoever works on the queue goes on with that one, too, and teams
 * would get two mails
 */
export const chooseSlot = async (
  { store, now }: { readonly store: Store; readonly now: Now },
  schedule: Timer,
  slot: string | null,
): Promise<Slot> => {
  if (slot === null) {
    const open = (await store.listRuns(RECENT_RUNS)).find(isOpen);
    if (open !== undefined) {
      throw new AppError('conflict', `run ${open.id} has not ended`, {
        hint: `Go on with it with --slot ${open.id}, or wait until whoever works on it is done.`,
      });
    }
    return { id: manualSlot(now()), kind: 'manual' };
  }
  const known = await store.loadRun(slot);
  if (known !== null && known.kind !== 'one-off') return known;
  if (!slot.startsWith('manual-')) return requireSlotDue(schedule, slot, now());
  // A new run under a mistyped name would mail everybody again.
  throw new AppError('not_found', `there is no run ${slot} to go on with`, {
    hint: 'Leave --slot out for a new run by hand.',
  });
};

const RECENT_RUNS = 50;
/** One-offs are not worked on by whoever has the queue. */
const isOpen = ({ kind, state }: Run): boolean =>
  kind !== 'one-off' && state !== 'finished' && state !== 'stopped';

const requireSlotDue = (schedule: Timer, slot: string, now: Date): Slot => {
  const hint = `The latest one is ${latestSlot(schedule, now).slot}; leave --slot out for a run by hand.`;
  const dueAt = slotDue(schedule, slot);
  if (dueAt === null) {
    throw new AppError('invalid', `${slot} is no slot of the schedule ${schedule.cron}`, { hint });
  }
  if (dueAt > now) {
    const due = formatMoment(dueAt.toISOString());
    throw new AppError('invalid', `${slot} is still to come: it is due on ${due}`, { hint });
  }
  return { id: slot, kind: 'weekly' };
};
