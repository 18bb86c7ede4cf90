import { formatCount } from '../../../usage/format.ts';
import type { NamespaceReport, Report } from '../../../usage/report/report.ts';
import type { UsageMail } from '../../../pipeline/ports.ts';
import type { Brand } from '../templates/brand.ts';
import { asciiLine } from '../message/clean-text.ts';
import { describeUsage } from './namespace-usage.ts';

/** Facts first, in ASCII: `[Image registry] d1b5d2-tools: 62.4 of 50 GiB, 12.4 over, and 2 more namespaces`. */
export const usageSubject = ({ report, kind }: UsageMail, { productName }: Brand): string => {
  const reports = bySeverity(listNamespaces(report));
  const [worst] = reports;
  const facts =
    worst === undefined ? '' : `${worst.name}: ${joinFacts([...factsOf(worst), countOthers(reports)])}`;
  return asciiLine(
    `[${productName}] ${facts}${kind === 'one-off' ? ' (requested by the platform team)' : ''}`,
  );
};

/** All namespaces of a report. */
export const listNamespaces = ({ reports }: Report): readonly NamespaceReport[] =>
  reports.flatMap(({ namespaces }) => namespaces);

/** The namespaces a reader must act on come first. */
export const bySeverity = (namespaces: readonly NamespaceReport[]): readonly NamespaceReport[] =>
  namespaces.toSorted(
    (a, b) =>
      SEVERITY.indexOf(a.quota.level) - SEVERITY.indexOf(b.quota.level) ||
      b.quota.overBytes - a.quota.overBytes,
  );

const SEVERITY = ['over', 'warning', 'ok'];

/** How many follow the worst namespace: `and 2 more namespaces`; empty where none do. */
export const countOthers = (reports: readonly NamespaceReport[]): string =>
  reports.length > 1 ? `and ${formatCount(reports.length - 1, 'more namespace')}` : '';

/** Facts in a row; empty ones are left out. */
export const joinFacts = (facts: readonly string[]): string => facts.filter((fact) => fact !== '').join(', ');

const factsOf = (namespace: NamespaceReport): readonly string[] => {
  const { usage, alert, share } = describeUsage(namespace);
  return [usage, alert, namespace.quota.level === 'warning' ? share : ''];
};
