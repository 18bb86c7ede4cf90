import type { Level } from '../../usage/policy/quota.ts';
import { BY_HAND_RULE } from '../../usage/policy/recipients.ts';
import type { RecipientReport } from '../../usage/policy/recipients.ts';
import type { Report } from '../../usage/report/report.ts';
import { candidateOf, chooseMailed, draftDeliveries } from '../runs/deliveries.ts';
import type { MailedNamespace } from '../runs/deliveries.ts';
import { renderDelivery } from '../stages/mailer.ts';
import type { Cluster, Compose, Now, OutgoingMessage, RenderedMail } from '../ports.ts';
import type { Delivery } from '../records/delivery.ts';
import { joinWeighed, readAndWeigh } from './weigh.ts';
import type { WeighingRules } from './weigh.ts';

/** A mail that a run would send. */
export type PreviewedMail = {
  readonly delivery: Delivery;
  readonly rendered: RenderedMail;
  readonly message: OutgoingMessage;
};

/** What a run would do now: the same reading, weighing and composing as a real one, but nothing is claimed or sent. */
export const previewRun = async (
  deps: { readonly cluster: Cluster; readonly compose: Compose; readonly now: Now },
  rules: WeighingRules & { readonly mailLevels: readonly Level[] },
  runId: string,
): Promise<{ readonly report: Report; readonly mails: readonly PreviewedMail[] }> => {
  const { frame, weighed } = await readAndWeigh(deps, rules, null);
  const framed = { ...frame, snapshot: { ...frame.snapshot, id: runId } };
  const mailed = chooseMailed(weighed.map(candidateOf), rules.mailLevels, []);
  const mails = await composeMails(deps, { frame: framed, weighed }, mailed);
  return { report: joinWeighed(framed, weighed).report, mails };
};

/** Who stands in for the recipients of a namespace that has none. */
export const NOBODY: RecipientReport = { address: 'nobody@example.com', roles: [], rule: BY_HAND_RULE };

/** The weekly mails of these namespaces as they are now, whatever their level; to `NOBODY` where nobody is to be told. */
export const previewNamespaces = async (
  deps: { readonly cluster: Cluster; readonly compose: Compose; readonly now: Now },
  rules: WeighingRules,
  namespaces: readonly string[],
): Promise<readonly PreviewedMail[]> => {
  const { frame, weighed } = await readAndWeigh(deps, rules, namespaces);
  const framed = { ...frame, snapshot: { ...frame.snapshot, id: 'preview' } };
  const mailed = weighed
    .map(candidateOf)
    .map((candidate) =>
      candidate.recipients.length > 0 ? candidate : { ...candidate, recipients: [NOBODY] },
    );
  return composeMails(deps, { frame: framed, weighed }, mailed);
};

const composeMails = async (
  { compose, now }: { readonly compose: Compose; readonly now: Now },
  figures: Parameters<typeof renderDelivery>[2],
  mailed: readonly MailedNamespace[],
): Promise<readonly PreviewedMail[]> => {
  const occasion = {
    runId: figures.frame.snapshot.id ?? '',
    cluster: figures.frame.cluster,
    kind: 'usage-report' as const,
    at: now().toISOString(),
  };
  const mails: PreviewedMail[] = [];
  for (const delivery of draftDeliveries(compose, occasion, mailed)) {
    const rendered = renderDelivery(compose, delivery, figures);
    mails.push({ delivery, rendered, message: await compose.build(rendered, delivery) });
  }
  return mails;
};
