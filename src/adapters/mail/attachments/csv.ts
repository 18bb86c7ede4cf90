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
export const renderCsv = (namespaces: readonly NamespaceReport[]): string => {
  const lines = [COLUMNS.join(',')];
  for (const { name, streams } of namespaces) {
    for (const stream of streams) {
      for (const tag of stream.tags) for (const row of listRows(name, stream.name, tag)) lines.push(row);
    }
  }
  return `${lines.join('\n')}\n`;
};

const listRows = (namespace: string, stream: string, tag: TagReport): readonly string[] => {
  const place = `${writeName(namespace)},${writeName(stream)},${writeName(tag.name)}`;
  const whole = `${String(tag.countedBytes)},${String(tag.freesBytes)}`;
  return tag.revisions.length === 0
    ? [`${place},,,,,,,,${whole},${writeUse(tag)},`]
    : tag.revisions.map((revision, index) => {
        const { digest, created, charged, sizeBytes, countedBytes } = revision;
        const command = index === 0 ? deleteTagCommand(namespace, stream, tag.name) : null;
        return (
          `${place},${String(index + 1)},${String(index === 0)},${writeName(digest)},${writeName(created ?? 'unknown')},` +
          `${String(charged)},${String(sizeBytes ?? 'unknown')},${String(countedBytes)},${whole},` +
          `${writeUse(revision)},${writeCell(command ?? '')}`
        );
      });
};

/** Whether it is used and by whom. */
const writeUse = (used: UseReport): string =>
  `${String(used.inUse ?? 'unknown')},${writeCell(listUsers(used))}`;

/** With their namespaces, which a spreadsheet may mix. */
const listUsers = (used: UseReport): string => {
  if (used.inUseCount === 0) return '';
  const named = nameUsers(used, '');
  const hidden = used.inUseCount - named.length;
  return [...named.map((name) => cleanText(name)), ...(hidden > 0 ? [`${String(hidden)} more`] : [])].join(
    '; ',
  );
};

/** Text of others is cleaned. */
const writeName = (text: string): string => (isPlain(text) ? text : writeCell(cleanText(text)));

/** A mail has thousands of cells that are written as they are: only others are worth the library's care. */
const writeCell = (text: string): string =>
  isPlain(text) ? text : stringify([[text]], { eof: false, escape_formulas: true });

/** Nothing that is to be cleaned or cut, needs quotes or starts a formula. */
const isPlain = (text: string): boolean => text === '' || (text.length <= 200 && PLAIN.test(text));

const PLAIN = /^\w[\w .:;/@()+-]*$/;

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
