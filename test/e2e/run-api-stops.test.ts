import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ApiObject } from '../../sandbox/api-lists.ts';
import type { ApiServer, Fault } from '../../sandbox/api-server.ts';
import { pagedCluster, PATHS } from './paged-cluster.ts';
import { newestSlot } from './platform.ts';
import { keepSilent } from './silence.ts';
import { startRunner } from './weekly-run.ts';
import type { Disturbance, Runner, WeeklyRun } from './weekly-run.ts';

/** Faults of the API that stop a weekly run before any mail, however much of the cluster it has read by then. */

vi.mock('node:timers/promises', () => import('./quick-sleep.ts'));

let runner: Runner;

beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.close());

const midway =
  (fault: Fault) =>
  ({ api }: { readonly api: ApiServer }): void =>
    api.addFault(PATHS.images, fault, Infinity);

const TRY_LATER = 'Try again later; `oc get apiservices` shows which part is down.';
const CHECK_NETWORK = 'Check the network (VPN, proxy) and the server that the kubeconfig names.';

describe.concurrent('an API that goes on like this midway is tried three times:', { timeout: 60_000 }, () => {
  test.each<{ readonly name: string; readonly fault: Fault; readonly cause: string }>([
    {
      name: '429 with Retry-After',
      fault: { status: 429, headers: { 'retry-after': '1' } },
      cause: 'HTTP 429, 5 times',
    },
    {
      name: '410 without a fresh token',
      fault: { status: 410, body: '{}' },
      cause: 'HTTP 410 again and again',
    },
    {
      name: 'half a body',
      fault: 'truncated',
      cause: 'HTTP 200, but not with what was asked for, 5 times',
    },
    {
      name: 'a web page with status 200',
      fault: 'html',
      cause: 'HTTP 200, but not with what was asked for, 5 times',
    },
  ])('$name', async ({ fault, cause }) => {
    const run = await runner.runWeekly({ midway: midway(fault) });
    const reason = `The API at ${run.host} does not list images (image.openshift.io): ${cause}`;
    expectStopped(run, { reason, todo: TRY_LATER });
    const [first = ''] = run.warnings.filter((warning) =>
      warning.startsWith('reading the cluster failed at try 1'),
    );
    const [told, nextTry = ''] = first.split('; trying again at ');
    expect(told).toBe(`reading the cluster failed at try 1: ${reason}`);
    expect(nextTry).toMatch(/^\d\d:\d\d:\d\d UTC$/);
  });

  test('connections cut in the body', async () => {
    const run = await runner.runWeekly({ midway: midway('cut') });
    const [, cause = ''] = /^images: (.*); trying again$/.exec(run.warnings[0] ?? '') ?? [];
    expect(cause).toMatch(/closed|reset|terminated/);
    expectStopped(run, { reason: `The API at ${run.host} does not answer: ${cause}`, todo: CHECK_NETWORK });
  });

  test('an image stream that cannot be understood, which is named', async () => {
    const cluster = pagedCluster();
    const imagestreams = cluster.imagestreams.map(withCreated('blog-dev', 'last week'));
    const run = await runner.runWeekly({ cluster: { ...cluster, imagestreams } });
    expectStopped(run, {
      reason:
        'The ImageStream blog-dev/web cannot be understood: status.tags[0].items[0].created: Invalid ISO datetime',
      todo: 'Nothing was weighed. Compare `oc get imagestream -o yaml` with what is said here, and report it.',
    });
  });

  test('500; when that is mended the slot stays stopped and a run by hand mails everyone', async () => {
    await using platform = await runner.open({
      before: (api) => api.addFault(PATHS.images, { status: 500 }, 15),
    });
    const stopped = await platform.run(newestSlot(), 'here');
    expectStopped(stopped, {
      reason: `The API at ${stopped.host} does not list images (image.openshift.io): HTTP 500, 5 times`,
      todo: TRY_LATER,
    });
    const again = await platform.run(newestSlot(), 'here');
    expect(again.progress[0]).toMatch(/^run weekly-\S+ ended before, on .*: nothing is sent again$/);
    expectStopped(again, { reason: stopped.record.stopReason ?? '' });
    const byHand = await platform.run(null, 'here');
    expect(byHand.exitCode).toBe(0);
    expect(byHand.record).toMatchObject({ kind: 'manual', state: 'finished' });
    expect(byHand.mails.map(({ to }) => to)).toEqual([
      'blog@example.test',
      'shop@example.test',
      'staff@example.test',
    ]);
  });
});

test('silence, half a minute each time, is tried three times, too', { timeout: 60_000 }, async () => {
  using silence = keepSilent(15);
  const run = await runner.runWeekly(silence);
  expectStopped(run, {
    reason: `The API at ${run.host} does not answer: no answer within 30 s`,
    todo: CHECK_NETWORK,
  });
  expect(run.warnings).toContain('images: no answer within 30 s; trying again');
});

describe('an API that refuses is asked once:', { timeout: 60_000 }, () => {
  const ruleFor = (group: string, plural: string): string =>
    `Grant a ClusterRole with this rule: {apiGroups: ["${group}"], resources: ["${plural}"], verbs: ["get", "list"]}`;
  test.each<Disturbance & { readonly name: string; readonly reason: string; readonly todo: string }>([
    {
      name: '403 on images midway',
      midway: midway({ status: 403 }),
      reason: 'These credentials may not list images (image.openshift.io) at the cluster scope',
      todo: ruleFor('image.openshift.io', 'images'),
    },
    {
      name: '403 on image streams',
      before: (api) => api.addFault(PATHS.imagestreams, { status: 403 }, Infinity),
      reason: 'These credentials may not list imagestreams (image.openshift.io) at the cluster scope',
      todo: ruleFor('image.openshift.io', 'imagestreams'),
    },
    {
      name: '403 on namespaces',
      before: (api) => api.addFault(PATHS.namespaces, { status: 403 }, Infinity),
      reason: 'These credentials may not list namespaces at the cluster scope',
      todo: ruleFor('', 'namespaces'),
    },
  ])('$name', async (refusal) => {
    const run = await runner.runWeekly(refusal);
    expectStopped(run, refusal);
    expect(run.warnings).toEqual([]);
  });

  test('401 midway, and no fresh token; as a process of its own', async () => {
    const disturbance: Disturbance = { midway: ({ api }) => api.requireToken('sha256~fresh') };
    const run = await runner.runWeekly(disturbance, 'as a process');
    expectStopped(run, {
      reason: `The API at ${run.host} does not accept these credentials`,
      todo: 'Log in again with `oc login`; a service account needs a valid token.',
    });
    expect(run.warnings).toEqual([]);
    expect(run.stderr).not.toContain('sha256~');
  });
});

/** The record says why and what to do, the terminal says the same, and nobody got a mail. */
const expectStopped = (
  run: WeeklyRun,
  { reason, todo }: { readonly reason: string; readonly todo?: string },
): void => {
  const { id, stopReason } = run.record;
  expect(run.record).toMatchObject({ state: 'stopped', takenAt: null, namespaces: [], sealedAt: null });
  expect(`${stopReason ?? ''} `).toContain(todo === undefined ? reason : `${reason}. ${todo} `);
  expect(run.progress.slice(-3)).toEqual([
    `error: run ${id} stopped before any mail: ${stopReason ?? ''}`,
    '  When that is mended, start a run by hand: the same command without --slot.',
    '',
  ]);
  expect(run).toMatchObject({ exitCode: 1, stdout: '', deliveries: [], mails: [] });
};

/** The image streams of a namespace with that time of creation for all their revisions. */
const withCreated =
  (namespace: string, created: string) =>
  (stream: ApiObject): ApiObject =>
    stream.metadata.namespace === namespace
      ? JSON.parse(JSON.stringify(stream), (key, value: unknown) => (key === 'created' ? created : value))
      : stream;
