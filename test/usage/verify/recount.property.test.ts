import fc from 'fast-check';
import { expect, test } from 'vitest';
import { takeSnapshots } from '../../../src/usage/snapshots.ts';
import { recount } from '../../../src/usage/verify/recount.ts';
import { compareFigures } from '../../../src/usage/verify/compare-figures.ts';
import { arbitraryInventory, shuffledThroughout } from '../arbitrary-inventory.ts';
import { rules, selection, reportOf } from '../build.ts';
import { gather } from '../../listed-inventory.ts';

test('a recount of any namespace of any cluster finds every figure that its report states', () => {
  fc.assert(
    fc.property(
      arbitraryInventory,
      fc.boolean(),
      fc.constantFrom(null, 'team'),
      (inventory, chargeImported, groupByLabel) => {
        const snapshots = takeSnapshots(gather(inventory), selection({ chargeImported, groupByLabel }));
        for (const namespace of snapshots.names) {
          const snapshot = snapshots.takeSnapshot(namespace);
          const report = reportOf(snapshot, rules({ chargeImported }));
          const recounted = recount(gather(inventory), {
            namespace,
            team: snapshot.team.namespaces,
            groupByLabel,
            chargeImported,
          });
          const stated = { ...report, teamUsedBytes: snapshot.team.usedBytes };
          expect(differencesOf(compareFigures(stated, recounted))).toEqual([]);
          const blobs = recounted.chargedBlobs;
          expect(blobs).toHaveLength(report.totals.blobs);
          expect(blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBe(report.usedBytes);
        }
      },
    ),
    { numRuns: 400 },
  );
});

test('a recount does not depend on the order in which the cluster lists things', () => {
  const scenes = arbitraryInventory.chain((one) => fc.tuple(fc.constant(one), shuffledThroughout(one)));
  fc.assert(
    fc.property(scenes, ([one, other]) => {
      const request = {
        namespace: 'a-dev',
        team: ['a-dev', 'a-prod'],
        groupByLabel: 'team',
        chargeImported: false,
      };
      expect(
        differencesOf(compareFigures(recount(gather(one), request), recount(gather(other), request))),
      ).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

const differencesOf = (checks: ReturnType<typeof compareFigures>) =>
  checks.flatMap(({ figure, differences }) => differences.map((difference) => ({ figure, ...difference })));
