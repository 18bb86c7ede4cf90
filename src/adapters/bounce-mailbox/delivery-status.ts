import type { BounceNotice } from '../../pipeline/ports.ts';
import { redact } from '../mail/smtp/smtp-faults.ts';

/** How much of a message is enough: what matters of a report comes first, and the mail it brings back may be long. */
export const MAX_NOTICE_BYTES = 1_048_576;

/**
 * What a message says about a mail of ours, if it is a report on a delivery (RFC 3464): its first recipient that
 * failed, or else its first. Null for any other message, such as an out-of-office reply, and for a report that does
 * not say which mail it is about. Reads reports that are cut off, too.
 */
export const readNotice = (message: Buffer): BounceNotice | null => {
  const { headers, body } = readPart(message.toString('latin1').replaceAll('\r\n', '\n'));
  const type = headers.get('content-type') ?? '';
  if (!/^multipart\/report\b.*delivery-status/is.test(type)) return null;
  const parts = splitParts(body, type);
  const [about, ...recipients] = readStatus(parts.find(({ headers: own }) => isStatus(own)));
  const recipient = recipients.find((fields) => actionOf(fields) === 'failed') ?? recipients[0];
  const deliveryId =
    readEnvelopeId(about) ?? readReturnedId(parts.at(-1)) ?? readBounceAddress(headers) ?? null;
  if (recipient === undefined || deliveryId === null) return null;
  const words = Buffer.from(recipient.get('diagnostic-code') ?? '', 'latin1').toString();
  const detail = redact(words.replace(/^[\w-]+\s*;/, ''));
  return {
    deliveryId: deliveryId.toLowerCase(),
    hasFailed: actionOf(recipient) === 'failed',
    status: /[245]\.\d{1,3}\.\d{1,3}/.exec(recipient.get('status') ?? '')?.[0] ?? null,
    detail: detail === '' ? null : detail,
  };
};

/** Values by lower-case name; of several headers of a name the first one. */
type Headers = ReadonlyMap<string, string>;
type Part = { readonly headers: Headers; readonly body: string };

const readPart = (text: string): Part => {
  const end = text.indexOf('\n\n');
  return end < 0
    ? { headers: readHeaders(text), body: '' }
    : { headers: readHeaders(text.slice(0, end)), body: text.slice(end + 2) };
};

const readHeaders = (text: string): Headers => {
  const lines = text.replace(/\n[ \t]+/g, ' ').split('\n');
  const pairs = lines.flatMap((line): [string, string][] => {
    const [, name = '', value = ''] = /^([\w-]+):\s*(.*)$/.exec(line) ?? [];
    return name === '' ? [] : [[name.toLowerCase(), value.trim()]];
  });
  return new Map(pairs.toReversed());
};

const splitParts = (body: string, type: string): readonly Part[] => {
  const boundary = /boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(type)?.slice(1).find(Boolean);
  if (boundary === undefined) return [];
  return `\n${body}`
    .split(`\n--${boundary}`)
    .slice(1)
    .filter((part) => !part.startsWith('--'))
    .map((part) => readPart(part.replace(/^[ \t]*\n/, '')));
};

const isStatus = (headers: Headers): boolean =>
  /^message\/(global-)?delivery-status\b/i.test(headers.get('content-type') ?? '');

/** The fields about the message, and then those about each recipient. */
const readStatus = (part: Part | undefined): readonly Headers[] =>
  part === undefined
    ? []
    : decode(part)
        .trim()
        .split(/\n\s*\n/)
        .map(readHeaders);

const decode = ({ headers, body }: Part): string => {
  switch (headers.get('content-transfer-encoding')?.toLowerCase()) {
    case 'base64':
      return Buffer.from(body, 'base64').toString('latin1').replaceAll('\r\n', '\n');
    case 'quoted-printable':
      return body
        .replace(/=[ \t]*\n/g, '')
        .replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    default:
      return body;
  }
};

/** Without a comment, as RFC 3464 allows one in every field. */
const actionOf = (fields: Headers): string =>
  (fields.get('action') ?? '').replace(/[\s(].*$/s, '').toLowerCase();

/** We send the delivery's id as ENVID, and a server that can repeats it (RFC 3461). */
const readEnvelopeId = (about: Headers | undefined): string | undefined =>
  WHOLE_ID.exec(about?.get('original-envelope-id') ?? '')?.[1];

/** The Message-ID of the mail, of which the report brings back the headers at least. */
const readReturnedId = (part: Part | undefined): string | undefined => {
  if (part === undefined || isStatus(part.headers)) return undefined;
  return RETURNED_ID.exec(readPart(decode(part)).headers.get('message-id') ?? '')?.[1];
};

/** Half of the id is in the address that the report was sent to. */
const readBounceAddress = (headers: Headers): string | undefined =>
  ['delivered-to', 'x-original-to', 'to'].flatMap(
    (name) => BOUNCE_ADDRESS.exec(headers.get(name) ?? '')?.[1] ?? [],
  )[0];

const WHOLE_ID = /^([0-9a-f]{64})$/i;
const RETURNED_ID = /^<([0-9a-f]{64})@/;
const BOUNCE_ADDRESS = /\+([0-9a-f]{32})@/i;
