import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import { MAILBOX_PASSWORD } from '../../sandbox/dovecot.ts';
import { missingMailSoftware, startMailSoftware } from '../../sandbox/mail-software.ts';
import type { MailSoftware } from '../../sandbox/mail-software.ts';
import { openFolder } from '../../src/adapters/bounce-mailbox/imap.ts';
import type { ImapOptions } from '../../src/adapters/bounce-mailbox/imap.ts';

/** Whether the suites of real mail software can run here. */
export const hasMailSoftware = missingMailSoftware.length === 0;

/** The name of a suite that takes real mail software, with what is missing where something is. */
export const withMailSoftware = (name: string): string =>
  hasMailSoftware ? name : `${name}, which takes ${missingMailSoftware.join(', ')}`;

export const PLATFORM = 'platform.example.test';
export const BOUNCES = `bounces@${PLATFORM}`;
export const STAFF = `staff@${PLATFORM}`;
export const MIRA = 'mira@team.example.test';

/** The real mail software for all tests of a file; it signs for `PLATFORM` and has the mailboxes `BOUNCES`, `STAFF` and `MIRA`.
 * Nobody else at their domains and at `example.test` does mail reach. */
export const useMailSoftware = (): (() => MailSoftware) => {
  let software: MailSoftware | null = null;
  beforeAll(async () => {
    if (hasMailSoftware)
      software = await startMailSoftware({
        domain: PLATFORM,
        mailboxes: [BOUNCES, STAFF, MIRA, 'postmaster@example.test'],
      });
  });
  afterAll(async () => {
    await software?.[Symbol.asyncDispose]();
  });
  return () => {
    if (software === null) throw new Error('the mail software does not run');
    return software;
  };
};

/** The one message of a mailbox that `isIt` picks, as IMAP gives it out, once it is there. */
export const fetchMail = async (
  { dovecot, postfix }: MailSoftware,
  address: string,
  isIt: (message: Buffer) => boolean,
): Promise<Buffer> => {
  await using mailbox = await openFolder(imapOptions(dovecot.imapPort, address));
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (performance.now() < giveUpAt) {
    for (const uid of (await mailbox.listMessages()).toReversed()) {
      const message = await mailbox.readMessage(uid);
      if (message !== null && isIt(message)) return message;
    }
    await wait(50);
  }
  throw new Error(`The mail did not come. The mail server says:\n${await postfix.readLog()}`);
};

const PATIENCE_MS = 10_000;

/** The inbox of one of the mailboxes. */
const imapOptions = (port: number, user: string): ImapOptions => ({
  host: '127.0.0.1',
  port,
  secure: false,
  user,
  password: MAILBOX_PASSWORD,
  folder: 'INBOX',
});
