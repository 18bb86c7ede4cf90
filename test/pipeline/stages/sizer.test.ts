import { describe, expect, test } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import type { Store } from '../../../src/pipeline/ports.ts';
import { size } from '../../../src/pipeline/stages/sizer.ts';
import { createFakeStore } from '../../fakes.ts';
import { NOW, snapshot } from '../../usage/build.ts';
import { clusterOf, createPorts, FIRST_TRY, LAST_TRY, pipelineRules, runOf, SLOT } from '../build.ts';
import type { Ports } from '../build.ts';

const job = { runId: SLOT.id, takenAt: NOW, namespace: 'a-dev', attempt: FIRST_TRY };
const lastJob = { ...job, attempt: LAST_TRY };
const silence = (): Promise<never> => Promise.reject(new AppError('unavailable', 'Redis is gone'));

const withSnapshot = async (broken: Partial<Store> = {}): Promise<Ports> => {
  const store = createFakeStore();
  await store.claimRun(runOf({ state: 'sizing', takenAt: NOW, namespaces: ['a-dev'] }));
  await store.saveSnapshots(SLOT.id, [snapshot(clusterOf({ name: 'a-dev', bytes: 1_200 }), 'a-dev')]);
  return createPorts({ store: { ...store, ...broken } });
};

describe('sizing', () => {
  test('saves the namespace with its team, report and level', async () => {
    const ports = await withSnapshot();

    await size(ports, pipelineRules(), job);

    expect(await ports.store.loadResult(SLOT.id, 'a-dev')).toMatchObject({
      status: 'weighed',
      namespace: 'a-dev',
      team: { id: 'ns:a-dev', usedBytes: 1_200 },
      report: { usedBytes: 1_200, quota: { limitBytes: 1_000, level: 'over', overBytes: 200 } },
    });
    expect(ports.events).toEqual([
      { type: 'namespace-weighed', runId: SLOT.id, namespace: 'a-dev', usedBytes: 1_200, level: 'over' },
    ]);
  });

  test('lets a result stand that is there already', async () => {
    const ports = await withSnapshot();
    await size(ports, pipelineRules(), job);
    const first = await ports.store.loadResult(SLOT.id, 'a-dev');

    const doubled = { ...pipelineRules().quota, default: 2_000 };
    await size(ports, pipelineRules({ quota: doubled }), job);

    expect(await ports.store.loadResult(SLOT.id, 'a-dev')).toEqual(first);
    expect(ports.events).toHaveLength(1);
  });

  test('adds nothing and tells nothing when another worker was quicker', async () => {
    const ports = await withSnapshot();
    const first = { status: 'given-up', namespace: 'a-dev', reason: 'no answer' } as const;
    const slow: Store = {
      ...ports.store,
      loadSnapshot: async (runId, which) => {
        await ports.store.saveResult(runId, first);
        return ports.store.loadSnapshot(runId, which);
      },
    };

    await size({ ...ports, store: slow }, pipelineRules(), job);

    expect(await ports.store.loadResult(SLOT.id, 'a-dev')).toEqual(first);
    expect(ports.events).toEqual([]);
  });

  test('gives a namespace up at once when its snapshot is gone', async () => {
    const ports = createPorts();
    await ports.store.claimRun(runOf({ state: 'sizing', takenAt: NOW, namespaces: ['a-dev'] }));

    await size(ports, pipelineRules(), job);

    const reason = 'the snapshot of a-dev is gone';
    expect(await ports.store.loadResult(SLOT.id, 'a-dev')).toEqual({
      status: 'given-up',
      namespace: 'a-dev',
      reason,
    });
    expect(ports.events).toEqual([
      { type: 'namespace-given-up', runId: SLOT.id, namespace: 'a-dev', reason },
    ]);
  });

  test('records nothing while a later try may succeed', async () => {
    const ports = await withSnapshot({ loadSnapshot: silence });

    await expect(size(ports, pipelineRules(), job)).rejects.toMatchObject({ code: 'unavailable' });

    expect(await ports.store.loadResult(SLOT.id, 'a-dev')).toBeNull();
    expect(ports.events).toEqual([]);
  });

  test('gives a namespace up, with the reason, when the last try fails', async () => {
    const ports = await withSnapshot({ loadSnapshot: silence });

    await size(ports, pipelineRules(), lastJob);

    expect(await ports.store.loadResult(SLOT.id, 'a-dev')).toMatchObject({ reason: 'Redis is gone' });
  });

  test('treats a defect of ours like any other failure: tried again, then given up', async () => {
    const broken = { loadSnapshot: () => Promise.reject(new TypeError('x is not a function')) };
    const ports = await withSnapshot(broken);

    await expect(size(ports, pipelineRules(), job)).rejects.toMatchObject({ code: 'internal' });
    await size(ports, pipelineRules(), lastJob);

    expect(await ports.store.loadResult(SLOT.id, 'a-dev')).toMatchObject({ reason: 'x is not a function' });
  });

  test('says nothing of a result that could not be saved, not even at the last try', async () => {
    const ports = await withSnapshot({ saveResult: silence });

    await expect(size(ports, pipelineRules(), lastJob)).rejects.toMatchObject({ code: 'unavailable' });

    expect(ports.events).toEqual([]);
  });
});
