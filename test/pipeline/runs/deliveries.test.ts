import { describe, expect, test } from 'vitest';
import { draftDelivery, planDelivery } from '../../../src/pipeline/runs/deliveries.ts';
import type { Occasion } from '../../../src/pipeline/runs/deliveries.ts';
import type { Delivery } from '../../../src/pipeline/records/delivery.ts';
import { createFakeCompose, createFakeStore } from '../../fakes.ts';
import { CLOCK, deliveryOf, SLOT } from '../build.ts';

const compose = createFakeCompose();
const SILVER = { name: 'Silver', apiUrl: 'https://api.silver.example.test:6443' };
const OCCASION: Occasion = { runId: SLOT.id, cluster: SILVER, kind: 'usage-report', at: CLOCK };

const draft = (
  occasion: Partial<Occasion> = {},
  address = 'lea@example.test',
  teamId = 'ns:a-dev',
): Delivery =>
  draftDelivery(
    compose,
    { ...OCCASION, ...occasion },
    { teamId, recipient: { address, roles: ['lead'], rule: 'annotation:contacts' }, namespaces: ['a-dev'] },
  );

describe('the id of a delivery', () => {
  test('is the same however often it is drafted, and however the address is written', () => {
    expect(draft().id).toMatch(/^[0-9a-f]{64}$/);
    expect(draft({ at: '2026-11-24T00:00:00Z' }, 'Lea@example.test').id).toBe(draft().id);
  });

  test.each<[string, Delivery]>([
    ['another cluster', draft({ cluster: { ...SILVER, name: 'Gold' } })],
    [
      'a cluster without a name of its own',
      draft({ cluster: { ...SILVER, apiUrl: 'https://gold.example.test' } }),
    ],
    ['a cluster that nobody knows', draft({ cluster: null })],
    ['another run', draft({ runId: 'weekly-2026-11-30' })],
    ['another person', draft({}, 'tom@example.test')],
    ['another team', draft({}, 'lea@example.test', 'ns:b-dev')],
    ['another kind of mail', draft({ kind: 'one-off' })],
  ])('is another one for %s', (_what, other) => {
    expect(other.id).not.toBe(draft().id);
  });
});

describe('the thread of a delivery', () => {
  test('is that of the week before, also after the API has moved', () => {
    const nextWeek = { runId: 'weekly-2026-11-30', cluster: { ...SILVER, apiUrl: null } };
    expect(draft().thread).toEqual({ id: expect.stringMatching(/^[0-9a-f]{64}$/), last: null });
    expect(draft(nextWeek, 'Lea@example.test').thread).toEqual(draft().thread);
  });

  test.each<[string, Delivery]>([
    ['another cluster', draft({ cluster: { ...SILVER, name: 'Gold' } })],
    ['another person', draft({}, 'tom@example.test')],
    ['another team', draft({}, 'lea@example.test', 'ns:b-dev')],
    ['another kind of mail', draft({ kind: 'run-summary' })],
  ])('is another one for %s', (_what, other) => {
    expect(other.thread?.id).toMatch(/^[0-9a-f]{64}$/);
    expect(other.thread?.id).not.toBe(draft().thread?.id);
  });

  test('is none for a one-off', () => {
    expect(draft({ kind: 'one-off' }).thread).toBeNull();
  });
});

describe('planning a delivery', () => {
  const thread = { id: 'thread-1', last: null };

  test('lets it follow what was submitted last in its thread, and stands', async () => {
    const store = createFakeStore();
    for (const [id, state] of [
      ['first', 'submitted'],
      ['second', 'uncertain'],
      ['third', 'failed'],
    ] as const) {
      await store.addDelivery(deliveryOf({ id }));
      await store.moveDelivery('planned', deliveryOf({ id, state }));
    }
    await planDelivery(store, deliveryOf({ id: 'fourth', thread }));
    expect((await store.loadDelivery('fourth'))?.thread).toEqual({ id: 'thread-1', last: 'first' });

    await store.moveDelivery('planned', deliveryOf({ id: 'fourth', state: 'submitted' }));
    await planDelivery(store, deliveryOf({ id: 'fourth', detail: 'again' }));
    expect(await store.loadDelivery('fourth')).toMatchObject({ state: 'submitted', detail: null });
    await planDelivery(store, deliveryOf({ id: 'other', thread: { id: 'thread-2', last: null } }));
    expect((await store.loadDelivery('other'))?.thread).toEqual({ id: 'thread-2', last: null });
  });

  test('leaves one without a thread alone', async () => {
    const store = createFakeStore();
    await planDelivery(store, deliveryOf({ kind: 'one-off', thread: null }));
    expect((await store.loadDelivery('delivery-1'))?.thread).toBeNull();
  });
});
