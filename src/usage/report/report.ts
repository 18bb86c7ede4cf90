import { advise } from '../policy/advice.ts';
import type { Advice, AdviceRules } from '../policy/advice.ts';
import { deleteTagCommand } from '../cleanup/commands.ts';
import type { Ledger, WeighedRevision, WeighedStream, WeighedTag } from '../weighing/ledger.ts';
import { byName, compareText } from '../text-order.ts';
import { compareToLimit, resolveLimit } from '../policy/quota.ts';
import type { Level, QuotaOverride, QuotaRules } from '../policy/quota.ts';
import { chooseRecipients } from '../policy/recipients.ts';
import type { RecipientReport, RecipientRules } from '../policy/recipients.ts';
import type { Finding, Holdings, ListReading, NumberedTag, Snapshot, Team } from '../model.ts';
import { displayNameOf } from '../weighing/teams.ts';
import { textOf } from '../text-map.ts';
import { createUseReporter, redactUse } from '../in-use/use-report.ts';
import type { UseReport, UseReporter } from '../in-use/use-report.ts';

/** One tag event with its sizes. `created` is ISO 8601, or null when the API gives none. */
export type RevisionReport = UseReport & {
  readonly digest: string;
  readonly created: string | null;
  /** Distinct blobs of the image, in bytes; null when unknown. */
  readonly sizeBytes: number | null;
  /** The part of `usedBytes` charged to this revision. */
  readonly countedBytes: number;
  readonly charged: boolean;
  readonly architectures: readonly string[];
};

export type TagState = 'ok' | 'empty' | 'import-failed' | 'reference';

export type TagReport = UseReport & {
  readonly name: string;
  readonly sizeBytes: number;
  readonly countedBytes: number;
  /** How much less the namespace would use without this tag. */
  readonly freesBytes: number;
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
    /** As `compareToLimit` rounds it: only 0 bytes give 0, only the limit gives 100. Null without a limit or with limit 0. */
    readonly usedPercent: number | null;
    readonly overBytes: number;
  };
  readonly usedBytes: number;
  readonly importedBytes: number;
  /** Null where some of the team's namespaces may not have been read. */
  readonly sharedWithTeamBytes: number | null;
  /** Revisions with a wholly or partly unknown size. Above 0, `usedBytes` is a lower bound (docs/decisions/0013). */
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
  /** What could be better, for the platform staff. It affects no figure. */
  readonly advice: readonly Advice[];
};

export type TeamReport = {
  readonly team: Pick<Team, 'id' | 'displayName' | 'usedBytes'>;
  readonly namespaces: readonly NamespaceReport[];
};

/** The object that mail, console, command line and files all show (docs/report.schema.json). */
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
    /** Whether all lists are exact. If not, figures may be slightly off. */
    readonly exact: boolean;
    readonly lists: readonly ListReading[];
    readonly unreadableKinds: readonly string[];
    readonly findings: readonly Finding[];
  };
  readonly reports: readonly TeamReport[];
};

/** A report to walk team by team. Each namespace is weighed when it is reached, so walk it once and in order. */
export type ReportWalk = Omit<Report, 'reports'> & {
  readonly reports: Iterable<Pick<TeamReport, 'team'> & { readonly namespaces: Iterable<NamespaceReport> }>;
};

/** The configured part of a report. */
export type ReportRules = AdviceRules & {
  readonly quota: QuotaRules;
  readonly recipients: RecipientRules;
  /** Label that names a namespace's environment, e.g. `dev`. */
  readonly environmentLabel: string;
  readonly chargeImported: boolean;
};

/** The most other tags of the same image that a tag names (docs/decisions/0010). */
export const MAX_TAGS_NAMED = 10;

/** Makes the report of one namespace. The same snapshot and rules always give the same bytes. */
export const reportNamespace = (
  { snapshot, ledger }: { readonly snapshot: Snapshot; readonly ledger: Ledger },
  rules: ReportRules,
  override: QuotaOverride | null = null,
): NamespaceReport => {
  const { namespace } = snapshot;
  const limit = resolveLimit(namespace, rules.quota, override, snapshot.takenAt);
  const chosen = chooseRecipients(namespace, rules.recipients);
  const { holdings } = snapshot;
  const view = { holdings, uses: createUseReporter(snapshot), currentTags: findCurrentTags(holdings) };
  return {
    name: namespace.name,
    displayName: displayNameOf(namespace),
    environment: textOf(namespace.labels, rules.environmentLabel) || null,
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
    advice: advise(snapshot, ledger, rules),
  };
};

/** One namespace and its team, for `assembleReport`. */
export type NamespaceEntry = { readonly team: Snapshot['team']; readonly report: NamespaceReport };

/** What a report says about the whole cluster and about its snapshot. */
export type ReportFrame = Pick<Report, 'generatedAt' | 'cluster' | 'snapshot'>;

/** Assembles namespace reports into one report: teams sorted by id, namespaces by name. */
export const assembleReport = (frame: ReportFrame, entries: readonly NamespaceEntry[]): Report => {
  const teams = Map.groupBy(entries, ({ team }) => team.id);
  return {
    schemaVersion: 1,
    ...frame,
    reports: [...teams.values()]
      .flatMap((members) => {
        const [first] = members;
        if (first === undefined) return [];
        const namespaces = members.map(({ report }) => report).toSorted(byName);
        return [{ team: teamOf(first), namespaces }];
      })
      .toSorted((a, b) => compareText(a.team.id, b.team.id)),
  };
};

/** The team of a namespace as a report shows it. */
export const teamOf = ({
  team: { id, displayName, usedBytes },
}: Pick<NamespaceEntry, 'team'>): TeamReport['team'] => ({
  id,
  displayName,
  usedBytes,
});

/** The report as a team may see it. Workloads outside these namespaces are counted but not named. */
export const redactWorkloads = (report: NamespaceReport, namespaces: readonly string[]): NamespaceReport => {
  const visible = new Set(namespaces);
  return {
    ...report,
    streams: report.streams.map((stream) => ({
      ...stream,
      tags: stream.tags.map((tag) => ({
        ...redactUse(tag, visible),
        revisions: tag.revisions.map((revision) => redactUse(revision, visible)),
      })),
    })),
  };
};

/** The sorted `stream:tag` labels by the number of their current revision's digest. */
const findCurrentTags = (holdings: Holdings): ReadonlyMap<number, readonly string[]> => {
  const current = new Map<number, string[]>();
  for (const { name, tagsFrom, tagsTo } of holdings.streams)
    for (const tag of holdings.tags.slice(tagsFrom, tagsTo)) {
      const digest = currentDigestOf(holdings, tag);
      const labels = current.get(digest);
      if (labels === undefined) current.set(digest, [`${name}:${tag.name}`]);
      else labels.push(`${name}:${tag.name}`);
    }
  current.delete(-1);
  return new Map([...current].map(([digest, labels]) => [digest, labels.toSorted()]));
};

/** The number of the digest that a tag points to, or -1. */
const currentDigestOf = ({ revisions }: Holdings, { revisionsFrom, revisionsTo }: NumberedTag): number =>
  revisionsFrom < revisionsTo ? (revisions.digests[revisionsFrom] ?? -1) : -1;

type View = {
  readonly holdings: Holdings;
  readonly uses: UseReporter;
  readonly currentTags: ReadonlyMap<number, readonly string[]>;
};

const reportStream = (stream: WeighedStream, view: View): StreamReport => {
  const tags = stream.tags.flatMap((tag) => reportTag(stream.name, tag, view));
  const { name, sizeBytes, countedBytes, freesBytes, reclaimsBytes, unknownRevisions } = stream;
  return {
    name,
    sizeBytes,
    countedBytes,
    freesBytes,
    reclaimsBytes,
    inUse: tags.some((tag) => tag.inUse === true) || view.uses.unused,
    unknownRevisions,
    tags: tags.toSorted(byCountedBytes),
  };
};

const reportTag = (stream: string, weighed: WeighedTag, view: View): readonly TagReport[] => {
  const { holdings, uses, currentTags } = view;
  const { name, sizeBytes, countedBytes, freesBytes, unknownRevisions, revisions } = weighed;
  const tag = holdings.tags[weighed.tag];
  if (tag === undefined) return [];
  const label = `${stream}:${name}`;
  return [
    {
      name,
      sizeBytes,
      countedBytes,
      freesBytes,
      ...uses.reportTag(weighed.tag),
      unknownRevisions,
      sameImageAs: (currentTags.get(currentDigestOf(holdings, tag)) ?? [])
        .slice(0, MAX_TAGS_NAMED + 1)
        .filter((other) => other !== label)
        .slice(0, MAX_TAGS_NAMED),
      state: stateOf(tag),
      revisions: revisions.map((revision, position) =>
        reportRevision(revision, uses.reportRevision(tag.revisionsFrom + position)),
      ),
    },
  ];
};

/** Written field by field: there are hundreds of thousands, and spreading two objects takes ten times as long. */
const reportRevision = (
  revision: WeighedRevision,
  { inUse, inUseBy, inUseHow, inUseCount }: UseReport,
): RevisionReport => ({
  digest: revision.digest,
  created: revision.created,
  sizeBytes: revision.sizeBytes,
  countedBytes: revision.countedBytes,
  charged: revision.charged,
  architectures: revision.architectures,
  inUse,
  inUseBy,
  inUseHow,
  inUseCount,
});

const stateOf = ({ isReference, importFailure, revisionsFrom, revisionsTo }: NumberedTag): TagState => {
  if (isReference) return 'reference';
  if (importFailure !== null) return 'import-failed';
  return revisionsFrom === revisionsTo ? 'empty' : 'ok';
};

const listStreamFindings = ({ namespace, holdings }: Snapshot): readonly Finding[] =>
  holdings.streams
    .flatMap((stream) =>
      holdings.tags.slice(stream.tagsFrom, stream.tagsTo).flatMap((tag): readonly Finding[] => {
        const subject = `${stream.name}:${tag.name}`;
        const weighed =
          tag.revisionsFrom === tag.revisionsTo
            ? 'there is nothing to weigh'
            : 'its earlier revisions are weighed';
        return [
          ...(tag.importFailure === null
            ? []
            : [
                {
                  code: 'import-failed' as const,
                  subject,
                  message: `The import failed (${tag.importFailure}), so ${weighed}.`,
                },
              ]),
          ...(deleteTagCommand(namespace.name, stream.name, tag.name) !== null
            ? []
            : [
                {
                  code: 'name-not-quotable' as const,
                  subject,
                  message:
                    'The name does not match the API’s grammar, so no command is written for it. It is weighed like any other tag.',
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
