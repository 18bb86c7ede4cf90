import { formatList, formatSpan } from '../format.ts';
import type { ListReading } from '../model.ts';
import type { Report } from './report.ts';

/** Why it is unknown what is not in use, to be continued with `so …`; null when it is known. */
export const describeUnseenUse = (report: Report): string | null => {
  const { unreadableKinds } = report.snapshot;
  if (isPart(report)) {
    const names = report.reports.flatMap(({ namespaces }) => namespaces.map(({ name }) => name));
    return `only ${formatList(names.toSorted())} could be read, not the whole cluster`;
  }
  return unreadableKinds.length === 0 ? null : `${formatList(unreadableKinds)} could not be read everywhere`;
};

/** Whether only the reported namespaces were read. Then what the registry gets back is unknown too. */
export const isPart = ({ cluster }: Report): boolean => cluster.usedBytes === null;

/** A sentence that says which lists are not exact and how that affects figures; null when all are exact. */
export const describeInexact = (lists: readonly ListReading[]): string | null => {
  const changed = lists.flatMap(({ kind, exact }) => (exact ? [] : [kind]));
  if (changed.length === 0) return null;
  return `The cluster changed while its ${formatList(changed)} were read, so figures may be slightly off.`;
};

/**
 * A sentence that says when the first and the last list of a report were read, and whether they are exact. A list shows
 * the moment at which its reading began. Null when no moment is known.
 */
export const describeReading = (lists: readonly ListReading[]): string | null => {
  const moments = lists.map(({ readAt }) => readAt).toSorted();
  const span = formatSpan(moments[0] ?? null, moments.at(-1) ?? null);
  if (span === null) return null;
  const inexact = describeInexact(lists);
  return inexact === null ? `Read on ${span}; all lists are exact.` : `Read on ${span}. ${inexact}`;
};

/** A sentence for people about to delete something: what cannot be seen, whatever the rights. */
export const WHAT_CANNOT_BE_SEEN =
  'Not seen at all: pulls from outside the cluster, custom resources that the platform has not listed, and Dockerfiles in git.';
