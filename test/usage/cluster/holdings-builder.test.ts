import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createHoldingsBuilder } from '../../../src/usage/cluster/holdings-builder.ts';
import { findStream, findTag, streamsOf } from '../../../src/usage/cluster/find-streams.ts';
import { listImages, listStreams } from '../../../src/usage/cluster/records.ts';
import { createSlicer } from '../../../src/usage/cluster/slice.ts';
import type { Holdings, Image, ImageStream } from '../../../src/usage/model.ts';
import { createDigestTable, digestAt } from '../../../src/usage/cluster/digest-table.ts';
import { byName, compareText } from '../../../src/usage/text-order.ts';
import { gatherHoldings } from '../../listed-inventory.ts';
import { arbitraryInventory } from '../arbitrary-inventory.ts';
import { image, NAMESPACE, sha256, stream } from '../build.ts';

type Records = { readonly streams: readonly ImageStream[]; readonly images: readonly Image[] };

const inOrder = (streams: readonly ImageStream[]): readonly ImageStream[] =>
  streams
    .map((one) => ({ ...one, tags: one.tags.toSorted(byName) }))
    .toSorted((a, b) => compareText(a.namespace, b.namespace) || byName(a, b));

const byDigest = (a: Image, b: Image): number => compareText(a.digest, b.digest);

describe('holdings', () => {
  test('give back every stream and image as it was added', () => {
    fc.assert(
      fc.property(arbitraryInventory, (records) => {
        const holdings = gatherHoldings(records);
        expect(listStreams(holdings)).toEqual(inOrder(records.streams));
        expect(listImages(holdings)).toEqual(records.images);
      }),
    );
  });

  test('keep a size for each layer and image, though one digest is stated with several', () => {
    const images = [5, 6, 7, 5].map((sizeBytes, position) =>
      image(`i${position}`, { layers: [{ digest: sha256('a'), sizeBytes }] }),
    );
    const holdings = gatherHoldings({ streams: [], images });
    expect(listImages(holdings)).toEqual(images);
    expect(holdings.layers.bytes).toEqual(Float64Array.of(5, 6, 7));
  });

  test.each([null, '', '2026-11-24T02:58:23.5Z', '2026-11-24 02:58:23Z', '9999-99-99T99:99:99Z'])(
    'keep the time %j as it was stated',
    (created) => {
      const streams = [stream('api', { v1: [{ digest: 'a', created }] })];
      expect(listStreams(gatherHoldings({ streams, images: [] }))).toEqual(streams);
    },
  );

  test('hold what was added last under a name or digest, as a list that is read twice has it', () => {
    const holdings = gatherHoldings({
      streams: [stream('api', { v1: ['a'] }), stream('web'), stream('api', { v2: ['c', 'd'] })],
      images: [image('a', { layers: { base: 1 } }), image('a', { layers: { base: 2 }, managed: false })],
    });
    expect(listStreams(holdings)).toEqual([stream('api', { v2: ['c', 'd'] }), stream('web')]);
    expect(listImages(holdings)).toEqual([image('a', { layers: { base: 2 }, managed: false })]);
  });

  test('forget a list that is read again from its start', () => {
    const builder = createHoldingsBuilder();
    builder.addStream(stream('api', { v1: ['a'] }));
    builder.addImage(image('a', { layers: { base: 1 } }));
    builder.forgetStreams();
    builder.forgetImages();
    builder.addStream(stream('web', { v1: ['b'] }));
    builder.addImage(image('b', { layers: { base: 2 } }));
    const holdings = builder.build();
    expect(listStreams(holdings)).toEqual([stream('web', { v1: ['b'] })]);
    expect(listImages(holdings)).toEqual([image('b', { layers: { base: 2 } })]);
  });

  test('find streams and tags by their names', () => {
    fc.assert(
      fc.property(arbitraryInventory, (records) => {
        const holdings = gatherHoldings(records);
        for (const { namespace, name, tags } of records.streams) {
          const found = findStream(holdings, namespace, name);
          expect(found).toMatchObject({ namespace, name });
          if (found === undefined) continue;
          for (const tag of tags)
            expect(holdings.tags[findTag(holdings, found, tag.name)]?.name).toBe(tag.name);
          expect(findTag(holdings, found, 'no such tag')).toBe(-1);
        }
        expect(findStream(holdings, 'a-dev', 'no such stream')).toBeUndefined();
        for (const namespace of ['a-dev', 'nowhere'])
          expect(streamsOf(holdings, namespace).map(({ name }) => name)).toEqual(
            inOrder(records.streams).flatMap((one) => (one.namespace === namespace ? [one.name] : [])),
          );
      }),
    );
  });
});

describe('a slice', () => {
  /** The images of a namespace's revisions and all below them, worked out with plain lists. */
  const imagesOf = (records: Records, namespace: string): readonly Image[] => {
    const reached = new Set(
      records.streams
        .filter((one) => one.namespace === namespace)
        .flatMap(({ tags }) => tags.flatMap(({ revisions }) => revisions.map(({ digest }) => digest))),
    );
    for (const digest of reached)
      for (const { children } of records.images.filter((one) => one.digest === digest))
        for (const child of children) reached.add(child.digest);
    return records.images.filter(({ digest }) => reached.has(digest)).toSorted(byDigest);
  };

  test('holds the streams of one namespace, the images of its revisions and those below them', () => {
    fc.assert(
      fc.property(arbitraryInventory, (records) => {
        const whole = gatherHoldings(records);
        const slice = createSlicer(whole);
        // One after another, so that each must leave nothing behind for the next.
        for (const namespace of ['a-dev', 'b-dev', 'nowhere', 'a-dev']) {
          const { holdings, digestSources } = slice(namespace);
          expect(listStreams(holdings)).toEqual(
            inOrder(records.streams.filter((one) => one.namespace === namespace)),
          );
          expect(listImages(withEveryDigest(holdings, whole, digestSources))).toEqual(
            imagesOf(records, namespace),
          );
        }
      }),
    );
  });

  test('names the digests of revisions, images and configs, and layers of two sizes', () => {
    const layers = [
      { digest: 'one-size', sizeBytes: 1 },
      { digest: 'two-sizes', sizeBytes: 1 },
    ];
    const images = [
      image('a', { layers, configDigest: 'config' }),
      image('b', { layers: { 'two-sizes': 2, config: 3 }, configDigest: null }),
    ];
    const { digests } = createSlicer(
      gatherHoldings({ images, streams: [stream('api', { v1: ['a', 'b', 'gone'] })] }),
    )(NAMESPACE).holdings;
    expect(digests.count).toBe(6);
    expect([...digests.others.values()]).toEqual(['a', 'b', 'gone', 'config', 'two-sizes']);
  });

  test('tells which tag of the cluster each of its own is', () => {
    fc.assert(
      fc.property(arbitraryInventory, (records) => {
        const whole = gatherHoldings(records);
        const { holdings, tagSources } = createSlicer(whole)('a-dev');
        expect(tagSources.map((source) => whole.tags[source]?.name)).toEqual(
          holdings.tags.map(({ name }) => name),
        );
      }),
    );
  });
});

/** A slice that names every digest, as the cluster does that it was cut from. */
const withEveryDigest = (slice: Holdings, { digests }: Holdings, sources: readonly number[]): Holdings => {
  const table = createDigestTable();
  for (const source of sources) table.numberOf(digestAt(digests, source));
  return { ...slice, digests: table.view() };
};
