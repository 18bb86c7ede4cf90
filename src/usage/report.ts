import { deleteTagCommand } from './commands.ts';
import { weigh } from './ledger.ts';
import type { WeighedStream, WeighedTag } from './ledger.ts';
import { byName, compareText } from './order.ts';
import { compareToLimit, resolveLimit } from './quota.ts';
import type { Level, QuotaOverride, QuotaRules } from './quota.ts';
import { chooseRecipients } from './recipients.ts';
import type { RecipientReport, RecipientRules } from './recipients.ts';
import type { Finding, Snapshot, Tag } from './registry.ts';
import { displayNameOf } from './teams.ts';

/** One tag event with its sizes; `created` is ISO 8601 or null where the API states none. */
export type RevisionReport = {
  readonly digest: string;
  readonly created: string | null;
  /** Distinct blobs of the image, in bytes; null when unknown. */
  readonly sizeBytes: number | null;
  /** The part of `usedBytes` charged to this revision. */
  readonly countedBytes: number;
  readonly charged: boolean;
  readonly architectures: readonly string[];
  readonly inUse: boolean | null;
  /** `ns/Kind/name`, 10 at most. */
  readonly inUseBy: readonly string[];
  readonly inUseCount: number;
};

export type TagState = 'ok' | 'empty' | 'import-failed' | 'reference';

export type TagReport = {
  readonly name: string;
  readonly sizeBytes: number;
  readonly countedBytes: number;
  /** How much less the namespace would use without this tag. */
  readonly freesBytes: number;
  readonly inUse: boolean | null;
  readonly unknownRevisions: number;
  /** Other tags of the namespace whose current revision is the same image, as `stream:tag`: the first 10 by name. */
  readonly sameImageAs: readonly string[];
  readonly state: TagState;
  readonly revisions: readonly RevisionReport[];
};

export type StreamReport = {
  readonly name: string;
  readonly sizeBytes: number;
  readonly countedBytes: number;
  readonly freesBytes: number;
  /** What the registry gets back at a later prune; null when only part of the cluster was read. */
  readonly reclaimsBytes: number | null;
  readonly inUse: boolean | null;
  readonly unknownRevisions: number;
  readonly tags: readonly TagReport[];
};

export type NamespaceReport = {
  readonly name: string;
  readonly displayName: string;
  readonly environment: string | null;
  readonly quota: {
    /** null: unlimited. */
    readonly limitBytes: number | null;
    readonly source: string;
    readonly level: Level;
    /** One decimal, rounded down below the limit and up above it; null without a limit or with a limit of 0. */
    readonly usedPercent: number | null;
    readonly overBytes: number;
  };
  readonly usedBytes: number;
  readonly importedBytes: number;
  readonly sharedWithTeamBytes: number;
  readonly unknownRevisions: number;
  readonly totals: {
    readonly streams: number;
    readonly tags: number;
    readonly revisions: number;
    readonly images: number;
    readonly blobs: number;
  };
  readonly recipients: readonly RecipientReport[];
  readonly noRecipientReason: string | null;
  readonly streams: readonly StreamReport[];
  readonly findings: readonly Finding[];
};

export type TeamReport = {
  readonly team: { readonly id: string; readonly displayName: string; readonly usedBytes: number };
  readonly namespaces: readonly NamespaceReport[];
};

/** The one object that mail, console, command line and files all show (product.md §7). */
export type Report = {
  readonly schemaVersion: 1;
  /** The snapshot's time, ISO 8601. */
  readonly generatedAt: string;
  readonly cluster: {
    readonly name: string;
    readonly apiUrl: string | null;
    /** Distinct blobs over all reported namespaces; null when only part of the cluster was read. */
    readonly usedBytes: number | null;
    readonly sumOfNamespacesBytes: number | null;
  };
  readonly snapshot: {
    readonly id: string | null;
    readonly exact: boolean;
    readonly unreadableKinds: readonly string[];
    readonly findings: readonly Finding[];
  };
  readonly reports: readonly TeamReport[];
};

/** The configured part of a report. */
export type ReportRules = {
  readonly quota: QuotaRules;
  readonly recipients: RecipientRules;
  /** Label that names a namespace's environment, e.g. `dev`. */
  readonly environmentLabel: string;
  readonly chargeImported: boolean;
};

/** The most workloads that a revision names; the others are counted. */
const MAX_USERS_NAMED = 10;
/** The most other tags of the same image that a tag names; the digests tell of the rest (docs/decisions/0010). */
export const MAX_TAGS_NAMED = 10;

/** Makes the report of one namespace: a function of its snapshot and the rules, byte-identical each time. */
export const reportNamespace = (
  snapshot: Snapshot,
  rules: ReportRules,
  override: QuotaOverride | null = null,
): NamespaceReport => {
  const { namespace } = snapshot;
  const ledger = weigh(snapshot, rules.chargeImported);
  const limit = resolveLimit(namespace, rules.quota, override, snapshot.takenAt);
  const chosen = chooseRecipients(namespace, rules.recipients);
  const view = createUseView(snapshot);
  return {
    name: namespace.name,
    displayName: displayNameOf(namespace),
    environment: namespace.labels[rules.environmentLabel] || null,
    quota: {
      limitBytes: limit.limitBytes,
      source: limit.source,
      ...compareToLimit(ledger.usedBytes, limit.limitBytes, rules.quota.warnPercent),
    },
    usedBytes: ledger.usedBytes,
    importedBytes: ledger.importedBytes,
    sharedWithTeamBytes: snapshot.sharedWithTeamBytes,
    unknownRevisions: ledger.unknownRevisions,
    totals: ledger.totals,
    recipients: chosen.recipients,
    noRecipientReason: chosen.noRecipientReason,
    streams: ledger.streams.map((stream) => reportStream(stream, view)).toSorted(byCountedBytes),
    findings: [...ledger.faults, ...listStreamFindings(snapshot), ...limit.findings, ...chosen.findings],
  };
};

/** One namespace with its snapshot's team: what `assembleReport` puts together. */
export type NamespaceEntry = { readonly team: Snapshot['team']; readonly report: NamespaceReport };

/** What a report says of the whole cluster and of the snapshot it comes from. */
export type ReportFrame = Pick<Report, 'generatedAt' | 'cluster' | 'snapshot'>;

/** Puts namespace reports together into the one object of product.md §7: teams by id, namespaces by name. */
export const assembleReport = (frame: ReportFrame, entries: readonly NamespaceEntry[]): Report => {
  const teams = Map.groupBy(entries, ({ team }) => team.id);
  return {
    schemaVersion: 1,
    ...frame,
    reports: [...teams.values()]
      .flatMap((members) => {
        const [first] = members;
        if (first === undefined) return [];
        const { id, displayName, usedBytes } = first.team;
        const namespaces = members.map(({ report }) => report).toSorted(byName);
        return [{ team: { id, displayName, usedBytes }, namespaces }];
      })
      .toSorted((a, b) => compareText(a.team.id, b.team.id)),
  };
};

/** The report as a team may see it: workloads outside these namespaces are counted, not named. */
export const redactWorkloads = (report: NamespaceReport, namespaces: readonly string[]): NamespaceReport => {
  const visible = new Set(namespaces);
  const isVisible = (workload: string): boolean => visible.has(namespaceOf(workload));
  return {
    ...report,
    streams: report.streams.map((stream) => ({
      ...stream,
      tags: stream.tags.map((tag) => ({
        ...tag,
        revisions: tag.revisions.map((revision) => ({
          ...revision,
          inUseBy: revision.inUseBy.filter(isVisible),
        })),
      })),
    })),
  };
};

type UseView = {
  /** The team's own workloads first. */
  readonly workloadsOf: (digest: string) => readonly string[];
  readonly isTagNamed: (stream: string, tag: string) => boolean;
  /** What "nobody uses it" means here: false, or null when some workloads or tags could not be read. */
  readonly unused: false | null;
  /** `stream:tag` by digest of the current revision, sorted. */
  readonly currentTags: ReadonlyMap<string, readonly string[]>;
};

const createUseView = (snapshot: Snapshot): UseView => {
  const own = new Set(snapshot.team.namespaces);
  const rank = (workload: string): number => (own.has(namespaceOf(workload)) ? 0 : 1);
  const digests = new Map(
    Object.entries(snapshot.uses.digests).map(([digest, workloads]) => [
      digest,
      workloads.toSorted((a, b) => rank(a) - rank(b)),
    ]),
  );
  const tags = new Set(Object.keys(snapshot.uses.tags));
  const current = snapshot.streams.flatMap((stream) =>
    stream.tags.flatMap(({ name, revisions: [revision] }) =>
      revision === undefined || revision.digest === ''
        ? []
        : [{ digest: revision.digest, label: `${stream.name}:${name}` }],
    ),
  );
  const currentTags = Map.groupBy(current, ({ digest }) => digest);
  return {
    workloadsOf: (digest) => digests.get(digest) ?? [],
    isTagNamed: (stream, tag) => tags.has(`${stream}:${tag}`),
    unused: snapshot.scope === 'cluster' && snapshot.unreadableKinds.length === 0 ? false : null,
    currentTags: new Map(
      [...currentTags].map(([digest, tags]) => [digest, tags.map(({ label }) => label).toSorted()]),
    ),
  };
};

const reportStream = (stream: WeighedStream, view: UseView): StreamReport => {
  const tags = stream.tags.map((tag) => reportTag(stream.name, tag, view));
  const { name, sizeBytes, countedBytes, freesBytes, reclaimsBytes, unknownRevisions } = stream;
  return {
    name,
    sizeBytes,
    countedBytes,
    freesBytes,
    reclaimsBytes,
    inUse: tags.some((tag) => tag.inUse === true) || view.unused,
    unknownRevisions,
    tags: tags.toSorted(byCountedBytes),
  };
};

const reportTag = (stream: string, tag: WeighedTag, view: UseView): TagReport => {
  const revisions = tag.revisions.map((revision): RevisionReport => {
    const workloads = view.workloadsOf(revision.digest);
    return {
      ...revision,
      inUse: workloads.length > 0 || view.unused,
      inUseBy: workloads.slice(0, MAX_USERS_NAMED),
      inUseCount: workloads.length,
    };
  });
  const { name, sizeBytes, countedBytes, freesBytes, unknownRevisions } = tag;
  const label = `${stream}:${name}`;
  const isUsed = view.isTagNamed(stream, name) || revisions.some(({ inUse }) => inUse === true);
  return {
    name,
    sizeBytes,
    countedBytes,
    freesBytes,
    inUse: isUsed || view.unused,
    unknownRevisions,
    sameImageAs: (view.currentTags.get(revisions[0]?.digest ?? '') ?? [])
      .slice(0, MAX_TAGS_NAMED + 1)
      .filter((other) => other !== label)
      .slice(0, MAX_TAGS_NAMED),
    state: stateOf(tag.source),
    revisions,
  };
};

const stateOf = (tag: Tag): TagState => {
  if (tag.isReference) return 'reference';
  if (tag.importFailure !== null) return 'import-failed';
  return tag.revisions.length === 0 ? 'empty' : 'ok';
};

const listStreamFindings = ({ namespace, streams }: Snapshot): readonly Finding[] =>
  streams
    .flatMap((stream) =>
      stream.tags.flatMap((tag): readonly Finding[] => {
        const subject = `${stream.name}:${tag.name}`;
        return [
          ...(tag.importFailure === null
            ? []
            : [
                {
                  code: 'import-failed' as const,
                  subject,
                  message: `The import failed: ${tag.importFailure}`,
                },
              ]),
          ...(deleteTagCommand(namespace.name, stream.name, tag.name) !== null
            ? []
            : [
                {
                  code: 'name-not-quotable' as const,
                  subject,
                  message: 'The name is outside the grammar of the API, so no command is written for it.',
                },
              ]),
        ];
      }),
    )
    .toSorted((a, b) => compareText(a.subject, b.subject) || compareText(a.code, b.code));

const byCountedBytes = (
  a: { readonly name: string; readonly countedBytes: number },
  b: { readonly name: string; readonly countedBytes: number },
): number => b.countedBytes - a.countedBytes || byName(a, b);

/** Of a workload, `ns/Kind/name`. */
const namespaceOf = (workload: string): string => workload.slice(0, workload.indexOf('/'));
