import { encode, wrap } from 'nodemailer/lib/qp';

/**
 * What the HTML part may weigh as it is sent, in quoted-printable: a mail service clips what is longer, and counts
 * in ways of its own.
 */
export const MAX_HTML_BYTES = 92_160;

/** Whether a page is light enough as it is sent: encoded, CRLF line ends. Encodes it only where that is in doubt. */
export const isLightEnough = (html: string): boolean =>
  // Encoded it is never lighter than it is long.
  html.length <= MAX_HTML_BYTES &&
  (boundWeight(html) <= MAX_HTML_BYTES - ENCODER_SLACK || weighHtml(html) <= MAX_HTML_BYTES - ENCODER_SLACK);

/** The encoder that streams breaks a line elsewhere now and then, at the edges of its slices. */
const ENCODER_SLACK = 256;

/** Bytes of a page in quoted-printable. */
const weighHtml = (html: string): number => wrap(encode(html)).replace(/\r?\n/g, '\r\n').length;

/**
 * What a page never weighs more than: each character that the encoder may treat in a way of its own becomes as much as
 * it can, and the encoder's line breaks are as close as they can be. Counted by what an engine does fast.
 */
const boundWeight = (html: string): number => {
  if (CONTROLS.test(html)) return Infinity;
  // What is not ASCII has at most twice as many bytes in UTF-8 as it adds to the length; each becomes three characters.
  const foreignBytes = 2 * (Buffer.byteLength(html) - html.length);
  const encoded =
    html.length +
    3 * foreignBytes +
    2 * count(html, '=') +
    // It gets a CR, and the space before it may be escaped.
    3 * count(html, '\n');
  return encoded + BREAK * Math.ceil(encoded / SHORTEST_LINE) + BREAK;
};

const count = (text: string, character: string): number => {
  let found = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) found += 1;
  return found;
};

/** All but `\n`: hardly a page has one. */
const CONTROLS = /[\0-\t\v-\x1f\x7f]/;
/** `=`, CR, LF. */
const BREAK = 3;
/** The encoder looks for a better end in the last 25 of a line's 76 columns; only the last but one line is shorter. */
const SHORTEST_LINE = 51;
