import { hash } from 'node:crypto';
import { AppError, RETRYABLE, toAppError } from '../src/errors.ts';
import type { Observe } from '../src/pipeline/events.ts';
import { jobId } from '../src/pipeline/jobs.ts';
import type { JobName, Role } from '../src/pipeline/jobs.ts';
import { retryWaitMs } from '../src/pipeline/runs/retry-policy.ts';
import type {
  Attempt,
  Cluster,
  Compose,
  JobHandlers,
  OutgoingMessage,
  Queue,
  Registry,
  SendOutcome,
  Store,
  Transport,
} from '../src/pipeline/ports.ts';
import type { Bounce } from '../src/pipeline/records/bounce.ts';
import type { Delivery } from '../src/pipeline/records/delivery.ts';
import type { HistoryPoint } from '../src/pipeline/records/history-point.ts';
import type { NamespaceResult } from '../src/pipeline/records/result.ts';
import type { Run } from '../src/pipeline/records/run.ts';
import type { BlobStat } from '../src/usage/verify/registry-verdict.ts';
import type { Snapshot } from '../src/usage/model.ts';
import { gather } from './listed-inventory.ts';
import type { ListedInventory } from './listed-inventory.ts';

/** In-memory ports: the same contract suites run on these and on the real adapters. */

/** A store in memory; what it takes and gives are copies. */
export const createFakeStore = (): Store => {
  const runs = new Map<string, Run>();
  const snapshots = new Map<string, Snapshot>();
  const results = new Map<string, NamespaceResult>();
  const deliveries = new Map<string, Delivery>();
  const lastOfThreads = new Map<string, string>();
  const bounces = new Map<string, Bounce>();
  const history = new Map<string, HistoryPoint>();
  const under = (runId: string, namespace: string): string => JSON.stringify([runId, namespace]);

  return {
    claimRun: async (run) => addOnce(runs, run.id, run),
    loadRun: async (runId) => copy(runs.get(runId)),
    advanceRun: async (from, run) => swap(runs, from, run),
    listRuns: async (limit) =>
      [...runs.values()]
        .sort((a, b) => Date.parse(b.claimedAt) - Date.parse(a.claimedAt) || byCodeUnit(b.id, a.id))
        .slice(0, limit)
        .map((run) => structuredClone(run)),

    saveSnapshots: async (runId, saved) => {
      for (const snapshot of saved) {
        const reading = under(runId, snapshot.takenAt);
        snapshots.set(under(reading, snapshot.namespace.name), structuredClone(snapshot));
      }
    },
    loadSnapshot: async (runId, { namespace, takenAt }) =>
      copy(snapshots.get(under(under(runId, takenAt), namespace))),
    saveResult: async (runId, result) => addOnce(results, under(runId, result.namespace), result),
    loadResult: async (runId, namespace) => copy(results.get(under(runId, namespace))),

    addDelivery: async (delivery) => addOnce(deliveries, delivery.id, delivery),
    loadDelivery: async (deliveryId) => copy(deliveries.get(deliveryId)),
    moveDelivery: async (from, delivery) => {
      const { id, state, thread } = delivery;
      const isMoved = swap(deliveries, from, delivery);
      if (isMoved && state === 'submitted' && thread !== null) lastOfThreads.set(thread.id, id);
      return isMoved;
    },
    loadLastOfThread: async (threadId) => lastOfThreads.get(threadId) ?? null,
    listDeliveries: async (runId) =>
      [...deliveries.values()]
        .filter((delivery) => delivery.runId === runId)
        .sort(
          (a, b) =>
            byCodeUnit(a.teamId, b.teamId) ||
            byCodeUnit(a.recipient.address, b.recipient.address) ||
            byCodeUnit(a.id, b.id),
        )
        .map((delivery) => structuredClone(delivery)),

    addBounce: async (bounce) => addOnce(bounces, bounce.deliveryId, bounce),
    listBounces: async () =>
      [...bounces.values()]
        .sort(
          (a, b) =>
            Date.parse(b.recordedAt) - Date.parse(a.recordedAt) || byCodeUnit(a.deliveryId, b.deliveryId),
        )
        .map((bounce) => structuredClone(bounce)),

    saveHistory: async (points) => {
      for (const point of points) addOnce(history, under(point.runId, point.namespace), point);
    },
    listHistory: async (namespace, limit) =>
      [...history.values()]
        .filter((point) => point.namespace === namespace)
        .sort((a, b) => Date.parse(b.takenAt) - Date.parse(a.takenAt) || byCodeUnit(b.runId, a.runId))
        .slice(0, limit)
        .map((point) => structuredClone(point)),
  };
};

const addOnce = <Value>(map: Map<string, Value>, id: string, value: Value): boolean => {
  if (map.has(id)) return false;
  map.set(id, structuredClone(value));
  return true;
};

const swap = <Value extends { readonly id: string; readonly state: string }>(
  map: Map<string, Value>,
  from: Value['state'],
  value: Value,
): boolean => {
  if (map.get(value.id)?.state !== from) return false;
  map.set(value.id, structuredClone(value));
  return true;
};

const copy = <Value>(value: Value | undefined): Value | null =>
  value === undefined ? null : structuredClone(value);

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export type FakeQueue = Queue & {
  /** Runs jobs of the roles worked on, one at a time and oldest first, until none can run; retries come at once. */
  drain(): Promise<void>;
  /** Adds the `tick` that the timer would add when it is due. */
  fireTimer(): void;
  /** What `schedule` was last called with; null before. */
  timer(): { readonly cron: string; readonly timeZone: string } | null;
  /** Ids of the jobs that have not ended, oldest first. */
  openJobs(): readonly string[];
};

/** A queue in memory. Jobs run only inside `drain()`; a step of a run that failed for good runs again when added again. */
export const createFakeQueue = (observe: Observe = () => {}): FakeQueue => {
  const jobs = new Map<string, FakeJob>();
  const working = new Map<Role, JobHandlers>();
  let timer: { readonly cron: string; readonly timeZone: string } | null = null;
  let ticks = 0;

  const add = (id: string, name: JobName, run: FakeJob['run'], children: readonly string[] = []): void => {
    jobs.set(id, { id, name, run, children, triesMade: 0, state: 'open' });
  };
  /** Whether the step is there already; one that failed for good gets a new start. */
  const isThere = (id: string): boolean => {
    const job = jobs.get(id);
    if (job?.state === 'failed') {
      job.state = 'open';
      job.triesMade = 0;
    }
    return job !== undefined;
  };
  const canRun = (job: FakeJob): boolean =>
    job.state === 'open' &&
    working.has(WORKED_BY[job.name]) &&
    job.children.every((child) => jobs.get(child)?.state !== 'open');
  const runOnce = async (job: FakeJob, handlers: JobHandlers): Promise<void> => {
    job.triesMade += 1;
    const retryInMs = retryWaitMs(job, job.triesMade);
    try {
      await job.run(handlers, { number: job.triesMade, retryInMs });
      job.state = 'completed';
    } catch (thrown) {
      const error = toAppError(thrown);
      const isOver = retryInMs === null || !RETRYABLE[error.code];
      if (isOver) job.state = 'failed';
      observe({
        type: 'job-failed',
        job: job.id,
        attempt: job.triesMade,
        reason: error.message,
        nextTryAt: isOver ? null : new Date(Date.now() + retryInMs).toISOString(),
      });
    }
  };

  return {
    addCollect: async (runId) => {
      const id = jobId('collect', runId);
      if (isThere(id)) return;
      add(id, 'collect', (handlers, attempt) => handlers.collect({ runId }, attempt));
    },
    addSizing: async ({ runId, takenAt }, namespaces) => {
      const id = jobId('seal', runId);
      if (isThere(id)) return;
      const children = namespaces.map((namespace) => jobId('size', runId, namespace));
      add(id, 'seal', (handlers, attempt) => handlers.seal({ runId }, attempt), children);
      for (const namespace of namespaces)
        add(jobId('size', runId, namespace), 'size', (handlers, attempt) =>
          handlers.size({ runId, takenAt, namespace }, attempt),
        );
    },
    addMails: async (runId, deliveryIds) => {
      const id = jobId('finish', runId);
      if (isThere(id)) return;
      const children = deliveryIds.map((deliveryId) => jobId('mail', runId, deliveryId));
      add(id, 'finish', (handlers, attempt) => handlers.finish({ runId }, attempt), children);
      for (const deliveryId of deliveryIds)
        add(jobId('mail', runId, deliveryId), 'mail', (handlers, attempt) =>
          handlers.mail({ runId, deliveryId }, attempt),
        );
    },
    schedule: async (definition) => {
      timer = definition;
    },
    work: async (role, handlers) => {
      working.set(role, handlers);
      return async () => {
        working.delete(role);
      };
    },

    drain: async () => {
      for (;;) {
        const job = [...jobs.values()].find(canRun);
        const handlers = job && working.get(WORKED_BY[job.name]);
        if (job === undefined || handlers === undefined) return;
        await runOnce(job, handlers);
      }
    },
    fireTimer: () => {
      ticks += 1;
      add(jobId('tick', String(ticks)), 'tick', (handlers) => handlers.tick());
    },
    timer: () => timer,
    openJobs: () => [...jobs.values()].filter((job) => job.state === 'open').map((job) => job.id),
  };
};

type FakeJob = {
  readonly id: string;
  readonly name: JobName;
  readonly run: (handlers: JobHandlers, attempt: Attempt) => Promise<void>;
  /** Ids of jobs that must have ended before this one runs. */
  readonly children: readonly string[];
  triesMade: number;
  state: 'open' | 'completed' | 'failed';
};

const WORKED_BY: Readonly<Record<JobName, Role>> = {
  tick: 'collector',
  collect: 'collector',
  seal: 'collector',
  finish: 'collector',
  size: 'sizer',
  mail: 'mailer',
};

/** A cluster that holds one inventory. */
export const createFakeCluster = (inventory: ListedInventory): Cluster => ({
  readInventory: async ({ namespaces }) => {
    const known = new Set(inventory.namespaces.map(({ name }) => name));
    const missing = namespaces?.find((name) => !known.has(name));
    if (missing !== undefined) throw new AppError('not_found', `Namespace ${missing} does not exist`);
    return gather(structuredClone(inventory));
  },
});

/** A registry that answers as told, by `repository@digest`; anything else is absent. */
export const createFakeRegistry = (
  answers: Readonly<Record<string, BlobStat>>,
): Registry & { readonly asked: readonly string[] } => {
  const asked: string[] = [];
  return {
    asked,
    statBlob: async ({ repository, digest }) => {
      const name = `${repository}@${digest}`;
      asked.push(name);
      return answers[name] ?? { outcome: 'absent' };
    },
  };
};

/** Mails as a few readable words; ids are SHA-256 as in the real thing, so that they hold no address. */
export const createFakeCompose = (): Compose => ({
  renderUsage: ({ report, kind, reportId, otherRoles }) => {
    const namespaces = report.reports.flatMap((team) => team.namespaces);
    const text = namespaces.map(({ name, usedBytes }) => `${name} uses ${usedBytes} bytes`).join('\n');
    return {
      subject: `${kind} ${reportId ?? '-'}: ${namespaces.map(({ name }) => name).join(', ')}`,
      html: `<p>${text}</p>`,
      text: `${text}\nalso told: ${otherRoles.join(', ')}\n`,
      attachments: namespaces.map(({ name }) => ({
        filename: `usage-${name}.csv`,
        contentType: 'text/csv',
        content: `namespace\n${name}\n`,
      })),
    };
  },
  renderSummary: ({ run, rows }) => {
    const text = rows.map((row) => `${row.namespace} ${row.problem ?? row.usedBytes}`).join('\n');
    return { subject: `summary ${run.id}`, html: `<p>${text}</p>`, text, attachments: [] };
  },
  build: async (rendered, delivery) => ({
    envelope: { from: 'sender@example.com', to: delivery.recipient.address },
    bytes: new TextEncoder().encode(
      [
        `Message-ID: <${delivery.id}@example.com>`,
        `Date: ${delivery.date}`,
        `To: ${delivery.recipient.address}`,
        `Subject: ${rendered.subject}`,
        '',
        ...rendered.text.split('\n'),
      ].join('\r\n'),
    ),
  }),
  hashId: (...parts) => hash('sha256', JSON.stringify(parts), 'hex'),
});

/** How a try to send ends; `started` says whether the message had begun, by default unless the outcome is `retry`. */
export type ScriptedSend = SendOutcome & { readonly started?: boolean };

export type FakeTransport = Transport & {
  /** Messages of which at least the first byte left, in order. */
  readonly started: readonly OutgoingMessage[];
  /** Messages the server accepted, in order. */
  readonly submitted: readonly OutgoingMessage[];
};

/** A way out that ends each try as `script` says, by recipient and by try (from 1); everything is accepted without one. */
export const createFakeTransport = (
  script: (to: string, attempt: number) => ScriptedSend = () => ({ outcome: 'submitted', detail: '250 OK' }),
): FakeTransport => {
  const triesMade = new Map<string, number>();
  const started: OutgoingMessage[] = [];
  const submitted: OutgoingMessage[] = [];

  return {
    started,
    submitted,
    verify: async () => {},
    send: async (message, onStart) => {
      const { to } = message.envelope;
      const attempt = (triesMade.get(to) ?? 0) + 1;
      triesMade.set(to, attempt);
      const { started: hasStarted, ...outcome } = script(to, attempt);
      if (hasStarted ?? outcome.outcome !== 'retry') {
        try {
          await onStart();
        } catch (thrown) {
          return { outcome: 'retry', detail: toAppError(thrown).message };
        }
        started.push(message);
      }
      if (outcome.outcome === 'submitted') submitted.push(message);
      return outcome;
    },
  };
};
