import { describe, expect, test } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { prepareOneOff, sendOneOff } from '../../src/pipeline/direct/one-off.ts';
import type { Cluster, Store } from '../../src/pipeline/ports.ts';
import { summariseRun } from '../../src/pipeline/stages/summary.ts';
import { createFakeCluster, createFakeStore, createFakeTransport } from '../fakes.ts';
import { inventory, NOW } from '../usage/build.ts';
import { CLOCK, clusterOf, createPorts, pipelineRules, SLOT, submittedBy, typesOf, walk } from './build.ts';
import { gather } from '../listed-inventory.ts';

const lea = { 'lea@example.test': 'lead' };
const tom = { 'tom@example.test': 'owner' };

describe('a whole run', () => {
  test('weighs every namespace, mails those that are over and ends with a summary', async () => {
    const cluster = clusterOf(
      { name: 'a-dev', bytes: 1_200, contacts: { ...lea, ...tom } },
      { name: 'b-dev', bytes: 300, contacts: lea },
      { name: 'c-dev', bytes: 1_500 },
      { name: 'kube-system', bytes: 9_000 },
    );
    const ports = createPorts({ cluster: createFakeCluster(cluster) });
    const rules = pipelineRules({ isReported: ({ name }) => !name.startsWith('kube-') });

    const run = await walk(ports, rules);

    expect(run).toEqual({
      ...SLOT,
      state: 'finished',
      claimedAt: CLOCK,
      cluster: cluster.cluster,
      takenAt: NOW,
      exact: true,
      lists: [],
      unreadableKinds: [],
      namespaces: ['a-dev', 'b-dev', 'c-dev'],
      clusterUsedBytes: 3_000,
      sumOfNamespacesBytes: 3_000,
      findings: [],
      givenUp: [],
      sealedAt: CLOCK,
      endedAt: CLOCK,
      stopReason: null,
    });
    expect(submittedBy(ports)).toEqual([
      `lea@example.test: usage-report ${SLOT.id}: a-dev`,
      `tom@example.test: usage-report ${SLOT.id}: a-dev`,
      `staff@example.test: summary ${SLOT.id}`,
    ]);
    const { rows } = await summariseRun(ports.store, SLOT.id);
    expect(
      rows.map(({ namespace, usedBytes, level, recipients, mails }) => [
        namespace,
        usedBytes,
        level,
        recipients,
        mails,
      ]),
    ).toEqual([
      ['a-dev', 1_200, 'over', 2, { submitted: 2 }],
      ['b-dev', 300, 'ok', 1, {}],
      ['c-dev', 1_500, 'over', 0, {}],
    ]);
    expect(rows.map(({ noRecipientReason }) => noRecipientReason !== null)).toEqual([false, false, true]);
    expect(typesOf(ports.events)).toEqual([
      'run-claimed',
      'run-collected',
      'namespace-weighed',
      'namespace-weighed',
      'namespace-weighed',
      'run-sealed',
      'mail-submitted',
      'mail-submitted',
      'run-finished',
      'mail-submitted',
    ]);
    expect(JSON.stringify(ports.events)).not.toContain('@');
    expect(ports.queue.openJobs()).toEqual([]);
  });

  test('tells each member of a team only about namespaces whose own rules name them', async () => {
    const labels = { team: 'wally' };
    const cluster = clusterOf(
      { name: 'a-dev', bytes: 2_000, labels, contacts: { ...lea, ...tom } },
      { name: 'a-tools', bytes: 2_000, labels, contacts: lea },
      { name: 'stranger', bytes: 2_000, labels, contacts: { 'eve@example.test': 'lead' } },
    );
    const ports = createPorts({ cluster: createFakeCluster(cluster) });

    await walk(ports, pipelineRules({ groupByLabel: 'team', summaryTo: null }));

    expect(submittedBy(ports)).toEqual([
      `eve@example.test: usage-report ${SLOT.id}: stranger`,
      `lea@example.test: usage-report ${SLOT.id}: a-dev, a-tools`,
      `tom@example.test: usage-report ${SLOT.id}: a-dev`,
    ]);
    const eves = new TextDecoder().decode(ports.transport.submitted[0]?.bytes);
    expect(eves).not.toMatch(/a-dev|a-tools|owner/);
  });

  test('goes on without a namespace that cannot be weighed, and without mail to its team', async () => {
    const labels = { team: 'wally' };
    const cluster = clusterOf(
      { name: 'a-dev', bytes: 2_000, labels, contacts: lea },
      { name: 'a-tools', bytes: 2_000, labels, contacts: lea },
      { name: 'b-dev', bytes: 2_000, contacts: tom },
    );
    const store = createFakeStore();
    const broken: Store = {
      ...store,
      loadSnapshot: async (runId, which) => {
        if (which.namespace === 'a-tools') throw new AppError('internal', 'not a snapshot of ours');
        return store.loadSnapshot(runId, which);
      },
    };
    const ports = createPorts({ cluster: createFakeCluster(cluster), store: broken });

    const run = await walk(ports, pipelineRules({ groupByLabel: 'team', summaryTo: null }));

    expect(run).toMatchObject({
      state: 'finished',
      givenUp: [{ namespace: 'a-tools', reason: 'not a snapshot of ours' }],
    });
    expect(submittedBy(ports)).toEqual([`tom@example.test: usage-report ${SLOT.id}: b-dev`]);
  });

  test('finishes when there is nothing to weigh', async () => {
    const ports = createPorts({ cluster: createFakeCluster(inventory({})) });

    expect(await walk(ports)).toMatchObject({ state: 'finished', namespaces: [], clusterUsedBytes: 0 });

    expect(submittedBy(ports)).toEqual([`staff@example.test: summary ${SLOT.id}`]);
  });

  test('fails a mail that the server refuses at every try, and finishes', async () => {
    const cluster = clusterOf({ name: 'a-dev', bytes: 2_000, contacts: lea });
    const transport = createFakeTransport((to) =>
      to === 'lea@example.test'
        ? { outcome: 'retry', detail: '451 try later', started: true }
        : { outcome: 'submitted', detail: '250 OK' },
    );
    const ports = createPorts({ cluster: createFakeCluster(cluster), transport });

    const run = await walk(ports);

    expect(run?.state).toBe('finished');
    expect((await summariseRun(ports.store, SLOT.id)).rows).toMatchObject([
      { mails: { failed: 1 }, problem: 'gave up after 5 tries: 451 try later' },
    ]);
    expect(ports.events).toContainEqual({
      type: 'run-finished',
      runId: SLOT.id,
      submitted: 0,
      failed: 1,
    });
  });

  test('records as failed the mails of a mailer whose jobs all failed', async () => {
    const cluster = clusterOf({ name: 'a-dev', bytes: 2_000, contacts: lea });
    const store = createFakeStore();
    const broken: Store = {
      ...store,
      loadDelivery: async (deliveryId) => {
        const delivery = await store.loadDelivery(deliveryId);
        if (delivery?.kind === 'usage-report') throw new AppError('unavailable', 'Redis is gone');
        return delivery;
      },
    };
    const ports = createPorts({ cluster: createFakeCluster(cluster), store: broken });

    expect((await walk(ports))?.state).toBe('finished');

    expect((await summariseRun(store, SLOT.id)).rows).toMatchObject([
      { mails: { failed: 1 }, problem: 'given up before it was sent' },
    ]);
    expect(submittedBy(ports)).toEqual([`staff@example.test: summary ${SLOT.id}`]);
  });
});

test('two clusters with the same namespaces, people and slots send no two mails with the same id', async () => {
  const inventory = clusterOf({ name: 'a-dev', bytes: 2_000, contacts: lea });
  const ids: string[] = [];
  const threads: (string | undefined)[] = [];
  for (const name of ['Silver', 'Gold']) {
    const cluster = createFakeCluster({ ...inventory, cluster: { name, apiUrl: null } });
    const ports = createPorts({ cluster });
    await walk(ports);
    const oneOff = await prepareOneOff(ports, pipelineRules(), { namespaces: ['a-dev'], to: [] });
    const deliveries = [...(await ports.store.listDeliveries(SLOT.id)), ...(await sendOneOff(ports, oneOff))];
    expect(deliveries.map(({ kind, state }) => `${kind} ${state}`)).toEqual([
      'usage-report submitted',
      'run-summary submitted',
      'one-off submitted',
    ]);
    ids.push(...deliveries.map(({ id }) => id));
    threads.push(...deliveries.map(({ thread }) => thread?.id));
  }
  expect(new Set(ids).size).toBe(6);
  // Two of each cluster, and none of the one-offs.
  expect(new Set(threads).size).toBe(4 + 1);
});

describe('a cluster that cannot be read', () => {
  test.each([
    { code: 'forbidden', reads: 1 },
    { code: 'invalid', reads: 1 },
    { code: 'unavailable', reads: 3 },
  ] as const)(
    'stops the run before any mail, after $reads reads when it is $code',
    async ({ code, reads }) => {
      let readsMade = 0;
      const cluster: Cluster = {
        readInventory: async () => {
          readsMade += 1;
          throw new AppError(code, 'images cannot be listed');
        },
      };
      const ports = createPorts({ cluster });

      const run = await walk(ports);

      expect(run).toMatchObject({ state: 'stopped', endedAt: CLOCK, stopReason: 'images cannot be listed' });
      expect(readsMade).toBe(reads);
      expect(ports.transport.started).toEqual([]);
      expect(ports.queue.openJobs()).toEqual([]);
      expect(typesOf(ports.events).at(-1)).toBe('run-stopped');
    },
  );

  test('is read again when it did not answer, and the run goes on', async () => {
    const answers = clusterOf({ name: 'a-dev', bytes: 2_000, contacts: lea });
    let readsMade = 0;
    const cluster: Cluster = {
      readInventory: async () => {
        readsMade += 1;
        if (readsMade < 3) throw new AppError('unavailable', 'no answer');
        return gather(answers);
      },
    };
    const ports = createPorts({ cluster });

    expect((await walk(ports))?.state).toBe('finished');

    expect(ports.transport.submitted).toHaveLength(2);
  });
});

describe('a slot that was run', () => {
  test('is not run again: same record, no new mail', async () => {
    const cluster = clusterOf({ name: 'a-dev', bytes: 2_000, contacts: lea });
    const ports = createPorts({ cluster: createFakeCluster(cluster) });
    const first = await walk(ports);
    const eventsOfFirst = ports.events.length;

    const again = await walk({ ...ports, now: () => new Date('2026-11-24T08:00:00Z') });

    expect(again).toEqual(first);
    expect(ports.transport.submitted).toHaveLength(2);
    expect(ports.events).toHaveLength(eventsOfFirst);
  });

  test('does not keep the next one from mailing the same people again', async () => {
    const cluster = clusterOf({ name: 'a-dev', bytes: 2_000, contacts: lea });
    const ports = createPorts({ cluster: createFakeCluster(cluster) });
    await walk(ports);

    await walk(ports, pipelineRules(), { id: 'weekly-2026-11-30', kind: 'weekly' });

    expect(submittedBy(ports)).toEqual([
      `lea@example.test: usage-report ${SLOT.id}: a-dev`,
      `staff@example.test: summary ${SLOT.id}`,
      'lea@example.test: usage-report weekly-2026-11-30: a-dev',
      'staff@example.test: summary weekly-2026-11-30',
    ]);
    const history = await ports.store.listHistory('a-dev', 10);
    expect(history.map(({ runId }) => runId)).toEqual(['weekly-2026-11-30', SLOT.id]);
  });
});
