import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { takeSnapshots } from '../../../src/usage/snapshots.ts';
import type { Ledger } from '../../../src/usage/weighing/ledger.ts';
import type { ImageStream, Snapshot } from '../../../src/usage/model.ts';
import { bruteForceTogether } from '../../brute-force/brute-force.ts';
import { arbitraryInventory, TAG_LABELS } from '../arbitrary-inventory.ts';
import { gather } from '../../listed-inventory.ts';
import type { ListedInventory } from '../../listed-inventory.ts';
import { ledgerOf, selection, weighTogether } from '../build.ts';

/** A namespace that often holds much, seen among others that share with it. */
const NAMESPACE = 'a-dev';

const snapshotOf = (inventory: ListedInventory): Snapshot =>
  takeSnapshots(gather(inventory), selection()).takeSnapshot(NAMESPACE);

/** The snapshot of the same cluster where the namespace has other streams. */
const snapshotWith = (inventory: ListedInventory, streams: readonly ImageStream[]): Snapshot =>
  snapshotOf({
    ...inventory,
    streams: [...inventory.streams.filter(({ namespace }) => namespace !== NAMESPACE), ...streams],
  });

const ownStreams = ({ streams }: ListedInventory): readonly ImageStream[] =>
  streams.filter(({ namespace }) => namespace === NAMESPACE);

const total = <T>(parts: readonly T[], amount: (part: T) => number): number =>
  parts.reduce((sum, part) => sum + amount(part), 0);

describe('a ledger', () => {
  test('counts every byte once: revisions add up to tags, tags to streams, streams to what is used', () => {
    fc.assert(
      fc.property(arbitraryInventory, fc.boolean(), (inventory, chargeImported) => {
        const { usedBytes, streams } = ledgerOf(snapshotOf(inventory), chargeImported);
        expect(total(streams, ({ countedBytes }) => countedBytes)).toBe(usedBytes);
        for (const { tags, countedBytes } of streams) {
          expect(total(tags, (tag) => tag.countedBytes)).toBe(countedBytes);
          for (const tag of tags) {
            expect(total(tag.revisions, (revision) => revision.countedBytes)).toBe(tag.countedBytes);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('counts nothing at a revision that is not charged, nor more than what it weighs', () => {
    fc.assert(
      fc.property(arbitraryInventory, fc.boolean(), (inventory, chargeImported) => {
        const { streams } = ledgerOf(snapshotOf(inventory), chargeImported);
        for (const revision of streams.flatMap(({ tags }) => tags.flatMap(({ revisions }) => revisions))) {
          const most = revision.charged ? (revision.sizeBytes ?? 0) : 0;
          expect(revision.countedBytes).toBeLessThanOrEqual(most);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('says of each stream and tag how much less is used without its revisions', () => {
    fc.assert(
      fc.property(arbitraryInventory, fc.boolean(), (inventory, chargeImported) => {
        const snapshot = snapshotOf(inventory);
        const whole = ledgerOf(snapshot, chargeImported);
        const usedWithout = (isGone: (stream: string, tag: string) => boolean): number =>
          ledgerOf(snapshotWith(inventory, withoutTags(ownStreams(inventory), isGone)), chargeImported)
            .usedBytes;
        for (const { name, tags, freesBytes } of whole.streams) {
          expect(freesBytes).toBe(whole.usedBytes - usedWithout((stream) => stream === name));
          for (const tag of tags) {
            const rest = usedWithout((stream, other) => stream === name && other === tag.name);
            expect(tag.freesBytes).toBe(whole.usedBytes - rest);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('uses no more with one more tag on an image that is charged already', () => {
    const scenes = fc.tuple(arbitraryInventory, fc.boolean(), fc.nat());
    fc.assert(
      fc.property(scenes, ([inventory, chargeImported, choice]) => {
        const snapshot = snapshotOf(inventory);
        const before = ledgerOf(snapshot, chargeImported);
        const after = ledgerOf(
          snapshotWith(inventory, tagAgain(ownStreams(inventory), before, choice)),
          chargeImported,
        );
        expect(after.usedBytes).toBe(before.usedBytes);
        expect(after.totals.blobs).toBe(before.totals.blobs);
      }),
      { numRuns: 1000 },
    );
  });
});

test('tags weighed together free and give back what recomputation without them says', () => {
  const scenes = fc.tuple(arbitraryInventory, fc.subarray(TAG_LABELS), fc.boolean());
  fc.assert(
    fc.property(scenes, ([inventory, chosen, chargeImported]) => {
      const isMember = (stream: string, tag: string): boolean => chosen.includes(`${stream}:${tag}`);
      expect(weighTogether(snapshotOf(inventory), chargeImported, isMember)).toMatchObject(
        bruteForceTogether(inventory, { namespace: NAMESPACE, isMember, chargeImported }),
      );
    }),
    { numRuns: 2000 },
  );
});

test('all tags weighed together free all that is used', () => {
  fc.assert(
    fc.property(arbitraryInventory, fc.boolean(), (inventory, chargeImported) => {
      const snapshot = snapshotOf(inventory);
      const { freesBytes } = weighTogether(snapshot, chargeImported, () => true);
      expect(freesBytes).toBe(ledgerOf(snapshot, chargeImported).usedBytes);
    }),
    { numRuns: 1000 },
  );
});

const withoutTags = (
  streams: readonly ImageStream[],
  isGone: (stream: string, tag: string) => boolean,
): readonly ImageStream[] =>
  streams.map((stream) => ({ ...stream, tags: stream.tags.filter((tag) => !isGone(stream.name, tag.name)) }));

/** The streams with a tag `again` in one of them on one of its charged revisions; unchanged where it has none. */
const tagAgain = (
  streams: readonly ImageStream[],
  ledger: Ledger,
  choice: number,
): readonly ImageStream[] => {
  const charged = ledger.streams.flatMap(({ name, tags }) =>
    tags.flatMap((tag) =>
      tag.revisions.flatMap((revision, position) =>
        revision.charged ? [{ stream: name, tag: tag.name, position }] : [],
      ),
    ),
  );
  const place = charged[choice % charged.length];
  return streams.map((stream) => {
    if (stream.name !== place?.stream) return stream;
    const revision = stream.tags.find(({ name }) => name === place.tag)?.revisions[place.position];
    const again = { name: 'again', from: null, isReference: false, importFailure: null };
    return { ...stream, tags: [...stream.tags, { ...again, revisions: revision ? [revision] : [] }] };
  });
};
