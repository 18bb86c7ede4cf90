import { AppError, RETRYABLE, toAppError } from '../../errors.ts';
import type { ReportRules } from '../../usage/report/report.ts';
import type { Observe } from '../events.ts';
import type { SizeJob } from '../jobs.ts';
import type { Attempt, Store } from '../ports.ts';
import type { NamespaceResult } from '../records/result.ts';
import { weighSnapshot } from '../direct/weigh.ts';

export type SizerDeps = { readonly store: Store; readonly observe: Observe };

/**
 * Weighs one namespace from its snapshot and saves the result; a namespace that cannot be weighed is given up, on
 * record, so that the run can be sealed. Safe to run twice, and too late: a result that is there stands.
 */
export const size = async (
  deps: SizerDeps,
  rules: ReportRules,
  job: SizeJob & { readonly attempt: Attempt },
): Promise<void> => {
  const { runId, namespace } = job;
  if ((await deps.store.loadResult(runId, namespace)) !== null) return;
  const result = await weighOrGiveUp(deps, rules, job);
  if (!(await deps.store.saveResult(runId, result))) return;
  if (result.status === 'given-up') {
    deps.observe({ type: 'namespace-given-up', runId, namespace, reason: result.reason });
  } else {
    const { usedBytes, quota } = result.report;
    deps.observe({ type: 'namespace-weighed', runId, namespace, usedBytes, level: quota.level });
  }
};

const weighOrGiveUp = async (
  deps: SizerDeps,
  rules: ReportRules,
  { runId, takenAt, namespace, attempt }: SizeJob & { readonly attempt: Attempt },
): Promise<NamespaceResult> => {
  try {
    const snapshot = await deps.store.loadSnapshot(runId, { namespace, takenAt });
    if (snapshot === null) throw new AppError('not_found', `the snapshot of ${namespace} is gone`);
    return weighSnapshot(snapshot, rules);
  } catch (thrown) {
    const error = toAppError(thrown);
    if (RETRYABLE[error.code] && attempt.retryInMs !== null) throw error;
    return { status: 'given-up', namespace, reason: error.message };
  }
};
