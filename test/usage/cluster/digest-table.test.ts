import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createDigestTable, digestAt } from '../../../src/usage/cluster/digest-table.ts';

const sha256Of = (value: number): string =>
  `sha256:${createHash('sha256').update(String(value)).digest('hex')}`;

describe('digests are numbered', () => {
  test('from 0 on, each once, and told again letter by letter', () => {
    const table = createDigestTable();
    const digests = Array.from({ length: 10_000 }, (_, value) => sha256Of(value));
    expect(digests.map(table.numberOf)).toEqual(digests.map((_, value) => value));
    expect(digests.map(table.numberOf)).toEqual(digests.map((_, value) => value));
    expect(digests.map((_, value) => digestAt(table.view(), value))).toEqual(digests);
    expect(table.count()).toBe(10_000);
  });

  test('by all of their words: those that begin or end alike are others', () => {
    const table = createDigestTable();
    const [zeros, ones] = ['0'.repeat(63), 'f'.repeat(63)];
    const alike = [`${zeros}0`, `${zeros}1`, `1${zeros}`, `${ones}f`, `${ones}e`, `e${ones}`];
    const digests = alike.map((hex) => `sha256:${hex}`);
    expect(digests.map(table.numberOf)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(digests.map((_, value) => digestAt(table.view(), value))).toEqual(digests);
  });

  test.each([
    { name: 'the empty text', digest: '' },
    { name: 'another algorithm', digest: `sha512:${'a'.repeat(128)}` },
    { name: 'the digits alone', digest: 'a'.repeat(64) },
    { name: 'capitals', digest: `sha256:${'A'.repeat(64)}` },
    { name: 'a digit too few', digest: `sha256:${'a'.repeat(63)}` },
    { name: 'a digit too many', digest: `sha256:${'a'.repeat(65)}` },
    { name: 'something else in the last place', digest: `sha256:${'a'.repeat(63)}g` },
    { name: 'something far outside of ASCII', digest: `sha256:${'a'.repeat(63)}\u{fe0f}` },
    { name: 'the name of an object’s member', digest: '__proto__' },
  ])('whatever they look like: $name', ({ digest }) => {
    const table = createDigestTable();
    const sound = `sha256:${'a'.repeat(64)}`;
    expect([sound, digest, sound, digest].map(table.numberOf)).toEqual([0, 1, 0, 1]);
    expect(digestAt(table.view(), 1)).toBe(digest);
    expect(table.find(digest)).toBe(1);
  });

  test('only when they are added', () => {
    const table = createDigestTable();
    expect([sha256Of(1), 'other'].map(table.find)).toEqual([-1, -1]);
    expect(table.count()).toBe(0);
  });

  test('the same in a table made of what another one holds', () => {
    const table = createDigestTable();
    const digests = [...Array.from({ length: 2_000 }, (_, value) => sha256Of(value)), 'other'];
    digests.forEach(table.numberOf);
    const again = createDigestTable(table.view());
    expect(digests.map(again.find)).toEqual(digests.map((_, value) => value));
    expect(again.find(sha256Of(9_999))).toBe(-1);
    expect(again.numberOf('another')).toBe(digests.length);
    expect(table.count()).toBe(digests.length);
  });
});
