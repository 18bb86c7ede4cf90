import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Store } from '../../src/pipeline/ports.ts';
import type { Bounce } from '../../src/pipeline/records/bounce.ts';
import type { Delivery } from '../../src/pipeline/records/delivery.ts';
import type { HistoryPoint } from '../../src/pipeline/records/history-point.ts';
import type { NamespaceResult } from '../../src/pipeline/records/result.ts';
import type { Run } from '../../src/pipeline/records/run.ts';
import type { Snapshot } from '../../src/usage/model.ts';
import { gatherHoldings } from '../listed-inventory.ts';

/** A store under test; the tests share it and each uses run ids of its own. */
export type StoreUnderTest = { readonly store: Store; readonly dispose: () => Promise<void> };

/** What every store must do. */
export const describeStore = (name: string, create: () => Promise<StoreUnderTest>): void => {
  describe(`store: ${name}`, () => {
    let underTest: StoreUnderTest;
    let store: Store;
    beforeAll(async () => {
      underTest = await create();
      store = underTest.store;
    });
    afterAll(() => underTest.dispose());

    describe('runs', () => {
      test('gives back what was claimed', async () => {
        const run = runOf('manual-1', {
          namespaces: ['a1b2c3-dev', 'a1b2c3-tools'],
          findings: [{ code: 'orphan-images', subject: 'cluster', message: '3 images, 12 bytes' }],
          givenUp: [{ namespace: 'a1b2c3-tools', reason: 'no answer' }],
          cluster: { name: 'test', apiUrl: null },
        });
        expect(await store.claimRun(run)).toBe(true);
        expect(await store.loadRun('manual-1')).toEqual(run);
      });

      test('knows nothing of a run that nobody claimed', async () => {
        expect(await store.loadRun('manual-unknown')).toBeNull();
        expect(await store.advanceRun('claimed', runOf('manual-unknown'))).toBe(false);
        expect(await store.loadRun('manual-unknown')).toBeNull();
      });

      test('lets exactly one of 50 concurrent claims win and keeps its record', async () => {
        const claims = Array.from({ length: 50 }, (_, index) =>
          runOf('weekly-2026-11-23', { stopReason: `claim ${index}` }),
        );
        const won = await Promise.all(claims.map((run) => store.claimRun(run)));
        expect(won.filter(Boolean)).toHaveLength(1);
        expect(await store.loadRun('weekly-2026-11-23')).toEqual(claims[won.indexOf(true)]);
      });

      test('advances a run only from the state it is in', async () => {
        await store.claimRun(runOf('manual-2'));
        expect(await store.advanceRun('claimed', runOf('manual-2', { state: 'sizing' }))).toBe(true);
        expect(await store.advanceRun('claimed', runOf('manual-2', { state: 'stopped' }))).toBe(false);
        expect(await store.loadRun('manual-2')).toEqual(runOf('manual-2', { state: 'sizing' }));
      });

      test('lets exactly one of 50 concurrent advances from the same state win', async () => {
        await store.claimRun(runOf('manual-3'));
        const advances = Array.from({ length: 50 }, (_, index) =>
          runOf('manual-3', { state: 'sizing', stopReason: `advance ${index}` }),
        );
        const won = await Promise.all(advances.map((run) => store.advanceRun('claimed', run)));
        expect(won.filter(Boolean)).toHaveLength(1);
        expect(await store.loadRun('manual-3')).toEqual(advances[won.indexOf(true)]);
      });

      test('lists the newest first and no more than asked for', async () => {
        const later = [
          runOf('list-b', { claimedAt: '2030-01-01T00:00:00Z' }),
          runOf('list-c', { claimedAt: '2030-01-01T00:00:00.500Z' }),
          runOf('list-a', { claimedAt: '2030-01-01T00:00:00Z' }),
        ];
        for (const run of later) await store.claimRun(run);
        const listed = await store.listRuns(3);
        expect(listed.map(({ id }) => id)).toEqual(['list-c', 'list-b', 'list-a']);
        expect(listed[0]).toEqual(later[1]);
        expect(await store.listRuns(1)).toHaveLength(1);
        expect(await store.listRuns(0)).toEqual([]);
      });

      test('lists a run as it was last advanced', async () => {
        await store.claimRun(runOf('list-d', { claimedAt: '2031-01-01T00:00:00Z' }));
        const sizing = runOf('list-d', { claimedAt: '2031-01-01T00:00:00Z', state: 'sizing' });
        await store.advanceRun('claimed', sizing);
        expect(await store.listRuns(1)).toEqual([sizing]);
      });
    });

    describe('snapshots and results', () => {
      test('gives back a snapshot with shared layers, unknown layers and uses as it was', async () => {
        await store.saveSnapshots('manual-1', [RICH_SNAPSHOT]);
        expect(await store.loadSnapshot('manual-1', RICH)).toEqual(RICH_SNAPSHOT);
      });

      test('keeps snapshots apart by run and namespace', async () => {
        await store.saveSnapshots('manual-4', [RICH_SNAPSHOT]);
        expect(await store.loadSnapshot('manual-4', { ...RICH, namespace: 'a1b2c3-test' })).toBeNull();
        expect(await store.loadSnapshot('manual-5', RICH)).toBeNull();
      });

      test('keeps the snapshots of two readings of the cluster apart', async () => {
        const later = { ...RICH_SNAPSHOT, takenAt: '2026-11-23T08:01:00Z', sharedWithTeamBytes: 11 };
        await store.saveSnapshots('manual-7', [RICH_SNAPSHOT]);
        await store.saveSnapshots('manual-7', [later]);
        expect(await store.loadSnapshot('manual-7', RICH)).toEqual(RICH_SNAPSHOT);
        expect(await store.loadSnapshot('manual-7', { ...RICH, takenAt: later.takenAt })).toEqual(later);
      });

      test('replaces a snapshot that is saved again', async () => {
        await store.saveSnapshots('manual-6', [RICH_SNAPSHOT]);
        await store.saveSnapshots('manual-6', [{ ...RICH_SNAPSHOT, sharedWithTeamBytes: 12 }]);
        expect((await store.loadSnapshot('manual-6', RICH))?.sharedWithTeamBytes).toBe(12);
      });

      test.each([WEIGHED, GIVEN_UP])('gives back a result that is $status', async (result) => {
        expect(await store.saveResult('manual-1', result)).toBe(true);
        expect(await store.loadResult('manual-1', result.namespace)).toEqual(result);
        expect(await store.loadResult('manual-4', result.namespace)).toBeNull();
      });

      test('saves a result once: the older one stands', async () => {
        expect(await store.saveResult('manual-9', { ...GIVEN_UP, namespace: 'a1b2c3-dev' })).toBe(true);
        expect(await store.saveResult('manual-9', WEIGHED)).toBe(false);
        expect(await store.loadResult('manual-9', 'a1b2c3-dev')).toMatchObject({ status: 'given-up' });
        expect(await store.saveResult('manual-10', WEIGHED)).toBe(true);
      });

      test('lets exactly one of 50 concurrent results stand', async () => {
        const results = Array.from({ length: 50 }, (_, index) => ({ ...GIVEN_UP, reason: `try ${index}` }));
        const won = await Promise.all(results.map((result) => store.saveResult('manual-11', result)));
        expect(won.filter(Boolean)).toHaveLength(1);
        expect(await store.loadResult('manual-11', GIVEN_UP.namespace)).toEqual(results[won.indexOf(true)]);
      });
    });

    describe('deliveries', () => {
      test('plans a delivery once: the older record stands', async () => {
        expect(await store.addDelivery(deliveryOf('d1'))).toBe(true);
        expect(await store.addDelivery(deliveryOf('d1', { teamId: 'ns:other' }))).toBe(false);
        expect(await store.loadDelivery('d1')).toEqual(deliveryOf('d1'));
        expect(await store.loadDelivery('d-unknown')).toBeNull();
      });

      test('moves a delivery only from the state it is in', async () => {
        await store.addDelivery(deliveryOf('d2'));
        const sending = deliveryOf('d2', { state: 'sending', changedAt: '2026-11-23T16:00:01Z' });
        const submitted = deliveryOf('d2', { state: 'submitted', detail: '250 OK' });
        expect(await store.moveDelivery('sending', submitted)).toBe(false);
        expect(await store.moveDelivery('planned', sending)).toBe(true);
        expect(await store.moveDelivery('planned', sending)).toBe(false);
        expect(await store.moveDelivery('sending', submitted)).toBe(true);
        expect(await store.loadDelivery('d2')).toEqual(submitted);
        expect(await store.moveDelivery('planned', deliveryOf('d-unknown'))).toBe(false);
        expect(await store.loadDelivery('d-unknown')).toBeNull();
      });

      test('lets exactly one of 50 concurrent moves win', async () => {
        await store.addDelivery(deliveryOf('d3'));
        const sending = deliveryOf('d3', { state: 'sending' });
        const won = await Promise.all(
          Array.from({ length: 50 }, () => store.moveDelivery('planned', sending)),
        );
        expect(won.filter(Boolean)).toHaveLength(1);
      });

      test('knows which delivery of a thread was submitted last, and of no other state', async () => {
        const thread = { id: 't1', last: null };
        const of = (id: string, state: Delivery['state'] = 'planned'): Delivery =>
          deliveryOf(id, { thread, state });
        for (const id of ['t-a', 't-b', 't-c', 't-d']) await store.addDelivery(of(id));
        await store.addDelivery(deliveryOf('t-alone', { thread: null }));
        expect(await store.loadLastOfThread('t1')).toBeNull();
        await store.moveDelivery('planned', of('t-a', 'submitted'));
        expect(await store.loadLastOfThread('t1')).toBe('t-a');
        await store.moveDelivery('planned', of('t-b', 'sending'));
        await store.moveDelivery('sending', of('t-b', 'uncertain'));
        await store.moveDelivery('planned', of('t-c', 'failed'));
        expect(await store.moveDelivery('sending', of('t-d', 'submitted'))).toBe(false);
        await store.moveDelivery('planned', deliveryOf('t-alone', { thread: null, state: 'submitted' }));
        expect(await store.loadLastOfThread('t1')).toBe('t-a');
        await store.moveDelivery('uncertain', of('t-b', 'submitted'));
        expect(await store.loadLastOfThread('t1')).toBe('t-b');
        expect(await store.loadLastOfThread('t-unknown')).toBeNull();
      });

      test("lists a run's deliveries by team, then address", async () => {
        const of = (id: string, teamId: string, address: string): Delivery =>
          deliveryOf(id, {
            runId: 'manual-7',
            teamId,
            recipient: { address, roles: ['lead'], rule: 'annotation:contacts' },
          });
        const planned = [
          of('l1', 'ns:b', 'ann@example.com'),
          of('l2', 'ns:a', 'zoe@example.com'),
          of('l3', 'ns:a', 'bob@example.com'),
        ];
        for (const delivery of planned) await store.addDelivery(delivery);
        await store.addDelivery(deliveryOf('l4', { runId: 'manual-8' }));
        expect(await store.listDeliveries('manual-7')).toEqual([planned[2], planned[1], planned[0]]);
        expect(await store.listDeliveries('manual-unknown')).toEqual([]);
      });
    });

    describe('bounces', () => {
      test('marks a delivery once, the older record stands, and lists the newest first', async () => {
        const late = bounceOf('late', { recordedAt: '2026-11-25T08:00:00Z' });
        const bare = bounceOf('bare', { status: null, detail: null, namespaces: [] });
        for (const bounce of [bare, late, bounceOf('also')]) expect(await store.addBounce(bounce)).toBe(true);
        expect(await store.addBounce({ ...late, detail: 'again' })).toBe(false);
        expect(await store.listBounces()).toEqual([late, bounceOf('also'), bare]);
      });
    });

    describe('history', () => {
      test('lists the points of a namespace, newest first and no more than asked for', async () => {
        const points = [
          pointOf('h-list', { runId: 'manual-b', takenAt: '2026-11-23T16:00:00Z' }),
          pointOf('h-list', { runId: 'weekly-c', takenAt: '2026-11-23T16:00:00.500Z', limitBytes: null }),
          pointOf('h-list', { runId: 'manual-a', takenAt: '2026-11-23T16:00:00Z' }),
          pointOf('h-list', { runId: 'weekly-d', takenAt: '2026-11-16T16:00:00Z', exact: false }),
        ];
        for (const point of points) await store.saveHistory([point]);
        const newestFirst = [points[1], points[0], points[2], points[3]];
        expect(await store.listHistory('h-list', 10)).toEqual(newestFirst);
        expect(await store.listHistory('h-list', 2)).toEqual(newestFirst.slice(0, 2));
        expect(await store.listHistory('h-list', 0)).toEqual([]);
        expect(await store.listHistory('h-unknown', 10)).toEqual([]);
      });

      test('keeps one point a run and namespace, however often it is saved: the older one stands', async () => {
        const older = { runId: 'weekly-2026-11-16', takenAt: '2026-11-16T16:00:00Z' };
        const points = [pointOf('h-once'), pointOf('h-once', older)];
        await store.saveHistory(points);
        await store.saveHistory(points);
        await store.saveHistory([pointOf('h-once', { usedBytes: 1, takenAt: '2026-11-30T16:00:00Z' })]);
        expect(await store.listHistory('h-once', 10)).toEqual(points);
      });

      test('takes the points of 5,000 namespaces at once, and those of none', async () => {
        const points = Array.from({ length: 5_000 }, (_, index) =>
          pointOf(`h-${index}`, { usedBytes: index }),
        );
        await store.saveHistory(points);
        await store.saveHistory([]);
        for (const index of [0, 2_500, 4_999]) {
          expect(await store.listHistory(`h-${index}`, 10)).toEqual([points[index]]);
        }
      });
    });
  });
};

const runOf = (id: string, changes: Partial<Run> = {}): Run => ({
  id,
  kind: 'manual',
  state: 'claimed',
  claimedAt: '2026-11-23T16:00:00Z',
  cluster: null,
  takenAt: null,
  exact: true,
  lists: [],
  unreadableKinds: [],
  namespaces: [],
  clusterUsedBytes: null,
  sumOfNamespacesBytes: null,
  findings: [],
  givenUp: [],
  sealedAt: null,
  endedAt: null,
  stopReason: null,
  ...changes,
});

const deliveryOf = (id: string, changes: Partial<Delivery> = {}): Delivery => ({
  id,
  runId: 'manual-1',
  kind: 'usage-report',
  thread: { id: `thread of ${id}`, last: null },
  teamId: 'ns:a1b2c3-dev',
  recipient: { address: 'ann@example.com', roles: ['lead'], rule: 'annotation:contacts' },
  namespaces: ['a1b2c3-dev'],
  state: 'planned',
  date: '2026-11-23T16:00:00Z',
  changedAt: '2026-11-23T16:00:00Z',
  nextTryAt: null,
  detail: null,
  ...changes,
});

const pointOf = (namespace: string, changes: Partial<HistoryPoint> = {}): HistoryPoint => ({
  namespace,
  runId: 'weekly-2026-11-23',
  takenAt: '2026-11-23T16:00:00Z',
  exact: true,
  usedBytes: 70,
  unknownRevisions: 1,
  limitBytes: 50,
  level: 'over',
  streams: 1,
  tags: 2,
  revisions: 2,
  ...changes,
});

const bounceOf = (deliveryId: string, given: Partial<Bounce> = {}): Bounce => ({
  deliveryId,
  runId: 'weekly-2026-11-23',
  address: 'ann@example.com',
  namespaces: ['a1b2c3-dev'],
  status: '5.1.1',
  detail: '550 no such user',
  recordedAt: '2026-11-24T08:00:00Z',
  ...given,
});

/** Two images share a layer; one digest is stated with two sizes; one image has no layers, one an empty list. */
const RICH_HOLDINGS = gatherHoldings({
  streams: [
    {
      namespace: 'a1b2c3-dev',
      name: 'api',
      repository: 'registry.example.test:5000/a1b2c3-dev/api',
      publicRepository: 'registry.example.test/a1b2c3-dev/api',
      localLookup: true,
      tags: [
        {
          name: 'latest',
          revisions: [
            {
              digest: 'sha256:i2',
              reference: 'registry.example.test:5000/a1b2c3-dev/api@sha256:i2',
              created: '2026-11-20T10:00:00Z',
            },
            { digest: '', reference: '', created: null },
          ],
          from: { type: 'tag', namespace: 'a1b2c3-tools', stream: 'api', tag: 'dev' },
          isReference: false,
          importFailure: null,
        },
        { name: 'gone', revisions: [], from: null, isReference: true, importFailure: 'not found' },
      ],
    },
  ],
  images: [
    {
      digest: 'sha256:i1',
      managed: true,
      layers: [
        { digest: 'sha256:base', sizeBytes: 40 },
        { digest: 'sha256:app', sizeBytes: 20 },
        { digest: 'sha256:app', sizeBytes: 21 },
      ],
      statedBytes: 70,
      configDigest: 'sha256:c1',
      architecture: 'amd64',
      children: [],
      fault: null,
    },
    {
      digest: 'sha256:i2',
      managed: false,
      layers: [{ digest: 'sha256:base', sizeBytes: 40 }],
      statedBytes: null,
      configDigest: null,
      architecture: null,
      children: [{ digest: 'sha256:i1', architecture: null }],
      fault: 'unreadable',
    },
    {
      digest: 'sha256:i3',
      managed: true,
      layers: null,
      statedBytes: null,
      configDigest: null,
      architecture: null,
      children: [],
      fault: null,
    },
    {
      digest: 'sha256:i4',
      managed: true,
      layers: [],
      statedBytes: 3,
      configDigest: null,
      architecture: null,
      children: [],
      fault: null,
    },
  ],
});

const RICH_SNAPSHOT: Snapshot = {
  cluster: { name: 'test', apiUrl: 'https://api.example.test:6443' },
  takenAt: '2026-11-23T16:00:00Z',
  exact: false,
  lists: [{ kind: 'images', readAt: '2026-11-23T16:00:30Z', exact: false }],
  scope: 'cluster',
  unreadableKinds: ['cronjobs'],
  namespace: {
    name: 'a1b2c3-dev',
    labels: { environment: 'dev' },
    annotations: { contacts: '[{"email":"ann@example.com","role":"lead"}]', note: 'ünïcode \u202e "quoted"' },
  },
  team: { id: 'label:wally', displayName: 'Wally', namespaces: ['a1b2c3-dev'], usedBytes: 70 },
  sharedWithTeamBytes: 10,
  holdings: RICH_HOLDINGS,
  heldOutside: Uint8Array.from({ length: RICH_HOLDINGS.digests.count }, (_, number) => number % 2),
  uses: {
    digests: [{ digest: 0, users: [{ workload: 'a1b2c3-dev/Deployment/api', how: 'scaled-to-0' }] }],
    tags: [{ tag: 1, users: [{ workload: 'a1b2c3-prod/CronJob/nightly', how: 'scheduled' }] }],
    environments: { 'a1b2c3-prod': 'prod' },
  },
};

/** Which snapshot that is. */
const RICH = { namespace: RICH_SNAPSHOT.namespace.name, takenAt: RICH_SNAPSHOT.takenAt };

const WEIGHED: NamespaceResult = {
  status: 'weighed',
  namespace: 'a1b2c3-dev',
  team: RICH_SNAPSHOT.team,
  report: {
    name: 'a1b2c3-dev',
    displayName: 'Wally (dev)',
    environment: 'dev',
    quota: { limitBytes: 50, source: 'default', level: 'over', usedPercent: 140, overBytes: 20 },
    usedBytes: 70,
    importedBytes: 0,
    sharedWithTeamBytes: 10,
    unknownRevisions: 1,
    totals: { streams: 1, tags: 2, revisions: 2, images: 2, blobs: 3 },
    recipients: [{ address: 'ann@example.com', roles: ['lead'], rule: 'annotation:contacts' }],
    noRecipientReason: null,
    streams: [],
    findings: [{ code: 'image-missing', subject: 'api:latest', message: 'gone' }],
    advice: [{ code: 'large-layer', subject: 'api:latest', message: 'smaller is better', amount: 9 }],
  },
  plan: {
    deletions: [{ stream: 'api', tag: 'gone', freesBytes: 20 }],
    freesBytes: 20,
    reclaimsBytes: null,
    usedAfterBytes: 50,
  },
};

const GIVEN_UP: NamespaceResult = { status: 'given-up', namespace: 'a1b2c3-tools', reason: 'no answer' };
