import type { Level } from '../../usage/policy/quota.ts';
import { candidateOf, chooseMailed, draftDeliveries, planDelivery } from '../runs/deliveries.ts';
import type { Candidate } from '../runs/deliveries.ts';
import type { Compose } from '../ports.ts';
import type { GivenUpNamespace, NamespaceResult } from '../records/result.ts';
import type { Run } from '../records/run.ts';
import { queueMails, requireRun } from '../runs/run.ts';
import type { RunDeps } from '../runs/run.ts';

export type SealDeps = RunDeps & { readonly compose: Pick<Compose, 'hashId'> };

/**
 * Freezes numbers and recipients once every namespace was weighed or given up, plans one delivery per (team,
 * recipient) and queues them. Safe to run twice: deliveries are planned before the run is sealed, and a planned one
 * stands.
 */
export const sealRun = async (
  deps: SealDeps,
  rules: { readonly mailLevels: readonly Level[] },
  runId: string,
): Promise<void> => {
  const run = await requireRun(deps.store, runId);
  if (run.state === 'sealed') return queueMails(deps, runId);
  if (run.state !== 'sizing') return;
  const candidates: Candidate[] = [];
  const givenUp: Run['givenUp'][number][] = [];
  for (const namespace of run.namespaces) {
    const result = await freezeResult(deps, runId, namespace);
    if (result.status === 'weighed') candidates.push(candidateOf(result));
    else givenUp.push({ namespace, reason: result.reason });
  }
  const sealedAt = deps.now().toISOString();
  const mailed = chooseMailed(candidates, rules.mailLevels, givenUp);
  const occasion = { runId, cluster: run.cluster, kind: 'usage-report', at: sealedAt } as const;
  const deliveries = draftDeliveries(deps.compose, occasion, mailed);
  for (const delivery of deliveries) await planDelivery(deps.store, delivery);
  const sealed: Run = { ...run, state: 'sealed', sealedAt, givenUp };
  // Somebody else moved the run on: nothing may be mailed unless that was a seal.
  if (!(await deps.store.advanceRun('sizing', sealed))) return sealRun(deps, rules, runId);
  const over = candidates.filter(({ level }) => level === 'over').length;
  deps.observe({ type: 'run-sealed', runId, namespaces: candidates.length, over, mails: deliveries.length });
  await queueMails(deps, runId);
};

/**
 * What a namespace came to. One that no sizer left a result of is given up on record: a sizer that still works on it
 * must not add one that the mails and the summary would then tell, against what was sealed.
 */
const freezeResult = async (deps: SealDeps, runId: string, namespace: string): Promise<NamespaceResult> => {
  const result = await deps.store.loadResult(runId, namespace);
  if (result !== null) return result;
  const givenUp: GivenUpNamespace = { status: 'given-up', namespace, reason: 'it was not weighed' };
  // A sizer was quicker.
  if (!(await deps.store.saveResult(runId, givenUp))) return freezeResult(deps, runId, namespace);
  deps.observe({ type: 'namespace-given-up', runId, namespace, reason: givenUp.reason });
  return givenUp;
};
