import { expect, test } from 'vitest';
import { recordBounces } from '../../../src/pipeline/bounces/bounces.ts';
import type { BounceNotice } from '../../../src/pipeline/ports.ts';
import { createPorts, deliveryOf, runOf, SLOT } from '../build.ts';

const ID = '5f'.repeat(32);
const FAILED = { deliveryId: ID, hasFailed: true, status: '5.1.1', detail: '550 no such user' };

/** A store with the delivery `ID`, and what a mailbox with these notices came to. */
const openMailroom = async () => {
  const ports = createPorts();
  await ports.store.claimRun(runOf({ state: 'finished' }));
  await ports.store.addDelivery(deliveryOf({ id: ID, state: 'submitted' }));
  const record = (notices: readonly (BounceNotice | null)[]) =>
    recordBounces(ports, {
      readNotices: async function* () {
        yield* notices;
      },
    });
  return { store: ports.store, record, now: ports.now };
};

test('marks whose mail came back, once, however often the notices are read', async () => {
  const { store, record, now } = await openMailroom();
  const bounce = {
    deliveryId: ID,
    runId: SLOT.id,
    address: 'lea@example.test',
    namespaces: ['a-dev'],
    status: '5.1.1',
    detail: '550 no such user',
    recordedAt: now().toISOString(),
  };
  expect(await record([FAILED])).toEqual({ recorded: [bounce], known: 0, delayed: 0, foreign: 0, other: 0 });
  expect(await record([FAILED, { ...FAILED, detail: 'again' }])).toMatchObject({ recorded: [], known: 2 });
  expect(await store.listBounces()).toEqual([bounce]);
  expect(await store.loadDelivery(ID)).toEqual(deliveryOf({ id: ID, state: 'submitted' }));
});

test('knows the delivery by the half of its id that a bounce address holds', async () => {
  const { store, record } = await openMailroom();
  expect(await record([{ ...FAILED, deliveryId: ID.slice(0, 32) }])).toMatchObject({
    recorded: [{ deliveryId: ID }],
  });
  expect(await store.listBounces()).toHaveLength(1);
});

test('marks nobody for a mail that is late, a mail that is not ours and a message of another kind', async () => {
  const { store, record } = await openMailroom();
  const notices = [
    { ...FAILED, hasFailed: false },
    { ...FAILED, deliveryId: 'a0'.repeat(32) },
    { ...FAILED, deliveryId: 'a0'.repeat(16) },
    null,
  ];
  expect(await record(notices)).toEqual({ recorded: [], known: 0, delayed: 1, foreign: 2, other: 1 });
  expect(await store.listBounces()).toEqual([]);
});
