import { formatBytes, formatCount, formatMoment, formatNumber, formatWeek } from '../../../usage/format.ts';
import type { NamespaceReport, TeamReport } from '../../../usage/report/report.ts';
import type { UsageMail } from '../../../pipeline/ports.ts';
import type { NamespaceFiles } from '../attachments/attached-files.ts';
import type { Brand } from '../templates/brand.ts';
import type { LevelOfDetail } from './level-of-detail.ts';
import { listNamespace } from './stream-list.ts';
import type { ListView } from './stream-list.ts';
import { listNotes } from './notes.ts';
import { viewOthers } from './other-namespaces.ts';
import type { OthersView } from './other-namespaces.ts';
import { createFindElsewhere } from './same-image-elsewhere.ts';
import { viewNamespace } from './namespace-usage.ts';
import type { NamespaceView } from './namespace-usage.ts';
import { bySeverity, countOthers, joinFacts, listNamespaces } from './subject.ts';
import { sayWhy } from './why-you-get-this.ts';

/** Everything a usage mail prints, as text: its templates only interpolate and loop. */
export type UsageView = Brand & {
  readonly title: string;
  readonly preheader: string;
  readonly origin: string;
  readonly heading: string;
  /** The part of the heading that alarms; empty where nothing does. */
  readonly alert: string;
  /** How many namespaces follow the one that the heading names; empty where none do. */
  readonly more: string;
  /** Of a mail about several namespaces: each team's usage, a sentence a team. */
  readonly teams: readonly string[];
  readonly namespaces: readonly NamespaceView[];
  /** Namespaces for which there is no room; null where there is. */
  readonly others: OthersView | null;
  readonly lists: readonly ListView[];
  /** Whether any of the lists has a row, so that its columns want to be explained. */
  readonly hasRows: boolean;
  readonly notes: readonly string[];
  readonly why: readonly string[];
  readonly reference: string;
};

/** The configuration, as far as a usage mail's words depend on it. */
export type UsageSettings = {
  readonly brand: Brand;
  readonly productionEnvironments: readonly string[];
};

/**
 * Puts a usage mail into words at a level of detail. `files` are in the order of the report's namespaces. What does not
 * depend on the level is worked out once.
 */
export const viewUsage = (
  mail: UsageMail,
  { brand, productionEnvironments }: UsageSettings,
  files: readonly NamespaceFiles[],
): ((level: LevelOfDetail) => UsageView) => {
  const { report } = mail;
  const filesOf = new Map(listNamespaces(report).map((namespace, index) => [namespace, files[index]]));
  const reports = bySeverity(listNamespaces(report));
  const sections = adviseOnce(
    reports,
    reports.map((namespace) =>
      viewNamespace(namespace, report, {
        plan: mail.plans.get(namespace.name) ?? null,
        cleanupName: filesOf.get(namespace)?.cleanup?.filename ?? null,
        colors: brand.colors,
        productionEnvironments,
      }),
    ),
  );
  const { heading = '', alert = '' } = sections[0] ?? {};
  const more = countOthers(reports);
  const findElsewhere = createFindElsewhere(reports);
  return ({ namespaces: count, detail }) => ({
    ...brand,
    title: joinFacts([heading, alert, more]),
    preheader: preheaderOf(sections, reports),
    origin: `${brand.productName} usage · cluster ${report.cluster.name} · ${mail.kind === 'one-off' ? 'requested by the platform team' : formatWeek(report.generatedAt)}`,
    heading,
    alert,
    more,
    teams: reports.length === 1 ? [] : report.reports.map((team) => describeTeam(team, mail.team)),
    namespaces: (reports.length === 1 ? sections.map(asOnlyNamespace) : sections).slice(0, count),
    others: viewOthers(
      reports.slice(count).map((namespace) => {
        const { csv, cleanup } = filesOf.get(namespace) ?? {};
        return { namespace, csvName: csv?.filename ?? '', cleanupName: cleanup?.filename ?? null };
      }),
    ),
    lists: reports.slice(0, count).map((namespace) =>
      listNamespace(namespace, {
        detail,
        csvName: filesOf.get(namespace)?.csv.filename ?? '',
        findElsewhere,
      }),
    ),
    hasRows: reports.slice(0, count).some(({ streams }) => streams.length > 0),
    notes: listNotes(report, reports.slice(0, count)),
    why: sayWhy(mail, reports),
    reference: [
      ...(mail.reportId === null ? [] : [`Report ${mail.reportId}`]),
      `figures of ${formatMoment(report.generatedAt)}`,
    ].join(' · '),
  });
};

/** What holds for several namespaces is said of the first, and of the others that it is so, too. */
const adviseOnce = (
  reports: readonly NamespaceReport[],
  sections: readonly NamespaceView[],
): readonly NamespaceView[] => {
  const saidOf = new Map<string, string>();
  return sections.map((section, index) => {
    const { advice } = section;
    const first = saidOf.get(advice);
    if (advice === '') return section;
    if (first !== undefined)
      return { ...section, advice: `Nothing is proposed for deletion, for the same reason as in ${first}.` };
    saidOf.set(advice, reports[index]?.name ?? '');
    return section;
  });
};

/** The mail's own heading says which it is, and its list is the next thing below. */
const asOnlyNamespace = (section: NamespaceView): NamespaceView => ({
  ...section,
  heading: '',
  alert: '',
  badge: '',
  advice: section.advice === '' ? '' : `${section.advice} The list below starts with the largest.`,
});

/** What to do: the first plan there is, else what the worst namespace advises, else what is there. */
const preheaderOf = (sections: readonly NamespaceView[], reports: readonly NamespaceReport[]): string => {
  const index = sections.findIndex(({ plan }) => plan !== null);
  const place = reports.length > 1 && index >= 0 ? `${reports[index]?.name ?? ''}: ` : '';
  const [first] = sections;
  return `${place}${sections[index]?.plan?.summary ?? (first?.advice || first?.contents || '')}`;
};

/** Its total is that of all its namespaces: what they share, as promoted images do, is in it once. */
const describeTeam = ({ team, namespaces }: TeamReport, whole: UsageMail['team']): string => {
  const isLowerBound = whole?.isLowerBound ?? namespaces.some(({ unknownRevisions }) => unknownRevisions > 0);
  const all = whole === undefined ? 'All namespaces' : `The ${formatNumber(whole.namespaces)} namespaces`;
  const missing = (whole?.namespaces ?? 0) - namespaces.length;
  const notHere =
    missing > 0 ? `; ${formatNumber(missing)} of them ${missing === 1 ? 'is' : 'are'} not in this mail` : '';
  return [
    // A number right after a name that is written from right to left would be shown on the other side of it.
    `${team.displayName} has ${formatCount(namespaces.length, 'namespace')} in this mail, ${countOver(namespaces)}.`,
    team.usedBytes === null || (team.usedBytes === 0 && isLowerBound)
      ? `What all namespaces of the team use together is not known: ${team.usedBytes === null ? 'others may not have been read' : 'none of their sizes is'}.`
      : `${all} of the team together use ${isLowerBound ? 'at least ' : ''}${formatBytes(team.usedBytes)}, what they share counted once${notHere}.`,
  ].join(' ');
};

const countOver = (namespaces: readonly NamespaceReport[]): string => {
  const over = namespaces.filter(({ quota }) => quota.level === 'over').length;
  if (namespaces.length === 1) return `which is ${over === 0 ? 'not ' : ''}over quota`;
  if (over === 0) return 'none of them over quota';
  if (over === namespaces.length) return over === 2 ? 'both over quota' : 'all of them over quota';
  return `${formatNumber(over)} of them over quota`;
};
