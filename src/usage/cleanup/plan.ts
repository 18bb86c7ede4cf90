import { deleteTagCommand } from './commands.ts';
import type { Weighing } from '../weighing/ledger.ts';
import { byName, compareText } from '../text-order.ts';
import type { NamespaceReport, RevisionReport, StreamReport, TagReport } from '../report/report.ts';
import { isProduction } from '../policy/production.ts';
import { isGlobMatch } from '../policy/selector.ts';

/** One tag that a team can delete, and how much that alone frees. */
export type Deletion = { readonly stream: string; readonly tag: string; readonly freesBytes: number };

/** Tags to delete first, largest first, and the exact figures for all of them together. */
export type DeletionPlan = {
  readonly deletions: readonly Deletion[];
  /** How much less the namespace would use without all of them. */
  readonly freesBytes: number;
  /** What the registry gets back at a later prune; null when only part of the cluster was read. */
  readonly reclaimsBytes: number | null;
  /** Usage after them, in bytes. */
  readonly usedAfterBytes: number;
};

/** The current revision of a tag to delete, from the report; undefined for a tag without revisions. */
export const currentOf = (
  { streams }: NamespaceReport,
  { stream, tag }: Deletion,
): RevisionReport | undefined =>
  streams.find(({ name }) => name === stream)?.tags.find(({ name }) => name === tag)?.revisions[0];

/** The most tags a mail proposes. */
const MAX_DELETIONS = 5;

/** A tag younger than this is never proposed. */
export const MIN_AGE_DAYS = 14;

/** Tags that people mean to keep, whatever their age (docs/figures.md). */
const PROTECTED = [
  'latest',
  'dev',
  'test',
  'prod',
  'stable',
  'rollback',
  'previous',
  'release*',
  'main',
  'master',
  'v*',
];
const SEMVER = /^[0-9]+\.[0-9]+\.[0-9]+([-+].*)?$/;
/** `sha256-<hex>[.sig|.att|.sbom]`: signatures and attestations go only together with the image they name. */
const SIGNATURE = /^sha256-[0-9a-f]{64}/;
/** A stream in use keeps its newest tags, so that people can roll back. */
const KEPT_OF_STREAM_IN_USE = 2;
const DAY_MS = 24 * 60 * 60 * 1000;

/** What a plan depends on. */
export type PlanRules = {
  /** Environments in which nothing is proposed. */
  readonly productionEnvironments: readonly string[];
};

/**
 * Proposes up to five whole tags, the largest first. Each is known not to be in use, not protected, older than 14 days by
 * `created`, and not in production. Null when there is no such tag.
 */
export const planDeletions = (
  report: NamespaceReport,
  { takenAt, weighing }: { readonly takenAt: string; readonly weighing: Weighing },
  { productionEnvironments }: PlanRules,
): DeletionPlan | null => {
  if (isProduction(report.environment, productionEnvironments)) return null;
  const takenAtMs = Date.parse(takenAt);
  const deletions = report.streams
    .flatMap((stream) => {
      const findObstacle = createFindObstacle(report.name, stream, takenAtMs);
      return stream.tags
        .filter((tag) => findObstacle(tag) === null)
        .map((tag) => ({ stream: stream.name, tag: tag.name, freesBytes: tag.freesBytes }));
    })
    .toSorted(
      (a, b) => b.freesBytes - a.freesBytes || compareText(a.stream, b.stream) || compareText(a.tag, b.tag),
    )
    .slice(0, MAX_DELETIONS);
  if (deletions.length === 0) return null;
  const chosen = new Set(deletions.map(({ stream, tag }) => `${stream}:${tag}`));
  const together = weighing.weighTogether(
    new Set(
      weighing.ledger.streams.flatMap((stream) =>
        stream.tags.flatMap(({ name, tag }) => (chosen.has(`${stream.name}:${name}`) ? [tag] : [])),
      ),
    ),
  );
  return { deletions, ...together, usedAfterBytes: report.usedBytes - together.freesBytes };
};

/** Why a tag outside production is not proposed for deletion. */
export type Obstacle =
  | 'use-unknown'
  | 'in-use'
  | 'frees-nothing'
  | 'name-kept'
  | 'way-back'
  | 'undated'
  | 'young'
  | 'not-quotable';

/** Why tags of a namespace, read at this time (ISO 8601), are not proposed. Only the first reason of each tag counts. */
export const listObstacles = (report: NamespaceReport, takenAt: string): ReadonlySet<Obstacle> =>
  new Set(
    report.streams.flatMap((stream) => {
      const findObstacle = createFindObstacle(report.name, stream, Date.parse(takenAt));
      return stream.tags.flatMap((tag) => findObstacle(tag) ?? []);
    }),
  );

const createFindObstacle = (
  namespace: string,
  stream: StreamReport,
  takenAtMs: number,
): ((tag: TagReport) => Obstacle | null) => {
  let kept: ReadonlySet<TagReport> | null = null;
  return (tag) => {
    if (tag.inUse !== false) return tag.inUse === null ? 'use-unknown' : 'in-use';
    if (tag.state === 'reference' || tag.freesBytes <= 0) return 'frees-nothing';
    if (isNameKept(tag.name)) return 'name-kept';
    kept ??= keptForTheWayBack(stream);
    if (kept.has(tag)) return 'way-back';
    const newest = newestMs(tag);
    if (newest === Infinity) return 'undated';
    if (takenAtMs - newest <= MIN_AGE_DAYS * DAY_MS) return 'young';
    return deleteTagCommand(namespace, stream.name, tag.name) === null ? 'not-quotable' : null;
  };
};

const isNameKept = (name: string): boolean =>
  PROTECTED.some((pattern) => isGlobMatch(pattern, name)) || SEMVER.test(name) || SIGNATURE.test(name);

/** A revision without a date may be new, so it counts as the newest. A tag without revisions counts as the oldest. */
const newestMs = ({ revisions }: TagReport): number => {
  let newest = '';
  for (const { created } of revisions) {
    if (created === null) return Infinity;
    if (created > newest) newest = created;
  }
  return newest === '' ? -Infinity : Date.parse(newest);
};

const keptForTheWayBack = (stream: StreamReport): ReadonlySet<TagReport> => {
  if (stream.inUse === false) return new Set();
  const dated = stream.tags.map((tag) => ({ tag, name: tag.name, newestMs: newestMs(tag) }));
  // Infinity minus Infinity is NaN, so the names decide the order.
  const newestFirst = dated.toSorted((a, b) => b.newestMs - a.newestMs || byName(a, b));
  return new Set(newestFirst.slice(0, KEPT_OF_STREAM_IN_USE).map(({ tag }) => tag));
};
