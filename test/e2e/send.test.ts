import { describe, expect, test } from 'vitest';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { listMails, mailsAbout, openPlatform } from './platform.ts';

/** `quotagram send` as people run it, on the recorded cluster. */

describe('without --yes', { timeout: 120_000 }, () => {
  test('shows to whom what would go, and sends nothing', async () => {
    const { folder, quotagram, configure, smtp } = await openPlatform();
    await configure({ smtp: {} });
    const { exitCode, stdout, stderr } = await quotagram(['send', '-n', 'a1b2c3-prod']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^To: owner\.a1b2c3@example\.test \(annotation:contacts\)\nTo: tech\.a1b2c3@example\.test \(annotation:contacts\)\nSubject: \[Image registry\] a1b2c3-prod: 1\.4 of 1 GiB, 0\.4 over \(requested by the platform team\)\nAttached: usage-a1b2c3-prod\.csv\n\nImage registry usage /,
    );
    expect(stderr).toMatch(/\nDry run: nothing was sent\. To send 2 mails, add --yes\.\n$/);
    expect(smtp.connections()).toBe(0);
    expect(existsSync(join(folder, '.quotagram'))).toBe(false);
  });

  test('shows the mail of each namespace that is named', async () => {
    const { quotagram } = await openPlatform();
    const args = ['send', '-n', 'a1b2c3-prod', '-n', 'd4e5f6-prod', '--to', 'boss@example.test'];
    const { exitCode, stdout, stderr } = await quotagram(args);
    expect(exitCode).toBe(0);
    expect(stdout.match(/^(To|Subject|Attached|={78}).*$/gm)).toEqual([
      'To: boss@example.test (--to)',
      expect.stringContaining('a1b2c3-prod: '),
      'Attached: usage-a1b2c3-prod.csv',
      '='.repeat(78),
      'To: boss@example.test (--to)',
      expect.stringContaining('d4e5f6-prod: '),
      expect.stringContaining('usage-d4e5f6-prod.csv'),
    ]);
    expect(stdout).not.toContain('Also told');
    expect(stderr).toContain('To send 2 mails, add --yes.');
  });

  test('refuses whom it must not or cannot tell, and says which key to change', async () => {
    const { quotagram } = await openPlatform();
    expect(await quotagram(['send', '-n', 'a1b2c3-prod', '--to', 'x@elsewhere.example.org'])).toEqual({
      exitCode: 4,
      stdout: '',
      stderr:
        'error: --to: the domain elsewhere.example.org is not in mail.allowedDomains\n' +
        '  Add elsewhere.example.org to mail.allowedDomains in the configuration if mail may go there.\n',
    });
    expect(await quotagram(['send', '-n', 'a1b2c3-prod', '--to', 'x@y@z'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'error: --to: not one plain address such as name@example.test\n',
    });
    const nobody = await quotagram(['send', '-n', 'beef01-dev']);
    expect(nobody.exitCode).toBe(4);
    expect(nobody.stdout).toBe('');
    expect(nobody.stderr).toMatch(
      /\nerror: nobody to tell about beef01-dev: the annotation contacts cannot be read\n {2}Name somebody with --to\.\n$/,
    );
  });
});

describe('with --yes', { timeout: 120_000 }, () => {
  test('sends each mail once and says what the server said', async () => {
    const { quotagram, smtp } = await openPlatform();
    const { exitCode, stdout } = await quotagram(['send', '-n', 'd4e5f6-prod', '--yes']);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      [
        'RECIPIENT                  NAMESPACES   MAIL       THE SERVER SAID',
        'owner.d4e5f6@example.test  d4e5f6-prod  submitted  250 caught as 001',
        'tech.d4e5f6@example.test   d4e5f6-prod  submitted  250 caught as 002',
        '',
      ].join('\n'),
    );
    expect(await listMails(smtp.messages)).toEqual([
      'owner.d4e5f6@example.test d4e5f6-prod',
      'tech.d4e5f6@example.test d4e5f6-prod',
    ]);
  });

  test('sends the mails of each namespace that is named', async () => {
    const { quotagram, smtp } = await openPlatform();
    const { exitCode } = await quotagram(['send', '-n', 'd4e5f6-prod', '-n', 'a1b2c3-prod', '--yes']);
    expect(exitCode).toBe(0);
    expect(await listMails(smtp.messages)).toEqual(mailsAbout(['a1b2c3-prod', 'd4e5f6-prod']));
  });

  test('sends to the given addresses alone, and ends with exit code 3 when one is refused', async () => {
    const { quotagram, smtp } = await openPlatform({
      refuse: (address) => (address.startsWith('gone@') ? '550 5.1.1 no such user' : null),
    });
    const to = ['--to', 'me@example.test', '--to', 'gone@example.test'];
    const { exitCode, stdout, stderr } = await quotagram(['send', '-n', 'beef01-dev', ...to, '--yes']);
    expect(exitCode).toBe(3);
    expect(stdout).toMatch(
      /\nme@example\.test +beef01-dev +submitted +250 caught as 001\ngone@example\.test +beef01-dev +failed +550 5\.1\.1 no such user\n$/,
    );
    expect(stderr).toMatch(
      /\nwarning: the mail to gone@example\.test about beef01-dev failed: 550 5\.1\.1 no such user\n$/,
    );
    expect(smtp.messages.map((message) => message.to)).toEqual([['me@example.test']]);
    const { subject } = await PostalMime.parse(smtp.messages[0]?.source ?? '');
    expect(subject).toMatch(/^\[Image registry\] beef01-dev: .* \(requested by the platform team\)$/);
  });
});
