import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import PostalMime from 'postal-mime';
import { describe, expect, test } from 'vitest';
import { MAILBOX_PASSWORD } from '../../sandbox/dovecot.ts';
import { readNotice } from '../../src/adapters/bounce-mailbox/delivery-status.ts';
import { ONE_TEAM, openPlatform } from '../e2e/platform.ts';
import {
  BOUNCES,
  fetchMail,
  hasMailSoftware,
  PLATFORM,
  STAFF,
  useMailSoftware,
  withMailSoftware,
} from './open-mail-software.ts';

/** `quotagram send` and `run` → Postfix, which cannot deliver and says so → `quotagram bounces`. */
describe.skipIf(!hasMailSoftware)(withMailSoftware('a mail that comes back'), { timeout: 120_000 }, () => {
  const software = useMailSoftware();

  test('is found in the Maildir and over IMAP, is recorded once, and staff hears of it', async () => {
    const { dovecot, postfix } = software();
    const { folder, quotagram, configure } = await openPlatform();
    await configure({
      ...ONE_TEAM,
      mail: {
        from: `registry@${PLATFORM}`,
        bounces: BOUNCES,
        allowedDomains: ['example.test', '*.example.test'],
        perSecond: 50,
      },
      smtp: { host: '127.0.0.1', port: postfix.port },
      summary: { to: STAFF },
    });
    const gone = 'gone@team.example.test';
    const sent = await quotagram(['send', '-n', 'a1b2c3-prod', '--to', gone, '--yes']);
    expect(sent.stdout).toMatch(/\ngone@team\.example\.test +a1b2c3-prod +submitted +250 2\.0\.0 Ok/);

    const report = await fetchMail(software(), BOUNCES, (mail) => mail.includes('message/delivery-status'));
    const notice = readNotice(report);
    expect(notice).toEqual({
      deliveryId: expect.stringMatching(/^[0-9a-f]{64}$/),
      hasFailed: true,
      status: '5.1.1',
      detail: expect.stringMatching(/^550 5\.1\.1 <\(address\)> User doesn't exist: \(address\)$/),
    });
    const { deliveredTo } = await PostalMime.parse(report);
    expect(deliveredTo).toBe(BOUNCES.replace('@', `+${notice?.deliveryId.slice(0, 32) ?? ''}@`));

    const first = await quotagram(['bounces', '--maildir', dovecot.maildirOf(BOUNCES)]);
    expect(first).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(
        /^RECIPIENT +NAMESPACES +STATUS +THE SERVER SAID\ngone@team\.example\.test +a1b2c3-prod +5\.1\.1 +550 5\.1\.1 <\(address\)> User doesn't exist: \(address\)\n$/,
      ),
      stderr: '1 mail came back\n',
    });
    expect((await quotagram(['run'])).exitCode).toBe(0);
    const summary = await PostalMime.parse(
      await fetchMail(software(), STAFF, (mail) => mail.includes('run')),
    );
    expect(summary.text).toMatch(/Mail to these recipients came back \(1\)\n\nThey are mailed again: /);
    expect(summary.text?.replaceAll(/\s+/g, ' ')).toMatch(
      /- gone@team\.example\.test: About a1b2c3-prod, 1 mail, of \d+ \w+ \d+: 550 5\.1\.1 .*\. No namespace names this recipient\. /,
    );

    // Nobody whom the run mailed has a mailbox there, either.
    await waitForMessages(8 + 1);
    const url = `imap://${encodeURIComponent(BOUNCES)}@127.0.0.1:${String(dovecot.imapPort)}`;
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, MAILBOX_PASSWORD);
    const last = await quotagram(['bounces', '--imap', url], { IMAP_PASSWORD_FILE: passwordFile });
    expect(last.stderr).toBe('8 mails came back, 1 known already\n');
    expect(
      last.stdout.match(/^owner\.a1b2c3@example\.test .* User doesn't exist: \(address\)$/gm),
    ).toHaveLength(4);
  });

  const waitForMessages = async (count: number): Promise<void> => {
    const { dovecot } = software();
    const giveUpAt = performance.now() + 10_000;
    while ((await dovecot.countMessages(BOUNCES)) < count && performance.now() < giveUpAt) await wait(50);
  };
});
