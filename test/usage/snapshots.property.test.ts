import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { takeSnapshots } from '../../src/usage/snapshots.ts';
import type { NamespaceReport } from '../../src/usage/report/report.ts';
import { bruteForceInventory } from '../brute-force/brute-force.ts';
import { pickFigures } from '../brute-force/pick-figures.ts';
import { arbitraryInventory, shuffledLists, shuffledThroughout } from './arbitrary-inventory.ts';
import { selection } from './build.ts';
import { reportOn } from './report-on.ts';
import type { ReportOptions } from './report-on.ts';
import { gather } from '../listed-inventory.ts';
import type { ListedInventory } from '../listed-inventory.ts';

const arbitraryOptions = fc.record({
  groupByLabel: fc.constantFrom(null, 'team'),
  chargeImported: fc.boolean(),
});

describe('the figures of a cluster', () => {
  test('equal their recomputation with plain sets', () => {
    fc.assert(
      fc.property(arbitraryInventory, arbitraryOptions, (inventory, options) => {
        expect(pickFigures(reportOn(inventory, options))).toEqual(bruteForceInventory(inventory, options));
      }),
      { numRuns: 2000 },
    );
  });

  test('do not depend on the order of any list but the history of a tag', () => {
    const pairs = arbitraryInventory.chain((inventory) =>
      fc.tuple(fc.constant(inventory), shuffledThroughout(inventory)),
    );
    fc.assert(
      fc.property(pairs, arbitraryOptions, ([inventory, shuffled], options) => {
        expect(JSON.stringify(reportOn(shuffled, options))).toBe(
          JSON.stringify(reportOn(inventory, options)),
        );
      }),
      { numRuns: 1000 },
    );
  });

  test('of a team of one namespace are those of the namespace', () => {
    fc.assert(
      fc.property(arbitraryInventory, arbitraryOptions, (inventory, options) => {
        for (const { team, namespaces } of reportOn(inventory, options).reports) {
          const [only, other] = namespaces;
          // A label may stand on namespaces, too, that were not read.
          const isSure = inventory.scope === 'cluster' || team.id.startsWith('ns:');
          if (only === undefined || other !== undefined || !isSure) continue;
          expect(team.usedBytes).toBe(only.usedBytes);
          expect(only.sharedWithTeamBytes).toBe(0);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('of a namespace are the same whatever others hold, run and share', () => {
    const scenes = fc.tuple(arbitraryInventory, arbitraryInventory, arbitraryOptions);
    fc.assert(
      fc.property(scenes, ([inventory, other, options]) => {
        const name = 'a-dev';
        expect(ownFigures(replaceOthers(inventory, other, name), name, options)).toEqual(
          ownFigures(inventory, name, options),
        );
      }),
      { numRuns: 1000 },
    );
  });
});

test('snapshots of a cluster do not depend on the order in which it was listed', () => {
  const pairs = arbitraryInventory.chain((inventory) =>
    fc.tuple(fc.constant(inventory), shuffledLists(inventory)),
  );
  const snapshotsOf = (inventory: ListedInventory, options: ReportOptions): string => {
    const { names, takeSnapshot, ...totals } = takeSnapshots(gather(inventory), selection(options));
    return JSON.stringify([totals, names.map(takeSnapshot)]);
  };
  fc.assert(
    fc.property(pairs, arbitraryOptions, ([inventory, shuffled], options) => {
      expect(snapshotsOf(shuffled, options)).toBe(snapshotsOf(inventory, options));
    }),
    { numRuns: 1000 },
  );
});

/** The same namespace among others: their streams, workloads, labels and images, and what could be read of them. */
const replaceOthers = (inventory: ListedInventory, other: ListedInventory, name: string): ListedInventory => {
  const isOwn = ({ namespace }: { readonly namespace: string }): boolean => namespace === name;
  const own = inventory.streams.filter(isOwn);
  const named = own.flatMap(({ tags }) =>
    tags.flatMap(({ revisions }) => revisions.map(({ digest }) => digest)),
  );
  const below = (digest: string, passed: readonly string[]): readonly string[] =>
    passed.includes(digest)
      ? []
      : [
          digest,
          ...inventory.images
            .filter((image) => image.digest === digest)
            .flatMap(({ children }) => children.flatMap((child) => below(child.digest, [...passed, digest]))),
        ];
  const ownDigests = named.flatMap((digest) => below(digest, []));
  const isOwnImage = ({ digest }: { readonly digest: string }): boolean => ownDigests.includes(digest);
  return {
    ...other,
    namespaces: [
      ...inventory.namespaces.filter((namespace) => namespace.name === name),
      ...other.namespaces.filter((namespace) => namespace.name !== name),
    ],
    streams: [...own, ...other.streams.filter((stream) => !isOwn(stream))],
    images: [...inventory.images.filter(isOwnImage), ...other.images.filter((image) => !isOwnImage(image))],
    references: [...inventory.references.filter(isOwn), ...other.references.filter((one) => !isOwn(one))],
  };
};

const UNTOLD = { inUse: null, inUseBy: [], inUseHow: [], inUseCount: 0 };

/** All that is said of a namespace but what others do have a part in: uses, sharing, and what a prune gives back. */
const ownFigures = (
  inventory: ListedInventory,
  name: string,
  options: ReportOptions,
): NamespaceReport | undefined => {
  const report = reportOn(inventory, options)
    .reports.flatMap(({ namespaces }) => namespaces)
    .find((namespace) => namespace.name === name);
  return (
    report && {
      ...report,
      sharedWithTeamBytes: 0,
      streams: report.streams.map((stream) => ({
        ...stream,
        reclaimsBytes: 0,
        inUse: null,
        tags: stream.tags.map((tag) => ({
          ...tag,
          ...UNTOLD,
          revisions: tag.revisions.map((revision) => ({ ...revision, ...UNTOLD })),
        })),
      })),
    }
  );
};
