import { describe, expect, test } from 'vitest';
import { DELIVERY_STATES } from '../../../src/pipeline/records/delivery.ts';
import { summariseRun } from '../../../src/pipeline/stages/summary.ts';
import {
  CLOCK,
  clusterOf,
  createPorts,
  deliveryOf,
  LEA,
  pipelineRules,
  resultsOf,
  runOf,
  SLOT,
  withMails,
} from '../build.ts';

describe('summarising a run', () => {
  test.each(DELIVERY_STATES)('counts a mail that is %s', async (state) => {
    const ports = await withMails({ first: state, second: state });

    const { run, rows } = await summariseRun(ports.store, SLOT.id);

    expect(run).toEqual(await ports.store.loadRun(SLOT.id));
    expect(rows).toEqual([
      {
        namespace: 'a-dev',
        usedBytes: 2_000,
        unknownRevisions: 0,
        limitBytes: 1_000,
        level: 'over',
        recipients: 1,
        noRecipientReason: null,
        mails: { [state]: 2 },
        problem: state === 'failed' || state === 'uncertain' ? 'detail of first' : null,
      },
    ]);
  });

  test('gives each namespace the mails that hold it, and only teams their mails', async () => {
    const ports = createPorts();
    await ports.store.claimRun(runOf({ state: 'finished', namespaces: ['a-dev', 'b-dev'] }));
    const cluster = clusterOf({ name: 'a-dev', bytes: 2_000, contacts: LEA }, { name: 'b-dev', bytes: 10 });
    for (const result of resultsOf(cluster)) await ports.store.saveResult(SLOT.id, result);
    await ports.store.addDelivery(deliveryOf({ state: 'submitted', namespaces: ['a-dev', 'b-dev'] }));
    await ports.store.addDelivery(deliveryOf({ id: 'delivery-2', state: 'failed', namespaces: ['b-dev'] }));
    await ports.store.addDelivery(
      deliveryOf({ id: 'summary', kind: 'run-summary', state: 'submitted', namespaces: [] }),
    );

    const { rows } = await summariseRun(ports.store, SLOT.id);

    expect(rows).toMatchObject([
      { namespace: 'a-dev', mails: { submitted: 1 } },
      {
        namespace: 'b-dev',
        mails: { submitted: 1, failed: 1 },
        recipients: 0,
        noRecipientReason: expect.stringContaining('no annotation names a contact'),
      },
    ]);
  });

  test('tells whose mail came back, and where the run found nobody else to tell', async () => {
    const ports = createPorts();
    const cluster = clusterOf({ name: 'a-dev', bytes: 2_000, contacts: { 'Lea@example.test': 'lead' } });
    await ports.store.claimRun(runOf({ state: 'sealed', namespaces: ['a-dev', 'b-dev'] }));
    for (const result of resultsOf(cluster)) await ports.store.saveResult(SLOT.id, result);
    const [address, namespaces, detail] = ['lea@example.test', ['b-dev'], '550 no'];
    for (const [id, to] of [
      ['leas', address],
      ['toms', 'tom@example.test'],
    ] as const) {
      const notice = { address: to, namespaces, status: null, detail, recordedAt: CLOCK };
      await ports.store.addBounce({ deliveryId: id, runId: SLOT.id, ...notice });
    }

    expect((await summariseRun(ports.store, SLOT.id)).failing).toMatchObject([
      { address, namespaces, mails: 1, isNamed: true, aloneIn: ['a-dev'] },
      // Nobody knows whom a namespace without a result names.
      { address: 'tom@example.test', isNamed: true, aloneIn: [] },
    ]);
  });

  test('sums up the advice on the namespaces that were weighed', async () => {
    const ports = createPorts();
    const advice = { maxTags: 100, maxLayer: 1_500, maxImported: null };
    const strict = pipelineRules({ advice });
    const cluster = clusterOf({ name: 'a-dev', bytes: 2_000 }, { name: 'b-dev', bytes: 10 });
    await ports.store.claimRun(runOf({ state: 'sealed', namespaces: ['a-dev', 'b-dev', 'c-dev'] }));
    for (const result of resultsOf(cluster, strict)) await ports.store.saveResult(SLOT.id, result);

    expect((await summariseRun(ports.store, SLOT.id)).advice).toMatchObject([
      { code: 'large-layer', count: 1, worst: [{ namespace: 'a-dev', amount: 2_000 }] },
    ]);
  });

  test('says why a namespace was given up, and why its team then gets no mail', async () => {
    const ports = createPorts();
    const byTeam = pipelineRules({ groupByLabel: 'team' });
    const labels = { team: 'wally' };
    const cluster = clusterOf(
      { name: 'a-dev', bytes: 2_000, labels, contacts: LEA },
      { name: 'a-fine', bytes: 10, labels, contacts: LEA },
      { name: 'a-tools', bytes: 2_000, labels, contacts: LEA },
      { name: 'b-dev', bytes: 2_000, contacts: LEA },
      { name: 'c-dev', bytes: 10 },
    );
    const givenUp = { namespace: 'a-tools', reason: 'its snapshot is gone' };
    const namespaces = ['a-dev', 'a-fine', 'a-tools', 'b-dev', 'c-dev'];
    await ports.store.claimRun(runOf({ state: 'sealed', namespaces, givenUp: [givenUp] }));
    for (const result of resultsOf(cluster, byTeam)) {
      if (result.namespace === 'a-tools') {
        await ports.store.saveResult(SLOT.id, { status: 'given-up', ...givenUp });
      } else if (result.namespace !== 'c-dev') await ports.store.saveResult(SLOT.id, result);
    }

    const { rows } = await summariseRun(ports.store, SLOT.id);

    const nothing = { limitBytes: null, recipients: 0, noRecipientReason: null, mails: {} };
    expect(rows).toMatchObject([
      { namespace: 'a-dev', level: 'over', problem: 'no mail to its team, because a-tools was given up' },
      { namespace: 'a-fine', level: 'ok', problem: null },
      { ...nothing, namespace: 'a-tools', usedBytes: null, level: null, problem: 'its snapshot is gone' },
      { namespace: 'b-dev', level: 'over', problem: null },
      { ...nothing, namespace: 'c-dev', usedBytes: null, level: null, problem: 'it was not weighed' },
    ]);
  });
});
