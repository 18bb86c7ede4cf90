import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ApiServer, Fault } from '../../sandbox/api-server.ts';
import { kubeconfigOf } from '../adapters/openshift/open-cluster.ts';
import { digestOf, pagedCluster, PATHS } from './paged-cluster.ts';
import { keepSilent } from './silence.ts';
import { startRunner } from './weekly-run.ts';
import type { Disturbance, Runner, WeeklyRun } from './weekly-run.ts';

/** Faults of the API that a weekly run gets over, all of them in the middle of the list of images. */

vi.mock('node:timers/promises', () => import('./quick-sleep.ts'));

let runner: Runner;
let undisturbed: WeeklyRun;

beforeAll(async () => {
  runner = await startRunner();
  undisturbed = await runner.runWeekly({});
}, 60_000);
afterAll(() => runner.close());

test('an undisturbed run mails the two teams over quota and the platform staff', () => {
  expect(undisturbed.mails.map(({ to, subject }) => `${to} ${subject}`)).toEqual([
    'blog@example.test [Image registry] blog-dev: 900 of 512 MiB, 388 over',
    'shop@example.test [Image registry] shop-dev: 900 of 512 MiB, 388 over',
    expect.stringMatching(/^staff@example\.test .* run weekly-.*: 2 of 3 over quota, 2 mails sent$/),
  ]);
  expect(undisturbed.progress).toContain('read 1,250 images in 3 pages');
  expect(undisturbed.warnings).toEqual([]);
});

const midway =
  (fault: Fault, times = 1) =>
  ({ api }: { readonly api: ApiServer }): void =>
    api.addFault(PATHS.images, fault, times);

describe('a run mails what an undisturbed one does', { timeout: 120_000 }, () => {
  const notWhatWasAskedFor = 'images: HTTP 200, but not with what was asked for; trying again';
  test.each<Disturbance & { readonly name: string; readonly warnings: readonly unknown[] }>([
    {
      name: 'after 429 with Retry-After',
      midway: midway({ status: 429, headers: { 'retry-after': '2' } }),
      warnings: ['images: HTTP 429; trying again'],
    },
    {
      name: 'after four times 500',
      midway: midway({ status: 500 }, 4),
      warnings: ['images: HTTP 500; trying again'],
    },
    {
      name: 'after 410 once, having begun the list anew',
      before: (api) => api.addFault(PATHS.images, 'expired'),
      warnings: ['the list of images expired while it was read; reading it again'],
    },
    { name: 'after half a body', midway: midway('truncated'), warnings: [notWhatWasAskedFor] },
    { name: 'after a web page with status 200', midway: midway('html'), warnings: [notWhatWasAskedFor] },
    { name: 'after a list of another kind', midway: midway('wrong kind'), warnings: [notWhatWasAskedFor] },
    {
      name: 'after 401, with the fresh token of the token file',
      midway: ({ api, folder }) => {
        api.requireToken('sha256~fresh');
        writeFileSync(join(folder, 'token'), 'sha256~fresh');
      },
      warnings: [],
    },
    {
      name: 'after 401, with the fresh token of another `oc login`',
      midway: ({ api, folder }) => {
        api.requireToken('sha256~fresh');
        const kubeconfig = kubeconfigOf(api.url, { token: 'sha256~fresh' });
        writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(kubeconfig));
      },
      warnings: [],
    },
  ])('$name', async (disturbance) => {
    expectUndisturbed(await runner.runWeekly(disturbance), disturbance.warnings);
  });

  test('after a connection cut in the body, as a process of its own', async () => {
    const run = await runner.runWeekly({ midway: midway('cut') }, 'as a process');
    expectUndisturbed(run, [expect.stringMatching(/^images: .*(closed|reset|terminated).*; trying again$/)]);
  });

  test('after half a minute of silence', async () => {
    using silence = keepSilent(1);
    expectUndisturbed(await runner.runWeekly(silence), ['images: no answer within 30 s; trying again']);
  });

  test('after a burst of 500 that outlasts five tries, having read the whole cluster again', async () => {
    const run = await runner.runWeekly({ midway: midway({ status: 500 }, 7) });
    expectComplete(run);
    expect(run.warnings).toEqual([
      'images: HTTP 500; trying again',
      expect.stringMatching(
        /^reading the cluster failed at try 1: The API at 127\.0\.0\.1:\d+ does not list images \(image\.openshift\.io\): HTTP 500, 5 times; trying again at \d\d:\d\d:\d\d UTC$/,
      ),
    ]);
    expect(run.results).toEqual(undisturbed.results);
    expect(run.mails).toEqual(undisturbed.mails);
  });

  test('after 410 twice, and tells everyone that the list is not exact', async () => {
    const run = await runner.runWeekly({ before: (api) => api.addFault(PATHS.images, 'expired', 2) });
    expectComplete(run);
    expect(run.warnings).toEqual([
      'the list of images expired while it was read; reading it again',
      'the list of images expired twice; going on, though it may not be exact',
    ]);
    expect(run.record.exact).toBe(false);
    expect(run.record.lists.filter(({ exact }) => !exact).map(({ kind }) => kind)).toEqual(['images']);
    expect(run.results).toEqual(undisturbed.results);
    const note = 'The cluster changed while its images were read, so figures may be slightly off.';
    expect(run.mails.map(({ text }) => flat(text).includes(note))).toEqual([true, true, true]);
    expect(figuresOf(run)).toEqual(figuresOf(undisturbed));
  });
});

describe('a run that cannot see one kind of workload mails the same figures and proposes nothing:', () => {
  test.each<{ readonly name: string; readonly fault: Fault; readonly reason: string }>([
    { name: '403', fault: { status: 403 }, reason: 'may not list deployments (apps) at the cluster scope' },
    { name: '500', fault: { status: 500 }, reason: 'does not list deployments (apps): HTTP 500, 5 times' },
  ])('$name', async ({ fault, reason }) => {
    const run = await runner.runWeekly({
      before: (api) => api.addFault(PATHS.deployments, fault, Infinity),
    });
    expectComplete(run);
    expect(run.warnings.at(-1)).toBe(
      `deployments cannot be read everywhere, so “not used” is unknown (${reason})`,
    );
    expect(run.record).toMatchObject({ exact: true, unreadableKinds: ['deployments'] });
    expect(figuresOf(run)).toEqual(figuresOf(undisturbed));
    expect(tagsOf(run, 'blog-dev').map(({ inUse }) => inUse)).toEqual([null, null, null]);
    expect(tagsOf(run, 'shop-dev').map(({ inUse }) => inUse)).toEqual([null, null, true]);
    for (const { text } of run.mails.slice(0, 2)) {
      expect(flat(text)).toContain(
        'Nothing is proposed for deletion: deployments could not be read everywhere, so what is unused is not known.',
      );
      expect(text).not.toContain('oc tag -d');
    }
    expect(run.mails[2]?.text).toContain('What is unused is not known: deployments could not be read.');
  });
});

test('an image that cannot be understood is a finding, and spoils no other figure', async () => {
  const cluster = pagedCluster();
  const images = cluster.images.map((image) =>
    image.metadata.name === digestOf(601)
      ? { ...image, dockerImageLayers: [{ name: 'layer', size: -1 }] }
      : image,
  );
  const run = await runner.runWeekly({ cluster: { ...cluster, images } });
  expectComplete(run);
  expect(run.warnings).toEqual([]);
  expect(run.stdout).toMatch(/^shop-dev +≥ 0\.6 GiB +0\.5 GiB +≥ 117\.2% +over +1 +1 mail sent$/m);
  const shop = run.results.get('shop-dev');
  expect(shop).toMatchObject({ report: { usedBytes: 600 * 1024 ** 2, unknownRevisions: 1 } });
  expect(shop).toMatchObject({
    report: {
      findings: [
        {
          code: 'image-unreadable',
          subject: `web:build-2@${digestOf(601)}`,
          message: expect.stringContaining('dockerImageLayers[0].size: Too small'),
        },
      ],
    },
  });
  const soundTags = (of: WeeklyRun) => tagsOf(of, 'shop-dev').filter(({ name }) => name !== 'build-2');
  expect(soundTags(run)).toHaveLength(2);
  expect(soundTags(run)).toEqual(soundTags(undisturbed));
  for (const name of ['archive-tools', 'blog-dev'])
    expect(run.results.get(name)).toEqual(undisturbed.results.get(name));
  const [blogMail, shopMail] = run.mails;
  expect(blogMail).toEqual(undisturbed.mails[0]);
  expect(shopMail?.subject).toBe('[Image registry] shop-dev: at least 600 of 512 MiB, at least 88 over');
  expect(shopMail?.text).toContain('Image not understood, size unknown: web:build-2');
});

/** Nothing but warnings tells it from a run that met no fault. */
const expectUndisturbed = (run: WeeklyRun, warnings: readonly unknown[]): void => {
  expectComplete(run);
  expect(run.warnings).toEqual(warnings);
  expect(run.progress).toEqual(undisturbed.progress);
  expect(run.stdout).toBe(undisturbed.stdout);
  expect(run.record).toMatchObject({ exact: true, unreadableKinds: [], findings: [] });
  expect(run.results).toEqual(undisturbed.results);
  expect(run.mails).toEqual(undisturbed.mails);
};

/** It ended well for who started it and in Redis, and nothing is left to send. */
const expectComplete = ({ exitCode, stdout, record, deliveries, mails }: WeeklyRun): void => {
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^NAMESPACE +USED/);
  expect(record).toMatchObject({ state: 'finished', stopReason: null, givenUp: [] });
  expect(deliveries.map(({ state }) => state)).toEqual(mails.map(() => 'submitted'));
};

/** Who is mailed which numbers, and what every namespace and tag comes to. */
const figuresOf = (run: WeeklyRun) => ({
  table: run.stdout,
  subjects: run.mails.map(({ to, subject }) => [to, subject]),
  namespaces: [...run.results.values()].map((result) =>
    result?.status === 'weighed' ? [result.namespace, result.report.usedBytes, result.report.quota] : null,
  ),
  tags: [...run.results.keys()].flatMap((namespace) =>
    tagsOf(run, namespace).map(({ name, sizeBytes, countedBytes, freesBytes }) => [
      name,
      sizeBytes,
      countedBytes,
      freesBytes,
    ]),
  ),
});

const tagsOf = ({ results }: WeeklyRun, namespace: string) => {
  const result = results.get(namespace);
  return result?.status === 'weighed' ? result.report.streams.flatMap(({ tags }) => tags) : [];
};

/** Without the breaks of its lines. */
const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');
