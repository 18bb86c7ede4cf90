import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApiServer } from '../../sandbox/api-server.ts';
import type { ApiServer } from '../../sandbox/api-server.ts';
import type { ApiObject } from '../../sandbox/api-lists.ts';
import type { NamespaceReport, Report } from '../../src/usage/report/report.ts';
import { readCsv, readPage } from '../adapters/mail/read-message.ts';
import { reportFrom } from './report-from.ts';

/** Clusters that hold less than one would think, or let us see less: `quotagram report` still reports. */

const SIZE = 300 * 1024 ** 2;

const image = (name: string): ApiObject => ({
  metadata: { name, annotations: { 'openshift.io/image.managed': 'true' } },
  dockerImageLayers: [{ name: `layer-${name}`, size: SIZE }],
  dockerImageMetadata: { Size: SIZE },
});

const stream = (name: string, tags: Readonly<Record<string, readonly string[] | null>>): ApiObject => ({
  metadata: { namespace: 'd1b5d2-dev', name },
  spec: {},
  status: {
    dockerImageRepository: `registry.example.test/d1b5d2-dev/${name}`,
    tags: Object.entries(tags).map(([tag, digests]) => ({
      tag,
      items:
        digests?.map((digest) => ({
          image: digest,
          dockerImageReference: `registry.example.test/d1b5d2-dev/${name}@${digest}`,
          created: '2026-11-01T08:00:00Z',
        })) ?? null,
    })),
  },
});

const pod = (digest: string): ApiObject => ({
  metadata: { namespace: 'd1b5d2-dev', name: 'web-1' },
  spec: { containers: [{ image: `registry.example.test/d1b5d2-dev/web@${digest}` }] },
});

const NEW = `sha256:${'1'.repeat(64)}`;
const OLD = `sha256:${'2'.repeat(64)}`;
const GONE = `sha256:${'3'.repeat(64)}`;

/** Two namespaces, the second without anything; both have contacts that are none and would steer a terminal. */
const LISTS = {
  namespaces: [
    { metadata: { name: 'd1b5d2-dev', annotations: { contacts: '[{"email": "\u001B[2J"' } } },
    { metadata: { name: 'd1b5d2-test', annotations: { owner: 'a\u001B[2J\u202E@example.test' } } },
  ],
  imagestreams: [stream('web', { latest: [NEW, OLD, GONE], next: null }), stream('lost', { v1: [GONE] })],
  images: [image(NEW), image(OLD)],
  pods: [pod(NEW)],
};

describe('a cluster of images that are gone, tags and lists of null, and workloads that may not be read', () => {
  let api: ApiServer;
  beforeAll(async () => {
    api = await startApiServer({ lists: LISTS });
    api.addFault('/apis/apps/v1/deployments', { status: 403 }, Infinity);
    const emptyList = { kind: 'JobList', apiVersion: 'batch/v1', metadata: {}, items: null };
    api.addFault('/apis/batch/v1/jobs', { status: 200, body: JSON.stringify(emptyList) }, Infinity);
  });
  afterAll(() => api.close());

  test('is JSON in which what is unknown is null, with a finding or a warning for each', async () => {
    const { exitCode, stdout, stderr } = await reportFrom(api, ['-A', '--output', 'json']);
    const report: Report = JSON.parse(stdout);
    const [dev, empty] = report.reports.flatMap(({ namespaces }) => namespaces);
    expect(exitCode).toBe(0);
    expect(dev).toMatchObject({ name: 'd1b5d2-dev', usedBytes: 2 * SIZE, unknownRevisions: 2 });
    expect(revisionsOf(dev)).toEqual([
      ['web:latest', NEW, SIZE, true],
      ['web:latest', OLD, SIZE, null],
      ['web:latest', GONE, null, null],
      ['lost:v1', GONE, null, null],
    ]);
    expect(dev?.streams[0]?.tags[1]).toMatchObject({ name: 'next', state: 'empty', revisions: [] });
    expect(dev?.findings.map(({ code, subject }) => [code, subject])).toEqual([
      ['image-missing', `lost:v1@${GONE}`],
      ['contacts-invalid', 'contacts'],
      ['no-recipient', 'd1b5d2-dev'],
    ]);
    expect(empty).toMatchObject({ name: 'd1b5d2-test', usedBytes: 0, unknownRevisions: 0, streams: [] });
    expect(report.snapshot.unreadableKinds).toEqual(['deployments']);
    expect(stderr).toMatch(/^warning: deployments .*unknown.*may not list deployments/m);
  });

  test('is CSV in which they are unknown and a tag without revisions has one row', async () => {
    const { exitCode, stdout } = await reportFrom(api, ['-A', '--output', 'csv']);
    expect(exitCode).toBe(0);
    expect(readCsv(stdout).map((row) => [...row.slice(1, 4), row[8], row[12]])).toEqual([
      ['web', 'latest', '1', String(SIZE), 'true'],
      ['web', 'latest', '2', String(SIZE), 'unknown'],
      ['web', 'latest', '3', 'unknown', 'unknown'],
      ['web', 'next', '', '', 'unknown'],
      ['lost', 'v1', '1', 'unknown', 'unknown'],
    ]);
  });

  test('is a table of all in which what is used is a lower bound and nobody can be told, and why', async () => {
    const { exitCode, stdout } = await reportFrom(api, ['-A'], {
      files: {
        'quotagram.yaml':
          'mail: { allowedDomains: [example.test] }\nrecipients: { fallback: staff@example.test }\n',
      },
    });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^d1b5d2-dev +≥ 0\.6 GiB +50 GiB /m);
    expect(stdout).toMatch(/^d1b5d2-test +0 +50 GiB .* fallback$/m);
    expect(stdout).toContain(
      [
        '',
        'Only the fallback can be told of d1b5d2-dev: the annotation contacts cannot be read.',
        'Only the fallback can be told of d1b5d2-test: no contact is a usable address.',
        '',
      ].join('\n'),
    );
    expect(stdout).toContain('\n≥: some sizes in d1b5d2-dev are unknown; quotagram report -n d1b5d2-dev');
    expect(stdout).toContain('\nWhat is not in use is unknown: deployments could not be read everywhere.\n');
  });

  test('is a table of one that says so, and steers no terminal', async () => {
    const { exitCode, stdout } = await reportFrom(api, ['-n', 'd1b5d2-dev', '-n', 'd1b5d2-test']);
    const [dev, empty] = stdout.split('\n\nd1b5d2-test');
    expect(exitCode).toBe(0);
    expect(dev).toMatch(/^d1b5d2-dev uses at least 0\.6 of 50 GiB/);
    expect(dev).toMatch(/^ {2}:latest +≥ 600 MiB /m);
    expect(dev).toMatch(/^ {4}111111111111 +2026-11-01 .* by d1b5d2-dev\/Pod\/web-1 \(running\)$/m);
    expect(dev).toMatch(/^ {4}222222222222 +2026-11-01 .* unknown$/m);
    expect(dev).toMatch(/^ {2}:next +empty +unknown$/m);
    expect(dev).toMatch(/^ {2}:v1 +unknown /m);
    expect(dev).toContain('\nFindings\n  lost:v1@333333333333: The Image object is gone');
    expect(dev).toContain('\n  contacts: The annotation is not a JSON array');
    expect(empty?.split('\n')).toEqual([
      ' uses 0 of 50 GiB (0%)  ok',
      '0 image streams, 0 tags, 0 revisions. Quota: 50 GiB (default).',
      'Recipients: nobody, because mail.allowedDomains is empty, so no mail may be sent.',
      '',
      'Findings',
      expect.stringMatching(/^ {2}a \[2J @example\.test: /),
      '',
      'What is not in use is unknown: deployments could not be read everywhere.',
      expect.stringMatching(/^Read on [\w ]+, [\d:–]+ UTC; all lists are exact\.$/),
      expect.stringMatching(/^Not seen at all: /),
      '',
    ]);
    expect(stdout).not.toMatch(/[\u001B\u202E]/);
  });

  test.each(['html', 'text'])('is a mail of the empty namespace that says it is: %s', async (output) => {
    const { exitCode, stdout } = await reportFrom(api, ['-n', 'd1b5d2-test', '--output', output]);
    const page = output === 'html' ? readPage(stdout) : stdout;
    expect(exitCode).toBe(0);
    expect(page).toContain('d1b5d2-test uses 0 of 50 GiB');
    expect(page).toContain('There are no image streams.');
  });
});

test('image streams that may be read only in the named namespace are enough for it', async () => {
  await using api = await startApiServer({ lists: LISTS });
  api.addFault('/apis/image.openshift.io/v1/imagestreams', { status: 403 }, Infinity);
  const { exitCode, stdout } = await reportFrom(api, ['-n', 'd1b5d2-dev']);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^ {2}:latest +≥ 600 MiB /m);
  expect(stdout).toContain(
    '\nWhat is not in use and what the registry gets back are unknown: only d1b5d2-dev could be read, not the whole cluster.\n',
  );
});

test('a cluster of which nothing is selected is said to be that', async () => {
  await using api = await startApiServer({ lists: { namespaces: [{ metadata: { name: 'kube-system' } }] } });
  const { exitCode, stdout } = await reportFrom(api, ['-A']);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^There is no namespace to report in silver: .*namespaces\.exclude/);
});

/** Tag, digest, size in bytes and use of each. */
const revisionsOf = (namespace: NamespaceReport | undefined) =>
  namespace?.streams.flatMap((each) =>
    each.tags.flatMap((tag) =>
      tag.revisions.map(({ digest, sizeBytes, inUse }) => [
        `${each.name}:${tag.name}`,
        digest,
        sizeBytes,
        inUse,
      ]),
    ),
  );
