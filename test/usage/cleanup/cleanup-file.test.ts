import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { writeCleanup } from '../../../src/usage/cleanup/cleanup-file.ts';
import type { NamespaceReport, Report, StreamReport } from '../../../src/usage/report/report.ts';
import type { DeletionPlan } from '../../../src/usage/cleanup/plan.ts';

const SILVER = 'https://api.silver.example.test:6443';
const GOLD = 'https://api.gold.example.test:6443';
const OLD = `sha256:${'a'.repeat(64)}`;
const NEW = `sha256:${'b'.repeat(64)}`;

describe('the commands file of two tags', () => {
  test('deletes them in the order of the plan where everything is as it was', () => {
    const run = runCleanup(cleanupOf(['api:pr-2', 'api:pr-1']), { server: SILVER, digest: OLD });
    expect(run).toEqual({
      exitCode: 0,
      deleted: ['tag -d api:pr-2 -n a1b2c3-tools', 'tag -d api:pr-1 -n a1b2c3-tools'],
      stderr: '',
    });
  });

  test('deletes nothing on another cluster', () => {
    expect(runCleanup(cleanupOf(['api:pr-2', 'api:pr-1']), { server: GOLD, digest: OLD })).toEqual({
      exitCode: 1,
      deleted: [],
      stderr: `Nothing was deleted: oc is logged in to ${GOLD}, not to ${SILVER}.\n`,
    });
  });

  test.each([
    ['7 days after it was computed', 7 * 24 * 60],
    ['a year after', 365 * 24 * 60],
  ])('deletes nothing %s', (_when, minutes) => {
    const file = cleanupOf(['api:pr-2'], { generatedAt: minutesAgo(minutes) });
    expect(runCleanup(file, { server: SILVER, digest: OLD })).toMatchObject({
      exitCode: 1,
      deleted: [],
      stderr: expect.stringMatching(/^Nothing was deleted: this file was valid until \w+day .* UTC\.\n$/),
    });
  });

  test('still works shortly before 7 days are over', () => {
    const file = cleanupOf(['api:pr-2'], { generatedAt: minutesAgo(7 * 24 * 60 - 60) });
    expect(runCleanup(file, { server: SILVER, digest: OLD }).exitCode).toBe(0);
  });

  test('skips a tag that points elsewhere since then, and says so', () => {
    const file = cleanupOf(['api:pr-2', 'api:pr-1']);
    expect(runCleanup(file, { server: SILVER, digest: OLD, digests: { 'api:pr-2': NEW } })).toEqual({
      exitCode: 1,
      deleted: ['tag -d api:pr-1 -n a1b2c3-tools'],
      stderr: 'Skipped api:pr-2: it points to another image since then.\nLeft as they are: 1 of 2 tags.\n',
    });
  });

  test('skips a tag that is gone', () => {
    const file = cleanupOf(['api:pr-2', 'api:pr-1']);
    expect(runCleanup(file, { server: SILVER, digest: OLD, digests: { 'api:pr-1': '' } })).toEqual({
      exitCode: 1,
      deleted: ['tag -d api:pr-2 -n a1b2c3-tools'],
      stderr:
        'Error from server (NotFound)\nSkipped api:pr-1: it cannot be read; it may be gone.\nLeft as they are: 1 of 2 tags.\n',
    });
  });

  test('goes on after a deletion that is refused, and does not end well', () => {
    const file = cleanupOf(['api:pr-2', 'api:pr-1']);
    expect(runCleanup(file, { server: SILVER, digest: OLD, refuses: 'api:pr-2' })).toMatchObject({
      exitCode: 1,
      deleted: ['tag -d api:pr-1 -n a1b2c3-tools'],
      stderr: expect.stringContaining('Left as they are: 1 of 2 tags.'),
    });
  });

  test('deletes nothing where oc is missing', () => {
    expect(runCleanup(cleanupOf(['api:pr-2']), null)).toEqual({
      exitCode: 1,
      deleted: [],
      stderr: 'Nothing was deleted: the command oc is not installed here.\n',
    });
  });

  test('deletes nothing where oc knows no cluster', () => {
    expect(runCleanup(cleanupOf(['api:pr-2']), { server: null, digest: OLD })).toMatchObject({
      exitCode: 1,
      deleted: [],
      stderr: expect.stringContaining('Nothing was deleted: oc does not say which cluster'),
    });
  });

  test('deletes nothing when it was cut off in the middle of a command', () => {
    const file = cleanupOf(['api:pr-2']);
    const cut = file.slice(0, file.indexOf('points_to api:pr-2') + 'points_to api:pr-2 sha256:aa'.length);
    expect(runCleanup(cut, { server: SILVER, digest: OLD })).toMatchObject({ deleted: [] });
  });
});

describe('the commands file of a cluster without a known address', () => {
  const withoutAddress = (): string => cleanupOf(['api:pr-2'], { apiUrl: null });

  test('asks for the address', () => {
    expect(runCleanup(withoutAddress(), { server: SILVER, digest: OLD })).toEqual({
      exitCode: 1,
      deleted: [],
      stderr: 'Nothing was deleted: say for which cluster: sh cleanup-a1b2c3-tools.txt ADDRESS\n',
    });
  });

  test('works on the cluster that is named, and on no other', () => {
    expect(runCleanup(withoutAddress(), { server: SILVER, digest: OLD, argument: GOLD })).toMatchObject({
      exitCode: 1,
      deleted: [],
    });
    expect(runCleanup(withoutAddress(), { server: SILVER, digest: OLD, argument: SILVER })).toMatchObject({
      exitCode: 0,
      deleted: ['tag -d api:pr-2 -n a1b2c3-tools'],
    });
  });

  test.each(["https://api.example.test';reboot;'", 'https://a.example.test\nreboot', 'reboot'])(
    'is also that of the address %j, which no shell is given',
    (apiUrl) => {
      const generatedAt = '2026-11-24T08:00:00Z';
      expect(cleanupOf(['api:pr-2'], { apiUrl, generatedAt })).toBe(
        cleanupOf(['api:pr-2'], { apiUrl: null, generatedAt }),
      );
    },
  );
});

describe('what stands in the commands file', () => {
  test('says what it is, for which cluster, until when and what is checked', () => {
    const file = cleanupOf(['api:pr-2'], { generatedAt: '2026-11-24T08:00:00Z' });
    expect(file).toContain('# What to delete first in the namespace a1b2c3-tools');
    expect(file).toContain('#   sh cleanup-a1b2c3-tools.txt\n');
    expect(file).toContain('Computed Tuesday 24 November 08:00 UTC for the cluster silver.');
    expect(file).toContain('# - it is not yet Tuesday 1 December 08:00 UTC');
    expect(file).toContain('expires=202612010800 ');
    expect(file).toContain('# 1. api:pr-2, which alone frees 2 GiB\n');
  });

  test.each(['$(reboot)', 'pr 1', "pr'1", 'pr\n1', 'pr-1\u202e', '-rf', '{{tag}}', 'x'.repeat(10_000)])(
    'is never the tag %j, and how many are left out is said',
    (tag) => {
      const file = cleanupOf([`api:${tag}`, 'api:pr-1']);
      expect(file).not.toContain(tag);
      expect(file).toContain('# Not here: 1 tag of the mail whose names cannot safely stand in a command.');
      expect(runCleanup(file, { server: SILVER, digest: OLD })).toMatchObject({
        exitCode: 0,
        deleted: ['tag -d api:pr-1 -n a1b2c3-tools'],
      });
    },
  );

  test.each(['', 'sha256:a', `sha256:${'a'.repeat(64)};reboot`, `sha256:${'a'.repeat(64)}\nreboot`])(
    'is never a tag with the digest %j, which cannot be compared',
    (digest) => {
      expect(tryCleanup(['api:pr-1'], { digest })).toBeNull();
    },
  );

  test('is nothing at all where no name can stand in a command', () => {
    expect(tryCleanup(['api:a b'], {})).toBeNull();
    expect(tryCleanup(['api:pr-1'], { namespace: 'a1b2c3\nreboot' })).toBeNull();
  });

  test("is one line of comment for a cluster's name, whatever is in it", () => {
    const file = cleanupOf(['api:pr-1'], { cluster: 'silver\nreboot\r\u2028$(reboot)' });
    expect(file).toContain('for the cluster silverreboot$(reboot). No workload');
    expect(runCleanup(file, { server: SILVER, digest: OLD }).exitCode).toBe(0);
  });

  test('is ASCII that every shell reads', () => {
    expect(cleanupOf(['api:pr-1'])).toMatch(/^[\x20-\x7e\n]+$/);
  });
});

/** What `oc` says and does: the digest of every tag unless `digests` has another; '' is no such tag. */
type Oc = {
  readonly server: string | null;
  readonly digest: string;
  readonly digests?: Readonly<Record<string, string>>;
  readonly refuses?: string;
  readonly argument?: string;
};

/** Runs the file with `sh`, as a reader would, beside an `oc` that notes what it was told to delete. */
const runCleanup = (
  file: string,
  oc: Oc | null,
): { readonly exitCode: number | null; readonly deleted: readonly string[]; readonly stderr: string } => {
  const folder = mkdtempSync(join(tmpdir(), 'cleanup-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'cleanup.txt'), file);
  writeFileSync(join(folder, 'deleted'), '');
  for (const tool of ['date', 'cat']) {
    writeFileSync(join(folder, tool), `#!/bin/sh\nPATH=/usr/bin:/bin exec ${tool} "$@"\n`, { mode: 0o755 });
  }
  if (oc !== null) writeFileSync(join(folder, 'oc'), fakeOc(oc, folder));
  if (oc !== null) chmodSync(join(folder, 'oc'), 0o755);
  const { status, stderr } = spawnSync(
    '/bin/sh',
    ['cleanup.txt', ...(oc?.argument === undefined ? [] : [oc.argument])],
    { cwd: folder, env: { PATH: folder }, encoding: 'utf8' },
  );
  const deleted = readFileSync(join(folder, 'deleted'), 'utf8').split('\n').slice(0, -1);
  return { exitCode: status, deleted, stderr };
};

const fakeOc = ({ server, digest, digests = {}, refuses }: Oc, folder: string): string =>
  [
    '#!/bin/sh',
    'case "$1 $2 $3" in',
    `  'whoami --show-server '*) ${server === null ? 'exit 1' : `echo '${server}'`} ;;`,
    ...Object.entries(digests).map(
      ([tag, other]) =>
        `  'get imagestreamtag ${tag}') ${other === '' ? "echo 'Error from server (NotFound)' >&2; exit 1" : `printf '${other}'`} ;;`,
    ),
    `  'get imagestreamtag '*) [ "$*" = "get imagestreamtag $3 -n a1b2c3-tools -o jsonpath={.image.metadata.name}" ] && printf '${digest}' ;;`,
    ...(refuses === undefined ? [] : [`  'tag -d ${refuses}') exit 1 ;;`]),
    `  'tag -d '*) echo "$*" >> '${folder}/deleted' ;;`,
    '  *) exit 9 ;;',
    'esac',
    '',
  ].join('\n');

type Change = {
  readonly generatedAt?: string;
  readonly apiUrl?: string | null;
  readonly cluster?: string;
  readonly namespace?: string;
  readonly digest?: string;
};

const cleanupOf = (tags: readonly string[], change: Change = {}): string => {
  const file = tryCleanup(tags, change);
  if (file === null) throw new Error('there is no commands file');
  return file;
};

const tryCleanup = (tags: readonly string[], change: Change): string | null => {
  const names = tags.map((name) => name.slice('api:'.length));
  const plan: DeletionPlan = {
    deletions: names.map((tag) => ({ stream: 'api', tag, freesBytes: 2 * 1024 ** 3 })),
    freesBytes: 5,
    reclaimsBytes: null,
    usedAfterBytes: 0,
  };
  const namespace = namespaceOf(change.namespace ?? 'a1b2c3-tools', names, change.digest ?? OLD);
  return writeCleanup(namespace, reportOf(namespace, change), plan);
};

const reportOf = (namespace: NamespaceReport, { generatedAt, apiUrl = SILVER, cluster }: Change): Report => ({
  schemaVersion: 1,
  generatedAt: generatedAt ?? minutesAgo(60),
  cluster: { name: cluster ?? 'silver', apiUrl, usedBytes: 0, sumOfNamespacesBytes: 0 },
  snapshot: { id: null, exact: true, lists: [], unreadableKinds: [], findings: [] },
  reports: [{ team: { id: 'ns:a1b2c3-tools', displayName: 'Wally', usedBytes: 0 }, namespaces: [namespace] }],
});

const namespaceOf = (name: string, tags: readonly string[], digest: string): NamespaceReport => {
  const unused = { inUse: false, inUseBy: [], inUseHow: [], inUseCount: 0 } as const;
  const stream: StreamReport = {
    name: 'api',
    sizeBytes: 0,
    countedBytes: 0,
    freesBytes: 0,
    reclaimsBytes: null,
    inUse: false,
    unknownRevisions: 0,
    tags: tags.map((tag) => ({
      name: tag,
      sizeBytes: 0,
      countedBytes: 0,
      freesBytes: 0,
      unknownRevisions: 0,
      sameImageAs: [],
      state: 'ok',
      ...unused,
      // The current one first; an older one is not what is compared.
      revisions: [digest, NEW].map((image) => ({
        digest: image,
        created: null,
        sizeBytes: 0,
        countedBytes: 0,
        charged: true,
        architectures: [],
        ...unused,
      })),
    })),
  };
  return {
    name,
    displayName: name,
    environment: null,
    quota: { limitBytes: 0, source: 'default', level: 'over', usedPercent: null, overBytes: 0 },
    usedBytes: 0,
    importedBytes: 0,
    sharedWithTeamBytes: 0,
    unknownRevisions: 0,
    totals: { streams: 1, tags: tags.length, revisions: 0, images: 0, blobs: 0 },
    recipients: [],
    noRecipientReason: null,
    streams: [stream],
    findings: [],
    advice: [],
  };
};

const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
