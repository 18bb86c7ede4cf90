import { sumUpAdvice } from '../../usage/policy/advice.ts';
import type { Level } from '../../usage/policy/quota.ts';
import { BY_HAND_RULE } from '../../usage/policy/recipients.ts';
import type { RecipientReport } from '../../usage/policy/recipients.ts';
import type { Report } from '../../usage/report/report.ts';
import { candidateOf, chooseMailed, draftDeliveries, draftSummary } from '../runs/deliveries.ts';
import type { MailedNamespace } from '../runs/deliveries.ts';
import { renderDelivery } from '../stages/mailer.ts';
import { countStates, summariseNamespace } from '../stages/summary.ts';
import type { Cluster, Compose, Now, OutgoingMessage, RenderedMail } from '../ports.ts';
import type { Delivery } from '../records/delivery.ts';
import type { Run } from '../records/run.ts';
import { sealedRun } from './sealed-run.ts';
import { joinWeighed, readAndWeigh } from './weigh.ts';
import type { WeighingRules } from './weigh.ts';

/** A mail that a run would send. */
export type PreviewedMail = {
  readonly delivery: Delivery;
  readonly rendered: RenderedMail;
  readonly message: OutgoingMessage;
};

/** What a run would do. */
export type PreviewedRun = {
  readonly report: Report;
  /** The mails to teams. */
  readonly mails: readonly PreviewedMail[];
  /** The mail to the platform staff; null where nobody is to get one. */
  readonly summary: PreviewedMail | null;
};

/** What a run would do now: the same reading, weighing and composing as a real one, but nothing is claimed or sent. */
export const previewRun = async (
  deps: { readonly cluster: Cluster; readonly compose: Compose; readonly now: Now },
  rules: WeighingRules & { readonly mailLevels: readonly Level[]; readonly summaryTo: string | null },
  runId: string,
): Promise<PreviewedRun> => {
  const { frame, weighed } = await readAndWeigh(deps, rules, null);
  const figures = { frame: { ...frame, snapshot: { ...frame.snapshot, id: runId } }, weighed };
  const mailed = chooseMailed(weighed.map(candidateOf), rules.mailLevels, []);
  const mails = await composeMails(deps, figures, mailed);
  return {
    report: joinWeighed(figures.frame, weighed).report,
    mails,
    summary:
      rules.summaryTo === null ? null : await composeSummary(deps, { ...figures, mails }, rules.summaryTo),
  };
};

/** As if the mail server had accepted every mail. Whose earlier mails came back only a store knows. */
const composeSummary = async (
  { compose, now }: { readonly compose: Compose; readonly now: Now },
  { frame, weighed, mails }: Figures & { readonly mails: readonly PreviewedMail[] },
  to: string,
): Promise<PreviewedMail> => {
  const at = now().toISOString();
  const namespaces = weighed.map(({ namespace }) => namespace);
  const sealed = sealedRun({ id: frame.snapshot.id ?? '', kind: 'manual' }, frame, { at, namespaces });
  const run: Run = { ...sealed, state: 'finished', endedAt: at };
  const sent = mails.map(({ delivery }): Delivery => ({ ...delivery, state: 'submitted' }));
  const rendered = compose.renderSummary({
    run,
    rows: weighed.map((result) => {
      const { namespace } = result;
      const own = sent.filter((delivery) => delivery.namespaces.includes(namespace));
      return summariseNamespace(run, result, { namespace, mails: own });
    }),
    mails: countStates(sent),
    advice: sumUpAdvice(weighed.map(({ report }) => report)),
    failing: [],
  });
  const delivery = draftSummary(compose, run, { to, at });
  return { delivery, rendered, message: await compose.build(rendered, delivery) };
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

type Figures = Parameters<typeof renderDelivery>[2];

const composeMails = async (
  { compose, now }: { readonly compose: Compose; readonly now: Now },
  figures: Figures,
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
