import { setImmediate as nextTurn } from 'node:timers/promises';
import { createCluster } from '../src/adapters/openshift/cluster.ts';
import { loadConfig } from '../src/config.ts';
import { splitInventory, weighSnapshot } from '../src/pipeline/direct/weigh.ts';
import type { WeighingRules } from '../src/pipeline/direct/weigh.ts';
import { isReported } from '../src/usage/policy/reported-namespaces.ts';
import { startMeter, tellResult } from './meter.ts';

/** What a run does before its mails, without Redis: reads, splits, weighs one namespace after the other, keeps none. */
const { config } = loadConfig(null, {}, String);
const rules: WeighingRules = {
  quota: config.quota,
  recipients: config.recipients,
  environmentLabel: config.environmentLabel,
  chargeImported: config.charge.imported,
  advice: config.advice,
  productionEnvironments: config.plan.productionEnvironments,
  isReported: (namespace) => isReported(namespace, config.namespaces),
  groupByLabel: config.teams.groupByLabel,
};
const [, , kubeconfig = ''] = process.argv;
const meter = startMeter();
const source = { kubeconfig, context: null, name: null, apiUrl: null, now: () => new Date() };
let objects = 0;
await using cluster = createCluster(source, (event) => {
  if (event.type === 'list-page-read') objects += event.objects;
});

const inventory = await cluster.readInventory({ namespaces: null });
const readMs = meter.lap();
const snapshots = splitInventory(inventory, rules, null);
const splitMs = meter.lap();
let revisions = 0;
let usedBytes = 0;
for (const name of snapshots.names) {
  const { report } = weighSnapshot(snapshots.takeSnapshot(name), rules);
  revisions += report.totals.revisions;
  usedBytes += report.usedBytes;
  // Namespaces are jobs of their own.
  await nextTurn();
}
const weighMs = meter.lap();
tellResult({
  reading: meter.read(),
  phases: { reading: readMs, splitting: splitMs, weighing: weighMs },
  counts: { objects, namespaces: snapshots.names.length, revisions, usedBytes },
});
