import { existsSync } from 'node:fs';
import { startDovecot } from './dovecot.ts';
import type { Dovecot } from './dovecot.ts';
import { startOpendkim } from './opendkim.ts';
import type { Opendkim } from './opendkim.ts';
import { startPostfix } from './postfix.ts';
import type { Postfix } from './postfix.ts';

/** What a mail goes through on its way to a reader: a server that signs it, and the mailboxes behind it. */
export type MailSoftware = AsyncDisposable & {
  readonly opendkim: Opendkim;
  readonly dovecot: Dovecot;
  readonly postfix: Postfix;
};

/** Starts Postfix, OpenDKIM and Dovecot, one behind the other: it signs for `domain` and takes mail for all mailboxes. */
export const startMailSoftware = async (options: {
  readonly domain: string;
  readonly mailboxes: readonly string[];
}): Promise<MailSoftware> => {
  const { domain, mailboxes } = options;
  await using started = new AsyncDisposableStack();
  const opendkim = started.use(await startOpendkim(domain));
  const dovecot = started.use(await startDovecot(mailboxes));
  const domains = [...new Set(mailboxes.map((address) => address.slice(address.indexOf('@') + 1)))];
  const postfix = started.use(
    await startPostfix({ domains, transport: dovecot.transport, milter: opendkim.milter }),
  );
  started.move();
  return {
    opendkim,
    dovecot,
    postfix,
    // At once: some take their time.
    [Symbol.asyncDispose]: async () => {
      await Promise.all([postfix, dovecot, opendkim].map((server) => server[Symbol.asyncDispose]()));
    },
  };
};

/** Where Debian puts them. */
const PROGRAMS: Readonly<Record<string, string>> = {
  postfix: '/usr/sbin/postfix',
  'dovecot-core': '/usr/sbin/dovecot',
  'dovecot-imapd': '/usr/lib/dovecot/imap',
  'dovecot-lmtpd': '/usr/lib/dovecot/lmtp',
  opendkim: '/usr/sbin/opendkim',
};

/** What `startMailSoftware` lacks: names of Debian packages, or the rights of root; empty where it can work. */
export const missingMailSoftware: readonly string[] = [
  ...Object.keys(PROGRAMS).filter((name) => !existsSync(PROGRAMS[name] ?? '')),
  ...(process.getuid?.() === 0 ? [] : ['root']),
];
