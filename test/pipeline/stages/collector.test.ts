import { listImages } from '../../../src/usage/cluster/records.ts';
import { describe, expect, test } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { collect } from '../../../src/pipeline/stages/collector.ts';
import type { Cluster } from '../../../src/pipeline/ports.ts';
import { stopRun } from '../../../src/pipeline/runs/run.ts';
import { size } from '../../../src/pipeline/stages/sizer.ts';
import { createFakeCluster, createFakeStore } from '../../fakes.ts';
import { image, inventory, namespace, NOW, stream } from '../../usage/build.ts';
import {
  CLOCK,
  clusterOf,
  createPorts,
  FIRST_TRY,
  LAST_TRY,
  pipelineRules,
  runOf,
  SLOT,
  typesOf,
} from '../build.ts';
import type { Ports } from '../build.ts';
import { gather } from '../../listed-inventory.ts';

const claimed = async (given: Parameters<typeof createPorts>[0] = {}): Promise<Ports> => {
  const ports = createPorts(given);
  await ports.store.claimRun(runOf());
  return ports;
};

const job = { runId: SLOT.id, attempt: FIRST_TRY };
const failing = (error: Error): Cluster => ({ readInventory: () => Promise.reject(error) });

describe('collecting', () => {
  test('saves a snapshot of every reported namespace and queues one sizing job each', async () => {
    const held = clusterOf(
      { name: 'a-dev', bytes: 10 },
      { name: 'b-dev', bytes: 20 },
      { name: 'kube-system', bytes: 5 },
    );
    const ports = await claimed({ cluster: createFakeCluster(held) });

    const rules = pipelineRules({ isReported: ({ name }) => !name.startsWith('kube-') });
    await collect(ports, rules, job);

    const load = (name: string) => ports.store.loadSnapshot(SLOT.id, { namespace: name, takenAt: NOW });
    const saved = await load('a-dev');
    expect(saved && listImages(saved.holdings).map(({ digest }) => digest)).toEqual(['sha256:a-dev']);
    expect((await load('b-dev'))?.namespace.name).toBe('b-dev');
    expect(await load('kube-system')).toBeNull();
    expect(ports.queue.openJobs()).toEqual([
      `seal/${SLOT.id}`,
      `size/${SLOT.id}/a-dev`,
      `size/${SLOT.id}/b-dev`,
    ]);
    expect(ports.events).toEqual([{ type: 'run-collected', runId: SLOT.id, namespaces: 2 }]);
  });

  test('notes on the run what is true of the whole cluster', async () => {
    const held = inventory({
      exact: false,
      lists: [{ kind: 'images', readAt: NOW, exact: false }],
      unreadableKinds: ['pods', 'jobs.batch'],
      namespaces: [namespace('b-dev'), namespace('a-dev')],
      streams: [
        stream('app', { 1: ['sha256:shared'] }, { namespace: 'a-dev' }),
        stream('app', { 1: ['sha256:shared'] }, { namespace: 'b-dev' }),
      ],
      images: [
        image('sha256:shared', { layers: { base: 70 } }),
        image('sha256:orphan', { layers: { lost: 9 } }),
      ],
    });
    const ports = await claimed({ cluster: createFakeCluster(held) });

    await collect(ports, pipelineRules(), job);

    const run = await ports.store.loadRun(SLOT.id);
    expect(run).toEqual({
      ...runOf(),
      state: 'sizing',
      cluster: held.cluster,
      takenAt: NOW,
      exact: false,
      lists: held.lists,
      unreadableKinds: ['jobs.batch', 'pods'],
      namespaces: ['a-dev', 'b-dev'],
      clusterUsedBytes: 70,
      sumOfNamespacesBytes: 140,
      findings: [expect.objectContaining({ code: 'orphan-images' })],
    });
  });

  test('stops the run at once when a right is missing, and says which and what to do', async () => {
    const cluster = failing(
      new AppError('forbidden', 'These credentials may not list images', { hint: 'Grant a ClusterRole' }),
    );
    const ports = await claimed({ cluster });

    await collect(ports, pipelineRules(), job);

    expect(await ports.store.loadRun(SLOT.id)).toEqual({
      ...runOf(),
      state: 'stopped',
      endedAt: CLOCK,
      stopReason: 'These credentials may not list images. Grant a ClusterRole',
    });
    expect(typesOf(ports.events)).toEqual(['run-stopped']);
    expect(ports.queue.openJobs()).toEqual([]);
  });

  test('leaves the run claimed while a cluster that does not answer may still do so', async () => {
    const ports = await claimed({ cluster: failing(new AppError('unavailable', 'no answer')) });

    await expect(collect(ports, pipelineRules(), job)).rejects.toMatchObject({ code: 'unavailable' });

    expect(await ports.store.loadRun(SLOT.id)).toEqual(runOf());
    expect(ports.events).toEqual([]);
  });

  test('stops the run when the cluster does not answer the last try', async () => {
    const ports = await claimed({ cluster: failing(new AppError('unavailable', 'no answer')) });

    await collect(ports, pipelineRules(), { ...job, attempt: LAST_TRY });

    expect(await ports.store.loadRun(SLOT.id)).toMatchObject({ state: 'stopped', stopReason: 'no answer' });
  });

  test('has one reading weighed, when a collector that was taken for dead saves another', async () => {
    const rules = pipelineRules();
    const ports = await claimed({ cluster: createFakeCluster(clusterOf({ name: 'a-dev', bytes: 10 })) });
    const late: Cluster = {
      readInventory: async () => {
        await collect(ports, rules, job);
        return gather({ ...clusterOf({ name: 'a-dev', bytes: 20 }), readAt: '2026-11-23T08:00:40Z' });
      },
    };

    await collect({ ...ports, cluster: late }, rules, job);
    await size(ports, rules, { ...job, takenAt: NOW, namespace: 'a-dev' });

    expect(await ports.store.loadResult(SLOT.id, 'a-dev')).toMatchObject({ report: { usedBytes: 10 } });
    expect(typesOf(ports.events)).toEqual(['run-collected', 'namespace-weighed']);
  });

  test('fails, so that it is tried again, when a snapshot cannot be saved', async () => {
    const store = {
      ...createFakeStore(),
      saveSnapshots: () => Promise.reject(new AppError('unavailable', 'Redis is gone')),
    };
    const ports = await claimed({
      store,
      cluster: createFakeCluster(clusterOf({ name: 'a-dev', bytes: 1 })),
    });

    await expect(collect(ports, pipelineRules(), job)).rejects.toMatchObject({ code: 'unavailable' });

    expect(await ports.store.loadRun(SLOT.id)).toEqual(runOf());
  });

  test('goes on with the namespaces on record when another worker collected the run meanwhile', async () => {
    const store = createFakeStore();
    const later = clusterOf({ name: 'a-dev', bytes: 1 }, { name: 'new-dev', bytes: 1 });
    const cluster: Cluster = {
      readInventory: async () => {
        await store.advanceRun('claimed', runOf({ state: 'sizing', takenAt: NOW, namespaces: ['a-dev'] }));
        return gather(later);
      },
    };
    const ports = await claimed({ store, cluster });

    await collect(ports, pipelineRules(), job);

    expect((await store.loadRun(SLOT.id))?.namespaces).toEqual(['a-dev']);
    expect(ports.queue.openJobs()).toEqual([`seal/${SLOT.id}`, `size/${SLOT.id}/a-dev`]);
    expect(ports.events).toEqual([]);
  });

  test('queues nothing when the run was stopped while the cluster was read', async () => {
    const store = createFakeStore();
    const cluster: Cluster = {
      readInventory: async () => {
        await stopRun(ports, SLOT.id, 'cancelled');
        return gather(clusterOf({ name: 'a-dev', bytes: 1 }));
      },
    };
    const ports = await claimed({ store, cluster });

    await collect(ports, pipelineRules(), job);

    expect((await store.loadRun(SLOT.id))?.state).toBe('stopped');
    expect(ports.queue.openJobs()).toEqual([]);
  });

  test('queues the sizing, without reading again, for a run whose collector died before it could', async () => {
    const cluster = failing(new Error('must not be read'));
    const ports = createPorts({ cluster });
    await ports.store.claimRun(runOf({ state: 'sizing', takenAt: NOW, namespaces: ['a-dev'] }));

    await collect(ports, pipelineRules(), job);

    expect(ports.queue.openJobs()).toEqual([`seal/${SLOT.id}`, `size/${SLOT.id}/a-dev`]);
  });

  test.each(['sealed', 'finished', 'stopped'] as const)('leaves a run alone that is %s', async (state) => {
    const ports = createPorts({ cluster: failing(new Error('must not be read')) });
    await ports.store.claimRun(runOf({ state, namespaces: ['a-dev'] }));

    await collect(ports, pipelineRules(), job);

    expect(await ports.store.loadRun(SLOT.id)).toEqual(runOf({ state, namespaces: ['a-dev'] }));
    expect(ports.queue.openJobs()).toEqual([]);
  });

  test('refuses a run that nobody claimed', async () => {
    await expect(collect(createPorts(), pipelineRules(), job)).rejects.toMatchObject({ code: 'not_found' });
  });
});
