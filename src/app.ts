import { writeCsv } from './adapters/mail/attachments/csv.ts';
import { createSigner } from './adapters/mail/message/dkim.ts';
import { openImap } from './adapters/bounce-mailbox/imap.ts';
import type { ImapOptions } from './adapters/bounce-mailbox/imap.ts';
import { openMaildir } from './adapters/bounce-mailbox/maildir.ts';
import { createTransport } from './adapters/mail/smtp/transport.ts';
import { connectRedis } from './adapters/redis/connection.ts';
import { openEmbeddedRedis } from './adapters/redis/embedded.ts';
import { createQueue } from './adapters/redis/queue.ts';
import { createStore } from './adapters/redis/store.ts';
import { createRegistry } from './adapters/registry/registry.ts';
import type { RegistryOptions } from './adapters/registry/registry.ts';
import { createLogListener } from './adapters/telemetry/log.ts';
import { createMetrics } from './adapters/telemetry/metrics.ts';
import { serveMetrics } from './adapters/telemetry/metrics-server.ts';
import type { Config, Secrets } from './config.ts';
import { AppError, toAppError } from './errors.ts';
import { recordBounces } from './pipeline/bounces/bounces.ts';
import type { BounceTally } from './pipeline/bounces/bounces.ts';
import { collect } from './pipeline/stages/collector.ts';
import type { Observe } from './pipeline/events.ts';
import type { Role } from './pipeline/jobs.ts';
import { finishRun } from './pipeline/stages/finish.ts';
import { mail } from './pipeline/stages/mailer.ts';
import { prepareOneOff, sendOneOff } from './pipeline/direct/one-off.ts';
import type { OneOff } from './pipeline/direct/one-off.ts';
import type {
  BounceMailbox,
  Cluster,
  Compose,
  JobHandlers,
  Now,
  RenderedMail,
  RunSummary,
} from './pipeline/ports.ts';
import { NOBODY, previewNamespaces, previewRun } from './pipeline/direct/preview.ts';
import type { PreviewedMail, PreviewedRun } from './pipeline/direct/preview.ts';
import type { Delivery } from './pipeline/records/delivery.ts';
import type { Run } from './pipeline/records/run.ts';
import { requireRun, startRun } from './pipeline/runs/run.ts';
import { manualSlot } from './pipeline/runs/schedule.ts';
import { sealRun } from './pipeline/stages/seal.ts';
import { size } from './pipeline/stages/sizer.ts';
import { chooseSlot, dueSlot } from './pipeline/runs/slots.ts';
import { summariseRun } from './pipeline/stages/summary.ts';
import { verifyNamespaces } from './pipeline/direct/verify.ts';
import type { Verification } from './pipeline/direct/verify.ts';
import { walkCluster, weighCluster } from './pipeline/direct/weigh.ts';
import type { WeighedCluster, WeighingRules } from './pipeline/direct/weigh.ts';
import type { ReportWalk } from './usage/report/report.ts';
import { isReported } from './usage/policy/reported-namespaces.ts';

/** What the caller brings along: where the cluster is, the clock, and who watches. */
export type Surroundings = {
  /** A path, or several as in `KUBECONFIG`; null: the usual places. */
  readonly kubeconfig: string | null;
  readonly context: string | null;
  readonly now: Now;
  readonly observe: Observe;
  /** Hears of what is not as it should be but does not stop us. */
  readonly warn: (warning: string) => void;
};

/** Weighs and composes without a store, a queue or a mail server. */
export type Reporter = AsyncDisposable & {
  /** Weighs the named namespaces, or all selected ones with null. */
  readonly weigh: (namespaces: readonly string[] | null) => Promise<WeighedCluster>;
  /** The same without what to delete, weighed while the report is walked. */
  readonly walk: (namespaces: readonly string[] | null) => Promise<ReportWalk>;
  /** Recounts the namespaces' reports by other code; with a registry, asks it for every charged blob, too. */
  readonly verify: (
    namespaces: readonly string[],
    registry: RegistryLogin | null,
  ) => Promise<readonly Verification[]>;
  /** What a run would do now; nothing is claimed or sent. */
  readonly previewRun: () => Promise<PreviewedRun>;
  /** The weekly mails of these namespaces as they are now; a stand-in gets them where nobody is to be told. */
  readonly previewNamespaces: (namespaces: readonly string[]) => Promise<readonly PreviewedMail[]>;
  /** What a one-off would send now: nothing is claimed or sent. */
  readonly prepareOneOff: (request: OneOffRequest) => Promise<OneOff>;
  /** The mail of a report, for no one in particular. */
  readonly renderUsage: (weighed: WeighedCluster) => Promise<RenderedMail>;
  /** One row a revision, and one for each tag without any; in pieces. */
  readonly writeCsv: (report: ReportWalk) => Iterable<string>;
};

/** Its address may be `auto`: the public one that the cluster's image streams state. */
type RegistryLogin = { readonly address: string; readonly credentials: RegistryOptions['credentials'] };
type OneOffRequest = Parameters<typeof prepareOneOff>[2];

/** Wires what reads and composes. @throws AppError `invalid` for an unusable kubeconfig */
export const createReporter = async (config: Config, surroundings: Surroundings): Promise<Reporter> => {
  const cluster = await openCluster(config, surroundings);
  const { now } = surroundings;
  const rules = rulesOf(config);
  const withCompose = async () => ({ cluster, compose: await loadCompose(config), now });
  return {
    weigh: (namespaces) => weighCluster({ cluster }, rules, namespaces),
    walk: (namespaces) => walkCluster({ cluster }, rules, namespaces),
    verify: async (namespaces, login) => {
      const { observe } = surroundings;
      await using opened = new AsyncDisposableStack();
      const registry = login && {
        address: login.address,
        open: (url: string) =>
          opened.use(createRegistry({ url, credentials: login.credentials, now }, observe)),
      };
      return await verifyNamespaces({ cluster, registry, observe }, rules, namespaces);
    },
    previewRun: async () =>
      previewRun(await withCompose(), { ...rules, summaryTo: config.summary.to }, manualSlot(now())),
    previewNamespaces: async (namespaces) => {
      // A preview needs no sender.
      const mail = { ...config.mail, from: config.mail.from ?? NOBODY.address };
      const compose = await loadCompose({ ...config, mail });
      return previewNamespaces({ cluster, compose, now }, rules, namespaces);
    },
    prepareOneOff: async (request) => prepareOneOff(await withCompose(), rules, request),
    renderUsage: async (weighed) => {
      const { compose } = await withCompose();
      const nobody = { recipient: null, otherRoles: [], reportId: null };
      return compose.renderUsage({ ...weighed, kind: 'one-off', ...nobody });
    },
    writeCsv: ({ reports }) => writeCsv(Iterator.from(reports).flatMap(({ namespaces }) => namespaces)),
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
};

/**
 * Checks the files that the configuration names as every start does, but all of them.
 * @throws AppError `invalid` that tells every fault, and what to do about each
 */
export const checkNamedFiles = async (config: Config): Promise<void> => {
  const { mail, templates } = config;
  const outcomes = await Promise.allSettled([
    (async () => mail.dkim && createSigner(mail.dkim))(),
    templates.dir && loadCompose({ ...config, mail: { ...mail, dkim: null } }),
  ]);
  const faults = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? toAppError(outcome.reason) : [],
  );
  const [fault] = faults;
  if (fault === undefined) return;
  throw new AppError(fault.code, faults.map(({ message }) => message).join('\n'), {
    hint: faults.flatMap(({ hint }) => hint ?? []).join('\n'),
    cause: fault.cause,
  });
};

/** The mail's templates and MJML take a second and 80 MB, which a process that makes no mail is spared. */
const loadCompose = async (config: Config): Promise<Compose> => {
  const { createCompose } = await import('./adapters/mail/compose.ts');
  return createCompose(config);
};

/** What is wrong with the templates and the mails they make of their samples. @throws AppError `invalid` */
export const lintMails = async (config: Config): Promise<readonly string[]> => {
  const lint = await import('./adapters/mail/templates/lint-mails.ts');
  return lint.lintMails(config);
};

/** Runs, mails and their records. */
export type App = AsyncDisposable & {
  /** Works on the jobs of these roles until disposed of. */
  readonly work: (roles: readonly Role[]) => Promise<void>;
  /** Adds the weekly timer. */
  readonly schedule: () => Promise<void>;
  /**
   * Starts or resumes the run of a slot; null: a run by hand, now.
   * @throws AppError `invalid` for no slot that is due, `not_found` for a run by hand that there is none of
   */
  readonly startRun: (slot: string | null) => Promise<Run>;
  /** The run as it stands. @throws AppError `not_found` */
  readonly loadRun: (runId: string) => Promise<Run>;
  /** What the run has come to so far. */
  readonly summariseRun: (runId: string) => Promise<RunSummary>;
  /** The same as `Reporter` does; only a collector can. */
  readonly prepareOneOff: Reporter['prepareOneOff'];
  readonly sendOneOff: (oneOff: OneOff) => Promise<readonly Delivery[]>;
  /** Marks the deliveries that came back, as the notices in a mailbox say. */
  readonly recordBounces: (source: BounceSource) => Promise<BounceTally>;
  /** Connects to the mail server and logs in. @throws AppError `unavailable` or `rejected` with what to do */
  readonly verifyTransport: () => Promise<void>;
  /** Where the metrics can be read; null when the purpose names no place. */
  readonly metricsUrl: string | null;
  /** Resolves with the reason when the embedded Redis is gone and will not come back by itself; never for one by URL. */
  readonly redisGone: Promise<AppError>;
};

/** What a process is for, and how it tells. */
export type AppPurpose = {
  readonly roles: readonly Role[];
  /** Never starts an embedded Redis: a single role needs one that others share. */
  readonly connectOnly: boolean;
  /** Where the log goes, a JSON object a line; null: no log. */
  readonly log: NodeJS.WritableStream | null;
  /** Where to serve the metrics, as `[host:]port`; null or left out: nowhere. */
  readonly metrics?: string | null;
};

/** Wires everything. @throws AppError `invalid`, or `unavailable` (Redis does not answer, the metrics' port is taken) */
export const createApp = async (
  { config, secrets }: { readonly config: Config; readonly secrets: Secrets },
  surroundings: Surroundings,
  purpose: AppPurpose,
): Promise<App> => {
  // First: what is wrong with the configuration is told before anything is opened.
  const compose = purpose.roles.some((role) => role !== 'sizer') ? await loadCompose(config) : NO_MAIL;
  await using stack = new AsyncDisposableStack();
  const { now, warn } = surroundings;
  const metrics = createMetrics({ now });
  const metricsAt = purpose.metrics ?? null;
  const metricsServer = metricsAt === null ? null : stack.use(await serveMetrics(metrics, metricsAt));
  const listeners = [
    surroundings.observe,
    metrics.observe,
    ...(purpose.log ? [createLogListener(purpose.log)] : []),
  ];
  const observe: Observe = (event, mail) => {
    for (const listen of listeners) listen(event, mail);
  };

  const redisUrl = secrets.redisUrl ?? config.redis.url;
  const embedded = redisUrl === null ? await openEmbedded(config, purpose, stack) : null;
  const redis = await connectRedis(redisUrl ?? embedded?.socketPath ?? '', warn);
  stack.defer(redis.dispose);
  const store = createStore(redis);
  const queue = createQueue({
    redis,
    observe,
    onWarning: warn,
    concurrency: config.workers,
    mailsPerSecond: config.mail.perSecond,
  });
  stack.defer(queue.dispose);
  const transport = stack.use(createTransport({ ...config.smtp, password: secrets.smtpPassword }));
  const cluster = purpose.roles.includes('collector')
    ? stack.use(await openCluster(config, { ...surroundings, observe }))
    : NO_CLUSTER;

  const deps = { cluster, store, queue, compose, transport, now, observe };
  const handlers = createHandlers(deps, config);
  const owned = stack.move();
  return {
    work: async (roles) => {
      const stops: (() => Promise<void>)[] = [];
      // All at once: one after the other they would outlast the grace that a pod is given.
      owned.defer(async () => void (await Promise.all(stops.map((stop) => stop()))));
      for (const role of roles) stops.push(await queue.work(role, handlers));
    },
    schedule: () => queue.schedule(config.schedule),
    startRun: async (slot) => startRun(deps, await chooseSlot(deps, config.schedule, slot)),
    loadRun: (runId) => requireRun(store, runId),
    summariseRun: (runId) => summariseRun(store, runId),
    prepareOneOff: (request) => prepareOneOff(deps, rulesOf(config), request),
    sendOneOff: (oneOff) => sendOneOff(deps, oneOff),
    recordBounces: (source) => recordBounces({ store, now }, openMailbox(source)),
    verifyTransport: () => transport.verify(),
    metricsUrl: metricsServer?.url ?? null,
    redisGone: embedded?.gone ?? new Promise(() => {}),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
};

/** Where notices of failure come in. */
export type BounceSource =
  { readonly type: 'maildir'; readonly folder: string } | ({ readonly type: 'imap' } & ImapOptions);

const openMailbox = (source: BounceSource): BounceMailbox =>
  source.type === 'maildir' ? openMaildir(source.folder) : openImap(source);

type Deps = Parameters<typeof collect>[0] & Parameters<typeof finishRun>[0];

/** What each job does: the same functions that the command line calls. */
const createHandlers = (deps: Deps, config: Config): JobHandlers => {
  const rules = rulesOf(config);
  return {
    tick: async () => {
      const slot = dueSlot(config.schedule, deps.now());
      if (slot !== null) await startRun(deps, slot);
    },
    collect: (job, attempt) => collect(deps, rules, { ...job, attempt }),
    size: (job, attempt) => size(deps, rules, { ...job, attempt }),
    seal: (job) => sealRun(deps, rules, job.runId),
    mail: (job, attempt) => mail(deps, { ...job, attempt }),
    finish: (job, attempt) => finishRun(deps, { summaryTo: config.summary.to }, { ...job, attempt }),
  };
};

const rulesOf = (config: Config): WeighingRules & { readonly mailLevels: Config['mail']['levels'] } => ({
  quota: config.quota,
  recipients: config.recipients,
  environmentLabel: config.environmentLabel,
  chargeImported: config.charge.imported,
  advice: config.advice,
  productionEnvironments: config.plan.productionEnvironments,
  isReported: (namespace) => isReported(namespace, config.namespaces),
  groupByLabel: config.teams.groupByLabel,
  mailLevels: config.mail.levels,
});

/** The vendor's client takes longer to load than all the rest, which a process that reads no cluster is spared. */
const openCluster = async (config: Config, { kubeconfig, context, now, observe }: Surroundings) => {
  const { createCluster } = await import('./adapters/openshift/cluster.ts');
  return createCluster(
    { kubeconfig, context, ...config.cluster, customUses: config.inUse.extra, now },
    observe,
  );
};

/** A process without the collector has no business with the cluster, and needs no rights there. */
const NO_CLUSTER: Cluster = {
  readInventory: () => Promise.reject(new AppError('internal', 'this process does not read the cluster')),
};

/** A process that only sizes makes no mail, and need not be able to read the DKIM key. */
const noMail = (): never => {
  throw new AppError('internal', 'this process makes no mail');
};
const NO_MAIL: Compose = { renderUsage: noMail, renderSummary: noMail, build: noMail, hashId: noMail };

/** The embedded Redis of the data folder, which other processes of that folder share. */
const openEmbedded = async (config: Config, { connectOnly }: AppPurpose, stack: AsyncDisposableStack) => {
  const embedded = await openEmbeddedRedis({ dataDir: config.dataDir, connectOnly });
  stack.defer(embedded.dispose);
  return embedded;
};
