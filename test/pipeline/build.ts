import { collect } from '../../src/pipeline/stages/collector.ts';
import type { RunEvent } from '../../src/pipeline/events.ts';
import { ROLES } from '../../src/pipeline/jobs.ts';
import { mail } from '../../src/pipeline/stages/mailer.ts';
import type { Attempt, Cluster, Compose, JobHandlers, Now, Store } from '../../src/pipeline/ports.ts';
import type { Delivery } from '../../src/pipeline/records/delivery.ts';
import type { NamespaceResult } from '../../src/pipeline/records/result.ts';
import type { Run } from '../../src/pipeline/records/run.ts';
import { startRun } from '../../src/pipeline/runs/run.ts';
import { sealRun } from '../../src/pipeline/stages/seal.ts';
import { size } from '../../src/pipeline/stages/sizer.ts';
import { finishRun } from '../../src/pipeline/stages/finish.ts';
import { splitInventory, weighSnapshot } from '../../src/pipeline/direct/weigh.ts';
import type { WeighingRules } from '../../src/pipeline/direct/weigh.ts';
import type { Level } from '../../src/usage/policy/quota.ts';

import {
  createFakeCluster,
  createFakeCompose,
  createFakeQueue,
  createFakeStore,
  createFakeTransport,
} from '../fakes.ts';
import type { FakeQueue, FakeTransport } from '../fakes.ts';
import { image, inventory, namespace, NOW, rules, stream } from '../usage/build.ts';
import { gather } from '../listed-inventory.ts';
import type { ListedInventory } from '../listed-inventory.ts';

/** What the stages are run on, in memory, and what they said. */
export type Ports = {
  readonly cluster: Cluster;
  readonly store: Store;
  readonly queue: FakeQueue;
  readonly compose: Compose;
  readonly transport: FakeTransport;
  readonly now: Now;
  readonly observe: (event: RunEvent) => void;
  readonly events: readonly RunEvent[];
};

/** The slot that tests run unless they say otherwise. */
export const SLOT = { id: 'weekly-2026-11-23', kind: 'weekly' } as const;

/** What the clock shows, as the stages write it. */
export const CLOCK = '2026-11-23T08:00:00.000Z';

export const FIRST_TRY: Attempt = { number: 1, retryInMs: 60_000 };
export const LAST_TRY: Attempt = { number: 5, retryInMs: null };

/** Ports over an empty cluster; the clock stands. */
export const createPorts = (given: Partial<Omit<Ports, 'observe' | 'events'>> = {}): Ports => {
  const events: RunEvent[] = [];
  const observe = (event: RunEvent): void => void events.push(event);
  return {
    cluster: createFakeCluster(inventory({})),
    store: createFakeStore(),
    queue: createFakeQueue(observe),
    compose: createFakeCompose(),
    transport: createFakeTransport(),
    now: () => new Date(CLOCK),
    ...given,
    observe,
    events,
  };
};

export type PipelineRules = WeighingRules & {
  readonly mailLevels: readonly Level[];
  readonly summaryTo: string | null;
};

/** Every namespace is its own team and may use 1,000 bytes; nobody is told instead of missing contacts. */
export const pipelineRules = (given: Partial<PipelineRules> = {}): PipelineRules => ({
  ...rules(),
  recipients: { ...rules().recipients, fallback: null },
  isReported: () => true,
  groupByLabel: null,
  mailLevels: ['over'],
  summaryTo: 'staff@example.test',
  ...given,
});

/** A contact, as `clusterOf` takes it. */
export const LEA = { 'lea@example.test': 'lead' };

type GivenNamespace = {
  readonly name: string;
  readonly bytes: number;
  /** Address → role. */
  readonly contacts?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
};

/** A cluster in which each namespace holds one image of its own, under `app:1`. */
export const clusterOf = (...given: readonly GivenNamespace[]): ListedInventory =>
  inventory({
    namespaces: given.map(({ name, contacts = {}, labels = {} }) => {
      const entries = Object.entries(contacts).map(([email, role]) => ({ email, role }));
      const annotations = entries.length === 0 ? {} : { contacts: JSON.stringify(entries) };
      return namespace(name, { labels, annotations });
    }),
    streams: given.map(({ name }) => stream('app', { 1: [`sha256:${name}`] }, { namespace: name })),
    images: given.map(({ name, bytes }) => image(`sha256:${name}`, { layers: { [`layer-${name}`]: bytes } })),
  });

/** The results that sizing such a cluster gives. */
export const resultsOf = (
  cluster: ListedInventory,
  given: WeighingRules = pipelineRules(),
): readonly NamespaceResult[] => {
  const { names, takeSnapshot } = splitInventory(gather(cluster), given, null);
  return names.map((name) => weighSnapshot(takeSnapshot(name), given));
};

/** A run that was just claimed. */
export const runOf = (given: Partial<Run> = {}): Run => ({
  ...SLOT,
  state: 'claimed',
  claimedAt: CLOCK,
  cluster: null,
  takenAt: null,
  exact: true,
  lists: [],
  unreadableKinds: [],
  namespaces: [],
  clusterUsedBytes: null,
  sumOfNamespacesBytes: null,
  findings: [],
  givenUp: [],
  sealedAt: null,
  endedAt: null,
  stopReason: null,
  ...given,
});

/** A planned mail about `a-dev` to its lead. */
export const deliveryOf = (given: Partial<Delivery> = {}): Delivery => ({
  id: 'delivery-1',
  runId: SLOT.id,
  kind: 'usage-report',
  thread: { id: 'thread-1', last: null },
  teamId: 'ns:a-dev',
  recipient: { address: 'lea@example.test', roles: ['lead'], rule: 'annotation:contacts' },
  namespaces: ['a-dev'],
  state: 'planned',
  date: CLOCK,
  changedAt: CLOCK,
  nextTryAt: null,
  detail: null,
  ...given,
});

/** Works on every role, as a process does that hosts them all. */
export const workOn = async (
  queue: FakeQueue,
  ports: Ports,
  given: PipelineRules = pipelineRules(),
): Promise<void> => {
  const handlers: JobHandlers = {
    tick: async () => {},
    collect: (job, attempt) => collect(ports, given, { ...job, attempt }),
    size: (job, attempt) => size(ports, given, { ...job, attempt }),
    seal: (job) => sealRun(ports, given, job.runId),
    mail: (job, attempt) => mail(ports, { ...job, attempt }),
    finish: (job, attempt) => finishRun(ports, given, { ...job, attempt }),
  };
  for (const role of ROLES) await queue.work(role, handlers);
};

/** Starts (or resumes) a slot, works until nothing is left to do and returns the run as it then stands. */
export const walk = async (
  ports: Ports,
  given: PipelineRules = pipelineRules(),
  slot: Parameters<typeof startRun>[1] = SLOT,
): Promise<Run | null> => {
  await workOn(ports.queue, ports, given);
  await startRun(ports, slot);
  await ports.queue.drain();
  return ports.store.loadRun(slot.id);
};

/** The types of the events, in order. */
export const typesOf = (events: readonly RunEvent[]): readonly string[] => events.map(({ type }) => type);

/** Who got what, as `address: subject`, in order. */
export const submittedBy = ({ transport }: Pick<Ports, 'transport'>): readonly string[] =>
  transport.submitted.map(({ envelope, bytes }) => {
    const subject = /^Subject: (.*)\r$/m.exec(new TextDecoder().decode(bytes))?.[1] ?? '';
    return `${envelope.to}: ${subject}`;
  });

/** A run about `a-dev`, whose mails are in these states. */
export const withMails = async (
  states: Readonly<Record<string, Delivery['state']>>,
  given: Partial<Run> = {},
  ports: Parameters<typeof createPorts>[0] = {},
): Promise<Ports> => {
  const created = createPorts(ports);
  await created.store.claimRun(runOf({ state: 'sealed', namespaces: ['a-dev'], takenAt: NOW, ...given }));
  const cluster = clusterOf({ name: 'a-dev', bytes: 2_000, contacts: LEA });
  for (const result of resultsOf(cluster)) await created.store.saveResult(SLOT.id, result);
  for (const [id, state] of Object.entries(states)) {
    const detail = state === 'planned' ? null : `detail of ${id}`;
    await created.store.addDelivery(deliveryOf({ id, state, detail }));
  }
  return created;
};
