import { describe, expect, test } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { finishRun } from '../../../src/pipeline/stages/finish.ts';
import type { Store } from '../../../src/pipeline/ports.ts';
import { createFakeStore, createFakeTransport } from '../../fakes.ts';
import { NOW } from '../../usage/build.ts';
import {
  CLOCK,
  clusterOf,
  createPorts,
  FIRST_TRY,
  LAST_TRY,
  LEA,
  pipelineRules,
  resultsOf,
  runOf,
  SLOT,
  submittedBy,
  typesOf,
  withMails,
} from '../build.ts';
import type { Ports } from '../build.ts';

const job = { runId: SLOT.id, attempt: FIRST_TRY };
const rules = pipelineRules();

const mailStates = async ({ store }: Ports): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries(
    (await store.listDeliveries(SLOT.id)).map(({ id, kind, state }) => [
      kind === 'run-summary' ? 'summary' : id,
      state,
    ]),
  );

describe('finishing a run', () => {
  test('ends it and tells the platform staff once, however often it runs', async () => {
    const ports = await withMails({ first: 'submitted', second: 'failed', third: 'uncertain' });

    await finishRun(ports, rules, job);
    await finishRun(ports, rules, job);

    expect(await ports.store.loadRun(SLOT.id)).toMatchObject({ state: 'finished', endedAt: CLOCK });
    expect(submittedBy(ports)).toEqual([`staff@example.test: summary ${SLOT.id}`]);
    expect(ports.events.filter(({ type }) => type === 'run-finished')).toEqual([
      { type: 'run-finished', runId: SLOT.id, submitted: 1, failed: 2 },
    ]);
  });

  test('leaves a point in the history of each weighed namespace, once, however often it runs', async () => {
    const ports = createPorts();
    const namespaces = ['a-dev', 'b-dev', 'c-dev'];
    await ports.store.claimRun(runOf({ state: 'sealed', namespaces, takenAt: NOW, exact: false }));
    const cluster = clusterOf({ name: 'a-dev', bytes: 2_000, contacts: LEA }, { name: 'b-dev', bytes: 10 });
    for (const result of resultsOf(cluster)) await ports.store.saveResult(SLOT.id, result);
    const givenUp = { status: 'given-up', namespace: 'c-dev', reason: 'its snapshot is gone' } as const;
    await ports.store.saveResult(SLOT.id, givenUp);

    await finishRun(ports, { summaryTo: null }, job);
    await finishRun(ports, { summaryTo: null }, job);

    const common = { runId: SLOT.id, takenAt: NOW, exact: false, unknownRevisions: 0, limitBytes: 1_000 };
    const counts = { streams: 1, tags: 1, revisions: 1 };
    expect(await ports.store.listHistory('a-dev', 10)).toEqual([
      { ...common, ...counts, namespace: 'a-dev', usedBytes: 2_000, level: 'over' },
    ]);
    expect(await ports.store.listHistory('b-dev', 10)).toEqual([
      { ...common, ...counts, namespace: 'b-dev', usedBytes: 10, level: 'ok' },
    ]);
    expect(await ports.store.listHistory('c-dev', 10)).toEqual([]);
  });

  test('keeps a run open while its history cannot be saved', async () => {
    const ports = await withMails({ first: 'submitted' });
    const silence = () => Promise.reject(new AppError('unavailable', 'Redis is gone'));

    await expect(
      finishRun({ ...ports, store: { ...ports.store, saveHistory: silence } }, rules, job),
    ).rejects.toMatchObject({ code: 'unavailable' });

    expect((await ports.store.loadRun(SLOT.id))?.state).toBe('sealed');
  });

  test('sends one summary when two workers finish the run at once', async () => {
    const ports = await withMails({ first: 'submitted' });

    await Promise.allSettled([finishRun(ports, rules, job), finishRun(ports, rules, job)]);

    expect(ports.transport.submitted).toHaveLength(1);
    expect(typesOf(ports.events).filter((type) => type === 'run-finished')).toHaveLength(1);
  });

  test('sends the summary of a run whose end was recorded before the worker died', async () => {
    const ports = await withMails({ first: 'submitted' });
    const dying = {
      ...ports,
      store: { ...ports.store, addDelivery: () => Promise.reject(new Error('died')) },
    };
    await expect(finishRun(dying, rules, job)).rejects.toThrow('died');

    await finishRun(ports, rules, job);

    expect(ports.transport.submitted).toHaveLength(1);
    expect(typesOf(ports.events)).toEqual(['run-finished', 'mail-submitted']);
  });

  test('sends no summary when nobody asked for one', async () => {
    const ports = await withMails({ first: 'submitted' });

    await finishRun(ports, { summaryTo: null }, job);

    expect(await mailStates(ports)).toEqual({ first: 'submitted' });
    expect((await ports.store.loadRun(SLOT.id))?.state).toBe('finished');
  });

  test('leaves no mail open: what was begun is uncertain, what was not has failed', async () => {
    const ports = await withMails({ begun: 'sending', waiting: 'planned', sent: 'submitted' });

    await finishRun(ports, rules, job);

    expect(await mailStates(ports)).toEqual({
      begun: 'uncertain',
      waiting: 'failed',
      sent: 'submitted',
      summary: 'submitted',
    });
    expect((await ports.store.loadDelivery('waiting'))?.detail).toBe('given up before it was sent');
    expect(typesOf(ports.events)).toEqual([
      'mail-uncertain',
      'mail-failed',
      'run-finished',
      'mail-submitted',
    ]);
  });

  test('closes a mail of a dead worker again after a finish that died, without a second alert', async () => {
    const store = createFakeStore();
    const dying: Store = { ...store, advanceRun: () => Promise.reject(new Error('died')) };
    const ports = await withMails({ begun: 'sending' }, {}, { store });
    await expect(finishRun({ ...ports, store: dying }, rules, job)).rejects.toThrow('died');

    await finishRun(ports, rules, job);

    expect(typesOf(ports.events)).toEqual(['mail-uncertain', 'run-finished', 'mail-submitted']);
  });

  test('stays finished when the summary cannot be sent', async () => {
    const transport = createFakeTransport(() => ({ outcome: 'retry', detail: '421 closing' }));
    const ports = await withMails({ first: 'submitted' }, {}, { transport });

    await expect(finishRun(ports, rules, job)).rejects.toMatchObject({ code: 'unavailable' });
    await finishRun(ports, rules, { ...job, attempt: LAST_TRY });

    expect((await ports.store.loadRun(SLOT.id))?.state).toBe('finished');
    expect(await mailStates(ports)).toEqual({ first: 'submitted', summary: 'failed' });
  });

  test.each(['claimed', 'sizing', 'stopped'] as const)('leaves a run alone that is %s', async (state) => {
    const ports = await withMails({ first: 'planned' }, { state });

    await finishRun(ports, rules, job);

    expect((await ports.store.loadRun(SLOT.id))?.state).toBe(state);
    expect(await mailStates(ports)).toEqual({ first: 'planned' });
    expect(await ports.store.listHistory('a-dev', 10)).toEqual([]);
    expect(ports.transport.started).toEqual([]);
  });

  test('fails, so that it is tried again, when the store does not answer', async () => {
    const ports = await withMails({ first: 'submitted' });
    const silence = () => Promise.reject(new AppError('unavailable', 'Redis is gone'));

    await expect(
      finishRun({ ...ports, store: { ...ports.store, advanceRun: silence } }, rules, job),
    ).rejects.toMatchObject({ code: 'unavailable' });

    expect((await ports.store.loadRun(SLOT.id))?.state).toBe('sealed');
    expect(ports.events).toEqual([]);
  });
});
