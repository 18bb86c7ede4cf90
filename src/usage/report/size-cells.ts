import { formatCell, formatCellAtLeast, unitOfTable } from '../format.ts';
import type { Unit } from '../format.ts';
import type { RevisionReport, StreamReport, TagReport } from './report.ts';

/** The one unit of a list of streams with their tags and revisions, below a quota in bytes (null: unlimited). */
export const unitOfStreams = (streams: readonly StreamReport[], limitBytes: number | null): Unit =>
  unitOfTable(
    streams.flatMap(({ sizeBytes, countedBytes, freesBytes }) => [sizeBytes, countedBytes, freesBytes]),
    limitBytes,
  );

/** The one unit of a table of namespaces: of what they use and of their quotas, in bytes; null: unknown, unlimited. */
export const unitOfNamespaces = (
  namespaces: readonly { readonly usedBytes: number | null; readonly limitBytes: number | null }[],
): Unit =>
  unitOfTable(
    namespaces.flatMap(({ usedBytes, limitBytes }) => [usedBytes ?? 0, limitBytes ?? 0]),
    null,
  );

type SizeCells = { readonly size: string; readonly counted: string; readonly frees: string };

/**
 * The sizes of a stream or tag in a list: a lower bound (`≥ 1.2 GiB`) or `unknown` where sizes are unknown, a word rather
 * than 0 where all of it is imported, empty where there is nothing to weigh.
 */
export const formatSizes = (weighed: StreamReport | TagReport, unit: Unit): SizeCells => {
  const { sizeBytes, countedBytes, freesBytes, unknownRevisions } = weighed;
  const tags = 'tags' in weighed ? weighed.tags : [weighed];
  if (tags.every(({ revisions }) => revisions.length === 0)) return { size: '', counted: '', frees: '' };
  const format = unknownRevisions === 0 ? formatCell : formatCellAtLeast;
  const isImported =
    countedBytes === 0 &&
    unknownRevisions === 0 &&
    tags.every(({ revisions }) => revisions.every(({ charged }) => !charged));
  return {
    size: format(sizeBytes, unit),
    counted: isImported ? IMPORTED : format(countedBytes, unit),
    frees: format(freesBytes, unit),
  };
};

/** The sizes of a revision in a list: a word where its size is unknown or nothing of it is charged. */
export const formatRevisionSizes = (
  { sizeBytes, countedBytes, charged }: RevisionReport,
  unit: Unit,
): Omit<SizeCells, 'frees'> => {
  if (sizeBytes === null) return { size: UNKNOWN, counted: UNKNOWN };
  return { size: formatCell(sizeBytes, unit), counted: charged ? formatCell(countedBytes, unit) : IMPORTED };
};

const IMPORTED = 'imported';
const UNKNOWN = 'unknown';
