import { describe, expect, test } from 'vitest';
import { requireRun, startRun, stopRun } from '../../../src/pipeline/runs/run.ts';
import { CLOCK, createPorts, deliveryOf, runOf, SLOT, typesOf } from '../build.ts';
import { NOW } from '../../usage/build.ts';

describe('starting a run', () => {
  test('claims the slot and queues the collector', async () => {
    const ports = createPorts();

    const run = await startRun(ports, SLOT);

    expect(run).toEqual(runOf());
    expect(await ports.store.loadRun(SLOT.id)).toEqual(run);
    expect(ports.queue.openJobs()).toEqual([`collect/${SLOT.id}`]);
    expect(ports.events).toEqual([{ type: 'run-claimed', runId: SLOT.id }]);
  });

  test('happens once when 20 callers start the same slot at once', async () => {
    const ports = createPorts();

    const runs = await Promise.all(Array.from({ length: 20 }, () => startRun(ports, SLOT)));

    expect(runs).toEqual(Array.from({ length: 20 }, () => runOf()));
    expect(ports.queue.openJobs()).toEqual([`collect/${SLOT.id}`]);
    expect(typesOf(ports.events).filter((type) => type === 'run-claimed')).toHaveLength(1);
  });

  test.each([
    { state: 'claimed', queued: [`collect/${SLOT.id}`] },
    { state: 'sizing', queued: [`seal/${SLOT.id}`, `size/${SLOT.id}/a-dev`, `size/${SLOT.id}/b-dev`] },
    { state: 'sealed', queued: [`finish/${SLOT.id}`, `mail/${SLOT.id}/delivery-1`] },
  ] as const)('resumes a run that was left $state', async ({ state, queued }) => {
    const ports = createPorts();
    const left = runOf({ state, takenAt: NOW, namespaces: ['a-dev', 'b-dev'] });
    await ports.store.claimRun(left);
    await ports.store.addDelivery(deliveryOf());
    await ports.store.addDelivery(deliveryOf({ id: 'delivery-2', kind: 'run-summary' }));

    expect(await startRun(ports, SLOT)).toEqual(left);

    expect(ports.queue.openJobs()).toEqual(queued);
    expect(ports.events).toEqual([
      { type: 'run-resumed', runId: SLOT.id, state, delayedMails: 0, nextTryAt: null },
    ]);
  });

  test('says how many mails of a run that is resumed were put off, and when the first is tried again', async () => {
    const ports = createPorts();
    await ports.store.claimRun(runOf({ state: 'sealed' }));
    await ports.store.addDelivery(deliveryOf());
    for (const minute of ['05', '04'])
      await ports.store.addDelivery(
        deliveryOf({ id: minute, detail: '451', nextTryAt: `2026-11-23T08:${minute}:00.000Z` }),
      );

    await startRun(ports, SLOT);

    expect(ports.events).toMatchObject([{ delayedMails: 2, nextTryAt: '2026-11-23T08:04:00.000Z' }]);
  });

  test.each(['finished', 'stopped'] as const)('leaves a slot alone whose run is %s', async (state) => {
    const ports = createPorts();
    const ended = runOf({ state, namespaces: ['a-dev'], endedAt: CLOCK });
    await ports.store.claimRun(ended);

    expect(await startRun(ports, SLOT)).toEqual(ended);

    expect(await ports.store.loadRun(SLOT.id)).toEqual(ended);
    expect(ports.queue.openJobs()).toEqual([]);
    expect(ports.events).toEqual([]);
  });
});

describe('stopping a run', () => {
  test.each(['claimed', 'sizing'] as const)('ends one that is %s, with the reason', async (state) => {
    const ports = createPorts();
    await ports.store.claimRun(runOf({ state }));

    await stopRun(ports, SLOT.id, 'no answer');

    expect(await ports.store.loadRun(SLOT.id)).toEqual(
      runOf({ state: 'stopped', endedAt: CLOCK, stopReason: 'no answer' }),
    );
    expect(ports.events).toEqual([{ type: 'run-stopped', runId: SLOT.id, reason: 'no answer' }]);
  });

  test.each(['sealed', 'finished', 'stopped'] as const)('does nothing to one that is %s', async (state) => {
    const ports = createPorts();
    await ports.store.claimRun(runOf({ state, stopReason: 'as it was' }));

    await stopRun(ports, SLOT.id, 'too late');

    expect(await ports.store.loadRun(SLOT.id)).toEqual(runOf({ state, stopReason: 'as it was' }));
    expect(ports.events).toEqual([]);
  });

  test('says nothing when somebody else moved the run on meanwhile', async () => {
    const ports = createPorts();
    await ports.store.claimRun(runOf({ state: 'sizing', takenAt: NOW }));
    const slow = {
      ...ports.store,
      loadRun: async (runId: string) => {
        const run = await ports.store.loadRun(runId);
        await ports.store.advanceRun('sizing', runOf({ state: 'sealed' }));
        return run;
      },
    };

    await stopRun({ ...ports, store: slow }, SLOT.id, 'too late');

    expect((await ports.store.loadRun(SLOT.id))?.state).toBe('sealed');
    expect(ports.events).toEqual([]);
  });
});

test('a run that nobody claimed is not found', async () => {
  await expect(requireRun(createPorts().store, 'manual-20261123T080000Z')).rejects.toMatchObject({
    code: 'not_found',
    message: 'there is no run manual-20261123T080000Z',
  });
});
