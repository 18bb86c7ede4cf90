import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeServerFolder, startTethered } from './tethered.ts';
import type { Tethered } from './tethered.ts';

/** A running signer and what its domain publishes about it. */
export type Opendkim = Tethered & {
  /** Where a mail server finds it, in Postfix's words: `unix:/path`. */
  readonly milter: string;
  /** The name and the text of the DNS record that holds its public key. */
  readonly record: { readonly name: string; readonly text: string };
};

/** Starts Debian's `opendkim` with a new key: it signs what comes from `domain`. Takes root. */
export const startOpendkim = async (domain: string): Promise<Opendkim> => {
  const { folder } = await makeServerFolder('opendkim');
  const [config, keyFile, socket] = [
    join(folder, 'opendkim.conf'),
    join(folder, 'key.pem'),
    join(folder, 'socket'),
  ];
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await writeFile(keyFile, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
  await writeFile(config, configOf({ domain, keyFile, socket }));
  const server = await startTethered(folder, [PROGRAM, '-f', '-x', config], socket);
  const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  return {
    ...server,
    milter: `unix:${socket}`,
    record: { name: `${SELECTOR}._domainkey.${domain}`, text: `v=DKIM1; k=rsa; p=${key}` },
  };
};

const PROGRAM = '/usr/sbin/opendkim';
const SELECTOR = 'sandbox';

/** `RequireSafeKeys` looks at the folders above, of which `/tmp` is open to all. */
const configOf = (of: { readonly domain: string; readonly keyFile: string; readonly socket: string }) => `
Syslog no
RequireSafeKeys no
UMask 0000
Mode s
Canonicalization relaxed/simple
Domain ${of.domain}
Selector ${SELECTOR}
KeyFile ${of.keyFile}
Socket local:${of.socket}
InternalHosts 127.0.0.1
OversignHeaders From
`;
