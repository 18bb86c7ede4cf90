import { createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import DKIM from 'nodemailer/lib/dkim';
import { AppError } from '../../../errors.ts';

/** What a receiver checks signatures with is published at `SELECTOR._domainkey.DOMAIN`. */
export type DkimOptions = {
  readonly domain: string;
  readonly selector: string;
  /** An RSA private key in PEM, without a passphrase. */
  readonly keyFile: string;
};

/** Puts a signature in front of a message; the same message gives the same bytes. */
export type Sign = (message: Buffer) => Promise<Buffer>;

/**
 * Reads the key and returns what signs with it (RFC 6376). RSA signatures hold no chance, and nodemailer puts no time
 * into them.
 * @throws AppError `invalid` for a key that cannot be read or used
 */
export const createSigner = ({ domain, selector, keyFile }: DkimOptions): Sign => {
  const dkim = new DKIM({
    domainName: domain,
    keySelector: selector,
    privateKey: readKey(keyFile),
    headerFieldNames: SIGNED_HEADERS.join(':'),
  });
  return async (message) => {
    const signed = await buffer(dkim.sign(message));
    // nodemailer leaves a message unsigned when it cannot sign it.
    if (!signed.subarray(0, 15).equals(Buffer.from('DKIM-Signature:'))) {
      throw new AppError('internal', 'the message could not be signed with the DKIM key');
    }
    return signed;
  };
};

/** All that people and machines go by. What a message does not have is not signed; RFC 8058 wants both of the last. */
const SIGNED_HEADERS = [
  'From',
  'Reply-To',
  'To',
  'Subject',
  'Date',
  'Message-ID',
  'References',
  'MIME-Version',
  'Content-Type',
  'Auto-Submitted',
  'List-Id',
  'List-Unsubscribe',
  'List-Unsubscribe-Post',
];

/** RFC 8301: receivers take no signature by a shorter key. */
const LEAST_BITS = 1024;

const readKey = (keyFile: string): KeyObject => {
  const key = parseKey(keyFile, readText(keyFile));
  if (key.asymmetricKeyType !== 'rsa') {
    throw refuse(keyFile, `holds an RSA key, but this one is ${key.asymmetricKeyType ?? 'of another kind'}`);
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < LEAST_BITS) {
    throw refuse(keyFile, `holds a key of at least 1,024 bits, but this one has ${String(bits)}`);
  }
  return key;
};

const readText = (keyFile: string): string => {
  try {
    // A named pipe would keep us waiting until somebody writes to it.
    if (statSync(keyFile).isFile()) return readFileSync(keyFile, 'utf8');
  } catch (thrown) {
    throw refuse(
      keyFile,
      `can be read (${thrown instanceof Error ? thrown.message : String(thrown)})`,
      thrown,
    );
  }
  throw refuse(keyFile, 'is a regular one, no folder and no pipe');
};

/** The error says nothing of the content: it is a secret, even where it is a wrong one. */
const parseKey = (keyFile: string, pem: string): KeyObject => {
  try {
    return createPrivateKey(pem);
  } catch (thrown) {
    throw refuse(keyFile, 'holds a private key in PEM, without a passphrase', thrown);
  }
};

const refuse = (keyFile: string, demand: string, cause?: unknown): AppError =>
  new AppError('invalid', `mail.dkim.keyFile is ${JSON.stringify(keyFile)}: must be a file that ${demand}`, {
    hint: 'openssl genrsa 2048 makes such a key; its public half belongs into DNS.',
    ...(cause === undefined ? {} : { cause }),
  });
