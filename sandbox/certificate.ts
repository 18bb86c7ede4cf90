import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A key and a certificate, both in PEM; valid for `localhost` and 127.0.0.1 for a year. */
export type Certificate = { readonly key: string; readonly cert: string };

/**
 * Makes a certificate by hand (RFC 5280): Node can read one but not write one. One that a stranger signed names an
 * authority that nobody has.
 */
export const makeCertificate = (now: Date, signer: 'itself' | 'a stranger' = 'itself'): Certificate => {
  const { privateKey, publicKey } = makeKeys();
  const isOwn = signer === 'itself';
  const names = sequence(
    der(DNS_NAME, Buffer.from('localhost')),
    der(IP_ADDRESS, Buffer.from([127, 0, 0, 1])),
  );
  const content = sequence(
    der(CONTEXT + 0, der(INTEGER, Buffer.from([2]))),
    der(INTEGER, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    commonName(isOwn ? 'localhost' : signer),
    sequence(utcTime(addDays(now, -1)), utcTime(addDays(now, 365))),
    commonName('localhost'),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(CONTEXT + 3, sequence(sequence(ALTERNATIVE_NAMES, der(OCTETS, names)))),
  );
  const signature = sign('sha256', content, isOwn ? privateKey : makeKeys().privateKey);
  const certificate = sequence(content, ECDSA_WITH_SHA256, der(BITS, Buffer.from([0]), signature));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: [
      '-----BEGIN CERTIFICATE-----',
      ...(certificate.toString('base64').match(/.{1,64}/g) ?? []),
      '-----END CERTIFICATE-----',
      '',
    ].join('\n'),
  };
};

const makeKeys = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

/** One value in DER: its tag, the length of its content, its content. */
const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const commonName = (name: string): Buffer =>
  sequence(der(SET, sequence(COMMON_NAME, der(UTF8, Buffer.from(name)))));
const identifier = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));

const INTEGER = 0x02;
const BITS = 0x03;
const OCTETS = 0x04;
const UTF8 = 0x0c;
const SET = 0x31;
const UTC_TIME = 0x17;
const CONTEXT = 0xa0;
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;
const COMMON_NAME = identifier('550403');
const ALTERNATIVE_NAMES = identifier('551d11');
const ECDSA_WITH_SHA256 = sequence(identifier('2a8648ce3d040302'));

const utcTime = (date: Date): Buffer =>
  der(UTC_TIME, Buffer.from(`${date.toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`));

const addDays = (date: Date, days: number): Date => new Date(date.getTime() + days * 86_400_000);
