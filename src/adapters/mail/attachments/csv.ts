import { stringify } from 'csv-stringify/sync';
import { deleteTagCommand } from '../../../usage/cleanup/commands.ts';
import type { NamespaceReport, TagReport } from '../../../usage/report/report.ts';
import { nameUsers } from '../../../usage/in-use/use-report.ts';
import type { UseReport } from '../../../usage/in-use/use-report.ts';
import type { RunSummaryRow } from '../../../pipeline/ports.ts';
import { cleanText } from '../message/clean-text.ts';

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

/**
 * All revisions of the namespaces as CSV with a header: one row a revision, in report order, and one for each tag
 * without any. Positions count from 1, the current revision. An empty cell says that a tag has no such thing,
 * `unknown` that it was not to be found out. A cell that a spreadsheet would take for a formula starts with `'`.
 */
export const renderCsv = (namespaces: readonly NamespaceReport[]): string =>
  [...writeCsv(namespaces)].join('');

/** The same in pieces, the header first and then a namespace each: those of a whole cluster would fill the memory. */
export function* writeCsv(namespaces: Iterable<NamespaceReport>): Generator<string> {
  yield writeRows([COLUMNS]);
  for (const namespace of namespaces) yield writeRows(listRows(namespace));
}

const writeRows = (rows: readonly (readonly string[])[]): string =>
  stringify([...rows], { escape_formulas: true });

const listRows = ({ name, streams }: NamespaceReport): readonly (readonly string[])[] =>
  streams.flatMap((stream) => stream.tags.flatMap((tag) => listTagRows(name, stream.name, tag)));

const listTagRows = (namespace: string, stream: string, tag: TagReport): readonly (readonly string[])[] => {
  const place = [namespace, stream, tag.name].map((name) => cleanText(name));
  const whole = [tag.countedBytes, tag.freesBytes].map(String);
  if (tag.revisions.length === 0) return [[...place, ...NO_REVISION, ...whole, ...writeUse(tag), '']];
  return tag.revisions.map((revision, index) => {
    const { digest, created, charged, sizeBytes, countedBytes } = revision;
    return [
      ...place,
      String(index + 1),
      String(index === 0),
      cleanText(digest),
      cleanText(created ?? 'unknown'),
      String(charged),
      String(sizeBytes ?? 'unknown'),
      String(countedBytes),
      ...whole,
      ...writeUse(revision),
      (index === 0 ? deleteTagCommand(namespace, stream, tag.name) : null) ?? '',
    ];
  });
};

/** The cells, from `position` to `counted_bytes`, that only a revision has. */
const NO_REVISION: readonly string[] = ['', '', '', '', '', '', ''];

/** Whether it is used and by whom. */
const writeUse = (used: UseReport): readonly string[] => [String(used.inUse ?? 'unknown'), listUsers(used)];

/** With their namespaces, which a spreadsheet may mix. */
const listUsers = (used: UseReport): string => {
  if (used.inUseCount === 0) return '';
  const named = nameUsers(used, '');
  const hidden = used.inUseCount - named.length;
  return [...named.map((name) => cleanText(name)), ...(hidden > 0 ? [`${String(hidden)} more`] : [])].join(
    '; ',
  );
};

/**
 * All namespaces of a run as CSV with a header, one row each; `mails` counts deliveries by state. Where
 * `unknown_revisions` is above 0, `used_bytes` is a lower bound.
 */
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
      unknown_revisions: row.usedBytes === null ? 'unknown' : String(row.unknownRevisions),
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
  'unknown_revisions',
] as const;
