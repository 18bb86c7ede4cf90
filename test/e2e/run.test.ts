import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { describe, expect, test } from 'vitest';
import {
  findClosedPort,
  listMails,
  listSummaries,
  MAILED,
  mailsAbout,
  newestSlot,
  ONE_TEAM,
  openPlatform,
} from './platform.ts';
import { clusterOf } from './small-cluster.ts';

/** `quotagram run` as people run it, with a Redis of its own in its folder. */

describe('a run of a slot', { timeout: 120_000 }, () => {
  test('waits for its mail server, mails each recipient of every namespace over quota once, and is never run again', async () => {
    const { configure, quotagram, smtp } = await openPlatform();
    const slot = newestSlot();
    const port = await findClosedPort();
    await configure({ smtp: { host: '127.0.0.1', port } });
    expect(await quotagram(['run', '--slot', slot])).toEqual({
      exitCode: 1,
      stdout: '',
      stderr:
        `error: The mail server 127.0.0.1:${String(port)} cannot be reached: connect ECONNREFUSED 127.0.0.1:${String(port)}\n` +
        '  Check smtp.host and smtp.port, that the server runs, and that no firewall is in between.\n',
    });

    await configure();
    const first = await quotagram(['run', '--slot', slot]);
    expect(first.exitCode).toBe(0);
    expect(await listMails(smtp.messages)).toEqual(mailsAbout(MAILED));
    expect(listSummaries(smtp.messages)).toHaveLength(1);
    expect(first.stdout).toMatch(/^a1b2c3-tools +2\.4 GiB +1 GiB +239\.4% +over +2 +2 mails sent$/m);
    expect(first.stdout).toMatch(/^beef01-dev .* over +nobody +-$/m);
    expect(first.stdout).toMatch(
      /^Nobody was told of beef01-dev: the annotation contacts cannot be read\.$/m,
    );
    expect(first.stdout).toMatch(/^Nobody was told of 7c6b5a-test: no annotation names a contact \(/m);
    expect(first.stderr).toBe(
      [
        `run ${slot} started`,
        'read 65 pods',
        'read 1 deployment',
        'read 1 cronjob',
        'read 1 deploymentconfig',
        'read 1 buildconfig',
        'read 33 namespaces',
        'read 62 imagestreams',
        'read 142 images',
        'weighing 21 namespaces',
        'weighed 21 namespaces: 16 over quota, 28 mails to send',
        'sent 28 mails',
        '',
      ].join('\n'),
    );

    expect(await quotagram(['run', '--slot', slot])).toEqual({
      exitCode: 0,
      stdout: first.stdout,
      stderr: expect.stringMatching(
        new RegExp(
          `^run ${slot} ended before, on \\w+ \\d+ \\w+ \\d\\d:\\d\\d UTC: nothing is sent again\n$`,
        ),
      ),
    });
    expect(smtp.messages).toHaveLength(29);
  });

  test('takes a slot that is due, or a run by hand that there is', async () => {
    const { quotagram, smtp } = await openPlatform();
    const latest = `The latest one is ${newestSlot()}; leave --slot out for a run by hand.`;
    const future = weeklyAfter(newestSlot());
    expect(await quotagram(['run', '--slot', future])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringMatching(
        new RegExp(`^error: ${future} is still to come: it is due on Monday .* UTC\n  ${latest}\n$`),
      ),
    });
    expect(await quotagram(['run', '--slot', 'manual-20200101T000000Z'])).toEqual({
      exitCode: 1,
      stdout: '',
      stderr:
        'error: there is no run manual-20200101T000000Z to go on with\n' +
        '  Leave --slot out for a new run by hand.\n',
    });
    expect(smtp.messages).toEqual([]);
  });
});

describe('a run by hand', { timeout: 120_000 }, () => {
  test('mails the others when a server refuses one address and our own rules another, and says so', async () => {
    const { quotagram, configure, smtp } = await openPlatform({
      lists: clusterOf({
        'shop-dev': ['lead@example.test', 'gone@example.test', 'away@elsewhere.example.org'],
        'blog-dev': ['away@elsewhere.example.org'],
      }),
      refuse: (address) => (address.startsWith('gone@') ? '550 5.1.1 no such user' : null),
    });
    await configure({ quota: { default: 0 } });
    const { exitCode, stdout, stderr } = await quotagram(['run']);
    expect(exitCode).toBe(3);
    expect(stdout).toMatch(/^shop-dev .* over +2 +1 mail sent, 1 not sent$/m);
    expect(stdout).toMatch(/^Mail not sent \(shop-dev\): 550 5\.1\.1 no such user\.$/m);
    expect(stdout).toMatch(/^blog-dev .* over +nobody +-$/m);
    expect(stdout).toMatch(/^Nobody was told of blog-dev: .* mail\.allowedDomains\.$/m);
    expect(stderr).toContain(
      'warning: the mail to gone@example.test about shop-dev failed: 550 5.1.1 no such user\nsent 1 mail, 1 not\n',
    );
    expect(await listMails(smtp.messages)).toEqual(['lead@example.test shop-dev']);
    expect(listSummaries(smtp.messages)).toHaveLength(1);
  });

  test('ends with exit code 3 when only the summary cannot be sent', async () => {
    const { quotagram, configure, smtp } = await openPlatform({
      lists: clusterOf({ 'shop-dev': ['lead@example.test'] }),
      refuse: (address) => (address.startsWith('staff@') ? '550 5.1.1 no such user' : null),
    });
    await configure({ quota: { default: 0 } });
    const { exitCode, stderr } = await quotagram(['run']);
    expect(exitCode).toBe(3);
    expect(stderr).toContain(
      'sent 1 mail\nwarning: the run summary to staff@platform.example.test failed: 550 5.1.1 no such user\n',
    );
    expect(await listMails(smtp.messages)).toEqual(['lead@example.test shop-dev']);
  });

  test('goes on to its end when nobody reads what it prints, and does not block the next one', async () => {
    const { quotagram, configure, smtp } = await openPlatform({
      lists: clusterOf({ 'shop-dev': ['lead@example.test'] }),
    });
    await configure({ quota: { default: 0 } });
    expect((await quotagram(['run'], {}, { closesOutputEarly: true })).exitCode).toBe(0);
    expect(smtp.messages).toHaveLength(2);
    expect((await quotagram(['run'])).exitCode).toBe(0);
    expect(smtp.messages).toHaveLength(4);
  });

  test('that cannot read the cluster mails nobody and says what to do', async () => {
    const { folder, quotagram, smtp } = await openPlatform();
    const kubeconfig = join(folder, 'wrong');
    await writeFile(kubeconfig, (await readFile(join(folder, 'kubeconfig'), 'utf8')).replace('sha256~', ''));
    const { exitCode, stdout, stderr } = await quotagram(['run', '--kubeconfig', kubeconfig]);
    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(
      /^run (manual-\S+) started\nerror: run \1 stopped before any mail: The API at .* does not accept these credentials\. .*\n {2}When that is mended, start a run by hand: the same command without --slot\.\n$/,
    );
    expect(smtp.messages).toEqual([]);
  });
});

describe('a dry run', { timeout: 120_000 }, () => {
  test('writes the mails that a run then sends, without a Redis, a mail server or a claim', async () => {
    const { folder, quotagram, configure, smtp } = await openPlatform();
    await configure({ ...ONE_TEAM, smtp: {} });
    const dry = await quotagram(['run', '--dry-run', '--out', 'mails']);
    expect(dry.exitCode).toBe(0);
    expect(dry.stderr).toMatch(
      /\nDry run: nothing was claimed or sent\. 8 mails and the run summary written to mails\n$/,
    );
    expect(smtp.connections()).toBe(0);
    expect(existsSync(join(folder, '.quotagram'))).toBe(false);
    const files = await readdir(join(folder, 'mails'));
    expect(files.toSorted().slice(0, 3)).toEqual([
      '001-a1b2c3-dev-owner.a1b2c3@example.test.eml',
      '001-a1b2c3-dev-owner.a1b2c3@example.test.html',
      '001-a1b2c3-dev-owner.a1b2c3@example.test.txt',
    ]);
    expect(files).toHaveLength(1 + 9 * 3);
    const list = await readFile(join(folder, 'mails', 'README.txt'), 'utf8');
    expect(list).toMatch(/^001-a1b2c3-dev-owner\.a1b2c3@example\.test +\[Image registry\] a1b2c3-dev: /m);
    expect(list).toMatch(/^summary-staff@platform\.example\.test +\[Image registry\] /m);

    await configure(ONE_TEAM);
    expect((await quotagram(['run'])).exitCode).toBe(0);
    const messages = files
      .filter((name) => name.endsWith('.eml'))
      .map((name) => readFile(join(folder, 'mails', name)));
    expect(await readMails(await Promise.all(messages))).toEqual(
      await readMails(smtp.messages.map(({ source }) => source)),
    );
  });

  test('replaces an earlier one, refuses a folder that holds anything else, and any that cannot be made', async () => {
    const { folder, quotagram, configure } = await openPlatform({
      lists: clusterOf({ 'shop-dev': ['lead@example.test', 'owner@example.test'] }),
    });
    const dryRun = (out: string) => quotagram(['run', '--dry-run', '--out', out]);
    await configure({ quota: { default: 0 } });
    expect((await dryRun('mails')).stderr).toContain('2 mails and the run summary written to mails');
    await configure({ quota: { default: 0 }, summary: {}, recipients: { overrides: [ONLY_LEAD] } });
    expect((await dryRun('mails')).stderr).toContain('1 mail written to mails');
    expect((await readdir(join(folder, 'mails'))).toSorted()).toEqual([
      '001-shop-dev-lead@example.test.eml',
      '001-shop-dev-lead@example.test.html',
      '001-shop-dev-lead@example.test.txt',
      'README.txt',
    ]);

    const refused = await dryRun('.');
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(
      /^error: the folder \. holds other files: .*kubeconfig.*\n {2}A dry run writes to a new or empty folder, /,
    );
    expect(await dryRun('/proc/mails')).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringMatching(
        /^error: the folder \/proc\/mails cannot be written to: .*\n.*--out\.\n$/,
      ),
    });
  });

  test('claims no slot, and a real run has no folder to write to', async () => {
    const { quotagram, smtp } = await openPlatform();
    expect(await quotagram(['run', '--dry-run', '--slot', newestSlot()])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'error: --slot and --dry-run do not go together: a dry run claims no slot\n',
    });
    expect(await quotagram(['run', '--out', 'mails'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr:
        'error: --out is for a dry run, and without --dry-run this is a real one\n' +
        '  Add --dry-run, or leave --out out.\n',
    });
    expect(smtp.connections()).toBe(0);
  });
});

const ONLY_LEAD = { match: { names: ['shop-dev'] }, replace: ['lead@example.test'] };

/** What mails say, without the moment and the name of their run, sorted. */
const readMails = async (sources: readonly Buffer[]): Promise<readonly object[]> => {
  const mails = sources.map(async (source) => {
    const {
      to,
      subject,
      text = '',
      html = '',
      attachments,
    } = await PostalMime.parse(source, { attachmentEncoding: 'utf8' });
    return {
      key: withoutMoment(`${to?.[0]?.address ?? ''} ${subject ?? ''}`),
      text: withoutMoment(text),
      html: withoutMoment(html),
      attachments: attachments.map(({ filename, content }) => [
        withoutMoment(filename ?? ''),
        withoutMoment(typeof content === 'string' ? content : ''),
      ]),
    };
  });
  return (await Promise.all(mails)).toSorted((a, b) => (a.key < b.key ? -1 : 1));
};

const withoutMoment = (text: string): string =>
  text
    .replaceAll(/manual-\d{8}T\d{6}Z/g, 'RUN')
    .replaceAll(/\w+day \d+ \w+\s+\d\d:\d\d UTC/g, 'MOMENT')
    .replaceAll(/Read on [\w\s,:–]+?\bUTC/g, 'Read on MOMENT')
    .replaceAll(/^expires=\d{12}/gm, 'expires=MOMENT');

const weeklyAfter = (slot: string): string => {
  const due = new Date(slot.replace('weekly-', ''));
  return `weekly-${new Date(due.getTime() + 7 * 86_400_000).toISOString().slice(0, 10)}`;
};
