import { deleteTagCommand, guardCommands, isQuotableUrl } from '../../../usage/cleanup/commands.ts';
import {
  formatAtLeast,
  formatBeside,
  formatCell,
  formatCount,
  formatDay,
  formatList,
  formatMoment,
  formatNumber,
  formatOver,
  formatOverAtLeast,
  formatUsed,
  unitOfTable,
} from '../../../usage/format.ts';
import { WHAT_CANNOT_BE_SEEN } from '../../../usage/report/reading.ts';
import type { NamespaceReport, Report } from '../../../usage/report/report.ts';
import { currentOf } from '../../../usage/cleanup/plan.ts';
import type { Deletion, DeletionPlan } from '../../../usage/cleanup/plan.ts';
import { cleanText } from '../message/clean-text.ts';
import { tableLines } from './wrap-text.ts';

/** What to delete first, with its commands. */
export type CleanupView = {
  readonly heading: string;
  /** For the line that a mailbox shows beside the subject. */
  readonly summary: string;
  /** A sentence whose end is `frees` and `outcome`. */
  readonly reason: string;
  readonly frees: string;
  readonly outcome: string;
  readonly deletions: readonly { readonly name: string; readonly pushed: string; readonly frees: string }[];
  /** The deletions and their sum for the text part. */
  readonly lines: readonly string[];
  /** What they free together, in the unit of their table; null where there is nothing to add up. */
  readonly sum: { readonly name: string; readonly frees: string } | null;
  readonly commands: readonly string[];
  /** What the attached commands file is, and how to run it; null where there is none. */
  readonly cleanup: { readonly sentence: string; readonly command: string } | null;
  readonly cautions: readonly string[];
};

/** A plan and the attached file that carries it out, by name; null where there is none. */
export type CleanupOptions = { readonly plan: DeletionPlan; readonly cleanupName: string | null };

/** Puts a plan into words. Its names are as the API has them: only what is shown is cleaned. */
export const viewCleanup = (
  namespace: NamespaceReport,
  report: Report,
  { plan, cleanupName }: CleanupOptions,
): CleanupView => {
  const count = plan.deletions.length;
  const { limitBytes } = namespace.quota;
  const frees = formatBeside(plan.freesBytes, limitBytes);
  const unit = unitOfTable(
    plan.deletions.map((deletion) => deletion.freesBytes),
    limitBytes,
  );
  const commands = plan.deletions.flatMap(
    ({ stream, tag }) => deleteTagCommand(namespace.name, stream, tag) ?? [],
  );
  const deletions = plan.deletions.map((deletion) => ({
    name: `${cleanText(deletion.stream)}:${cleanText(deletion.tag)}`,
    pushed: pushedOf(namespace, deletion),
    frees: formatCell(deletion.freesBytes, unit),
  }));
  const sum = count === 1 ? null : { name: nameSum(plan), frees: formatCell(plan.freesBytes, unit) };
  return {
    heading: count === 1 ? 'Delete this one first' : `Delete these ${formatNumber(count)} first`,
    summary: `Deleting ${formatCount(count, 'tag')} that nothing uses frees ${frees}${isCured(namespace, plan) ? ', which is enough' : ''}.`,
    reason: reasonOf(count, report.snapshot.unreadableKinds),
    frees,
    outcome: outcomeOf(namespace, plan),
    deletions,
    sum,
    lines: tableLines([
      { name: 'Tag', figures: ['Pushed', 'Frees alone'] },
      ...deletions.map(({ name, pushed, frees: alone }) => ({ name, figures: [pushed, alone] })),
      ...(sum === null ? [] : [{ name: sum.name, figures: ['', sum.frees] }]),
    ]),
    commands: commands.length === 0 ? [] : guardCommands(commands, report.cluster.apiUrl),
    cleanup: cleanupName === null ? null : describeCleanup(cleanupName, report.cluster.apiUrl),
    cautions: [
      ...(commands.length === count
        ? []
        : ['Where there is no command, the name cannot safely stand in one: please delete by hand.']),
      ...nameKindsRead(report.snapshot),
      WHAT_CANNOT_BE_SEEN,
      'Deleting a tag deletes all its revisions and cannot be undone.',
      `Computed ${formatMoment(report.generatedAt)} for the cluster ${report.cluster.name}; later deployments are not seen.`,
    ],
  };
};

/** The file asks for the cluster's address where the report does not know it. */
const describeCleanup = (fileName: string, apiUrl: string | null): CleanupView['cleanup'] => {
  const isServerKnown = apiUrl !== null && isQuotableUrl(apiUrl);
  return {
    sentence: `The attached ${fileName} does the same, but checks the cluster and each tag first. To run it${isServerKnown ? '' : ', with the address that oc whoami --show-server prints'}:`,
    command: `sh ${fileName}${isServerKnown ? '' : ' ADDRESS'}`,
  };
};

/** Together they can free more than one by one: what only they share. */
const nameSum = ({ deletions, freesBytes }: DeletionPlan): string =>
  freesBytes > deletions.reduce((sum, deletion) => sum + deletion.freesBytes, 0)
    ? 'Together, with the layers they share'
    : 'Together';

const reasonOf = (count: number, unreadableKinds: readonly string[]): string =>
  [
    `No workload we can read uses ${count === 1 ? 'it' : 'them'}.`,
    ...(unreadableKinds.length === 0
      ? []
      : [`We could not read ${formatList(unreadableKinds)}: please look there yourself.`]),
    count === 1 ? 'It lowers the usage by' : 'Together they lower the usage by',
  ].join(' ');

/** The workloads that were looked at, all of each kind. */
const nameKindsRead = ({ lists, unreadableKinds }: Report['snapshot']): readonly string[] => {
  const kinds = lists
    .map(({ kind }) => kind)
    .filter((kind) => !NO_WORKLOADS.has(kind) && !unreadableKinds.includes(kind));
  return kinds.length === 0 ? [] : [`Looked for uses in ${formatList(kinds)}.`];
};

const NO_WORKLOADS: ReadonlySet<string> = new Set(['namespaces', 'imagestreams', 'images']);

/** Brings what is over within its quota. Unknown sizes prove nothing. */
const isCured = ({ quota, unknownRevisions }: NamespaceReport, { usedAfterBytes }: DeletionPlan): boolean =>
  quota.level === 'over' &&
  quota.limitBytes !== null &&
  usedAfterBytes <= quota.limitBytes &&
  unknownRevisions === 0;

const outcomeOf = (namespace: NamespaceReport, plan: DeletionPlan): string => {
  const { limitBytes } = namespace.quota;
  const [used, over] =
    namespace.unknownRevisions > 0 ? [formatAtLeast, formatOverAtLeast] : [formatUsed, formatOver];
  const isRestUnknown = plan.usedAfterBytes === 0 && namespace.unknownRevisions > 0;
  const after = isRestUnknown
    ? '; the size of what is left is unknown'
    : `, to ${used(plan.usedAfterBytes, limitBytes)}`;
  const verdict = isCured(namespace, plan)
    ? ', within the quota.'
    : limitBytes !== null && plan.usedAfterBytes > limitBytes
      ? `: still ${over(plan.usedAfterBytes, limitBytes)}. ${sayWhereTheRestIs(namespace, plan)}`
      : '.';
  return `${after}${verdict}${reclaimOf(plan, limitBytes)}`;
};

/** The largest streams without what is to be deleted, by name only: what is counted there moves with the deletions. */
const sayWhereTheRestIs = ({ streams }: NamespaceReport, { deletions }: DeletionPlan): string => {
  const deleted = new Set(deletions.map(({ stream, tag }) => `${stream}:${tag}`));
  const rest = streams
    .map(({ name, tags }) => ({
      name,
      bytes: tags
        .filter((tag) => !deleted.has(`${name}:${tag.name}`))
        .reduce((sum, { countedBytes }) => sum + countedBytes, 0),
    }))
    .filter(({ bytes }) => bytes > 0)
    .toSorted((a, b) => b.bytes - a.bytes)
    .slice(0, 3)
    .map(({ name }) => name);
  return rest.length === 0
    ? 'The rest is in the list below.'
    : `The rest is in the list below: the largest are then ${formatList(rest)}.`;
};

/**
 * What other tags hold, too, stays in the registry: after a promotion with `oc tag` that is all of an image. They are
 * of other namespaces or, where they are imported and so not charged, of this one.
 */
const reclaimOf = ({ freesBytes, reclaimsBytes }: DeletionPlan, limitBytes: number | null): string => {
  if (reclaimsBytes === null) return '';
  if (reclaimsBytes === 0) return ' The registry itself gets nothing back: other tags hold the same layers.';
  const reclaims = formatBeside(reclaimsBytes, limitBytes);
  // A rest that no figure shows would puzzle more than it explains.
  const rest =
    reclaims === formatBeside(freesBytes, limitBytes)
      ? ''
      : ' The rest stays there: other tags hold it, too.';
  return ` The registry gets back ${reclaims} at a later prune.${rest}`;
};

const pushedOf = (namespace: NamespaceReport, deletion: Deletion): string => {
  const current = currentOf(namespace, deletion);
  return current === undefined ? '' : formatDay(current.created);
};
