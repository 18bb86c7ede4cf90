import { encode, wrap } from 'nodemailer/lib/qp';

/**
 * What the HTML part may weigh as it is sent, in quoted-printable: a mail service clips what is longer, and counts
 * in ways of its own.
 */
export const MAX_HTML_BYTES = 92_160;

/** Whether a page is light enough as it is sent: encoded, CRLF line ends. That is never lighter than it is long. */
export const isLightEnough = (html: string): boolean =>
  html.length <= MAX_HTML_BYTES &&
  wrap(encode(html)).replace(/\r?\n/g, '\r\n').length <= MAX_HTML_BYTES - ENCODER_SLACK;

/** The encoder that streams breaks a line elsewhere now and then, at the edges of its slices. */
const ENCODER_SLACK = 256;
