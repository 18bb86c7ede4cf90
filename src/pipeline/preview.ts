import type { Level } from '../usage/quota.ts';
import type { Report } from '../usage/report.ts';
import { candidateOf, chooseMailed, draftDeliveries } from './deliveries.ts';
import { renderDelivery } from './mailer.ts';
import type { Cluster, Compose, Now, OutgoingMessage, RenderedMail } from './ports.ts';
import type { Delivery } from './records.ts';
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
  const occasion = { runId, kind: 'usage-report' as const, at: deps.now().toISOString() };
  const mails: PreviewedMail[] = [];
  for (const delivery of draftDeliveries(deps.compose, occasion, mailed)) {
    const rendered = renderDelivery(deps.compose, delivery, { frame: framed, weighed });
    mails.push({ delivery, rendered, message: await deps.compose.build(rendered, delivery) });
  }
  return { report: joinWeighed(framed, weighed).report, mails };
};
