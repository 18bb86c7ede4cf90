import type { Colors } from '../../../branding.ts';
import {
  formatAtLeast,
  formatBeside,
  formatBound,
  formatBytes,
  formatChoice,
  formatCount,
  formatLimit,
  formatList,
  formatOver,
  formatOverAtLeast,
  formatShare,
  formatShareAtLeast,
  formatUsed,
} from '../../../usage/format.ts';
import type { Unit } from '../../../usage/format.ts';
import { describeUnseenUse } from '../../../usage/report/reading.ts';
import type { NamespaceReport, Report } from '../../../usage/report/report.ts';
import { listObstacles, MIN_AGE_DAYS } from '../../../usage/cleanup/plan.ts';
import type { DeletionPlan, Obstacle } from '../../../usage/cleanup/plan.ts';
import { isProduction } from '../../../usage/policy/production.ts';
import { badgeOf } from './stream-list.ts';
import { isUsageUnknown } from './stream-list-rows.ts';
import { viewCleanup } from './cleanup-proposal.ts';
import type { CleanupView } from './cleanup-proposal.ts';

/** One namespace in a mail: its usage against its quota and what to do about it, in words. */
export type NamespaceView = {
  /** Empty where the mail's own heading says it. */
  readonly heading: string;
  readonly alert: string;
  readonly badge: string;
  readonly bar: BarView | null;
  /** Share of the quota; empty where there is none. */
  readonly share: string;
  readonly contents: string;
  /** How it is counted; empty where there is nothing to count. */
  readonly counting: string;
  /** What to do where nothing can be proposed; empty otherwise. */
  readonly advice: string;
  readonly remarks: string;
  readonly plan: CleanupView | null;
};

/** Usage against quota as a bar of one or two parts, with a label at each end. */
export type BarView = {
  readonly parts: readonly { readonly kind: string; readonly color: string; readonly width: string }[];
  readonly left: string;
  readonly right: string;
};

/**
 * A namespace's usage, `62.4 of 50 GiB`, what alarms in it, `12.4 over`, and its share of the quota, `124.8% of quota`;
 * empty where there is none. In a table of namespaces its sizes take the table's unit, else that of its quota.
 */
export const describeUsage = (namespace: NamespaceReport, unit?: Unit) => {
  const { usedBytes, unknownRevisions, quota } = namespace;
  const { level, limitBytes, usedPercent } = quota;
  if (isUsageUnknown(namespace)) {
    const limit = limitBytes === null ? 'without a limit' : `quota ${formatLimit(limitBytes, unit)}`;
    return { usage: `size unknown, ${limit}`, alert: '', share: '' };
  }
  const isLowerBound = unknownRevisions > 0;
  const [used, over] = isLowerBound ? [formatAtLeast, formatOverAtLeast] : [formatUsed, formatOver];
  return {
    usage: `${used(usedBytes, limitBytes, unit)}${limitBytes === null ? ', without a limit' : ''}`,
    alert: level === 'over' && limitBytes !== null ? over(usedBytes, limitBytes, unit) : '',
    share: usedPercent === null ? '' : (isLowerBound ? formatShareAtLeast : formatShare)(usedPercent),
  };
};

/** What to delete first, the attached file that does it, the colours of the bar, and where nothing is proposed. */
export type NamespaceUsageOptions = {
  readonly plan: DeletionPlan | null;
  readonly cleanupName: string | null;
  readonly colors: Colors;
  readonly productionEnvironments: readonly string[];
};

/** Puts one namespace's usage and its cleanup plan into words. */
export const viewNamespace = (
  namespace: NamespaceReport,
  report: Report,
  { plan, cleanupName, colors, productionEnvironments }: NamespaceUsageOptions,
): NamespaceView => {
  const { usage, alert, share } = describeUsage(namespace);
  return {
    heading: `${namespace.name}${isUsageUnknown(namespace) ? ':' : ' uses'} ${usage}`,
    alert,
    badge: badgeOf(namespace),
    bar: isUsageUnknown(namespace) ? null : barOf(namespace, colors),
    share,
    contents: contentsOf(namespace),
    counting: namespace.totals.revisions === 0 ? '' : 'shared layers are counted once',
    advice: plan === null ? adviseWithoutPlan(namespace, report, productionEnvironments) : '',
    remarks: remarksOf(namespace),
    plan: plan === null ? null : viewCleanup(namespace, report, { plan, cleanupName }),
  };
};

/** What it holds; nothing is said of tags where there are no streams, nor of revisions where there are no tags. */
const contentsOf = ({ totals: { streams, tags, revisions } }: NamespaceReport): string =>
  formatList([
    countOrNo(streams, 'image stream'),
    ...(streams === 0 ? [] : [countOrNo(tags, 'tag')]),
    ...(tags === 0 ? [] : [countOrNo(revisions, 'revision')]),
  ]);

const countOrNo = (count: number, noun: string): string =>
  count === 0 ? `no ${noun}s` : formatCount(count, noun);

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

/** Says why nothing is proposed, with the reasons that hold. */
const adviseWithoutPlan = (
  namespace: NamespaceReport,
  report: Report,
  productionEnvironments: readonly string[],
): string => {
  if (namespace.quota.level !== 'over') return '';
  const reason = isProduction(namespace.environment, productionEnvironments)
    ? 'this is production'
    : whyNothing(namespace, report);
  return `Nothing is proposed for deletion: ${reason}.`;
};

const whyNothing = (namespace: NamespaceReport, report: Report): string => {
  const unseen = describeUnseenUse(report);
  if (unseen !== null) return `${unseen}, so what is unused is not known`;
  const obstacles = listObstacles(namespace, report.generatedAt);
  const reasons = OBSTACLES.flatMap(({ obstacle, reason }) => (obstacles.has(obstacle) ? [reason] : []));
  if (reasons.length === 0) return 'there is no tag to delete';
  const every = namespace.totals.tags === 1 ? 'the only tag' : 'every tag';
  return `${every} ${formatChoice(reasons)}`;
};

const OBSTACLES: readonly { readonly obstacle: Obstacle; readonly reason: string }[] = [
  { obstacle: 'in-use', reason: 'is in use' },
  { obstacle: 'use-unknown', reason: 'may be in use' },
  { obstacle: 'way-back', reason: 'is one of the two newest of an image stream in use' },
  { obstacle: 'young', reason: `is younger than ${formatCount(MIN_AGE_DAYS, 'day')}` },
  { obstacle: 'undated', reason: 'is of unknown age' },
  { obstacle: 'name-kept', reason: 'has a name that is usually kept (such as latest)' },
  { obstacle: 'not-quotable', reason: 'has a name that cannot safely stand in a command' },
  { obstacle: 'frees-nothing', reason: 'frees nothing alone' },
];

const remarksOf = (namespace: NamespaceReport): string => {
  const { importedBytes, sharedWithTeamBytes, unknownRevisions, quota } = namespace;
  return [
    ...(sharedWithTeamBytes === null
      ? ['How much of this is also counted in other namespaces of the team is not known.']
      : []),
    ...(sharedWithTeamBytes === null || sharedWithTeamBytes === 0
      ? []
      : [
          `Of this, ${formatBeside(sharedWithTeamBytes, quota.limitBytes)} is also counted in other namespaces of the team.`,
        ]),
    ...(unknownRevisions === 0
      ? []
      : [
          `The size of ${formatCount(unknownRevisions, 'revision')} is not fully known, so the usage ${isUsageUnknown(namespace) ? 'is not known' : 'may be higher'}.`,
        ]),
    ...(importedBytes === 0
      ? []
      : [`Another ${formatBytes(importedBytes)} is imported: listed below, but not charged.`]),
  ].join(' ');
};
