import fc from 'fast-check';
import { expect, test } from 'vitest';
import { walkCluster, weighCluster } from '../../../src/pipeline/direct/weigh.ts';
import type { Report, ReportWalk } from '../../../src/usage/report/report.ts';
import { createFakeCluster } from '../../fakes.ts';
import { arbitraryInventory } from '../../usage/arbitrary-inventory.ts';
import { clusterOf, pipelineRules } from '../build.ts';

/** Walks it to the end. */
const collect = ({ reports, ...frame }: ReportWalk): Report => ({
  ...frame,
  reports: Iterator.from(reports)
    .map(({ team, namespaces }) => ({ team, namespaces: [...namespaces] }))
    .toArray(),
});

test('a report that is walked is the one that is made in one go, key by key, whatever the cluster', async () => {
  await fc.assert(
    fc.asyncProperty(
      arbitraryInventory,
      fc.constantFrom(null, 'team'),
      fc.boolean(),
      async (inventory, groupByLabel, isNamed) => {
        const cluster = createFakeCluster(inventory);
        const rules = pipelineRules({ groupByLabel });
        const names = isNamed ? inventory.namespaces.slice(0, 2).map(({ name }) => name) : null;
        const { report } = await weighCluster({ cluster }, rules, names);
        const walk = await walkCluster({ cluster }, rules, names);
        expect(JSON.stringify(collect(walk))).toBe(JSON.stringify(report));
      },
    ),
    { numRuns: 50 },
  );
});

test('a named namespace alone is walked, though all of its team count in what the team uses', async () => {
  const labels = { team: 'shop' };
  const cluster = createFakeCluster(
    clusterOf({ name: 'shop-dev', bytes: 100, labels }, { name: 'shop-prod', bytes: 10, labels }),
  );
  const walk = await walkCluster({ cluster }, pipelineRules({ groupByLabel: 'team' }), ['shop-prod']);
  expect(collect(walk).reports).toMatchObject([
    { team: { id: 'label:shop', usedBytes: 110 }, namespaces: [{ name: 'shop-prod' }] },
  ]);
});
