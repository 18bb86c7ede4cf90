import { gunzipSync } from 'node:zlib';
import type { Attachment } from '../../../src/pipeline/ports.ts';

/** What a reader of the attachment sees, unpacked where it is packed. */
export const readAttachment = ({ contentType, content }: Attachment): string => {
  if (contentType === 'application/gzip') return gunzipSync(content).toString();
  return typeof content === 'string' ? content : new TextDecoder().decode(content);
};

/** One part of a message that holds no others, as it was sent. */
export type SentPart = { readonly headers: string; readonly body: string };

/** The leaves of a message, in order, still encoded. */
export const readParts = (source: string): readonly SentPart[] => {
  const end = source.indexOf('\r\n\r\n');
  const headers = source.slice(0, end);
  const body = source.slice(end + 4);
  const boundary = /boundary="([^"]+)"/.exec(headers)?.[1];
  return boundary === undefined
    ? [{ headers, body }]
    : body
        .split(`--${boundary}`)
        .slice(1, -1)
        .flatMap((part) => readParts(part.replace(/^\r\n/, '').replace(/\r\n$/, '')));
};

/** The page of a message, still encoded. */
export const readSentPage = (message: Uint8Array): SentPart | undefined =>
  readParts(new TextDecoder().decode(message)).find(({ headers }) => headers.includes('text/html'));

/** The text of a page as a reader sees it, line by line of its blocks. */
export const readPage = (html: string): string =>
  html
    .replace(/<(style|title)\b[\s\S]*?<\/\1>/g, '')
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/<\/?(p|h1|h2|tr|td|th|table|div|br|caption)\b[^>]*>/g, '\n')
    .replace(/<[^>]+>/g, '')
    .replaceAll('&nbsp;', ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#x27;', "'")
    .replaceAll('&#x60;', '`')
    .replaceAll('&#x3D;', '=')
    .replaceAll('&amp;', '&');

/** Rows of a CSV text, without its header; quoted cells may hold commas, quotes and line breaks. */
export const readCsv = (text: string): readonly (readonly string[])[] => {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/g)) {
    if (quoted === undefined && plain === '' && end === '') break;
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    if (end === '\n') rows.push([]);
  }
  return rows.slice(1).filter((row) => row.length > 0);
};
