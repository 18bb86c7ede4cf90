import { AppError, RETRYABLE, toAppError } from '../../errors.ts';
import { BY_HAND_RULE } from '../../usage/policy/recipients.ts';
import { redactWorkloads } from '../../usage/report/report.ts';
import type { ReportFrame } from '../../usage/report/report.ts';
import { requireDelivery } from '../runs/deliveries.ts';
import { withoutAddresses } from '../events.ts';
import type { Observe } from '../events.ts';
import type { MailJob } from '../jobs.ts';
import type {
  Attempt,
  Compose,
  Now,
  OutgoingMessage,
  RenderedMail,
  SendOutcome,
  Store,
  Transport,
  UsageMail,
} from '../ports.ts';
import type { Delivery, DeliveryState } from '../records/delivery.ts';
import type { WeighedNamespace } from '../records/result.ts';
import type { Run } from '../records/run.ts';
import { requireRun } from '../runs/run.ts';
import { joinWeighed } from '../direct/weigh.ts';

export type MailerDeps = {
  readonly store: Store;
  readonly compose: Compose;
  readonly transport: Transport;
  readonly now: Now;
  readonly observe: Observe;
};

/** Sends one planned mail, once. Safe to run twice: see `deliver`. */
export const mail = (deps: MailerDeps, job: MailJob & { readonly attempt: Attempt }): Promise<void> =>
  deliver(deps, job, (delivery) => composeReport(deps, delivery));

/** Renders the mail of one delivery from the frozen results of its run. Reads only: this is also the preview. */
export const composeReport = async (
  deps: { readonly store: Store; readonly compose: Compose },
  delivery: Delivery,
): Promise<RenderedMail> => {
  const run = await requireRun(deps.store, delivery.runId);
  const weighed: WeighedNamespace[] = [];
  for (const namespace of delivery.namespaces) {
    const result = await deps.store.loadResult(run.id, namespace);
    if (result?.status !== 'weighed') {
      throw new AppError(
        'internal',
        `run ${run.id} has no result of ${namespace}, though a mail was planned`,
      );
    }
    weighed.push(result);
  }
  const others = await loadOthersOfTeam(deps.store, run, weighed);
  return renderDelivery(deps.compose, delivery, { frame: frameOfRun(run), weighed: [...weighed, ...others] });
};

/** Only a mail about several namespaces speaks of the team, and asks of the others no more than whether sizes are unknown. */
const loadOthersOfTeam = async (
  store: Store,
  run: Run,
  weighed: readonly WeighedNamespace[],
): Promise<readonly WeighedNamespace[]> => {
  const own = new Set(weighed.map(({ namespace }) => namespace));
  const others: WeighedNamespace[] = [];
  const [first] = weighed;
  if (first === undefined || weighed.length === 1 || weighed.some(hasUnknownSizes)) return others;
  for (const namespace of first.team.namespaces.filter((name) => !own.has(name))) {
    const result = await store.loadResult(run.id, namespace);
    if (result?.status === 'weighed') others.push(result);
    if (result?.status !== 'weighed' || hasUnknownSizes(result)) break;
  }
  return others;
};

/**
 * Renders the mail of one delivery: only its namespaces, only their own workloads. Of what else was weighed the mail
 * learns whether the team's usage is a lower bound.
 */
export const renderDelivery = (
  compose: Compose,
  delivery: Delivery,
  { frame, weighed }: { readonly frame: ReportFrame; readonly weighed: readonly WeighedNamespace[] },
): RenderedMail => {
  const own = weighed
    .filter(({ namespace }) => delivery.namespaces.includes(namespace))
    .map((result) => ({ ...result, report: redactWorkloads(result.report, delivery.namespaces) }));
  const told = delivery.recipient.rule === BY_HAND_RULE ? [] : own.flatMap(({ report }) => report.recipients);
  const others = told.filter(
    ({ address }) => address.toLowerCase() !== delivery.recipient.address.toLowerCase(),
  );
  return compose.renderUsage({
    ...joinWeighed(frame, own),
    kind: delivery.kind === 'one-off' ? 'one-off' : 'usage-report',
    recipient: delivery.recipient,
    otherRoles: [...new Set(others.flatMap(({ roles }) => roles))].toSorted(),
    ...(own[0] === undefined ? {} : { team: describeTeam(own[0].team, weighed) }),
    reportId: delivery.runId,
  });
};

const describeTeam = (
  { namespaces }: WeighedNamespace['team'],
  weighed: readonly WeighedNamespace[],
): NonNullable<UsageMail['team']> => {
  const known = new Set(
    weighed.filter((result) => !hasUnknownSizes(result)).map(({ namespace }) => namespace),
  );
  return { namespaces: namespaces.length, isLowerBound: namespaces.some((name) => !known.has(name)) };
};

const hasUnknownSizes = ({ report }: WeighedNamespace): boolean => report.unknownRevisions > 0;

/**
 * Takes one delivery from `planned` through `sending` to its end. The record turns `sending` after the server's 354 and
 * before the first byte, by compare-and-set: whoever finds it `sending` finds a mail that may have arrived, marks it
 * `uncertain` and never sends it again.
 * @throws AppError `unavailable` to be tried again later: nothing was accepted and this is not the last attempt, or
 * another worker has the mail
 */
export const deliver = async (
  deps: MailerDeps,
  job: { readonly deliveryId: string; readonly attempt: Attempt },
  render: (delivery: Delivery) => Promise<RenderedMail>,
): Promise<void> => {
  const delivery = await requireDelivery(deps.store, job.deliveryId);
  if (delivery.state !== 'planned') return abandon(deps, delivery);
  const message = await composeOrFail(deps, { delivery, attempt: job.attempt }, render);
  if (message === null) return;
  let current = delivery;
  const outcome = await deps.transport.send(message, async () => {
    current = await move(deps, delivery, { state: 'sending', detail: null });
  });
  await settle(deps, current, { outcome, attempt: job.attempt });
};

/**
 * Ends a delivery that nobody works on any more: one that is `sending` may have arrived, one that is `planned` never
 * left. Does nothing to one that has ended.
 */
export const abandon = async (deps: MailerDeps, delivery: Delivery): Promise<void> => {
  if (delivery.state === 'sending') {
    await end(deps, delivery, { state: 'uncertain', detail: 'the process that sent it died' });
  } else if (delivery.state === 'planned') {
    await end(deps, delivery, { state: 'failed', detail: 'given up before it was sent' });
  }
};

/** A mail that cannot be composed, and never will be, ends as failed; null then. */
const composeOrFail = async (
  deps: MailerDeps,
  { delivery, attempt }: { readonly delivery: Delivery; readonly attempt: Attempt },
  render: (delivery: Delivery) => Promise<RenderedMail>,
): Promise<OutgoingMessage | null> => {
  try {
    return await deps.compose.build(await render(delivery), delivery);
  } catch (thrown) {
    const error = toAppError(thrown);
    if (RETRYABLE[error.code] && attempt.retryInMs !== null) throw error;
    await end(deps, delivery, { state: 'failed', detail: `it could not be composed: ${error.message}` });
    return null;
  }
};

const settle = async (
  deps: MailerDeps,
  delivery: Delivery,
  { outcome, attempt }: { readonly outcome: SendOutcome; readonly attempt: Attempt },
): Promise<void> => {
  if (outcome.outcome !== 'retry') {
    return end(deps, delivery, { state: outcome.outcome, detail: outcome.detail });
  }
  if (attempt.retryInMs === null) {
    const tries = attempt.number === 1 ? '' : `gave up after ${String(attempt.number)} tries: `;
    return end(deps, delivery, { state: 'failed', detail: `${tries}${outcome.detail}` });
  }
  const nextTryAt = new Date(deps.now().getTime() + attempt.retryInMs).toISOString();
  const delayed = await move(deps, delivery, { state: 'planned', detail: outcome.detail, nextTryAt });
  const { runId, id: deliveryId } = delivery;
  const reason = withoutAddresses(outcome.detail);
  deps.observe(
    { type: 'mail-delayed', runId, deliveryId, reason, attempt: attempt.number, nextTryAt },
    delayed,
  );
  throw new AppError('unavailable', reason);
};

type Ending = { readonly state: 'submitted' | 'failed' | 'uncertain'; readonly detail: string };

const end = async (deps: MailerDeps, delivery: Delivery, ending: Ending): Promise<void> => {
  const ended = await move(deps, delivery, ending);
  const { runId, id: deliveryId } = delivery;
  const reason = withoutAddresses(ending.detail);
  if (ending.state === 'submitted') deps.observe({ type: 'mail-submitted', runId, deliveryId }, ended);
  else deps.observe({ type: `mail-${ending.state}`, runId, deliveryId, reason }, ended);
};

/**
 * Moves a delivery on from where we left it. When another worker moved it first the record wants another look, later;
 * but who sent a mail knows better how it ended than who found it `sending` and took it for uncertain.
 */
const move = async (
  { store, now }: MailerDeps,
  delivery: Delivery,
  to: {
    readonly state: DeliveryState;
    readonly detail: string | null;
    readonly nextTryAt?: string;
  },
): Promise<Delivery> => {
  const moved: Delivery = { ...delivery, nextTryAt: null, ...to, changedAt: now().toISOString() };
  const isKnown = delivery.state === 'sending' && (to.state === 'submitted' || to.state === 'failed');
  const isOurs =
    (await store.moveDelivery(delivery.state, moved)) ||
    (isKnown && (await store.moveDelivery('uncertain', moved)));
  if (!isOurs) throw new AppError('unavailable', 'another worker has this mail');
  return moved;
};

const frameOfRun = (run: Run): ReportFrame => ({
  generatedAt: run.takenAt ?? run.claimedAt,
  cluster: {
    name: run.cluster?.name ?? '',
    apiUrl: run.cluster?.apiUrl ?? null,
    usedBytes: run.clusterUsedBytes,
    sumOfNamespacesBytes: run.sumOfNamespacesBytes,
  },
  snapshot: {
    id: run.id,
    exact: run.exact,
    lists: run.lists,
    unreadableKinds: run.unreadableKinds,
    findings: run.findings,
  },
});
