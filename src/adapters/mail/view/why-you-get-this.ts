import { formatSome } from '../../../usage/format.ts';
import { BY_HAND_RULE, FALLBACK_RULE } from '../../../usage/policy/recipients.ts';
import type { NamespaceReport } from '../../../usage/report/report.ts';
import type { UsageMail } from '../../../pipeline/ports.ts';
import { noteReadingForTeam } from './notes.ts';

/** Why the reader gets a mail, who else does, where its quotas come from and when it was read: a sentence each. */
export const sayWhy = (mail: UsageMail, reports: readonly NamespaceReport[]): readonly string[] => [
  ...(mail.recipient === null || mail.recipient.rule === BY_HAND_RULE
    ? []
    : [reasonOf(mail.recipient, reports)]),
  ...(mail.kind === 'one-off' && mail.recipient !== null
    ? ['The platform team asked for this mail; it is not a weekly reminder.']
    : []),
  ...(mail.otherRoles.length === 0 ? [] : [`Also told: ${nameSome(mail.otherRoles)}.`]),
  ...[...Map.groupBy(reports, ({ quota }) => quota.source)].map(
    ([source, namespaces]) =>
      `The quota of ${nameSome(namespaces.map(({ name }) => name))} comes from ${QUOTA_SOURCES[source] ?? ruleInWords(source)}.`,
  ),
  ...noteReadingForTeam(mail.report.snapshot.lists).smallPrint,
];

/** The most namespaces or roles that a sentence names: a team may have hundreds, and a mail has room for its lists. */
const MAX_NAMED = 10;

const nameSome = (names: readonly string[]): string => formatSome(names.slice(0, MAX_NAMED), names.length);

const QUOTA_SOURCES: Readonly<Record<string, string>> = {
  override: 'the platform team',
  annotation: 'the annotation of the namespace',
  default: "the platform's default",
};

const reasonOf = (
  { roles, rule }: NonNullable<UsageMail['recipient']>,
  reports: readonly NamespaceReport[],
): string => {
  const of = nameSome(reports.map(({ name }) => name));
  if (rule === FALLBACK_RULE) return `You get this because nobody of ${of} can be told.`;
  const as = roles.length === 0 ? 'a contact' : nameSome(roles);
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
