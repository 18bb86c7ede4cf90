import {
  formatCount,
  formatList,
  formatMoment,
  formatNumber,
  formatPercent,
  formatWeek,
} from '../../usage/format.ts';
import type { NamespaceReport, Report } from '../../usage/report.ts';
import { FALLBACK_RULE } from '../../usage/recipients.ts';
import type { UsageMail } from '../../pipeline/ports.ts';
import type { Brand } from './brand.ts';
import { asciiLine } from './clean.ts';
import { listNamespace } from './list.ts';
import type { Detail, ListView } from './list.ts';
import { listNotes } from './notes.ts';
import { standingOf, viewNamespace } from './standing.ts';
import type { NamespaceView } from './standing.ts';

/** Everything a usage mail prints, as text: its templates only interpolate and loop. */
export type UsageView = Brand & {
  readonly title: string;
  readonly preheader: string;
  readonly origin: string;
  readonly heading: string;
  /** The part of the heading that alarms; empty where nothing does. */
  readonly alert: string;
  readonly namespaces: readonly NamespaceView[];
  readonly lists: readonly ListView[];
  readonly notes: readonly string[];
  readonly why: readonly string[];
  readonly reference: string;
};

/** Puts a usage mail into words, with its lists at the given detail. */
export const viewUsage = (mail: UsageMail, brand: Brand, detail: Detail): UsageView => {
  const { report } = mail;
  const reports = bySeverity(report.reports.flatMap(({ namespaces }) => namespaces));
  const views = reports.map((namespace) =>
    viewNamespace(namespace, report, {
      plan: mail.plans.get(namespace.name) ?? null,
      colors: brand.colors,
    }),
  );
  const [only] = views.length === 1 ? views : [];
  const heading = only?.heading ?? teamTitle(report);
  const alert = only?.alert ?? '';
  return {
    ...brand,
    title: joinFacts([heading, alert]),
    preheader: views.find(({ plan }) => plan !== null)?.plan?.summary ?? views[0]?.contents ?? '',
    origin: `${brand.productName} usage · cluster ${report.cluster.name} · ${formatWeek(report.generatedAt)}`,
    heading,
    alert,
    namespaces: only === undefined ? views : [{ ...only, heading: '', alert: '' }],
    lists: reports.map((namespace) => listNamespace(namespace, detail)),
    notes: listNotes(report, reports),
    why: whyOf(mail, reports),
    reference: [
      ...(mail.reportId === null ? [] : [`Report ${mail.reportId}`]),
      `figures of ${formatMoment(report.generatedAt)}`,
    ].join(' · '),
  };
};

/** Facts first, in ASCII: `[Image registry] d1b5d2-tools: 62.4 of 50 GiB, 12.4 over`. */
export const usageSubject = ({ report, kind }: UsageMail, { productName }: Brand): string => {
  const [only, ...others] = report.reports.flatMap(({ namespaces }) => namespaces);
  const facts =
    only === undefined || others.length > 0 ? teamTitle(report) : `${only.name}: ${joinFacts(factsOf(only))}`;
  return asciiLine(
    `[${productName}] ${facts}${kind === 'one-off' ? ' (requested by the platform team)' : ''}`,
  );
};

const factsOf = (namespace: NamespaceReport): readonly string[] => {
  const { usage, alert } = standingOf(namespace);
  const { level, usedPercent } = namespace.quota;
  return [
    usage,
    alert,
    level === 'warning' && usedPercent !== null ? `${formatPercent(usedPercent)} of quota` : '',
  ];
};

const joinFacts = (facts: readonly string[]): string => facts.filter((fact) => fact !== '').join(', ');

/** The namespaces a reader must act on come first. */
const bySeverity = (namespaces: readonly NamespaceReport[]): readonly NamespaceReport[] =>
  namespaces.toSorted(
    (a, b) =>
      SEVERITY.indexOf(a.quota.level) - SEVERITY.indexOf(b.quota.level) ||
      b.quota.overBytes - a.quota.overBytes,
  );

const SEVERITY = ['over', 'warning', 'ok'];

/** Says of several namespaces how many are over: `Wally: 2 of 3 namespaces over quota`. */
const teamTitle = ({ reports }: Report): string => {
  const namespaces = reports.flatMap((team) => team.namespaces);
  const over = namespaces.filter(({ quota }) => quota.level === 'over').length;
  const names = formatList(reports.map(({ team }) => team.displayName));
  return `${names}: ${over === 0 ? 'none' : formatNumber(over)} of ${formatCount(namespaces.length, 'namespace')} over quota`;
};

const whyOf = (mail: UsageMail, reports: readonly NamespaceReport[]): readonly string[] => [
  ...(mail.recipient === null || mail.recipient.rule === BY_HAND ? [] : [reasonOf(mail.recipient, reports)]),
  ...(mail.kind === 'one-off' && mail.recipient !== null
    ? ['The platform team asked for this mail; it is not a weekly reminder.']
    : []),
  ...(mail.otherRoles.length === 0 ? [] : [`Also told: ${formatList(mail.otherRoles)}.`]),
  ...[...Map.groupBy(reports, ({ quota }) => quota.source)].map(
    ([source, namespaces]) =>
      `The quota of ${formatList(namespaces.map(({ name }) => name))} comes from ${QUOTA_SOURCES[source] ?? ruleInWords(source)}.`,
  ),
];

/** The rule of an address that somebody typed. */
const BY_HAND = '--to';

const QUOTA_SOURCES: Readonly<Record<string, string>> = {
  override: 'the platform team',
  annotation: 'the annotation of the namespace',
  default: "the platform's default",
};

const reasonOf = (
  { roles, rule }: NonNullable<UsageMail['recipient']>,
  reports: readonly NamespaceReport[],
): string => {
  const of = formatList(reports.map(({ name }) => name));
  if (rule === FALLBACK_RULE) return `You get this because nobody of ${of} can be told.`;
  const as = roles.length === 0 ? 'a contact' : formatList(roles);
  const annotation = /^annotation:(.+)$/.exec(rule)?.[1];
  const where = annotation === undefined ? ruleInWords(rule) : `the annotation ${annotation}`;
  return `You get this as ${as} of ${of}, named by ${where}.`;
};

/** `rules[0]` as people count: `rule 1 of the platform's rules`. */
const ruleInWords = (rule: string): string => {
  const [, list = '', index = ''] = /^(\w+)\[(\d+)\]$/.exec(rule) ?? [];
  return list === ''
    ? `the platform's ${rule}`
    : `rule ${String(Number(index) + 1)} of the platform's ${list}`;
};
