import { chown, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Certificate } from './certificate.ts';
import { findFreePort } from './free-port.ts';
import { makeServerFolder, startTethered } from './tethered.ts';
import type { Tethered } from './tethered.ts';

/** The password of every mailbox. */
export const MAILBOX_PASSWORD = 'open "sesame"';

/** Mailboxes that take mail by LMTP and give it out by IMAP. */
export type Dovecot = Tethered & {
  /** Where a mail server delivers, in Postfix's words: `lmtp:unix:/path`. */
  readonly transport: string;
  readonly imapPort: number;
  /** The Maildir of a mailbox; not there before its first mail. */
  readonly maildirOf: (address: string) => string;
  /** How many messages lie in it that nobody has opened. */
  readonly countMessages: (address: string) => Promise<number>;
};

/**
 * Starts Debian's `dovecot` with these mailboxes, addresses all; everybody else is unknown to it. With a certificate it
 * speaks TLS from the first byte. Takes root.
 */
export const startDovecot = async (
  addresses: readonly string[],
  certificate: Certificate | null = null,
): Promise<Dovecot> => {
  const { folder, log } = await makeServerFolder('dovecot');
  const imapPort = await findFreePort();
  const mail = join(folder, 'mail');
  await mkdir(mail);
  await chown(mail, NOBODY.uid, NOBODY.gid);
  const users = addresses.map((address) => `${address}:${MAILBOX_PASSWORD}::::::\n`);
  await writeFile(join(folder, 'users'), users.join(''));
  const config = join(folder, 'dovecot.conf');
  await writeFile(config, configOf(folder, log, imapPort) + (certificate === null ? PLAIN : tlsOf(folder)));
  await writeFile(join(folder, 'cert.pem'), certificate?.cert ?? '');
  await writeFile(join(folder, 'key.pem'), certificate?.key ?? '', { mode: 0o600 });
  const server = await startTethered(folder, [PROGRAM, '-F', '-c', config], imapPort);
  const maildirOf = (address: string): string => join(mail, address);
  return {
    ...server,
    transport: `lmtp:unix:${folder}/lmtp`,
    imapPort,
    maildirOf,
    countMessages: async (address) => (await readdir(join(maildirOf(address), 'new')).catch(() => [])).length,
  };
};

const PROGRAM = '/usr/sbin/dovecot';

/** Debian's `nobody` and `nogroup`. */
const NOBODY = { uid: 65_534, gid: 65_534 } as const;

const configOf = (folder: string, log: string, imapPort: number): string => `
base_dir = ${folder}/run
state_dir = ${folder}/run
log_path = ${log}
protocols = imap lmtp
listen = 127.0.0.1
disable_plaintext_auth = no
auth_mechanisms = plain
auth_failure_delay = 0
first_valid_uid = ${NOBODY.uid}
last_valid_uid = ${NOBODY.uid}
mail_location = maildir:${folder}/mail/%u
recipient_delimiter = +
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%u ${folder}/users
}
userdb {
  driver = passwd-file
  args = username_format=%u ${folder}/users
  default_fields = uid=${NOBODY.uid} gid=${NOBODY.gid} home=${folder}/mail/%u
}
service anvil {
  # Else whoever comes after a wrong password waits, too.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service lmtp {
  unix_listener ${folder}/lmtp {
    mode = 0666
  }
}
service imap-login {
  inet_listener imap {
    address = 127.0.0.1
    port = ${imapPort}
  }
  inet_listener imaps {
    port = 0
  }
}
`;

const PLAIN = 'ssl = no\n';

const tlsOf = (folder: string): string => `
ssl = required
ssl_cert = <${folder}/cert.pem
ssl_key = <${folder}/key.pem
service imap-login {
  inet_listener imap {
    ssl = yes
  }
}
`;
