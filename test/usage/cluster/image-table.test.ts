import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createContents } from '../../../src/usage/weighing/rules.ts';
import type { Blob, ImageContent, Numbering } from '../../../src/usage/weighing/rules.ts';
import { createDigestTable } from '../../../src/usage/cluster/digest-table.ts';
import { createImageTable } from '../../../src/usage/cluster/image-table.ts';
import { createPartContents } from '../../../src/usage/weighing/part-contents.ts';
import type { Image } from '../../../src/usage/model.ts';
import { image, index, sha256 } from '../build.ts';

/** Few digests, so that images share layers, configs and children; sizes that often agree. */
const digest = fc.constantFrom(...'abcdef'.split('').map(sha256), 'odd');
const statedImage: fc.Arbitrary<Image> = fc.record({
  digest: fc.constantFrom(...'012345'.split('').map(sha256), 'named'),
  managed: fc.boolean(),
  layers: fc.option(
    fc.array(fc.record({ digest, sizeBytes: fc.constantFrom(0, 10, 10, 10, 2 ** 40) }), { maxLength: 4 }),
  ),
  statedBytes: fc.option(fc.constantFrom(0, 15, 25, 2 ** 41)),
  configDigest: fc.option(digest),
  architecture: fc.constantFrom(null, 'amd64', 'arm64', 'unknown'),
  children: fc.oneof(
    { weight: 4, arbitrary: fc.constant([]) },
    fc.array(
      fc.record({
        digest: fc.constantFrom(sha256('0'), sha256('1'), 'gone'),
        architecture: fc.constant(null),
      }),
      {
        maxLength: 2,
      },
    ),
  ),
  fault: fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, fc.constant('no image')),
});
const arbitraryImage = fc.oneof(
  { weight: 6, arbitrary: statedImage },
  statedImage.map((one): Image => ({ ...one, statedBytes: null, isSizeUnread: true })),
);
const arbitraryImages = fc.uniqueArray(arbitraryImage, { selector: (one) => one.digest, maxLength: 7 });

describe('a table of images', () => {
  test('gives each image back as it was', () => {
    fc.assert(
      fc.property(arbitraryImages, (images) => {
        const table = createImageTable(images);
        expect([...table]).toEqual(images);
        expect(images.map((one) => table.get(one.digest))).toEqual(images);
        const wanted = images.map((one) => one.digest).toReversed();
        expect([...table.select(['gone', ...wanted])]).toEqual(images.toReversed());
        expect(images.map((one) => table.isManaged(one.digest))).toEqual(images.map((one) => one.managed));
        expect(images.map((one) => table.childrenOf(one.digest))).toEqual(images.map((one) => one.children));
        expect(table.listIndexes()).toEqual(images.filter(({ children }) => children.length > 0));
      }),
    );
  });

  test('shows the blobs of each as they are without a table', () => {
    fc.assert(
      fc.property(arbitraryImages, (images) => {
        const table = createImageTable(images);
        const { contentOf } = createContents(new Map(images.map((one) => [one.digest, one])), table.numberOf);
        for (const one of [...images, { digest: 'gone' }]) {
          const blobs: Blob[] = [];
          const { isSizeKnown, isWhole, unsized } = table.visitBlobs(
            one.digest,
            (number, sizeBytes, isLayer) =>
              blobs.push({ number, sizeBytes, kind: isLayer ? 'layer' : 'config' }),
          );
          const content = contentOf(one.digest);
          expect({ blobs, isSizeKnown, isWhole, unsized }).toEqual({
            blobs: content.blobs,
            isSizeKnown: content.isSizeKnown,
            isWhole: content.isWhole,
            unsized: content.unsized,
          });
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('has, as a part, the contents that its images have on their own', () => {
    fc.assert(
      fc.property(arbitraryImages, (images) => {
        const part = createPartContents(createImageTable(images));
        const { numberOf, digestOf } = createDigestTable();
        const alone = createContents(new Map(images.map((one) => [one.digest, one])), numberOf);
        const named = (
          { blobs, unsized, conflicts, ...rest }: ImageContent,
          nameOf: Numbering['digestOf'],
        ) => ({
          ...rest,
          blobs: blobs.map(({ number, ...blob }) => ({ digest: nameOf(number), ...blob })),
          unsized: unsized.map(nameOf),
          conflicts: conflicts.map(nameOf),
        });
        for (const { digest: one, managed } of [...images, { digest: 'gone', managed: false }])
          expect(named(part.contentOf(one), part.digestOf)).toEqual({
            ...named(alone.contentOf(one), digestOf),
            managed,
          });
      }),
      { numRuns: 1000 },
    );
  });

  test('knows the images of a config', () => {
    fc.assert(
      fc.property(arbitraryImages, digest, (images, config) => {
        const owners = images.filter(({ configDigest }) => configDigest === config).map((one) => one.digest);
        expect([...createImageTable(images).ofConfig(config)].toSorted()).toEqual(owners.toSorted());
      }),
    );
  });

  test.each([
    { name: 'a plain one', then: image('a', { layers: { base: 1 }, configDigest: 'other' }) },
    { name: 'an index', then: index('a', ['child']) },
  ])('holds what was added last of a digest: $name', ({ then }) => {
    for (const [first, second] of [
      [image('a', { layers: { base: 1 }, managed: false }), then],
      [then, image('a', { layers: { base: 1 }, managed: false })],
    ] as const) {
      const table = createImageTable([first]);
      table.visitBlobs('a', () => {});
      table.ofConfig('a-config');
      table.add(second);
      expect([...table]).toEqual([second]);
      expect(table.isManaged('a')).toBe(second.managed);
      expect(table.listIndexes()).toEqual(second.children.length > 0 ? [second] : []);
      expect(table.ofConfig('a-config')).toEqual(second.configDigest === 'a-config' ? ['a'] : []);
    }
  });

  test('shares equal layers among the images that are read together', () => {
    const layers = { [sha256('a')]: 5, [sha256('b')]: 6 };
    const table = createImageTable([image('one', { layers }), image('other', { layers })]);
    const [one, other] = table.select(['one', 'other']);
    expect(one?.layers?.[0]).toEqual({ digest: sha256('a'), sizeBytes: 5 });
    expect(one?.layers?.[0]).toBe(other?.layers?.[0]);
  });
});
