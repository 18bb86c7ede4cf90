import { formatUser } from '../format.ts';
import { byStrength, namespaceOf, uniteUsers } from './uses.ts';
import type { HowUsed, Snapshot, User } from '../model.ts';

/** Who uses a revision or a tag. A tag is used through its revisions or by its name. */
export type UseReport = {
  /** null: unknown. */
  readonly inUse: boolean | null;
  /** `ns/Kind/name`, at most 10: the team's own first, then the strongest use first. */
  readonly inUseBy: readonly string[];
  /** How each workload of `inUseBy` uses it, in the same order. */
  readonly inUseHow: readonly HowUsed[];
  /** The number of all workloads that use it, named or not. */
  readonly inUseCount: number;
};

/** The most workloads that a revision or a tag names. The others are only counted. */
const MAX_USERS_NAMED = 10;

/** Looks up who uses what in one namespace, by numbers of its snapshot. */
export type UseReporter = {
  readonly reportRevision: (revision: number) => UseReport;
  readonly reportTag: (tag: number) => UseReport;
  /** The value of `inUse` when no use was found: false, or null when some workloads or tags could not be read. */
  readonly unused: false | null;
};

export const createUseReporter = (snapshot: Snapshot): UseReporter => {
  const { tags, revisions } = snapshot.holdings;
  const own = new Set(snapshot.team.namespaces);
  const rank = ({ workload }: User): number => (own.has(namespaceOf(workload)) ? 0 : 1);
  const order = (users: readonly User[]): readonly User[] =>
    users.length === 1 ? users : users.toSorted((a, b) => rank(a) - rank(b) || byStrength(a, b));
  const digests = new Map(snapshot.uses.digests.map(({ digest, users }) => [digest, order(users)]));
  const named = new Map(snapshot.uses.tags.map(({ tag, users }) => [tag, order(users)]));
  const unused = snapshot.scope === 'cluster' && snapshot.unreadableKinds.length === 0 ? false : null;
  const report = (users: readonly User[]): UseReport => {
    const first = users.slice(0, MAX_USERS_NAMED);
    return {
      inUse: users.length > 0 || unused,
      inUseBy: first.map(({ workload }) => workload),
      inUseHow: first.map(({ how }) => how),
      inUseCount: users.length,
    };
  };
  // Nobody uses most revisions, and a used image usually has several tags, so reports are made once per digest.
  const unusedReport = report([]);
  const reports = new Map([...digests].map(([digest, users]) => [digest, report(users)]));
  return {
    reportRevision: (revision) => reports.get(revisions.digests[revision] ?? -1) ?? unusedReport,
    reportTag: (number) => {
      const { revisionsFrom = 0, revisionsTo = 0 } = tags[number] ?? {};
      const lists = new Set<readonly User[]>();
      for (const digest of revisions.digests.subarray(revisionsFrom, revisionsTo)) {
        const users = digests.get(digest);
        if (users !== undefined) lists.add(users);
      }
      // A workload that names a tag also uses its current image. Without an image it is in no other list.
      const hasCurrent = revisionsFrom < revisionsTo && (revisions.digests[revisionsFrom] ?? -1) >= 0;
      if (!hasCurrent) lists.add(named.get(number) ?? []);
      const [some = [], ...others] = [...lists].filter((users) => users.length > 0);
      if (some.length === 0) return unusedReport;
      return report(others.length === 0 ? some : order(uniteUsers([some, ...others].flat())));
    },
    unused,
  };
};

/** The same report, naming only workloads of these namespaces. */
export const redactUse = <Used extends UseReport>(used: Used, visible: ReadonlySet<string>): Used => {
  const isVisible = (position: number): boolean => visible.has(namespaceOf(used.inUseBy[position] ?? ''));
  return {
    ...used,
    inUseBy: used.inUseBy.filter((_, position) => isVisible(position)),
    inUseHow: used.inUseHow.filter((_, position) => isVisible(position)),
  };
};

/** The first few users in words. Workloads of the namespace itself are shown without its name. */
export const nameUsers = (
  { inUseBy, inUseHow }: UseReport,
  namespace: string,
  most = MAX_USERS_NAMED,
): readonly string[] =>
  inUseBy
    .slice(0, most)
    .map((workload, position) =>
      formatUser(
        namespaceOf(workload) === namespace ? workload.slice(namespace.length + 1) : workload,
        inUseHow[position] ?? 'named',
      ),
    );
