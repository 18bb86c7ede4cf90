import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { verificationText } from '../../src/cli/verify-table.ts';
import { judgeBlobs } from '../../src/usage/verify/registry-verdict.ts';
import type { BlobStat } from '../../src/usage/verify/registry-verdict.ts';
import { FIGURES } from '../../src/usage/verify/compare-figures.ts';
import type { FigureCheck } from '../../src/usage/verify/compare-figures.ts';
import { sha256 } from '../usage/build.ts';

type Verification = Parameters<typeof verificationText>[1];

const verification = (given: Partial<Verification> = {}): Verification => ({
  namespace: 'a1b2c3-dev',
  generatedAt: '2026-11-24T02:58:23Z',
  exact: true,
  scope: 'cluster',
  usedBytes: 1_073_741_824,
  unknownRevisions: 0,
  findings: 0,
  figures: FIGURES.map((figure): FigureCheck => ({ figure, compared: 1, differences: [] })),
  registryAddress: null,
  registry: null,
  agrees: true,
  ...given,
});

const textOf = (given: Partial<Verification>): string =>
  verificationText(new PassThrough(), verification({ registryAddress: 'registry.example.test', ...given }));

test('without a difference it ends with how many figures agree', () => {
  expect(textOf({})).toBe(
    [
      'a1b2c3-dev uses 1 GiB (1,073,741,824 bytes)',
      'Read on Tuesday 24 November 02:58 UTC, and recounted by other code with nothing but sets.',
      '',
      'FIGURE                                              COMPARED  RESULT',
      'used                                                       1  agrees',
      'used by the team                                           1  agrees',
      'imported, not charged                                      1  agrees',
      'shared with the team’s other namespaces                    1  agrees',
      'revisions of unknown size                                  1  agrees',
      'numbers of streams, tags, revisions, images, blobs         1  agrees',
      'size                                                       1  agrees',
      'counted                                                    1  agrees',
      'counted, added up to what is used                          1  agrees',
      'frees                                                      1  agrees',
      'what the registry gets back                                1  agrees',
      '',
      'All 11 figures agree.',
      '',
      'With --registry auto the cluster’s registry itself is asked, too.',
      '',
    ].join('\n'),
  );
});

test('each figure that differs is told with both values, and whose defect it is', () => {
  const text = textOf({
    figures: [
      { figure: 'usedBytes', compared: 1, differences: [{ subject: '', stated: 1_000, recounted: 999 }] },
      {
        figure: 'sizeBytes',
        compared: 30,
        differences: [{ subject: 'api:v1\u001B[2J#1', stated: null, recounted: 5 }],
      },
    ],
  });
  expect(text).toContain(
    [
      '2 of 31 figures differ:',
      '  used: the report says 1,000, the recount 999',
      '  size of api:v1 [2J#1: the report says unknown, the recount 5',
      'That is a defect of Quotagram; please report it with the output of --output json.',
    ].join('\n'),
  );
  expect(text).toMatch(/\nsize +30 +1 differ\n/);
});

/** The verdict on 25 blobs of 10 bytes, of which the registry says this. */
const verdictOn = (statOf: (position: number) => BlobStat) => {
  const blobs = Array.from({ length: 25 }, (_, position) => ({
    digest: `sha256:${String(position).padStart(64, '0')}`,
    sizeBytes: 10,
    kind: 'layer' as const,
    repositories: ['a1b2c3-dev/api'],
    tags: ['api:latest'],
  }));
  return judgeBlobs(
    blobs,
    blobs.map((blob, position) => ({ blob, stat: statOf(position) })),
  );
};

test('a long list of differences is cut, and says where the rest is', () => {
  const text = textOf({ registry: verdictOn(() => ({ outcome: 'present', sizeBytes: 0 })) });
  expect(text).toContain('The registry registry.example.test: 25 blobs asked, 0 agree.');
  expect(text).toContain('By its own sizes 250 B (250 bytes) less is used.');
  expect(text.match(/^ {2}sha256:/gm)).toHaveLength(20);
  expect(text).toContain('  and 5 more: --output json has all of them\n');
});

test('a registry that has none of the blobs is said to be another one, and nothing is argued from it', () => {
  const text = textOf({ registry: verdictOn(() => ({ outcome: 'absent' })) });
  expect(text).toContain(
    'It has none of these blobs, so it is probably another registry than the cluster’s;',
  );
  expect(text).toContain('`--registry auto` asks the cluster’s own.');
  expect(text).not.toMatch(/too high|By its own sizes|sha256:/);
  expect(
    textOf({
      registry: verdictOn((n) => (n === 0 ? { outcome: 'present', sizeBytes: 10 } : { outcome: 'absent' })),
    }),
  ).toContain('It has hardly any of these blobs,');
});

test('refusals are told once for each reason, with who may ask', () => {
  const registry = verdictOn((position) => ({
    outcome: 'refused',
    reason: position < 8 ? 'these credentials may not pull from there' : 'not asked any more',
  }));
  expect(textOf({ registry }).split('\n').slice(-6)).toEqual([
    'The registry registry.example.test: 25 blobs asked, 0 agree, 25 not confirmed.',
    '  8 blobs (80 B) not confirmed: these credentials may not pull from there',
    '  17 blobs (170 B) not confirmed: not asked any more',
    expect.stringContaining('set REGISTRY_TOKEN to the output of `oc whoami -t`'),
    expect.stringContaining('the roles view, edit and system:image-puller'),
    '',
  ]);
});

test('what cannot be known is said', () => {
  const text = textOf({
    scope: 'namespaces',
    exact: false,
    unknownRevisions: 2,
    figures: FIGURES.map((figure) => {
      const isKnown = !['teamUsedBytes', 'sharedWithTeamBytes', 'reclaimsBytes'].includes(figure);
      return { figure, compared: isKnown ? 1 : 0, differences: [] };
    }),
    registry: judgeBlobs(
      [{ digest: sha256('1'), sizeBytes: 2_048, kind: 'layer', repositories: [], tags: ['api:latest'] }],
      [],
    ),
  });
  expect(text).toContain('a1b2c3-dev uses at least 1 GiB');
  expect(text).toContain('The cluster changed while it was read, so figures may be slightly off.');
  expect(text).toMatch(/what the registry gets back +0 {2}unknown: other namespaces could not be read\n/);
  expect(text).toMatch(/other namespaces +0 {2}unknown: other namespaces could not be read\n/);
  expect(text).toContain('\nAll 8 figures agree.\n');
  expect(text).toContain(
    'Not asked: 1 blob (2 KiB). They are only imported, and the API cannot tell whether the registry mirrored them.\n',
  );
});

test('that the report has findings is said', () => {
  const tells = /^The report has .*$/m;
  expect(tells.exec(textOf({ findings: 3 }))?.[0]).toBe(
    'The report has 3 findings on what is odd here: quotagram report -n a1b2c3-dev tells them.',
  );
  expect(textOf({})).not.toMatch(tells);
});
