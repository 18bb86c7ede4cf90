import { describe, expect, test } from 'vitest';
import { listFailing } from '../../../src/pipeline/bounces/failing.ts';
import type { Named } from '../../../src/pipeline/bounces/failing.ts';
import type { FailingRecipient, Store } from '../../../src/pipeline/ports.ts';
import type { Bounce } from '../../../src/pipeline/records/bounce.ts';
import type { Delivery } from '../../../src/pipeline/records/delivery.ts';
import type { Run } from '../../../src/pipeline/records/run.ts';
import { createFakeStore } from '../../fakes.ts';
import { deliveryOf, runOf } from '../build.ts';

const WEEKS = ['2026-11-09', '2026-11-16', '2026-11-23', '2026-11-30'] as const;
const NAMED: Named = new Map([['a-dev', new Set(['lea@example.test', 'tom@example.test'])]]);

/** A store with a finished run on each Monday. */
const withRuns = async (): Promise<{ readonly store: Store; readonly runs: readonly Run[] }> => {
  const store = createFakeStore();
  const runs = WEEKS.map((day) =>
    runOf({
      id: `weekly-${day}`,
      state: 'finished',
      claimedAt: `${day}T16:00:00Z`,
      endedAt: `${day}T17:00:00Z`,
    }),
  );
  for (const run of runs) await store.claimRun(run);
  return { store, runs };
};

/** A mail that a server took on that day, and the notice of the next day that it came back; null: there is none. */
const send = async (
  store: Store,
  day: string,
  { delivery = {}, notice = {} }: { delivery?: Partial<Delivery>; notice?: Partial<Bounce> | null } = {},
): Promise<void> => {
  const id = delivery.id ?? `mail-${day}`;
  const sent = deliveryOf({ date: `${day}T16:30:00Z`, state: 'submitted', ...delivery, id });
  await store.addDelivery(sent);
  if (notice === null) return;
  await store.addBounce({
    deliveryId: id,
    runId: `weekly-${day}`,
    address: sent.recipient.address,
    namespaces: sent.namespaces,
    status: '5.1.1',
    detail: `550 ${id}`,
    recordedAt: `${day}T20:00:00Z`,
    ...notice,
  });
};

const after = (last: string | null): Partial<Delivery> => ({ thread: { id: 'thread-1', last } });
const to = (address: string): Pick<Delivery, 'recipient'> => ({
  recipient: { address, roles: ['lead'], rule: 'annotation:contacts' },
});

const LEA: FailingRecipient = {
  address: 'lea@example.test',
  namespaces: ['a-dev'],
  mails: 1,
  since: '2026-11-23T16:30:00Z',
  status: '5.1.1',
  detail: '550 mail-2026-11-23',
  isNamed: true,
  aloneIn: [],
};

describe('who is failing', () => {
  test('is whose mail came back since the run before ended, a one-off being no such run', async () => {
    const { store, runs } = await withRuns();
    await store.claimRun(
      runOf({
        id: 'send-1',
        kind: 'one-off',
        claimedAt: '2026-11-27T08:00:00Z',
        endedAt: '2026-11-27T08:00:01Z',
      }),
    );
    await send(store, '2026-11-16', { notice: { recordedAt: '2026-11-23T16:59:59Z' } });
    await send(store, '2026-11-23', { notice: { recordedAt: '2026-11-23T17:00:00.000Z' } });
    const detailsIn = async (week: number): Promise<readonly (string | null)[]> =>
      (await listFailing(store, runs[week] ?? runOf(), NAMED)).map(({ detail }) => detail);

    expect(await detailsIn(3)).toEqual(['550 mail-2026-11-23']);
    // What was known by then; the first run there is has nothing before it.
    expect(await detailsIn(0)).toEqual(['550 mail-2026-11-23']);
  });

  test('is told with all mails in a row that came back, however late the notices came', async () => {
    const { store, runs } = await withRuns();
    await send(store, '2026-11-09', { delivery: after(null) });
    await send(store, '2026-11-16', { delivery: after('mail-2026-11-09') });
    await send(store, '2026-11-23', { delivery: after('mail-2026-11-16') });
    expect(await listFailing(store, runs[3] ?? runOf(), NAMED)).toEqual([
      { ...LEA, mails: 3, since: '2026-11-09T16:30:00Z' },
    ]);
  });

  test('is counted anew after a mail that did not come back', async () => {
    const { store, runs } = await withRuns();
    await send(store, '2026-11-09', { delivery: after(null) });
    await send(store, '2026-11-16', { delivery: after('mail-2026-11-09'), notice: null });
    await send(store, '2026-11-23', { delivery: after('mail-2026-11-16') });
    expect(await listFailing(store, runs[3] ?? runOf(), NAMED)).toEqual([LEA]);
  });

  test('is one person whatever the case of the address, with the mails of all threads', async () => {
    const { store, runs } = await withRuns();
    await send(store, '2026-11-16', { delivery: after(null) });
    await send(store, '2026-11-23', { delivery: after('mail-2026-11-16') });
    await send(store, '2026-11-23', {
      delivery: {
        ...to('Lea@example.test'),
        id: 'other',
        namespaces: ['a-prod', 'a-dev'],
        thread: { id: 'thread-2', last: 'mail-2026-11-16' },
      },
      notice: { recordedAt: '2026-11-24T08:00:00Z', status: null, detail: null },
    });
    expect(await listFailing(store, runs[3] ?? runOf(), NAMED)).toEqual([
      {
        ...LEA,
        address: 'Lea@example.test',
        namespaces: ['a-dev', 'a-prod'],
        mails: 3,
        since: '2026-11-16T16:30:00Z',
        status: null,
        detail: null,
      },
    ]);
  });

  test('is dated by the notice where the delivery is gone', async () => {
    const { store, runs } = await withRuns();
    await send(store, '2026-11-23', { notice: { deliveryId: 'gone' } });
    expect(await listFailing(store, runs[3] ?? runOf(), NAMED)).toEqual([
      { ...LEA, since: '2026-11-23T20:00:00Z' },
    ]);
  });
});

describe('whether anybody else hears of it', () => {
  const failingWith = async (named: Named): Promise<readonly string[]> => {
    const { store, runs } = await withRuns();
    await send(store, '2026-11-23');
    await send(store, '2026-11-23', { delivery: { ...to('tom@example.test'), id: 'toms' } });
    return (await listFailing(store, runs[3] ?? runOf(), named)).map(
      ({ address, isNamed, aloneIn }) =>
        `${address} ${isNamed ? 'is named' : 'is not named'}, alone in ${aloneIn.join(' and ')}`,
    );
  };

  test('depends on all others whom the namespace names', async () => {
    const named = new Map([
      ['a-dev', new Set(['lea@example.test', 'pat@example.test'])],
      ['a-prod', new Set(['lea@example.test', 'tom@example.test'])],
      ['a-test', new Set(['lea@example.test'])],
    ]);
    expect(await failingWith(named)).toEqual([
      'lea@example.test is named, alone in a-prod and a-test',
      'tom@example.test is named, alone in a-prod',
    ]);
  });

  test('does not matter where the contacts were changed', async () => {
    expect(await failingWith(new Map([['a-dev', new Set(['pat@example.test'])]]))).toEqual([
      'lea@example.test is not named, alone in ',
      'tom@example.test is not named, alone in ',
    ]);
  });

  test('is unknown of a namespace that was given up, which is taken to name them still', async () => {
    const named = new Map([
      ['a-dev', null],
      ['b-dev', null],
    ]);
    expect(await failingWith(named)).toEqual([
      'lea@example.test is named, alone in ',
      'tom@example.test is named, alone in ',
    ]);
    expect(await failingWith(new Map([['b-dev', null]]))).toEqual([
      'lea@example.test is not named, alone in ',
      'tom@example.test is not named, alone in ',
    ]);
  });
});
