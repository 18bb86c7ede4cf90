import type { Level } from '../usage/quota.ts';
import { planDeliveries } from './deliveries.ts';
import type { MailedNamespace } from './deliveries.ts';
import type { Compose, Store } from './ports.ts';
import type { GivenUpNamespace, Run } from './records.ts';
import { queueMails, requireRun } from './run.ts';
import type { RunDeps } from './run.ts';

export type SealDeps = RunDeps & { readonly compose: Pick<Compose, 'identify'> };

/**
 * Freezes numbers and recipients once every namespace was weighed or given up, plans one delivery per (team,
 * recipient) and queues them. A team with a given-up namespace gets no mail: its figures are not all there. Safe to run
 * twice: deliveries are planned before the run is sealed, and a planned one stands.
 */
export const sealRun = async (
  deps: SealDeps,
  rules: { readonly mailLevels: readonly Level[] },
  runId: string,
): Promise<void> => {
  const run = await requireRun(deps.store, runId);
  if (run.state === 'sealed') return queueMails(deps, runId);
  if (run.state !== 'sizing') return;
  const heads: Head[] = [];
  for (const namespace of run.namespaces) heads.push(await loadHead(deps.store, runId, namespace));
  const weighed = heads.filter((head) => head.status === 'weighed');
  const givenUp = heads.filter((head) => head.status === 'given-up');
  const mailed = weighed.filter(
    ({ level, team }) =>
      rules.mailLevels.includes(level) &&
      !givenUp.some(({ namespace }) => team.namespaces.includes(namespace)),
  );
  const sealedAt = deps.now().toISOString();
  const deliveries = planDeliveries(deps.compose, { runId, kind: 'usage-report', at: sealedAt }, mailed);
  for (const delivery of deliveries) await deps.store.planDelivery(delivery);
  const sealed: Run = {
    ...run,
    state: 'sealed',
    sealedAt,
    givenUp: givenUp.map(({ namespace, reason }) => ({ namespace, reason })),
  };
  // Somebody else moved the run on: nothing may be mailed unless that was a seal.
  if (!(await deps.store.advanceRun('sizing', sealed))) return sealRun(deps, rules, runId);
  const over = weighed.filter(({ level }) => level === 'over').length;
  deps.observe({ type: 'run-sealed', runId, namespaces: weighed.length, over, mails: deliveries.length });
  await queueMails(deps, runId);
};

/** What sealing needs of a result; a result itself can be large. */
type Head = (MailedNamespace & { readonly status: 'weighed'; readonly level: Level }) | GivenUpNamespace;

const loadHead = async (store: Store, runId: string, namespace: string): Promise<Head> => {
  const result = await store.loadResult(runId, namespace);
  if (result === null) return { status: 'given-up', namespace, reason: 'it was not weighed' };
  if (result.status === 'given-up') return result;
  const { quota, recipients } = result.report;
  return { status: 'weighed', namespace, team: result.team, level: quota.level, recipients };
};
