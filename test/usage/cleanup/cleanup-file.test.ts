import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

/** Where a program is; empty where it is not installed. */
const findProgram = (name: string): string =>
  spawnSync('/bin/sh', ['-c', 'command -v "$1"', 'sh', name], { encoding: 'utf8' }).stdout.trim();

/** The shells that people run the file with. */
const SHELLS: readonly { readonly name: string; readonly command: readonly [string, ...string[]] }[] = [
  { name: 'sh', command: ['/bin/sh'] },
  { name: 'bash', command: [findProgram('bash')] },
  { name: 'busybox sh', command: [findProgram('busybox'), 'sh'] },
];

describe.each(SHELLS)('the commands file of two tags, run by $name', ({ command }) => {
  describe.skipIf(command[0] === '')('where it is installed', () => {
    const run = (oc: Oc | null, file = cleanupOf(['api:pr-2', 'api:pr-1'])): Ended =>
      runCleanup(file, oc, command);

    test('deletes them in the order of the plan where everything is as it was', () => {
      expect(run({ server: SILVER, digest: OLD })).toEqual({
        exitCode: 0,
        deleted: ['api:pr-2', 'api:pr-1'],
        stdout: 'Deleted api:pr-2.\nDeleted api:pr-1.\n',
        stderr: '',
      });
    });

    test('deletes nothing on another cluster', () => {
      expect(run({ server: GOLD, digest: OLD })).toEqual({
        exitCode: 1,
        deleted: [],
        stdout: '',
        stderr: `Nothing was deleted: oc is logged in to ${GOLD}, not to ${SILVER}.\n`,
      });
    });

    test('skips a tag that points elsewhere since then, and says so', () => {
      expect(run({ server: SILVER, digest: OLD, digests: { 'api:pr-2': NEW } })).toEqual({
        exitCode: 1,
        deleted: ['api:pr-1'],
        stdout: 'Deleted api:pr-1.\n',
        stderr: 'Skipped api:pr-2: it now points to another image.\nNot deleted: 1 of 2 tags.\n',
      });
    });

    test('is done when it is run again after it deleted everything', () => {
      const getFails = { 'api:pr-2': notFound('api:pr-2'), 'api:pr-1': notFound('api:pr-1') };
      expect(run({ server: SILVER, digest: OLD, getFails })).toEqual({
        exitCode: 0,
        deleted: [],
        stdout: 'Already gone: api:pr-2.\nAlready gone: api:pr-1.\n',
        stderr: '',
      });
    });

    test('takes a tag as gone whose image stream is gone', () => {
      const gone = 'Error from server (NotFound): imagestreams.image.openshift.io "api" not found';
      expect(run({ server: SILVER, digest: OLD, getFails: { 'api:pr-2': gone } })).toMatchObject({
        exitCode: 0,
        deleted: ['api:pr-1'],
        stdout: 'Already gone: api:pr-2.\nDeleted api:pr-1.\n',
      });
    });

    test('takes a tag as gone that somebody deletes at the same moment', () => {
      const deleteFails = { 'api:pr-2': notFound('api:pr-2') };
      expect(run({ server: SILVER, digest: OLD, deleteFails })).toMatchObject({
        exitCode: 0,
        stdout: 'Already gone: api:pr-2.\nDeleted api:pr-1.\n',
      });
    });

    test.each([
      ['of another tag', notFound('api:pr-20')],
      ['of the API', 'Error from server (NotFound): the server could not find the requested resource'],
      ['of the namespace', 'Error from server (NotFound): namespaces "a1b2c3-tools" not found'],
    ])('does not take the absence %s for that of a tag', (_name, answer) => {
      expect(run({ server: SILVER, digest: OLD, getFails: { 'api:pr-2': answer } })).toEqual({
        exitCode: 1,
        deleted: ['api:pr-1'],
        stdout: 'Deleted api:pr-1.\n',
        stderr: `Skipped api:pr-2: ${answer}\nNot deleted: 1 of 2 tags.\n`,
      });
    });

    test.each(['get', 'delete'] as const)(
      'goes on after a tag that the user may not %s, and says why',
      (verb) => {
        const fails = { 'api:pr-2': forbidden('api:pr-2', verb) };
        const oc = { server: SILVER, digest: OLD, [verb === 'get' ? 'getFails' : 'deleteFails']: fails };
        expect(run(oc)).toEqual({
          exitCode: 1,
          deleted: ['api:pr-1'],
          stdout: 'Deleted api:pr-1.\n',
          stderr: `Skipped api:pr-2: you lack the right. ${forbidden('api:pr-2', verb)}\nNot deleted: 1 of 2 tags.\n`,
        });
      },
    );

    test.each(['getFails', 'deleteFails'] as const)('stops where the login has ended: %s', (fails) => {
      const answer = 'error: You must be logged in to the server (Unauthorized)';
      expect(run({ server: SILVER, digest: OLD, [fails]: { 'api:pr-1': answer } })).toEqual({
        exitCode: 1,
        deleted: ['api:pr-2'],
        stdout: 'Deleted api:pr-2.\n',
        stderr:
          'Stopped at api:pr-1: oc is no longer logged in. Log in with oc login and run this file again.\n',
      });
    });

    test('reads the digest below what oc warns of', () => {
      const warns = 'Warning: this version of the API is deprecated';
      expect(run({ server: SILVER, digest: OLD, warns })).toMatchObject({
        exitCode: 0,
        deleted: ['api:pr-2', 'api:pr-1'],
      });
    });

    test('deletes nothing where oc is missing', () => {
      expect(run(null)).toEqual({
        exitCode: 1,
        deleted: [],
        stdout: '',
        stderr: 'Nothing was deleted: the command oc is not installed here.\n',
      });
    });

    test('deletes nothing where oc knows no cluster', () => {
      expect(run({ server: null, digest: OLD })).toMatchObject({
        exitCode: 1,
        deleted: [],
        stderr: expect.stringContaining('Nothing was deleted: oc does not say which cluster'),
      });
    });

    test.each(['if points_to api:pr-1', 'sha256:aa', '; then', 'delete_tag api:pr', 'delete_tag api:pr-1'])(
      'deletes nothing from a cut after %j on',
      (part) => {
        const file = cleanupOf(['api:pr-2', 'api:pr-1']);
        const end = file.indexOf(part, file.indexOf('# 2. api:pr-1')) + part.length;
        expect(run({ server: SILVER, digest: OLD }, file.slice(0, end)).deleted).toEqual(['api:pr-2']);
      },
    );
  });
});

describe('the commands file over time', () => {
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
});

describe('the commands file of a cluster without a known address', () => {
  const withoutAddress = (): string => cleanupOf(['api:pr-2'], { apiUrl: null });

  test('asks for the address', () => {
    expect(runCleanup(withoutAddress(), { server: SILVER, digest: OLD })).toEqual({
      exitCode: 1,
      deleted: [],
      stdout: '',
      stderr: 'Nothing was deleted: name the cluster: sh cleanup-a1b2c3-tools.txt ADDRESS\n',
    });
  });

  test('works on the cluster that is named, and on no other', () => {
    expect(runCleanup(withoutAddress(), { server: SILVER, digest: OLD, argument: GOLD })).toMatchObject({
      exitCode: 1,
      deleted: [],
    });
    expect(runCleanup(withoutAddress(), { server: SILVER, digest: OLD, argument: SILVER })).toMatchObject({
      exitCode: 0,
      deleted: ['api:pr-2'],
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
      expect(file).toContain('# Left out: 1 tag of the mail with names that are not safe in a command.');
      expect(runCleanup(file, { server: SILVER, digest: OLD })).toMatchObject({
        exitCode: 0,
        deleted: ['api:pr-1'],
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

/** Why `oc` fails for a tag, by its name. */
type Failures = Readonly<Record<string, string>>;

/** What `oc` says and does: the digest of every tag unless `digests` has another. */
type Oc = {
  readonly server: string | null;
  readonly digest: string;
  readonly digests?: Readonly<Record<string, string>>;
  readonly getFails?: Failures;
  readonly deleteFails?: Failures;
  /** What it says on standard error whenever it works. */
  readonly warns?: string;
  readonly argument?: string;
};

/** What the file came to; `deleted` are the tags that `oc` was told to delete. */
type Ended = {
  readonly exitCode: number | null;
  readonly deleted: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
};

/** In the words of `oc` 4. */
const notFound = (tag: string): string =>
  `Error from server (NotFound): imagestreamtags.image.openshift.io "${tag}" not found`;

const forbidden = (tag: string, verb: string): string =>
  `Error from server (Forbidden): imagestreamtags.image.openshift.io "${tag}" is forbidden: User "mira" cannot ${verb} resource "imagestreamtags" in API group "image.openshift.io" in the namespace "a1b2c3-tools"`;

/** Runs the file with a shell, as a reader would, beside an `oc` that notes what it was told to delete. */
const runCleanup = (
  file: string,
  oc: Oc | null,
  [program, ...first]: readonly [string, ...string[]] = ['/bin/sh'],
): Ended => {
  const folder = mkdtempSync(join(tmpdir(), 'cleanup-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'cleanup.txt'), file);
  writeFileSync(join(folder, 'deleted'), '');
  for (const tool of ['date', 'cat']) {
    writeFileSync(join(folder, tool), `#!/bin/sh\nPATH=/usr/bin:/bin exec ${tool} "$@"\n`, { mode: 0o755 });
  }
  if (oc !== null) writeFileSync(join(folder, 'oc'), fakeOc(oc, folder), { mode: 0o755 });
  const { status, stdout, stderr } = spawnSync(
    program,
    [...first, 'cleanup.txt', ...(oc?.argument === undefined ? [] : [oc.argument])],
    { cwd: folder, env: { PATH: folder }, encoding: 'utf8' },
  );
  const deleted = readFileSync(join(folder, 'deleted'), 'utf8').split('\n').slice(0, -1);
  return { exitCode: status, deleted, stdout, stderr };
};

const fakeOc = (oc: Oc, folder: string): string => {
  const { server, digest, digests = {}, getFails = {}, deleteFails = {}, warns } = oc;
  const failing = (verb: string, failures: Failures): readonly string[] =>
    Object.entries(failures).map(
      ([tag, why]) => `  '${verb} imagestreamtag ${tag}') echo '${why}' >&2; exit 1 ;;`,
    );
  return [
    '#!/bin/sh',
    'case "$1 $2 $3" in',
    `  'whoami --show-server '*) ${server === null ? 'exit 1' : `echo '${server}'`} ;;`,
    ...failing('get', getFails),
    ...failing('delete', deleteFails),
    'esac',
    ...(warns === undefined ? [] : [`echo '${warns}' >&2`]),
    'case "$*" in',
    "  'whoami --show-server') ;;",
    ...Object.entries(digests).map(([tag, other]) => `  'get imagestreamtag ${tag} '*) printf '${other}' ;;`),
    `  "get imagestreamtag $3 -n a1b2c3-tools -o jsonpath={.image.metadata.name}") printf '${digest}' ;;`,
    `  "delete imagestreamtag $3 -n a1b2c3-tools") echo "imagestreamtag.image.openshift.io \\"$3\\" deleted"; echo "$3" >> '${folder}/deleted' ;;`,
    '  *) exit 9 ;;',
    'esac',
    '',
  ].join('\n');
};

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
