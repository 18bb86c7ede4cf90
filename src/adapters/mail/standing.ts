import type { Colors } from '../../usage/branding.ts';
import {
  formatAtLeast,
  formatBeside,
  formatBound,
  formatBytes,
  formatCount,
  formatLimit,
  formatList,
  formatOver,
  formatOverAtLeast,
  formatPercent,
  formatUsed,
} from '../../usage/format.ts';
import { describeUnseenUse } from '../../usage/reading.ts';
import type { NamespaceReport, Report } from '../../usage/report.ts';
import { MIN_AGE_DAYS } from '../../usage/savings.ts';
import type { DeletionPlan } from '../../usage/savings.ts';
import { badgeOf } from './list.ts';
import { viewPlan } from './plan.ts';
import type { PlanView } from './plan.ts';

/** One namespace's standing and what to do about it, in words. */
export type NamespaceView = {
  /** Empty where the mail's own heading says it. */
  readonly heading: string;
  readonly alert: string;
  readonly badge: string;
  readonly bar: BarView | null;
  /** Share of the quota; empty where there is none. */
  readonly share: string;
  readonly contents: string;
  /** What to do where nothing can be proposed; empty otherwise. */
  readonly advice: string;
  readonly remarks: string;
  readonly plan: PlanView | null;
};

/** Usage against quota as a bar of one or two parts, with a label at each end. */
export type BarView = {
  readonly parts: readonly { readonly kind: string; readonly color: string; readonly width: string }[];
  readonly left: string;
  readonly right: string;
};

/** A namespace's usage, `62.4 of 50 GiB`, and what alarms in it, `12.4 over`; empty where nothing does. */
export const standingOf = ({
  usedBytes,
  quota: { level, limitBytes },
  unknownRevisions,
}: NamespaceReport) => {
  const [used, over] = unknownRevisions > 0 ? [formatAtLeast, formatOverAtLeast] : [formatUsed, formatOver];
  return {
    usage: `${used(usedBytes, limitBytes)}${limitBytes === null ? ', without a limit' : ''}`,
    alert: level === 'over' && limitBytes !== null ? over(usedBytes, limitBytes) : '',
  };
};

/** What to delete first, the attached file that does it, and the colours of the bar. */
export type StandingOptions = {
  readonly plan: DeletionPlan | null;
  readonly cleanupName: string | null;
  readonly colors: Colors;
};

/** Puts one namespace's standing and plan into words. */
export const viewNamespace = (
  namespace: NamespaceReport,
  report: Report,
  { plan, cleanupName, colors }: StandingOptions,
): NamespaceView => {
  const { usage, alert } = standingOf(namespace);
  const { totals, quota } = namespace;
  return {
    heading: `${namespace.name} uses ${usage}`,
    alert,
    badge: badgeOf(namespace),
    bar: barOf(namespace, colors),
    share: quota.usedPercent === null ? '' : `${formatPercent(quota.usedPercent)} of quota`,
    contents: formatList([
      formatCount(totals.streams, 'image stream'),
      formatCount(totals.tags, 'tag'),
      formatCount(totals.revisions, 'revision'),
    ]),
    advice: plan === null ? adviseWithoutPlan(namespace, report) : '',
    remarks: remarksOf(namespace),
    plan: plan === null ? null : viewPlan(namespace, report, { plan, cleanupName }),
  };
};

/** Where sizes are unknown, what is used and over is at least what is shown, and what is free at most. */
const barOf = (
  { usedBytes, quota: { limitBytes }, unknownRevisions }: NamespaceReport,
  { accent, alert }: Colors,
): BarView | null => {
  if (limitBytes === null) return null;
  const size = (bytes: number, bound: string): string =>
    unknownRevisions > 0 ? `${bound} ${formatBound(bytes, limitBytes)}` : formatBeside(bytes, limitBytes);
  return usedBytes > limitBytes
    ? {
        parts: split({ kind: 'quota', color: accent }, limitBytes, { kind: 'over', color: alert }, usedBytes),
        left: `quota ${formatLimit(limitBytes)}`,
        right: `over by ${size(usedBytes - limitBytes, 'at least')}`,
      }
    : {
        parts: split({ kind: 'used', color: accent }, usedBytes, { kind: 'free', color: FREE }, limitBytes),
        left: `used ${size(usedBytes, 'at least')}`,
        right: `free ${size(limitBytes - usedBytes, 'at most')}`,
      };
};

type Part = { readonly kind: string; readonly color: string };

/** What is free is the ground that the bar fills. */
const FREE = '#d0d7de';

/** Both parts stay visible while there is anything in them; an empty one is left out. */
const split = (first: Part, firstBytes: number, second: Part, wholeBytes: number): BarView['parts'] => {
  if (firstBytes === 0) return [{ ...second, width: '100' }];
  if (firstBytes === wholeBytes) return [{ ...first, width: '100' }];
  const width = Math.min(99, Math.max(1, Math.round((firstBytes / wholeBytes) * 100)));
  return [
    { ...first, width: String(width) },
    { ...second, width: String(100 - width) },
  ];
};

/** Says why nothing is proposed, with the reasons that `planDeletions` has for leaving a tag out. */
const adviseWithoutPlan = ({ quota, environment }: NamespaceReport, report: Report): string => {
  if (quota.level !== 'over') return '';
  return `Nothing is proposed for deletion: ${whyNothing(environment, describeUnseenUse(report))}. The list below starts with the largest.`;
};

const whyNothing = (environment: string | null, unseen: string | null): string => {
  if (environment === 'prod') return 'this is production';
  if (unseen !== null) return `${unseen}, so what is unused is not known`;
  return `what is not in use is younger than ${formatCount(MIN_AGE_DAYS, 'day')}, has a name that is usually kept, such as latest, or frees nothing alone`;
};

const remarksOf = ({ importedBytes, sharedWithTeamBytes, unknownRevisions }: NamespaceReport): string =>
  [
    ...(sharedWithTeamBytes === null
      ? ['How much of this is also counted in other namespaces of the team is not known.']
      : []),
    ...(sharedWithTeamBytes === null || sharedWithTeamBytes === 0
      ? []
      : [`Of this, ${formatBytes(sharedWithTeamBytes)} is also counted in other namespaces of the team.`]),
    ...(unknownRevisions === 0
      ? []
      : [
          `The size of ${formatCount(unknownRevisions, 'revision')} is not fully known, so the usage may be higher.`,
        ]),
    ...(importedBytes === 0
      ? []
      : [`Another ${formatBytes(importedBytes)} is imported: listed below, but not charged.`]),
  ].join(' ');
