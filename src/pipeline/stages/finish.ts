import { draftSummary, listUsageMails, planDelivery } from '../runs/deliveries.ts';
import { abandon, deliver } from './mailer.ts';
import type { MailerDeps } from './mailer.ts';
import type { Attempt, Store } from '../ports.ts';
import type { HistoryPoint } from '../records/history-point.ts';
import type { WeighedNamespace } from '../records/result.ts';
import type { Run } from '../records/run.ts';
import { requireRun } from '../runs/run.ts';
import { summariseRun } from './summary.ts';

/**
 * Ends a run once all its mails have, leaves a history point of each weighed namespace and tells the platform staff.
 * Safe to run twice: a point that is there stands, and the summary is a delivery, too.
 */
export const finishRun = async (
  deps: MailerDeps,
  rules: { readonly summaryTo: string | null },
  job: { readonly runId: string; readonly attempt: Attempt },
): Promise<void> => {
  const run = await requireRun(deps.store, job.runId);
  if (run.state === 'sealed') await endRun(deps, run);
  else if (run.state !== 'finished') return;
  if (rules.summaryTo === null) return;
  const delivery = draftSummary(deps.compose, run, { to: rules.summaryTo, at: deps.now().toISOString() });
  await planDelivery(deps.store, delivery);
  await deliver(deps, { deliveryId: delivery.id, attempt: job.attempt }, async () =>
    deps.compose.renderSummary(await summariseRun(deps.store, run.id)),
  );
};

const endRun = async (deps: MailerDeps, run: Run): Promise<void> => {
  // Every mail job has ended, however it did: what is still open would stay so for ever.
  for (const delivery of await listUsageMails(deps.store, run.id)) await abandon(deps, delivery);
  // Before the run is finished: nobody comes back to one that is.
  await deps.store.saveHistory(await drawPoints(deps.store, run));
  const finished: Run = { ...run, state: 'finished', endedAt: deps.now().toISOString() };
  if (!(await deps.store.advanceRun('sealed', finished))) return;
  const mails = await listUsageMails(deps.store, run.id);
  const submitted = mails.filter(({ state }) => state === 'submitted').length;
  deps.observe({ type: 'run-finished', runId: run.id, submitted, failed: mails.length - submitted });
};

const drawPoints = async (store: Store, run: Run): Promise<readonly HistoryPoint[]> => {
  const points: HistoryPoint[] = [];
  for (const namespace of run.namespaces) {
    const result = await store.loadResult(run.id, namespace);
    if (result?.status === 'weighed') points.push(pointOf(run, result));
  }
  return points;
};

const pointOf = (run: Run, { namespace, report }: WeighedNamespace): HistoryPoint => ({
  namespace,
  runId: run.id,
  takenAt: run.takenAt ?? run.claimedAt,
  exact: run.exact,
  usedBytes: report.usedBytes,
  unknownRevisions: report.unknownRevisions,
  limitBytes: report.quota.limitBytes,
  level: report.quota.level,
  streams: report.totals.streams,
  tags: report.totals.tags,
  revisions: report.totals.revisions,
});
