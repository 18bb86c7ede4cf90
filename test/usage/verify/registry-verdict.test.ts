import { describe, expect, test } from 'vitest';
import { isAskable, judgeBlobs } from '../../../src/usage/verify/registry-verdict.ts';
import type { BlobStat } from '../../../src/usage/verify/registry-verdict.ts';
import type { ChargedBlob } from '../../../src/usage/verify/recount.ts';
import { sha256 } from '../build.ts';

const blob = (given: Partial<ChargedBlob> = {}): ChargedBlob => ({
  digest: sha256('1'),
  sizeBytes: 1_000_000,
  kind: 'layer',
  repositories: ['a-dev/api'],
  tags: ['api:latest'],
  ...given,
});

/** Beside a blob that the registry has as it is stated. */
const judge = (given: ChargedBlob, stat: BlobStat) => {
  const sound = blob({ digest: sha256('9'), sizeBytes: 7 });
  return judgeBlobs(
    [given, sound],
    [
      { blob: given, stat },
      { blob: sound, stat: { outcome: 'present', sizeBytes: 7 } },
    ],
  );
};

test('a blob of the stated size agrees', () => {
  expect(judge(blob(), { outcome: 'present', sizeBytes: 1_000_000 })).toEqual({
    asked: 2,
    agreed: 2,
    isProbablyAnother: false,
    statedBytes: 1_000_007,
    storedBytes: 1_000_007,
    differences: [],
    notAsked: [],
  });
});

describe('a difference is explained', () => {
  test.each<{
    readonly name: string;
    readonly given: ChargedBlob;
    readonly stat: BlobStat;
    readonly verdict: string;
    readonly storedBytes: number | null;
    readonly explanation: string;
  }>([
    {
      name: 'a smaller layer',
      given: blob(),
      stat: { outcome: 'present', sizeBytes: 999_999 },
      verdict: 'size differs',
      storedBytes: 999_999,
      explanation:
        'The registry holds 999,999 bytes for the layer of api:latest, but the pushed Image object states 1,000,000 bytes, so the usage is 1 B too high.',
    },
    {
      name: 'a larger config, whose size is derived',
      given: blob({ kind: 'config', sizeBytes: 400 }),
      stat: { outcome: 'present', sizeBytes: 500 },
      verdict: 'size differs',
      storedBytes: 500,
      explanation:
        'The registry holds 500 bytes for the config of api:latest, but its size in the Image object (Size minus the layers) is 400 bytes, so the usage is 100 B too low.',
    },
    {
      name: 'a layer that is gone, of many tags',
      given: blob({ tags: ['a:1', 'a:2', 'a:3', 'a:4', 'a:5'] }),
      stat: { outcome: 'absent' },
      verdict: 'absent',
      storedBytes: 0,
      explanation:
        'The registry does not have the layer of a:1, a:2, a:3 and 2 more, though the Image object lists it with 1,000,000 bytes: the usage is 976.6 KiB too high, and pulling the image fails.',
    },
    {
      name: 'a config that is gone, whose size no object lists',
      given: blob({ kind: 'config', sizeBytes: 400 }),
      stat: { outcome: 'absent' },
      verdict: 'absent',
      storedBytes: 0,
      explanation:
        'The registry does not have the config of api:latest, though its size in the Image object (Size minus the layers) is 400 bytes: the usage is 400 B too high, and pulling the image fails.',
    },
    {
      name: 'an empty layer that is gone',
      given: blob({ sizeBytes: 0 }),
      stat: { outcome: 'absent' },
      verdict: 'absent',
      storedBytes: 0,
      explanation:
        'The registry does not have the layer of api:latest, though the Image object lists it with 0 bytes: the usage is right all the same, and pulling the image fails.',
    },
    {
      name: 'a refusal',
      given: blob(),
      stat: { outcome: 'refused', reason: 'these credentials may not pull from there' },
      verdict: 'refused',
      storedBytes: null,
      explanation:
        'The registry does not say what it holds for the layer of api:latest (these credentials may not pull from there), so 1,000,000 bytes of the usage are not confirmed.',
    },
  ])('$name', ({ given, stat, verdict, storedBytes, explanation }) => {
    const result = judge(given, stat);
    expect(result).toMatchObject({ asked: 2, agreed: 1 });
    expect(result.differences).toEqual([
      {
        digest: given.digest,
        kind: given.kind,
        verdict,
        tags: given.tags.slice(0, 3),
        tagCount: given.tags.length,
        statedBytes: given.sizeBytes,
        storedBytes,
        reason: stat.outcome === 'refused' ? stat.reason : null,
        explanation,
      },
    ]);
  });
});

test('what the registry does not say is in neither of the two sums', () => {
  const blobs = ['1', '2', '3'].map((digit) => blob({ digest: sha256(digit), sizeBytes: 10 }));
  const stats: readonly BlobStat[] = [
    { outcome: 'present', sizeBytes: 7 },
    { outcome: 'absent' },
    { outcome: 'failing', reason: 'HTTP 500' },
  ];
  const asked = blobs.map((one, position) => ({
    blob: one,
    stat: stats[position] ?? { outcome: 'absent' as const },
  }));
  expect(judgeBlobs(blobs, asked)).toMatchObject({ asked: 3, agreed: 0, statedBytes: 20, storedBytes: 7 });
});

describe('a registry is probably another', () => {
  /** What is said of `of` blobs of 10 bytes when the registry has the first few of them. */
  const having = (present: number, of: number) => {
    const blobs = Array.from({ length: of }, (_, position) =>
      blob({ digest: sha256(String(position)), sizeBytes: 10 }),
    );
    return judgeBlobs(
      blobs,
      blobs.map((one, position) => ({
        blob: one,
        stat: position < present ? { outcome: 'present', sizeBytes: 10 } : { outcome: 'absent' },
      })),
    );
  };

  test.each([
    { present: 0, of: 1 },
    { present: 0, of: 30 },
    { present: 3, of: 30 },
  ])('when it has $present of $of blobs, and then no figure is argued from it', ({ present, of }) => {
    const verdict = having(present, of);
    expect(verdict).toMatchObject({ isProbablyAnother: true, agreed: present, storedBytes: null });
    expect(verdict.differences.map(({ explanation }) => explanation)).toEqual(
      Array.from({ length: of - present }, () => 'The registry does not have the layer of api:latest.'),
    );
  });

  test.each([
    { present: 4, of: 30 },
    { present: 1, of: 2 },
    { present: 1, of: 1 },
  ])('not when it has $present of $of', ({ present, of }) => {
    expect(having(present, of)).toMatchObject({ isProbablyAnother: false, storedBytes: present * 10 });
  });

  test('not when it says nothing at all', () => {
    const refused: BlobStat = { outcome: 'refused', reason: 'no' };
    expect(judgeBlobs([blob()], [{ blob: blob(), stat: refused }])).toMatchObject({
      isProbablyAnother: false,
    });
  });
});

test('the largest effect on the figure comes first', () => {
  const sizes = [5, 500, 50];
  const blobs = sizes.map((sizeBytes, position) => blob({ digest: sha256(String(position)), sizeBytes }));
  const { differences } = judgeBlobs(
    blobs,
    blobs.map((one) => ({ blob: one, stat: { outcome: 'absent' } })),
  );
  expect(differences.map(({ statedBytes }) => statedBytes)).toEqual([500, 50, 5]);
});

test.each([
  { name: 'a pushed blob', given: {}, askable: true },
  { name: 'a blob of another algorithm', given: { digest: `sha512:${'a'.repeat(128)}` }, askable: true },
  { name: 'a blob that only imported images hold', given: { repositories: [] }, askable: false },
  { name: 'the config of a schema 1 image', given: { digest: 'a'.repeat(64) }, askable: false },
  { name: 'something that would lead elsewhere', given: { digest: 'sha256:../../_catalog' }, askable: false },
])('whether $name can be asked for: $askable', ({ given, askable }) => {
  expect(isAskable(blob(given))).toBe(askable);
});

test('what is not asked for is counted by its reason', () => {
  const { notAsked } = judgeBlobs(
    [
      blob({ repositories: [], sizeBytes: 3 }),
      blob({ repositories: [], sizeBytes: 4 }),
      blob({ digest: 'a'.repeat(64), sizeBytes: 0 }),
    ],
    [],
  );
  expect(notAsked).toEqual([
    { blobs: 2, bytes: 7, reason: expect.stringContaining('imported') },
    { blobs: 1, bytes: 0, reason: expect.stringContaining('schema 1') },
  ]);
});
