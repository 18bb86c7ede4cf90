import { sumUpAdvice } from '../../usage/policy/advice.ts';
import { findGap, listUsageMails } from '../runs/deliveries.ts';
import { listFailing } from '../bounces/failing.ts';
import type { RunSummary, RunSummaryRow, Store } from '../ports.ts';
import type { Delivery, DeliveryState } from '../records/delivery.ts';
import type { NamespaceResult, WeighedNamespace } from '../records/result.ts';
import type { Run } from '../records/run.ts';
import { requireRun } from '../runs/run.ts';

/** What a run came to, one row per namespace, sorted by name. Reads only. */
export const summariseRun = async (store: Store, runId: string): Promise<RunSummary> => {
  const run = await requireRun(store, runId);
  const mails = await listUsageMails(store, runId);
  const rows: RunSummaryRow[] = [];
  const advised: Pick<WeighedNamespace['report'], 'name' | 'advice'>[] = [];
  const named = new Map<string, ReadonlySet<string> | null>();
  for (const namespace of run.namespaces) {
    const own = mails.filter(({ namespaces }) => namespaces.includes(namespace));
    const result = await store.loadResult(run.id, namespace);
    rows.push(summariseNamespace(run, result, { namespace, mails: own }));
    if (result?.status === 'weighed') advised.push({ name: namespace, advice: result.report.advice });
    named.set(namespace, result?.status === 'weighed' ? addressesOf(result) : null);
  }
  const failing = await listFailing(store, run, named);
  return { run, rows, mails: countStates(mails), advice: sumUpAdvice(advised), failing };
};

const addressesOf = ({ report }: WeighedNamespace): ReadonlySet<string> =>
  new Set(report.recipients.map(({ address }) => address.toLowerCase()));

/** What a run came to for one namespace; `mails` are those about it, and null is a result that is not there. */
export const summariseNamespace = (
  run: Run,
  result: NamespaceResult | null,
  { namespace, mails }: { readonly namespace: string; readonly mails: readonly Delivery[] },
): RunSummaryRow => {
  const states = countStates(mails);
  if (result?.status !== 'weighed') {
    return {
      namespace,
      usedBytes: null,
      unknownRevisions: 0,
      limitBytes: null,
      level: null,
      recipients: 0,
      noRecipientReason: null,
      mails: states,
      problem: result === null ? 'it was not weighed' : result.reason,
    };
  }
  const { usedBytes, unknownRevisions, quota, recipients, noRecipientReason } = result.report;
  const broken = mails.find(({ state }) => state === 'failed' || state === 'uncertain');
  return {
    namespace,
    usedBytes,
    unknownRevisions,
    limitBytes: quota.limitBytes,
    level: quota.level,
    recipients: recipients.length,
    noRecipientReason,
    mails: states,
    problem: broken?.detail ?? (quota.level === 'ok' ? null : whyHeldBack(run, result)),
  };
};

const whyHeldBack = ({ givenUp }: Run, { team }: WeighedNamespace): string | null => {
  const gap = findGap(team, givenUp);
  return gap === null ? null : `no mail to its team, because ${gap} was given up`;
};

/** How many mails are in each state. */
export const countStates = (mails: readonly Delivery[]): RunSummary['mails'] => {
  const states: Partial<Record<DeliveryState, number>> = {};
  for (const { state } of mails) states[state] = (states[state] ?? 0) + 1;
  return states;
};
