import { AppError } from '../../errors.ts';
import { BY_HAND_RULE, isDomainAllowed, parseAddress } from '../../usage/policy/recipients.ts';
import type { RecipientReport } from '../../usage/policy/recipients.ts';
import { draftDeliveries, requireDelivery } from '../runs/deliveries.ts';
import { mail, renderDelivery } from '../stages/mailer.ts';
import type { MailerDeps } from '../stages/mailer.ts';
import type { Cluster, Compose, Now, RenderedMail } from '../ports.ts';
import type { Delivery } from '../records/delivery.ts';
import type { WeighedNamespace } from '../records/result.ts';
import type { Run } from '../records/run.ts';
import { sealedRun } from './sealed-run.ts';
import { readAndWeigh } from './weigh.ts';
import type { WeighingRules } from './weigh.ts';

/** A one-off mail as it would be sent: nothing is claimed, stored or sent yet. */
export type OneOff = {
  readonly run: Run;
  readonly weighed: readonly WeighedNamespace[];
  readonly mails: readonly { readonly delivery: Delivery; readonly rendered: RenderedMail }[];
};

/**
 * Weighs the named namespaces now and composes their mails, for `to` or else for their own recipients.
 * @throws AppError `invalid` (no address), `rejected` (not allowed, or nobody to tell), and what `readInventory` throws
 */
export const prepareOneOff = async (
  deps: { readonly cluster: Cluster; readonly compose: Compose; readonly now: Now },
  rules: WeighingRules,
  request: { readonly namespaces: readonly string[]; readonly to: readonly string[] },
): Promise<OneOff> => {
  const to = request.to.map((text) => checkAddress(text, rules.recipients.allowedDomains));
  const { frame, weighed } = await readAndWeigh(deps, rules, request.namespaces);
  const at = deps.now().toISOString();
  const namespaces = weighed.map(({ namespace }) => namespace);
  const run = sealedRun({ id: idOf(at, namespaces), kind: 'one-off' }, frame, { at, namespaces });
  const mailed = weighed.map(({ namespace, team, report }) => ({
    namespace,
    team,
    recipients: to.length > 0 ? to : requireRecipients(namespace, report),
  }));
  const deliveries = draftDeliveries(
    deps.compose,
    { runId: run.id, cluster: run.cluster, kind: 'one-off', at: run.claimedAt },
    mailed,
  );
  const framed = { ...frame, snapshot: { ...frame.snapshot, id: run.id } };
  return {
    run,
    weighed,
    mails: deliveries.map((delivery) => ({
      delivery,
      rendered: renderDelivery(deps.compose, delivery, { frame: framed, weighed }),
    })),
  };
};

/** Sends a prepared one-off, each mail once, and returns the deliveries as they ended. */
export const sendOneOff = async (deps: MailerDeps, oneOff: OneOff): Promise<readonly Delivery[]> => {
  const { run } = oneOff;
  if (!(await deps.store.claimRun(run))) {
    throw new AppError('conflict', `${run.id} was sent already`, { hint: 'Wait a second and try again.' });
  }
  for (const result of oneOff.weighed) await deps.store.saveResult(run.id, result);
  for (const { delivery } of oneOff.mails) await deps.store.addDelivery(delivery);
  const ended: Delivery[] = [];
  for (const { delivery } of oneOff.mails) {
    await mail(deps, { runId: run.id, deliveryId: delivery.id, attempt: { number: 1, retryInMs: null } });
    ended.push(await requireDelivery(deps.store, delivery.id));
  }
  await deps.store.advanceRun('sealed', { ...run, state: 'finished', endedAt: deps.now().toISOString() });
  return ended;
};

/** The errors do not repeat the address: they may end in a log. */
const checkAddress = (text: string, allowedDomains: readonly string[]): RecipientReport => {
  const parsed = parseAddress(text);
  if ('fault' in parsed) throw new AppError('invalid', `--to: ${parsed.fault}`);
  const domain = parsed.address.slice(parsed.address.lastIndexOf('@') + 1);
  if (!isDomainAllowed(domain, allowedDomains)) {
    throw new AppError('rejected', `--to: the domain ${domain} is not in mail.allowedDomains`, {
      hint: `Add ${domain} to mail.allowedDomains in the configuration if mail may go there.`,
    });
  }
  return { address: parsed.address, roles: [], rule: BY_HAND_RULE };
};

/** An id ends up in keys and in mails, so it does not grow with the request. */
const idOf = (at: string, namespaces: readonly string[]): string => {
  const second = at.replace(/\.\d+/, '').replaceAll(/[-:]/g, '');
  const named =
    namespaces.length <= 3
      ? namespaces
      : [...namespaces.slice(0, 2), `and-${String(namespaces.length - 2)}-more`];
  return ['send', second, ...named].join('-');
};

const requireRecipients = (
  namespace: string,
  report: WeighedNamespace['report'],
): readonly RecipientReport[] => {
  if (report.recipients.length > 0) return report.recipients;
  throw new AppError(
    'rejected',
    `nobody to tell about ${namespace}: ${report.noRecipientReason ?? 'no contact'}`,
    { hint: 'Name somebody with --to.' },
  );
};
