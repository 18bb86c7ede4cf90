import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packTime, unpackTime } from '../../../src/usage/cluster/packed-time.ts';
import type { ImageStream } from '../../../src/usage/model.ts';
import { createStreamTable, toStreamTable } from '../../../src/usage/cluster/stream-table.ts';
import { arbitraryInventory } from '../arbitrary-inventory.ts';
import { stream } from '../build.ts';

const byPlace = (streams: Iterable<ImageStream>): Readonly<Record<string, ImageStream>> =>
  Object.fromEntries(Array.from(streams, (one) => [`${one.namespace}/${one.name}`, one]));

describe('a table of image streams', () => {
  test('gives each stream back as it was, all of them and those of a namespace', () => {
    fc.assert(
      fc.property(arbitraryInventory, ({ streams }) => {
        const table = createStreamTable(streams);
        expect(byPlace(table)).toEqual(byPlace(streams));
        const namespaces = [...table.listNamespaces()];
        expect(new Set(namespaces)).toEqual(new Set(streams.map((one) => one.namespace)));
        for (const name of [...namespaces, 'nowhere'])
          expect(byPlace(table.listStreams(name))).toEqual(
            byPlace(streams.filter(({ namespace }) => namespace === name)),
          );
      }),
    );
  });

  test('shows revisions, digests and heads of tags as the streams say them', () => {
    fc.assert(
      fc.property(arbitraryInventory, ({ streams }) => {
        const table = createStreamTable(streams);
        for (const name of table.listNamespaces()) {
          const own = streams.filter(({ namespace }) => namespace === name);
          const said = own.flatMap(({ repository, tags }) =>
            tags.flatMap(({ revisions }) =>
              revisions.map(({ digest, reference }) => [digest, reference, repository]),
            ),
          );
          const shown: string[] = [];
          table.visitRevisions(name, (...revision) => void shown.push(revision.join(' ')));
          expect(shown.toSorted()).toEqual(said.map((revision) => revision.join(' ')).toSorted());
          expect(table.listDigests(name).toSorted()).toEqual(
            [...new Set(said.map(([digest = '']) => digest))].toSorted(),
          );
        }
        for (const { namespace, name, localLookup, tags } of streams) {
          const found = table.findStream(namespace, name);
          expect(found?.localLookup).toBe(localLookup);
          for (const { name: tag, from, revisions } of tags)
            expect(found?.findTag(tag)).toEqual({ from, digest: revisions[0]?.digest ?? '' });
          expect(found?.findTag('no such tag')).toBeNull();
        }
      }),
    );
  });

  test('keeps the last of two streams of one name, as a page that is read twice has them', () => {
    const table = createStreamTable([
      stream('api', { v1: ['a'] }),
      stream('web', { v1: ['b'] }),
      stream('api', { v2: ['c', 'd'] }),
    ]);
    expect(byPlace(table)).toEqual(
      byPlace([stream('web', { v1: ['b'] }), stream('api', { v2: ['c', 'd'] })]),
    );
    const [first = stream('api')] = table;
    expect(table.listDigests(first.namespace).toSorted()).toEqual(['b', 'c', 'd']);
    expect(table.findStream(first.namespace, 'api')?.findTag('v1')).toBeNull();
  });

  test('has no stream of a namespace that it does not know', () => {
    const table = toStreamTable([]);
    expect([...table]).toEqual([]);
    expect(table.listStreams('team')).toEqual([]);
    expect(table.listDigests('team')).toEqual([]);
    expect(table.findStream('team', 'api')).toBeNull();
    expect(toStreamTable(table)).toBe(table);
  });
});

describe('a packed time', () => {
  test('comes back as it was', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
        const time = `${date.toISOString().slice(0, 19)}Z`;
        expect(unpackTime(packTime(time))).toBe(time);
      }),
    );
    // No calendar is asked: what is no day comes back, too.
    for (const time of ['0000-00-00T00:00:00Z', '2026-02-30T24:00:60Z', '9999-99-99T99:99:99Z'])
      expect(unpackTime(packTime(time))).toBe(time);
  });

  test.each([
    '',
    '2026-11-24T02:58:23',
    '2026-11-24T02:58:23.5Z',
    '2026-11-24 02:58:23Z',
    '2026-11-24T02:58:2xZ',
  ])('cannot be made of %j', (time) => {
    expect(packTime(time)).toBe(-1);
  });
});
