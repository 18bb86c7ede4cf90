import { z } from 'zod';
import { AppError } from '../../../errors.ts';
import { cleanText } from '../message/clean-text.ts';

/** What went wrong with a mail server, read from what nodemailer throws. */
export type Fault = {
  /** nodemailer's own code: `ECONNECTION`, `ETIMEDOUT`, `EAUTH`, … */
  readonly code: string;
  /** The system's or OpenSSL's code behind it: `ECONNREFUSED`, `CERT_HAS_EXPIRED`, …; empty where there is none. */
  readonly cause: string;
  /** The server's reply code if it refused (400 to 599); null when it did not answer. */
  readonly answer: number | null;
  /** What happened on one line, without addresses. */
  readonly text: string;
};

const thrownSchema = z.object({
  message: z.string(),
  code: z.string().optional(),
  originalCode: z.string().optional(),
  response: z.string().optional(),
  responseCode: z.number().optional(),
});

/** Reads anything thrown while talking to a mail server. */
export const readFault = (thrown: unknown): Fault => {
  const parsed = thrownSchema.safeParse(thrown);
  if (!parsed.success) return { code: '', cause: '', answer: null, text: redact(String(thrown)) };
  const { message, code = '', originalCode = '', response, responseCode = 0 } = parsed.data;
  return {
    code,
    cause: originalCode,
    answer: responseCode >= 400 && responseCode < 600 ? responseCode : null,
    text: redact(response ?? message),
  };
};

/** A server's words on one line, without addresses and whatever steers a terminal: they end up in logs and tables. */
export const redact = (text: string): string =>
  cleanText(
    text
      .slice(0, MAX_WORDS)
      .replace(/[^\s<>"]+@[^\s<>"]+/g, '(address)')
      .replace(/\s+/g, ' ')
      .trim(),
    MAX_SHOWN,
  );

/** As much of a server's words, in characters, as a log or a table shows. */
const MAX_SHOWN = 253;

/** As much of a server's words, of a megabyte if it likes, as is looked at: to find addresses takes the square of it. */
const MAX_WORDS = 2_000;

/** Says why no session could be opened and what to do: `rejected` where trying again cannot help, else `unavailable`. */
export const explainFailure = (
  fault: Fault,
  server: { readonly host: string; readonly port: number },
): AppError => {
  const name = `The mail server ${server.host}:${String(server.port)}`;
  const isForGood = fault.answer !== null && fault.answer >= 500;
  if (fault.code === 'EAUTH') {
    return new AppError(isForGood ? 'rejected' : 'unavailable', `${name} did not log us in: ${fault.text}`, {
      hint: 'Check smtp.user and the password in SMTP_PASSWORD or SMTP_PASSWORD_FILE.',
    });
  }
  if (fault.code === 'ETLS' || TLS_CAUSE.test(fault.cause)) {
    return new AppError('rejected', `${name} and we found no TLS to agree on: ${fault.text}`, {
      hint: 'Check smtp.secure (true: TLS from the start, usually port 465) and the certificate; let NODE_EXTRA_CA_CERTS name the file of a private authority.',
    });
  }
  if (fault.answer !== null) {
    return new AppError(
      isForGood ? 'rejected' : 'unavailable',
      `${name} refused the session: ${fault.text}`,
      {
        hint: 'Ask its operators whether this host may send mail through it.',
      },
    );
  }
  const reason = fault.code === 'ETIMEDOUT' ? 'did not answer in time' : 'cannot be reached';
  return new AppError('unavailable', `${name} ${reason}: ${fault.text}`, {
    hint: 'Check smtp.host and smtp.port, that the server runs, and that no firewall is in between.',
  });
};

/** Codes of certificates that do not verify, and of a peer that does not speak TLS or not our version of it. */
const TLS_CAUSE = /CERT|SELF_SIGNED|UNABLE_TO_|^ERR_TLS|^ERR_SSL|^EPROTO$/;
