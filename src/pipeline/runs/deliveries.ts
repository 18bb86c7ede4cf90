import { AppError } from '../../errors.ts';
import type { Level } from '../../usage/policy/quota.ts';
import type { Team } from '../../usage/model.ts';
import type { RecipientReport } from '../../usage/policy/recipients.ts';
import type { Compose, Store } from '../ports.ts';
import type { Delivery } from '../records/delivery.ts';
import type { WeighedNamespace } from '../records/result.ts';
import type { Run } from '../records/run.ts';
import type { ClusterIdentity } from '../../usage/model.ts';

/** A namespace whose recipients are to be told. */
export type MailedNamespace = {
  readonly namespace: string;
  readonly team: Team;
  readonly recipients: readonly RecipientReport[];
};

/** All that choosing and planning mails needs of a weighed namespace; its result itself can be large. */
export type Candidate = MailedNamespace & { readonly level: Level };

/** The candidate that a result makes. */
export const candidateOf = ({ namespace, team, report }: WeighedNamespace): Candidate => ({
  namespace,
  team,
  level: report.quota.level,
  recipients: report.recipients,
});

/** The namespaces that a run mails: those of a level that is mailed, in a team whose figures are all there. */
export const chooseMailed = (
  candidates: readonly Candidate[],
  mailLevels: readonly Level[],
  givenUp: Run['givenUp'],
): readonly MailedNamespace[] =>
  candidates.filter(({ level, team }) => mailLevels.includes(level) && findGap(team, givenUp) === null);

/** A given-up namespace of the team, which for lack of its figures gets no mail; null when there is none. */
export const findGap = (team: Team, givenUp: Run['givenUp']): string | null =>
  givenUp.find(({ namespace }) => team.namespaces.includes(namespace))?.namespace ?? null;

/** What mails are sent on. */
export type Occasion = {
  readonly runId: string;
  /** null: nobody knows. */
  readonly cluster: ClusterIdentity | null;
  readonly kind: Delivery['kind'];
  /** ISO 8601; becomes the messages' Date. */
  readonly at: string;
};

/**
 * One delivery per (team, recipient), holding only namespaces whose own rules name that recipient, so that a wrong label
 * leaks nothing.
 */
export const draftDeliveries = (
  compose: Pick<Compose, 'hashId'>,
  occasion: Occasion,
  mailed: readonly MailedNamespace[],
): readonly Delivery[] => {
  const deliveries = new Map<string, Delivery>();
  for (const { namespace, team, recipients } of mailed) {
    for (const recipient of recipients) {
      const delivery = draftDelivery(compose, occasion, {
        teamId: team.id,
        recipient,
        namespaces: [namespace],
      });
      const known = deliveries.get(delivery.id);
      deliveries.set(delivery.id, known === undefined ? delivery : join(known, delivery));
    }
  }
  return [...deliveries.values()];
};

/**
 * A planned delivery, the first of its thread. Its id is a function of cluster, run, team, recipient and kind: two
 * clusters whose mails leave from one domain have the same slots, and may have the same namespaces. The thread knows the
 * cluster by its name alone, so that it goes on when the API moves.
 */
export const draftDelivery = (
  compose: Pick<Compose, 'hashId'>,
  { runId, cluster, kind, at }: Occasion,
  content: Pick<Delivery, 'teamId' | 'recipient' | 'namespaces'>,
): Delivery => {
  const { name, apiUrl } = cluster ?? { name: '', apiUrl: null };
  const subject = [content.teamId, content.recipient.address.toLowerCase(), kind] as const;
  return {
    id: compose.hashId(name, apiUrl ?? '', runId, ...subject),
    runId,
    kind,
    thread: kind === 'one-off' ? null : { id: compose.hashId('thread', name, ...subject), last: null },
    ...content,
    state: 'planned',
    date: at,
    changedAt: at,
    detail: null,
    nextTryAt: null,
  };
};

/** The delivery of a run's summary to the platform staff. */
export const draftSummary = (
  compose: Pick<Compose, 'hashId'>,
  run: Pick<Run, 'id' | 'cluster'>,
  { to, at }: { readonly to: string; readonly at: string },
): Delivery =>
  draftDelivery(
    compose,
    { runId: run.id, cluster: run.cluster, kind: 'run-summary', at },
    {
      teamId: 'platform',
      recipient: { address: to, roles: ['platform'], rule: 'summary.to' },
      namespaces: [],
    },
  );

/**
 * Saves a drafted delivery, which now follows the one of its thread that was submitted last: of others, an `uncertain`
 * one too, nobody knows whether its recipient has it. Safe to run twice: a delivery that is there stands.
 */
export const planDelivery = async (store: Store, draft: Delivery): Promise<void> => {
  const { thread } = draft;
  await store.addDelivery(
    thread === null
      ? draft
      : { ...draft, thread: { ...thread, last: await store.loadLastOfThread(thread.id) } },
  );
};

/** The deliveries to teams, without the summary to the platform staff. */
export const listUsageMails = async (store: Store, runId: string): Promise<readonly Delivery[]> =>
  (await store.listDeliveries(runId)).filter(({ kind }) => kind !== 'run-summary');

/** The delivery of that id. @throws AppError `not_found` */
export const requireDelivery = async (store: Store, deliveryId: string): Promise<Delivery> => {
  const delivery = await store.loadDelivery(deliveryId);
  if (delivery === null) throw new AppError('not_found', `there is no delivery ${deliveryId}`);
  return delivery;
};

const join = (a: Delivery, b: Delivery): Delivery => ({
  ...a,
  recipient: { ...a.recipient, roles: [...new Set([...a.recipient.roles, ...b.recipient.roles])] },
  namespaces: [...new Set([...a.namespaces, ...b.namespaces])].toSorted(),
});
