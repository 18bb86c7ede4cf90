import { describe, expect, test } from 'vitest';
import { RUN_STATES } from '../../../src/pipeline/records/run.ts';
import { chooseSlot, dueSlot } from '../../../src/pipeline/runs/slots.ts';
import { createPorts, runOf, SLOT } from '../build.ts';

/** The clock of `createPorts` shows the very moment at which its slot is due. */
const timer = { cron: '0 8 * * 1', timeZone: 'UTC' };
const byHand = { id: 'manual-20261123T080000Z', kind: 'manual' };

describe('the slot that a person names', () => {
  test('is one of its own for a run by hand', async () => {
    expect(await chooseSlot(createPorts(), timer, null)).toEqual(byHand);
  });

  test.each(RUN_STATES)('is none by hand while another run is still open: %s', async (state) => {
    const ports = createPorts();
    await ports.store.claimRun(runOf({ state }));
    const chosen = chooseSlot(ports, timer, null);
    if (state === 'finished' || state === 'stopped') expect(await chosen).toEqual(byHand);
    else
      await expect(chosen).rejects.toMatchObject({
        code: 'conflict',
        hint: expect.stringContaining(SLOT.id),
      });
  });

  test('is one by hand however a one-off has ended', async () => {
    const ports = createPorts();
    await ports.store.claimRun(runOf({ id: 'send-1', kind: 'one-off', state: 'sealed' }));
    expect(await chooseSlot(ports, timer, null)).toEqual(byHand);
  });

  test('is that of a run on record, due or not', async () => {
    const ports = createPorts();
    await ports.store.claimRun(runOf({ id: 'manual-20261101T000000Z', kind: 'manual' }));
    const { id, kind } = await chooseSlot(ports, timer, 'manual-20261101T000000Z');
    expect({ id, kind }).toEqual({ id: 'manual-20261101T000000Z', kind: 'manual' });
  });

  test.each<[string, string, string]>([
    ['one still to come', 'weekly-2026-11-30', 'invalid'],
    ['a day without one', 'weekly-2026-11-24', 'invalid'],
    ['no slot at all', 'monday', 'invalid'],
    ['a run by hand that never was', 'manual-20261101T000000Z', 'not_found'],
  ])('cannot be %s', async (_name, slot, code) => {
    await expect(chooseSlot(createPorts(), timer, slot)).rejects.toMatchObject({ code });
  });

  test('is a weekly one that is due', async () => {
    expect(await chooseSlot(createPorts(), timer, SLOT.id)).toEqual(SLOT);
  });
});

describe('the slot that is due', () => {
  const schedule = { ...timer, catchUpMs: 3_600_000 };

  test('is caught up with to the last millisecond, and not after', () => {
    expect(dueSlot(schedule, new Date('2026-11-23T09:00:00.000Z'))).toEqual(SLOT);
    expect(dueSlot(schedule, new Date('2026-11-23T09:00:00.001Z'))).toBeNull();
  });

  test.each([
    { name: 'at its very moment', now: '2026-11-23T08:00:00.000Z', slot: SLOT },
    { name: 'when the timer fires a little late', now: '2026-11-23T08:00:00.250Z', slot: SLOT },
    { name: 'when the timer waits for another job', now: '2026-11-23T08:10:00.000Z', slot: SLOT },
    { name: 'not later', now: '2026-11-23T08:10:00.001Z', slot: null },
    { name: 'not before', now: '2026-11-23T07:59:59.999Z', slot: null },
  ])('without catching up is due for ten minutes: $name', ({ now, slot }) => {
    expect(dueSlot({ ...timer, catchUpMs: 0 }, new Date(now))).toEqual(slot);
  });
});
