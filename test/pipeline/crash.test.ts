import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AppError } from '../../src/errors.ts';
import type { Delivery } from '../../src/pipeline/records/delivery.ts';
import type { HistoryPoint } from '../../src/pipeline/records/history-point.ts';
import type { NamespaceResult } from '../../src/pipeline/records/result.ts';
import type { Run } from '../../src/pipeline/records/run.ts';
import { startRun } from '../../src/pipeline/runs/run.ts';
import { createFakeCluster, createFakeStore, createFakeTransport } from '../fakes.ts';
import { clusterOf, createPorts, pipelineRules, SLOT, workOn } from './build.ts';
import type { Ports } from './build.ts';

/**
 * A process may die at any moment. What it leaves is the store, the queue and what the mail server took; the job under
 * way is open again for the next process. Here it dies at each of its calls to the outside, before or after the call
 * took effect, and another one starts the same slot.
 */

const labels = { team: 'wally' };
const NAMESPACES = clusterOf(
  {
    name: 'a-dev',
    bytes: 1_200,
    labels,
    contacts: { 'lea@example.test': 'lead', 'tom@example.test': 'owner' },
  },
  { name: 'a-tools', bytes: 1_300, labels, contacts: { 'lea@example.test': 'lead' } },
  { name: 'b-dev', bytes: 2_000, contacts: { 'refused@example.test': 'lead' } },
  { name: 'c-dev', bytes: 2_000, contacts: { 'busy@example.test': 'lead' } },
  { name: 'broken', bytes: 2_000, contacts: { 'pat@example.test': 'lead' } },
  { name: 'fine', bytes: 10, contacts: { 'pat@example.test': 'lead' } },
  { name: 'lost', bytes: 2_000, contacts: { 'pat@example.test': 'lead' } },
  { name: 'silent', bytes: 2_000 },
);
const RULES = pipelineRules({ groupByLabel: 'team' });

/** What outlives a process: one recipient is refused for good, one is refused for now at the first try. */
const createOutside = (): Ports => {
  const store = createFakeStore();
  return createPorts({
    cluster: createFakeCluster(NAMESPACES),
    store: {
      ...store,
      loadSnapshot: async (runId, which) => {
        if (which.namespace === 'broken') throw new AppError('internal', 'not a snapshot of ours');
        return store.loadSnapshot(runId, which);
      },
      saveResult: async (runId, result) => {
        if (result.namespace === 'lost' && result.status === 'weighed')
          throw new AppError('unavailable', 'the sizer lost the store');
        return store.saveResult(runId, result);
      },
    },
    transport: createFakeTransport((to, attempt) => {
      if (to === 'refused@example.test') return { outcome: 'failed', detail: '554 no' };
      if (to === 'busy@example.test' && attempt === 1)
        return { outcome: 'retry', detail: '451 try later', started: true };
      return { outcome: 'submitted', detail: '250 OK' };
    }),
  });
};

/** The `call`-th call to the outside, counted from 1, is the last: it takes effect or it does not. */
type Death = { readonly call: number; readonly takesEffect: boolean };

type Life = {
  readonly calls: number;
  /** Lets the calls that a dead process hangs in fail, so that nothing stays open when all is looked at. */
  readonly bury: () => Promise<void>;
};

/** Works on the slot until nothing is left to do or the process dies. */
const live = async (outside: Ports, death: Death | null, isStarted = true): Promise<Life> => {
  const died = Promise.withResolvers<void>();
  const buried = Promise.withResolvers<void>();
  let calls = 0;
  let isDead = false;

  const beDead = async (): Promise<never> => {
    isDead = true;
    died.resolve();
    await buried.promise;
    throw new Error('the process is dead');
  };
  const inside = withPorts(outside, (port) =>
    everyCall(port, async (call) => {
      if (isDead) return beDead();
      calls += 1;
      const isLast = calls === death?.call;
      const answer = isLast && !death?.takesEffect ? null : await call();
      return isLast || isDead ? beDead() : answer;
    }),
  );
  const work = async (): Promise<void> => {
    await workOn(outside.queue, inside, RULES);
    if (isStarted) await startRun(inside, SLOT);
    await outside.queue.drain();
  };
  const working = work();
  await Promise.race([working, died.promise]);
  const bury = async (): Promise<void> => {
    died.resolve();
    buried.resolve();
    await working.catch(() => {});
  };
  return { calls, bury };
};

/** The same port, but each call goes through `intercept`. */
const everyCall = <Port extends object>(
  port: Port,
  intercept: (call: () => Promise<unknown>) => Promise<unknown>,
): Port =>
  new Proxy(port, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...given: readonly unknown[]) => intercept(async () => Reflect.apply(member, target, given));
    },
  });

const withPorts = (outside: Ports, wrap: <Port extends object>(port: Port) => Port): Ports => ({
  ...outside,
  cluster: wrap(outside.cluster),
  store: wrap(outside.store),
  queue: wrap(outside.queue),
  transport: wrap(outside.transport),
});

type Aftermath = {
  readonly run: Run | null;
  readonly results: readonly (NamespaceResult | null)[];
  readonly deliveries: readonly Delivery[];
  readonly history: readonly HistoryPoint[];
  /** How often the mail server accepted each delivery, by the id in its Message-ID. */
  readonly accepted: Readonly<Record<string, number>>;
  readonly openJobs: readonly string[];
};

const look = async ({ store, queue, transport }: Ports): Promise<Aftermath> => {
  const run = await store.loadRun(SLOT.id);
  const namespaces = run?.namespaces ?? [];
  const results = await Promise.all(namespaces.map((namespace) => store.loadResult(SLOT.id, namespace)));
  const history = await Promise.all(namespaces.map((namespace) => store.listHistory(namespace, 10)));
  const accepted: Record<string, number> = {};
  for (const { bytes } of transport.submitted) {
    const id = /^Message-ID: <(.*)@/m.exec(new TextDecoder().decode(bytes))?.[1] ?? '';
    accepted[id] = (accepted[id] ?? 0) + 1;
  }
  const deliveries = await store.listDeliveries(SLOT.id);
  return { run, results, deliveries, history: history.flat(), accepted, openJobs: queue.openJobs() };
};

/** Everything a death must not change; how a mail ended is judged apart. */
const numbersOf = ({ run, results, deliveries, history, openJobs }: Aftermath): unknown => ({
  run,
  results,
  history,
  deliveries: deliveries.map((delivery) => ({ ...delivery, state: null, detail: null })),
  openJobs,
});

/** The aftermath of a slot on which one process after the other worked; those before the last one died. */
const outlive = async (deaths: readonly Death[], isStartedAgain = true): Promise<Aftermath> => {
  const outside = createOutside();
  const lives: Life[] = [];
  for (const death of deaths) lives.push(await live(outside, death));
  lives.push(await live(outside, null, deaths.length === 0 || isStartedAgain));
  const aftermath = await look(outside);
  for (const { bury } of lives) await bury();
  return aftermath;
};

const undisturbed = await outlive([]);
const { calls: CALLS, bury } = await live(createOutside(), null);
await bury();

const expectNothingLost = (after: Aftermath, mostUncertain: number): void => {
  expect(numbersOf(after)).toEqual(numbersOf(undisturbed));
  const states = new Map(undisturbed.deliveries.map(({ id, state }) => [id, state]));
  let uncertain = 0;
  for (const { id, state } of after.deliveries) {
    const acceptedTimes = after.accepted[id] ?? 0;
    if (state === 'uncertain') {
      uncertain += 1;
      expect(acceptedTimes).toBeLessThanOrEqual(1);
    } else {
      expect(state).toBe(states.get(id));
      expect(acceptedTimes).toBe(state === 'submitted' ? 1 : 0);
    }
  }
  expect(uncertain).toBeLessThanOrEqual(mostUncertain);
  expect([...states.keys()]).toEqual(expect.arrayContaining(Object.keys(after.accepted)));
};

describe('a run whose process dies', () => {
  test('is undisturbed when it does not, and then sends every mail but the refused one', () => {
    expect(undisturbed.run?.state).toBe('finished');
    expect(undisturbed.run?.givenUp).toMatchObject([{ namespace: 'broken' }, { namespace: 'lost' }]);
    const points = undisturbed.history.map(({ namespace, usedBytes }) => `${namespace} ${usedBytes}`);
    expect(points).toEqual([
      'a-dev 1200',
      'a-tools 1300',
      'b-dev 2000',
      'c-dev 2000',
      'fine 10',
      'silent 2000',
    ]);
    expect(undisturbed.openJobs).toEqual([]);
    const ends = undisturbed.deliveries.map(({ recipient, state }) => `${recipient.address} ${state}`);
    expect(ends.toSorted()).toEqual([
      'busy@example.test submitted',
      'lea@example.test submitted',
      'refused@example.test failed',
      'staff@example.test submitted',
      'tom@example.test submitted',
    ]);
    expect(Object.values(undisturbed.accepted)).toEqual([1, 1, 1, 1]);
  });

  test('once, at any call, ends with the same numbers and no mail sent twice or lost', async () => {
    let uncertainRuns = 0;
    for (let call = 1; call <= CALLS; call += 1) {
      for (const takesEffect of [false, true]) {
        const after = await outlive([{ call, takesEffect }]);
        expectNothingLost(after, 1);
        if (after.deliveries.some(({ state }) => state === 'uncertain')) uncertainRuns += 1;
      }
    }
    // Five mails, one of them tried twice: ambiguous from the record's `sending` to the record of how it ended, which a
    // death can hit after the first, after the server's answer and before the second.
    expect(uncertainRuns).toBe(6 * 3);
  });

  test('once, at any call, is brought to its end by the queue alone when the slot is not started again', async () => {
    // Before its collector is queued a run needs a second start: call 1 claims it, call 2 queues.
    for (let call = 3; call <= CALLS; call += 1) {
      for (const takesEffect of [false, true]) {
        expectNothingLost(await outlive([{ call, takesEffect }], false), 1);
      }
    }
  });

  test('twice in a row, at any calls, ends the same way', async () => {
    const death = fc.record({ call: fc.integer({ min: 1, max: CALLS }), takesEffect: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(death, death, async (first, second) => {
        expectNothingLost(await outlive([first, second]), 2);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a run of which two workers are given every job at once', () => {
  test('ends with the same numbers and no mail sent twice or lost, however their calls interleave', async () => {
    const waits = fc.array(fc.nat({ max: 6 }), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(waits, async (given) => {
        const outside = createOutside();
        await startRun(outside, SLOT);
        await workOn(outside.queue, slowed(outside, given), RULES);
        await Promise.all([outside.queue.drain(), outside.queue.drain()]);
        expectNothingLost(await look(outside), 1);
      }),
      { numRuns: 300 },
    );
  });

  /** Each call to the outside is delayed by the next number of turns, over and over. */
  const slowed = (outside: Ports, waits: readonly number[]): Ports => {
    let calls = 0;
    const slow = <Port extends object>(port: Port): Port =>
      everyCall(port, async (call) => {
        const turns = waits[calls % waits.length] ?? 0;
        calls += 1;
        for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
        return call();
      });
    return withPorts(outside, slow);
  };
});
