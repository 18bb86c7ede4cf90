import { describe, expect, test } from 'vitest';
import type { Store } from '../../../src/pipeline/ports.ts';
import type { NamespaceResult } from '../../../src/pipeline/records/result.ts';
import { stopRun } from '../../../src/pipeline/runs/run.ts';
import { sealRun } from '../../../src/pipeline/stages/seal.ts';
import { size } from '../../../src/pipeline/stages/sizer.ts';
import { summariseRun } from '../../../src/pipeline/stages/summary.ts';
import { createFakeStore } from '../../fakes.ts';
import { NOW, snapshot } from '../../usage/build.ts';

import {
  CLOCK,
  clusterOf,
  createPorts,
  FIRST_TRY,
  pipelineRules,
  resultsOf,
  runOf,
  SLOT,
  typesOf,
} from '../build.ts';
import type { PipelineRules, Ports } from '../build.ts';
import type { ListedInventory } from '../../listed-inventory.ts';

const byTeam = pipelineRules({ groupByLabel: 'team' });
const wally = { team: 'wally' };

/** A run whose namespaces were all sized; results given by hand stand instead of the weighed ones. */
const sized = async (
  cluster: ListedInventory,
  {
    rules = pipelineRules(),
    instead = [],
    store = createFakeStore(),
  }: {
    readonly rules?: PipelineRules;
    readonly instead?: readonly (
      NamespaceResult | { readonly namespace: string; readonly status: 'missing' }
    )[];
    readonly store?: Store;
  } = {},
): Promise<Ports> => {
  const ports = createPorts({ store });
  const results = resultsOf(cluster, rules);
  const namespaces = results.map(({ namespace }) => namespace);
  await store.claimRun(runOf({ state: 'sizing', takenAt: NOW, namespaces }));
  for (const weighed of results) {
    const result = instead.find(({ namespace }) => namespace === weighed.namespace) ?? weighed;
    if (result.status !== 'missing') await store.saveResult(SLOT.id, result);
  }
  return ports;
};

const plannedMails = async ({ store }: Ports): Promise<readonly string[]> =>
  (await store.listDeliveries(SLOT.id)).map(
    ({ teamId, recipient, namespaces }) => `${teamId} ${recipient.address}: ${namespaces.join(' ')}`,
  );

const lea = { 'lea@example.test': 'lead' };
const tom = { 'tom@example.test': 'owner' };
const overAndOk = clusterOf(
  { name: 'a-dev', bytes: 1_001, contacts: { ...lea, ...tom } },
  { name: 'b-dev', bytes: 1_000, contacts: lea },
);

describe('sealing', () => {
  test('freezes the run and queues one mail per recipient of a namespace that is over', async () => {
    const ports = await sized(overAndOk);

    await sealRun(ports, pipelineRules(), SLOT.id);

    expect(await ports.store.loadRun(SLOT.id)).toEqual(
      runOf({ state: 'sealed', takenAt: NOW, namespaces: ['a-dev', 'b-dev'], sealedAt: CLOCK }),
    );
    expect(await plannedMails(ports)).toEqual([
      'ns:a-dev lea@example.test: a-dev',
      'ns:a-dev tom@example.test: a-dev',
    ]);
    const planned = await ports.store.listDeliveries(SLOT.id);
    expect(planned[0]).toMatchObject({ kind: 'usage-report', state: 'planned', date: CLOCK, detail: null });
    expect(ports.queue.openJobs()).toEqual([
      `finish/${SLOT.id}`,
      ...planned.map(({ id }) => `mail/${SLOT.id}/${id}`),
    ]);
    expect(ports.events).toEqual([{ type: 'run-sealed', runId: SLOT.id, namespaces: 2, over: 1, mails: 2 }]);
  });

  test('mails the levels that the configuration names', async () => {
    const ports = await sized(overAndOk);

    await sealRun(ports, { mailLevels: ['warning'] }, SLOT.id);

    expect(await plannedMails(ports)).toEqual(['ns:b-dev lea@example.test: b-dev']);
  });

  test('sends a recipient of a team one mail with only the namespaces whose own rules name them', async () => {
    const cluster = clusterOf(
      { name: 'a-dev', bytes: 2_000, labels: wally, contacts: { ...lea, ...tom } },
      { name: 'a-tools', bytes: 2_000, labels: wally, contacts: lea },
      { name: 'stranger', bytes: 2_000, labels: wally, contacts: { 'eve@example.test': 'lead' } },
    );
    const ports = await sized(cluster, { rules: byTeam });

    await sealRun(ports, byTeam, SLOT.id);

    expect(await plannedMails(ports)).toEqual([
      'label:wally eve@example.test: stranger',
      'label:wally lea@example.test: a-dev a-tools',
      'label:wally tom@example.test: a-dev',
    ]);
  });

  test('takes addresses that differ in case for one person with all their roles', async () => {
    const cluster = clusterOf(
      { name: 'a-dev', bytes: 2_000, labels: wally, contacts: lea },
      { name: 'a-tools', bytes: 2_000, labels: wally, contacts: { 'LEA@example.test': 'owner' } },
    );
    const ports = await sized(cluster, { rules: byTeam });

    await sealRun(ports, byTeam, SLOT.id);

    expect(await ports.store.listDeliveries(SLOT.id)).toMatchObject([
      {
        recipient: { address: 'lea@example.test', roles: ['lead', 'owner'] },
        namespaces: ['a-dev', 'a-tools'],
      },
    ]);
  });

  test('holds back the mail of a team with a given-up namespace and of no other team', async () => {
    const cluster = clusterOf(
      { name: 'a-dev', bytes: 2_000, labels: wally, contacts: lea },
      { name: 'a-tools', bytes: 2_000, labels: wally, contacts: lea },
      { name: 'b-dev', bytes: 2_000, contacts: tom },
    );
    const givenUp = { status: 'given-up', namespace: 'a-tools', reason: 'its snapshot is gone' } as const;
    const ports = await sized(cluster, { rules: byTeam, instead: [givenUp] });

    await sealRun(ports, byTeam, SLOT.id);

    expect(await plannedMails(ports)).toEqual(['ns:b-dev tom@example.test: b-dev']);
    expect((await ports.store.loadRun(SLOT.id))?.givenUp).toEqual([
      { namespace: 'a-tools', reason: 'its snapshot is gone' },
    ]);
    expect(ports.events).toMatchObject([{ type: 'run-sealed', namespaces: 2, over: 2, mails: 1 }]);
  });

  test('gives up, on record, a namespace that no sizer left a result of', async () => {
    const ports = await sized(overAndOk, { instead: [{ namespace: 'a-dev', status: 'missing' }] });

    await sealRun(ports, pipelineRules(), SLOT.id);

    const givenUp = { namespace: 'a-dev', reason: 'it was not weighed' };
    expect((await ports.store.loadRun(SLOT.id))?.givenUp).toEqual([givenUp]);
    expect(await ports.store.loadResult(SLOT.id, 'a-dev')).toEqual({ status: 'given-up', ...givenUp });
    expect(await plannedMails(ports)).toEqual([]);
    expect(ports.events).toEqual([
      { type: 'namespace-given-up', runId: SLOT.id, ...givenUp },
      { type: 'run-sealed', runId: SLOT.id, namespaces: 1, over: 0, mails: 0 },
    ]);
  });

  test('holds against a sizer that ends after it: what was given up stays so', async () => {
    const store = createFakeStore();
    const ports = await sized(overAndOk, { store, instead: [{ namespace: 'a-dev', status: 'missing' }] });
    await store.saveSnapshots(SLOT.id, [snapshot(overAndOk, 'a-dev')]);
    const overtaken: Store = {
      ...store,
      loadSnapshot: async (runId, which) => {
        await sealRun(ports, pipelineRules(), SLOT.id);
        return store.loadSnapshot(runId, which);
      },
    };

    const job = { runId: SLOT.id, takenAt: NOW, namespace: 'a-dev', attempt: FIRST_TRY };
    await size({ ...ports, store: overtaken }, pipelineRules(), job);

    const { run, rows } = await summariseRun(store, SLOT.id);
    expect(run.givenUp).toEqual([{ namespace: 'a-dev', reason: 'it was not weighed' }]);
    expect(rows[0]).toMatchObject({ namespace: 'a-dev', usedBytes: null, problem: 'it was not weighed' });
    expect(typesOf(ports.events)).toEqual(['namespace-given-up', 'run-sealed']);
  });

  test('takes the result of a sizer that ends just before it gives the namespace up', async () => {
    const store = createFakeStore();
    const ports = await sized(overAndOk, { store, instead: [{ namespace: 'a-dev', status: 'missing' }] });
    const [late] = resultsOf(overAndOk);
    const slow: Store = {
      ...store,
      saveResult: async (runId, result) => {
        if (late !== undefined) await store.saveResult(runId, late);
        return store.saveResult(runId, result);
      },
    };

    await sealRun({ ...ports, store: slow }, pipelineRules(), SLOT.id);

    expect((await store.loadRun(SLOT.id))?.givenUp).toEqual([]);
    expect(await plannedMails(ports)).toHaveLength(2);
    expect(typesOf(ports.events)).toEqual(['run-sealed']);
  });

  test('plans nothing for a namespace with nobody to tell, and still queues the end of the run', async () => {
    const ports = await sized(clusterOf({ name: 'a-dev', bytes: 2_000 }));

    await sealRun(ports, pipelineRules(), SLOT.id);

    expect(await plannedMails(ports)).toEqual([]);
    expect(ports.queue.openJobs()).toEqual([`finish/${SLOT.id}`]);
  });

  test('changes nothing when it runs again: the planned mails keep their date', async () => {
    const ports = await sized(overAndOk);
    await sealRun(ports, pipelineRules(), SLOT.id);
    const [run, planned, jobs] = [
      await ports.store.loadRun(SLOT.id),
      await ports.store.listDeliveries(SLOT.id),
      ports.queue.openJobs(),
    ];

    await sealRun({ ...ports, now: () => new Date('2026-11-23T09:00:00Z') }, pipelineRules(), SLOT.id);

    expect(await ports.store.loadRun(SLOT.id)).toEqual(run);
    expect(await ports.store.listDeliveries(SLOT.id)).toEqual(planned);
    expect(ports.queue.openJobs()).toEqual(jobs);
    expect(typesOf(ports.events)).toEqual(['run-sealed']);
  });

  test('lets mails stand that a seal planned before it died', async () => {
    const store = createFakeStore();
    const ports = await sized(overAndOk, { store });
    const dying = { ...ports, store: { ...store, advanceRun: () => Promise.reject(new Error('died')) } };
    await expect(sealRun(dying, pipelineRules(), SLOT.id)).rejects.toThrow('died');

    await sealRun({ ...ports, now: () => new Date('2026-11-23T09:00:00Z') }, pipelineRules(), SLOT.id);

    expect((await store.listDeliveries(SLOT.id)).map(({ date }) => date)).toEqual([CLOCK, CLOCK]);
    expect((await store.loadRun(SLOT.id))?.sealedAt).toBe('2026-11-23T09:00:00.000Z');
  });

  test('queues the mails, quietly, when another worker seals the run first', async () => {
    const store = createFakeStore();
    const ports = await sized(overAndOk, { store });
    const slow: Store = {
      ...store,
      advanceRun: async (from, run) => {
        await store.advanceRun('sizing', { ...run, sealedAt: '2026-11-23T07:59:59Z' });
        return store.advanceRun(from, run);
      },
    };

    await sealRun({ ...ports, store: slow }, pipelineRules(), SLOT.id);

    expect((await store.loadRun(SLOT.id))?.sealedAt).toBe('2026-11-23T07:59:59Z');
    expect(ports.queue.openJobs()).toHaveLength(3);
    expect(ports.events).toEqual([]);
  });

  test('queues no mail of a run that is stopped meanwhile', async () => {
    const store = createFakeStore();
    const ports = await sized(overAndOk, { store });
    const slow: Store = {
      ...store,
      advanceRun: async (from, run) => {
        await stopRun({ ...ports, store }, SLOT.id, 'cancelled');
        return store.advanceRun(from, run);
      },
    };

    await sealRun({ ...ports, store: slow }, pipelineRules(), SLOT.id);

    expect((await store.loadRun(SLOT.id))?.state).toBe('stopped');
    expect(ports.queue.openJobs()).toEqual([]);
  });

  test.each(['claimed', 'finished', 'stopped'] as const)('leaves a run alone that is %s', async (state) => {
    const ports = createPorts();
    await ports.store.claimRun(runOf({ state }));

    await sealRun(ports, pipelineRules(), SLOT.id);

    expect(await ports.store.loadRun(SLOT.id)).toEqual(runOf({ state }));
    expect(ports.queue.openJobs()).toEqual([]);
  });
});
