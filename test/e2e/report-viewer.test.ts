import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApiServer } from '../../sandbox/api-server.ts';
import type { ApiServer } from '../../sandbox/api-server.ts';
import type { NamespaceReport, Report } from '../../src/usage/report/report.ts';
import { readPage } from '../adapters/mail/read-message.ts';
import { reportFrom } from './report-from.ts';

/** `quotagram report` with nothing but the right to view one project. */

const PROJECT = 'a1b2c3-tools';
const FILES = { 'quotagram.yaml': 'quota: { default: 1Gi }\n' };

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer({ viewerOf: [PROJECT] });
});
afterAll(() => api.close());

test(
  'has the figures of whoever may read everything, and says what only those know',
  { timeout: 60_000 },
  async () => {
    await using open = await startApiServer();
    const [seen, known] = await Promise.all(
      [api, open].map(async (server) => {
        const { exitCode, stdout, stderr } = await reportFrom(server, ['-n', PROJECT, '--output', 'json']);
        expect(exitCode).toBe(0);
        expect(stderr).not.toMatch(/warning|error/);
        return JSON.parse(stdout);
      }),
    );
    expect(figuresIn(seen)).toEqual(figuresIn(known));
    expect(useIn(seen)).toEqual(new Set([true, null]));
    expect(useIn(known)).toEqual(new Set([true, false]));
    expect(seen).toMatchObject({ cluster: { usedBytes: null, sumOfNamespacesBytes: null } });
    expect(seen.snapshot.unreadableKinds).toContain('pods');
    expect(seen.snapshot.lists).toEqual(
      known.snapshot.lists.map(({ kind }: { readonly kind: string }) => ({
        kind,
        readAt: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/),
        exact: true,
      })),
    );
  },
);

describe('says in words what is unknown', { timeout: 60_000 }, () => {
  test('as a table', async () => {
    const { exitCode, stdout } = await reportFrom(api, ['-n', PROJECT], { files: FILES });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^a1b2c3-tools uses 2\.4 of 1 GiB \(239\.4%\) {2}over\n/);
    expect(stdout).toMatch(
      /\n\nWhat is not in use and what the registry gets back are unknown: only a1b2c3-tools could be read, not the whole cluster\.\nRead on [^\n]+ UTC; all lists are exact\.\nNot seen at all: [^\n]+\n$/,
    );
  });

  test.each(['html', 'text'])('as a mail: %s', async (output) => {
    const { exitCode, stdout } = await reportFrom(api, ['-n', PROJECT, '--output', output], { files: FILES });
    const page = (output === 'html' ? readPage(stdout) : stdout).replaceAll(/\s+/g, ' ');
    expect(exitCode).toBe(0);
    expect(page).toContain(
      'Nothing is proposed for deletion: only a1b2c3-tools could be read, not the whole cluster, so what is unused is not known.',
    );
    expect(page).toContain(
      '“Use unknown” does not mean unused: only a1b2c3-tools could be read, not the whole cluster.',
    );
  });
});

test('does not claim to know what a team shares that a label names', { timeout: 60_000 }, async () => {
  const files = { 'quotagram.yaml': 'teams: { groupByLabel: name }\n' };
  const json = await reportFrom(api, ['-n', PROJECT, '--output', 'json'], { files });
  expect(JSON.parse(json.stdout).reports).toMatchObject([
    { team: { id: 'label:a1b2c3', usedBytes: null }, namespaces: [{ sharedWithTeamBytes: null }] },
  ]);
  expect((await reportFrom(api, ['-n', PROJECT], { files })).stdout).toContain(
    '\nWhat is not in use, what the registry gets back and what is shared with other namespaces of the team are unknown: only a1b2c3-tools could be read, not the whole cluster.\n',
  );
});

test('cannot be of all namespaces', { timeout: 60_000 }, async () => {
  const { exitCode, stdout, stderr } = await reportFrom(api, ['-A']);
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  expect(stderr).toContain('error: These credentials may not list namespaces at the cluster scope\n');
});

/** All that a report says of its namespaces but who uses what, and what the registry gets back. */
const figuresIn = (report: Report): unknown =>
  JSON.parse(
    JSON.stringify(report.reports, (key, value: unknown) =>
      ['inUse', 'inUseBy', 'inUseHow', 'inUseCount', 'reclaimsBytes'].includes(key) ? undefined : value,
    ),
  );

const useIn = ({ reports }: Report): ReadonlySet<boolean | null> => {
  const streams = reports.flatMap(({ namespaces }) =>
    namespaces.flatMap((each: NamespaceReport) => each.streams),
  );
  return new Set(
    streams.flatMap((stream) =>
      [stream, ...stream.tags, ...stream.tags.flatMap(({ revisions }) => revisions)].map(
        ({ inUse }) => inUse,
      ),
    ),
  );
};
