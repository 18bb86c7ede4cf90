import type { AdviceSummary } from '../usage/policy/advice.ts';
import type { BlobStat } from '../usage/verify/registry-verdict.ts';
import type { Inventory, Snapshot } from '../usage/model.ts';
import type { Report } from '../usage/report/report.ts';
import type { DeletionPlan } from '../usage/cleanup/plan.ts';
import type { Bounce } from './records/bounce.ts';
import type { Delivery, DeliveryState } from './records/delivery.ts';
import type { HistoryPoint } from './records/history-point.ts';
import type { NamespaceResult } from './records/result.ts';
import type { Run, RunState } from './records/run.ts';
import type { MailJob, Role, RunJob, SizeJob } from './jobs.ts';

/** What the stages need of the outside, in domain words. Every port has a contract suite in test/ and a fake. */

/** The cluster. Reads only. */
export type Cluster = {
  /**
   * Reads workloads, namespaces, image streams and images, in this order.
   *
   * `namespaces: null` reads the whole cluster and fails where namespaces, image streams or images cannot be listed.
   * With names it reads the whole cluster when it may, else of what it may not list only what is in these
   * (`scope: 'namespaces'`), their images one by one: the right to view a project is enough.
   * @throws AppError `unavailable` (no answer), `forbidden` (401, 403; names the missing right), `not_found` (a named
   * namespace does not exist)
   */
  readInventory(request: { readonly namespaces: readonly string[] | null }): Promise<Inventory>;
};

/** The image registry itself, asked by digest. Reads only. */
export type Registry = {
  /**
   * Whether it holds a blob under a repository (`namespace/stream`), and of what size.
   * @throws AppError `unavailable` (no answer), `forbidden` (the credentials are not accepted, or some are wanted),
   * `invalid` (it is no registry, cannot be trusted, or wants the credentials sent where they must not go)
   */
  statBlob(blob: { readonly repository: string; readonly digest: string }): Promise<BlobStat>;
};

/**
 * Runs, snapshots, results, deliveries and history.
 * @throws AppError `unavailable` from every call when the store does not answer, `internal` for a value that is not ours
 */
export type Store = {
  /** Saves a new run; false when its id is taken, whoever took it. One atomic write. */
  claimRun(run: Run): Promise<boolean>;
  loadRun(runId: string): Promise<Run | null>;
  /** Replaces the run if it is still in state `from`; false when it is not (or is gone). */
  advanceRun(from: RunState, run: Run): Promise<boolean>;
  /** Newest first by `claimedAt`, then id. */
  listRuns(limit: number): Promise<readonly Run[]>;

  /** Snapshots of two readings of the cluster, which `takenAt` tells apart, lie beside each other. */
  saveSnapshots(runId: string, snapshots: readonly Snapshot[]): Promise<void>;
  loadSnapshot(
    runId: string,
    which: { readonly namespace: string; readonly takenAt: string },
  ): Promise<Snapshot | null>;
  /** Saves what a namespace came to; false when that is known already: the older result stands. */
  saveResult(runId: string, result: NamespaceResult): Promise<boolean>;
  loadResult(runId: string, namespace: string): Promise<NamespaceResult | null>;

  /** Saves a new delivery; false when its id is taken: the older record stands. */
  addDelivery(delivery: Delivery): Promise<boolean>;
  loadDelivery(deliveryId: string): Promise<Delivery | null>;
  /**
   * Replaces the delivery if it is still in state `from`; false when it is not (or is gone). One that is now `submitted`
   * is the last of its thread. One atomic write.
   */
  moveDelivery(from: DeliveryState, delivery: Delivery): Promise<boolean>;
  /** The id of the delivery of a thread that was submitted last; null: none was. */
  loadLastOfThread(threadId: string): Promise<string | null>;
  /** All deliveries of a run, by team, then address. */
  listDeliveries(runId: string): Promise<readonly Delivery[]>;

  /** Marks a delivery as come back; false when that is known: the older record stands. One atomic write. */
  addBounce(bounce: Bounce): Promise<boolean>;
  /** All that came back, newest first by `recordedAt`, then delivery. */
  listBounces(): Promise<readonly Bounce[]>;

  /** Saves all points of a run at once; of a run and namespace that has one already the older point stands. */
  saveHistory(points: readonly HistoryPoint[]): Promise<void>;
  /** A namespace's points, newest first by `takenAt`, then run id. */
  listHistory(namespace: string, limit: number): Promise<readonly HistoryPoint[]>;
};

/** What the queue calls for each job. A thrown AppError decides by its code whether the job is tried again. */
export type JobHandlers = {
  readonly tick: () => Promise<void>;
  readonly collect: (job: RunJob, attempt: Attempt) => Promise<void>;
  readonly seal: (job: RunJob, attempt: Attempt) => Promise<void>;
  readonly finish: (job: RunJob, attempt: Attempt) => Promise<void>;
  readonly size: (job: SizeJob, attempt: Attempt) => Promise<void>;
  readonly mail: (job: MailJob, attempt: Attempt) => Promise<void>;
};

/** Which try of a job this is. */
export type Attempt = {
  /** Counted from 1. */
  readonly number: number;
  /** How long the queue waits for the next try if this one fails with a retryable error; null: no other follows. */
  readonly retryInMs: number | null;
};

/** One reading of the cluster by a run: snapshots are kept under both. */
export type Reading = { readonly runId: string; readonly takenAt: string };

/** The job queue. Adding a job whose id is there already adds nothing. */
export type Queue = {
  addCollect(runId: string): Promise<void>;
  /** One sizing job each, and a `seal` that starts once all of them ended, however they ended. */
  addSizing(reading: Reading, namespaces: readonly string[]): Promise<void>;
  /** One mail job each, and a `finish` that starts once all of them ended, however they ended. */
  addMails(runId: string, deliveryIds: readonly string[]): Promise<void>;
  /** Adds or replaces the weekly `tick`; does nothing when the definition is unchanged. */
  schedule(timer: { readonly cron: string; readonly timeZone: string }): Promise<void>;
  /** Starts to work on a role's jobs, until the returned function is called; that waits for jobs under way. */
  work(role: Role, handlers: JobHandlers): Promise<() => Promise<void>>;
};

/** Everything a usage mail shows, for one recipient. */
export type UsageMail = {
  readonly report: Report;
  /** What to delete first, by namespace; absent where nothing is. */
  readonly plans: ReadonlyMap<string, DeletionPlan>;
  /** `one-off` mails carry no reminder and say who asked. */
  readonly kind: 'usage-report' | 'one-off';
  /** Why this person gets it; null when rendered for no one in particular. */
  readonly recipient: { readonly roles: readonly string[]; readonly rule: string } | null;
  /** Roles of the others who are told, sorted; no addresses. */
  readonly otherRoles: readonly string[];
  /** The whole team, with those of its namespaces that are not in the mail and are not named; absent: not known. */
  readonly team?: {
    readonly namespaces: number;
    /** Whether its usage is a lower bound: sizes are unknown in one of them, or one was not weighed. */
    readonly isLowerBound: boolean;
  };
  /** The id a reader can quote, e.g. the run's id; null when there is none. */
  readonly reportId: string | null;
};

/** What a run came to, for the platform staff. */
export type RunSummary = {
  readonly run: Run;
  readonly rows: readonly RunSummaryRow[];
  /** Deliveries to teams by state, each once however many namespaces it holds. */
  readonly mails: Readonly<Partial<Record<DeliveryState, number>>>;
  /** What could be better in the weighed namespaces. */
  readonly advice: readonly AdviceSummary[];
  /** Whose mails, of any run, are known to have come back since the run before this one ended, by address. */
  readonly failing: readonly FailingRecipient[];
};

/** Somebody whose mail came back. They are mailed again all the same (docs/decisions/0018). */
export type FailingRecipient = {
  readonly address: string;
  /** What these mails were about, sorted; empty where they were run summaries. */
  readonly namespaces: readonly string[];
  /** How many in a row came back, in all threads of theirs. */
  readonly mails: number;
  /** When the first of them left. */
  readonly since: string;
  /** RFC 3463, such as `5.1.1`, of the latest notice; null where it had none. */
  readonly status: string | null;
  /** What the server then said, without addresses; null where it said nothing. */
  readonly detail: string | null;
  /** Whether any namespace still names them. */
  readonly isNamed: boolean;
  /** Namespaces that name nobody but failing recipients, this one among them. */
  readonly aloneIn: readonly string[];
};

export type RunSummaryRow = {
  readonly namespace: string;
  /** null: given up. */
  readonly usedBytes: number | null;
  /** Above 0, `usedBytes` is a lower bound. */
  readonly unknownRevisions: number;
  readonly limitBytes: number | null;
  readonly level: 'ok' | 'warning' | 'over' | null;
  readonly recipients: number;
  readonly noRecipientReason: string | null;
  /** Deliveries that hold this namespace, by state. */
  readonly mails: Readonly<Partial<Record<DeliveryState, number>>>;
  /** Why the namespace was given up or its mails failed; null when all is well. */
  readonly problem: string | null;
};

export type Attachment = {
  readonly filename: string;
  readonly contentType: string;
  /** Text gets the line ends of mail on its way; bytes arrive as they are. */
  readonly content: string | Uint8Array;
};

/** The visible parts of a message. */
export type RenderedMail = {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  readonly attachments: readonly Attachment[];
  /** The name of the cluster that the mail is about; absent: not known. */
  readonly cluster?: string;
};

/** A message ready to be sent: CRLF line ends, headers included; the same input gives the same bytes. */
export type OutgoingMessage = {
  readonly envelope: {
    readonly from: string;
    readonly to: string;
    /** What notices about the message call it: the delivery's id. */
    readonly id?: string;
  };
  readonly bytes: Uint8Array;
};

/** Makes mails. Pure but for being slow. */
export type Compose = {
  renderUsage(mail: UsageMail): RenderedMail;
  renderSummary(summary: RunSummary): RenderedMail;
  /** @throws AppError `invalid` when no sender is configured */
  build(rendered: RenderedMail, delivery: Delivery): Promise<OutgoingMessage>;
  /** SHA-256 over the parts, hexadecimal: a delivery's id. */
  hashId(...parts: readonly string[]): string;
};

/** How one attempt to send ended. */
export type SendOutcome =
  /** The server accepted the message; `detail` is its answer. */
  | { readonly outcome: 'submitted'; readonly detail: string }
  /** 5xx, or a message that can never go: do not try again. */
  | { readonly outcome: 'failed'; readonly detail: string }
  /** Nothing was accepted (no connection, 4xx, cut before the message began): try again. */
  | { readonly outcome: 'retry'; readonly detail: string }
  /** The connection broke after the message began: it may or may not have been accepted. */
  | { readonly outcome: 'uncertain'; readonly detail: string };

/** The way out. */
export type Transport = {
  /** Connects, negotiates and logs in. @throws AppError `unavailable` or `rejected` with what to do */
  verify(): Promise<void>;
  /**
   * Sends one message. `onStart` runs after the server's 354 and before the first byte of the message; when it throws,
   * nothing of the message leaves and the outcome is `retry`.
   */
  send(message: OutgoingMessage, onStart: () => Promise<void>): Promise<SendOutcome>;
};

/** What a mail server told us later about a mail that it had taken. */
export type BounceNotice = {
  /** The delivery's id, or its first 32 characters. Anyone may have written it: there need not be such a delivery. */
  readonly deliveryId: string;
  /** False: it is late, or has arrived. */
  readonly hasFailed: boolean;
  /** RFC 3463, such as `5.1.1`; null where the notice has none. */
  readonly status: string | null;
  /** What the server said, on one line and without addresses; null where it said nothing. */
  readonly detail: string | null;
};

/** Where notices of failure come in. Reads only: nothing is removed or marked. */
export type BounceMailbox = {
  /**
   * Each message in it, oldest first; null for one that is no notice.
   * @throws AppError `unavailable` (no answer), `forbidden` (wrong login), `not_found` or `invalid` (no such mailbox)
   */
  readNotices(): AsyncIterable<BounceNotice | null>;
};

export type Now = () => Date;
