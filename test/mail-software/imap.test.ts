import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../sandbox/certificate.ts';
import { MAILBOX_PASSWORD, startDovecot } from '../../sandbox/dovecot.ts';
import type { Dovecot } from '../../sandbox/dovecot.ts';
import { findFreePort } from '../../sandbox/free-port.ts';
import { openFolder } from '../../src/adapters/bounce-mailbox/imap.ts';
import type { ImapOptions } from '../../src/adapters/bounce-mailbox/imap.ts';
import { hasMailSoftware, MIRA, withMailSoftware } from './open-mail-software.ts';

describe.skipIf(!hasMailSoftware)(withMailSoftware('a mailbox behind TLS'), { timeout: 60_000 }, () => {
  const certificate = makeCertificate(new Date());
  let dovecot: Dovecot | null = null;
  beforeAll(async () => {
    dovecot = await startDovecot([MIRA], certificate);
  });
  afterAll(async () => {
    await dovecot?.[Symbol.asyncDispose]();
  });
  const open = (change: Partial<ImapOptions>) => {
    const login = { user: MIRA, password: MAILBOX_PASSWORD, folder: 'INBOX' };
    return openFolder({ host: 'localhost', port: dovecot?.imapPort ?? 0, secure: true, ...login, ...change });
  };

  test('opens where somebody whom we trust vouches for its certificate', async () => {
    await using folder = await open({ ca: certificate.cert });
    expect(await folder.listMessages()).toEqual([]);
  });

  test.each<[string, Partial<ImapOptions>, string, RegExp]>([
    ['a certificate that nobody vouches for', {}, 'unavailable', /self-signed certificate/],
    ['a wrong password', { ca: certificate.cert, password: 'guessed' }, 'forbidden', /did not log us in/],
    [
      'a folder that is not there',
      { ca: certificate.cert, folder: 'Gone' },
      'not_found',
      /no IMAP folder Gone/,
    ],
    ['no TLS on our side', { secure: false, timeoutMs: 300 }, 'unavailable', /no answer in time/],
  ])('stays closed with %s', async (_name, change, code, message) => {
    await expect(open(change)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('that nobody serves is told of with what to do', async () => {
    await expect(open({ port: await findFreePort() })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/ECONNREFUSED|does not answer/),
      hint: expect.stringContaining('Check the URL'),
    });
  });
});
