import { takeSnapshots } from '../../src/usage/snapshots.ts';
import type { Selection } from '../../src/usage/snapshots.ts';

import { assembleReport } from '../../src/usage/report/report.ts';
import type { Report } from '../../src/usage/report/report.ts';
import { isReported } from '../../src/usage/policy/reported-namespaces.ts';
import { rules, reportOf } from './build.ts';
import { gather } from '../listed-inventory.ts';
import type { ListedInventory } from '../listed-inventory.ts';

/** Options of a report on a whole cluster. */
export type ReportOptions = Partial<Pick<Selection, 'groupByLabel' | 'chargeImported'>>;

const EXCLUDED = ['kube-*', 'openshift-*', 'openshift', 'default'];

/** The report on every namespace of a cluster that is reported by default, through the whole core. */
export const reportOn = (
  inventory: ListedInventory,
  { groupByLabel = null, chargeImported = false }: ReportOptions = {},
): Report => {
  const environmentLabel = 'environment';
  const taken = takeSnapshots(gather(inventory), {
    isReported: (namespace) => isReported(namespace, { selects: () => true, exclude: EXCLUDED }),
    groupByLabel,
    environmentLabel,
    chargeImported,
  });
  const { readAt, exact, lists, unreadableKinds, cluster } = inventory;
  return assembleReport(
    {
      generatedAt: readAt,
      cluster: {
        ...cluster,
        usedBytes: taken.clusterUsedBytes,
        sumOfNamespacesBytes: taken.sumOfNamespacesBytes,
      },
      snapshot: { id: null, exact, lists, unreadableKinds, findings: taken.findings },
    },
    taken.names.map((name) => {
      const snapshot = taken.takeSnapshot(name);
      return { team: snapshot.team, report: reportOf(snapshot, rules({ chargeImported })) };
    }),
  );
};
