import { stringify } from 'csv-stringify/sync';
import { deleteTagCommand } from '../../usage/commands.ts';
import type { NamespaceReport, TagReport } from '../../usage/report.ts';
import { nameUsers } from '../../usage/use-report.ts';
import type { UseReport } from '../../usage/use-report.ts';
import type { RunSummaryRow } from '../../pipeline/ports.ts';
import { cleanText } from './clean.ts';

const COLUMNS = [
  'namespace',
  'stream',
  'tag',
  'position',
  'current',
  'digest',
  'created',
  'charged',
  'size_bytes',
  'counted_bytes',
  'tag_counted_bytes',
  'tag_frees_bytes',
  'in_use',
  'in_use_by',
  'command_deletes_whole_tag',
] as const;
type Row = Readonly<Record<(typeof COLUMNS)[number], string>>;

/**
 * All revisions of the namespaces as CSV with a header: one row a revision, in report order, and one for each tag
 * without any. Positions count from 1, the current revision. An empty cell says that a tag has no such thing,
 * `unknown` that it was not to be found out. A cell that a spreadsheet would take for a formula starts with `'`.
 */
export const renderCsv = (namespaces: readonly NamespaceReport[]): string => {
  const rows = namespaces.flatMap(({ name, streams }) =>
    streams.flatMap((stream) => stream.tags.flatMap((tag) => listRows(name, stream.name, tag))),
  );
  return stringify(rows, { header: true, columns: [...COLUMNS], escape_formulas: true });
};

const listRows = (namespace: string, stream: string, tag: TagReport): readonly Row[] => {
  const shared = {
    namespace: cleanText(namespace),
    stream: cleanText(stream),
    tag: cleanText(tag.name),
    tag_counted_bytes: String(tag.countedBytes),
    tag_frees_bytes: String(tag.freesBytes),
  };
  return tag.revisions.length === 0
    ? [{ ...shared, ...NO_REVISION, in_use: stateUse(tag.inUse), in_use_by: listUsers(tag) }]
    : tag.revisions.map((revision, index) => ({
        ...shared,
        position: String(index + 1),
        current: String(index === 0),
        digest: cleanText(revision.digest),
        created: cleanText(revision.created ?? 'unknown'),
        charged: String(revision.charged),
        size_bytes: String(revision.sizeBytes ?? 'unknown'),
        counted_bytes: String(revision.countedBytes),
        in_use: stateUse(revision.inUse),
        in_use_by: listUsers(revision),
        command_deletes_whole_tag: (index === 0 ? deleteTagCommand(namespace, stream, tag.name) : null) ?? '',
      }));
};

const NO_REVISION = {
  position: '',
  current: '',
  digest: '',
  created: '',
  charged: '',
  size_bytes: '',
  counted_bytes: '',
  command_deletes_whole_tag: '',
} as const;

const stateUse = (inUse: boolean | null): string => String(inUse ?? 'unknown');

/** With their namespaces, which a spreadsheet may mix. */
const listUsers = (used: UseReport): string => {
  const named = nameUsers(used, '');
  const hidden = used.inUseCount - named.length;
  return [...named.map(cleanText), ...(hidden > 0 ? [`${String(hidden)} more`] : [])].join('; ');
};

/** All namespaces of a run as CSV with a header, one row each; `mails` counts deliveries by state. */
export const renderSummaryCsv = (rows: readonly RunSummaryRow[]): string =>
  stringify(
    rows.map((row) => ({
      namespace: cleanText(row.namespace),
      used_bytes: String(row.usedBytes ?? 'unknown'),
      limit_bytes: row.usedBytes === null ? 'unknown' : String(row.limitBytes ?? 'unlimited'),
      level: row.level ?? 'unknown',
      recipients: String(row.recipients),
      mails: Object.entries(row.mails)
        .map(([state, count]) => `${String(count)} ${state}`)
        .join('; '),
      no_recipient_reason: cleanText(row.noRecipientReason ?? ''),
      problem: cleanText(row.problem ?? ''),
    })),
    { header: true, columns: [...SUMMARY_COLUMNS], escape_formulas: true },
  );

const SUMMARY_COLUMNS = [
  'namespace',
  'used_bytes',
  'limit_bytes',
  'level',
  'recipients',
  'mails',
  'no_recipient_reason',
  'problem',
] as const;
