import { describe, expect, test } from 'vitest';
import { DELIVERY_STATES } from '../../src/pipeline/records.ts';
import { summariseRun } from '../../src/pipeline/summary.ts';
import {
  clusterOf,
  createPorts,
  deliveryOf,
  LEA,
  pipelineRules,
  resultsOf,
  runOf,
  SLOT,
  withMails,
} from './build.ts';

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

  test('tells what came back since the run before it ended, a one-off being no such run', async () => {
    const ports = createPorts();
    const claimed = (id: string, claimedAt: string, change: Parameters<typeof runOf>[0] = {}) =>
      ports.store.claimRun(runOf({ id, claimedAt, state: 'finished', ...change }));
    await claimed('weekly-2026-11-16', '2026-11-16T16:00:00Z', { endedAt: '2026-11-16T17:00:00Z' });
    await claimed('send-1', '2026-11-20T16:00:00Z', { kind: 'one-off', endedAt: '2026-11-20T17:00:00Z' });
    await claimed('weekly-2026-11-23', '2026-11-23T16:00:00Z');
    const times = ['2026-11-16T16:59:59Z', '2026-11-16T17:00:00.000Z', '2026-11-20T16:30:00Z'];
    for (const recordedAt of times) {
      await ports.store.addBounce({
        deliveryId: recordedAt,
        runId: 'weekly-2026-11-16',
        address: 'lea@example.test',
        namespaces: ['a-dev'],
        status: '5.1.1',
        detail: null,
        recordedAt,
      });
    }
    const timesIn = async (runId: string): Promise<readonly string[]> =>
      (await summariseRun(ports.store, runId)).bounces.map(({ recordedAt }) => recordedAt);

    expect(await timesIn('weekly-2026-11-23')).toEqual(times.slice(1).toReversed());
    expect(await timesIn('weekly-2026-11-16')).toEqual(times.toReversed());
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
