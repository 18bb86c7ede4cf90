import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { runQuotagram } from './command-line.ts';

/** `quotagram config check` as people run it, and the other commands on what it finds fault with. */

test('tells what a sound configuration comes to', { timeout: 60_000 }, async () => {
  const cwd = await folderWith({
    'quotagram.yaml': [
      'quota: { default: 40Gi, rules: [{ match: { names: [a1b2c3-*] }, limit: 60Gi }] }',
      'mail: { from: registry@example.test, allowedDomains: [example.test, "*.example.test"] }',
      'smtp: { host: smtp.example.test, secure: true }',
      'redis: { url: "redis://redis.example.test" }',
    ].join('\n'),
  });
  expect(await runQuotagram(['config', 'check'], { cwd })).toEqual({
    exitCode: 0,
    stdout: [
      'quotagram.yaml is sound.',
      '',
      'SETTING         VALUE',
      'schedule        0 8 * * 1 (America/Vancouver)',
      'quota           40 GiB, 1 rule',
      'mail from       registry@example.test',
      'mail may go to  example.test and *.example.test',
      'mail server     smtp.example.test:465',
      'redis           redis://redis.example.test',
      '',
    ].join('\n'),
    stderr: '',
  });
  const env = { REDIS_URL: 'rediss://:secret@redis.example.test' };
  const withSecret = await runQuotagram(['config', 'check'], { cwd, env });
  expect(withSecret.stdout).toContain('redis           the one that REDIS_URL names\n');
});

test('tells of a DKIM key that cannot be used, before anything is done', { timeout: 60_000 }, async () => {
  const cwd = await folderWith({
    'quotagram.yaml': [
      'mail:',
      '  from: registry@example.test',
      '  dkim: { domain: example.test, selector: mail2026, keyFile: dkim.pem }',
      'smtp: { host: smtp.example.test }',
    ].join('\n'),
    'dkim.pem': 'not a key',
  });
  const told = {
    exitCode: 2,
    stdout: '',
    stderr: [
      'error: mail.dkim.keyFile is "dkim.pem": must be a file that holds a private key in PEM, without a passphrase',
      '  openssl genrsa 2048 makes such a key; its public half belongs into DNS.',
      '',
    ].join('\n'),
  };
  expect(await runQuotagram(['config', 'check'], { cwd })).toEqual(told);
  expect(await runQuotagram(['start', 'mailer'], { cwd })).toEqual(told);
});

test(
  'tells every fault of the templates and of the DKIM key, as a start does of either',
  { timeout: 60_000 },
  async () => {
    const quotagramYaml = [
      'mail:',
      '  from: registry@example.test',
      '  dkim: { domain: example.test, selector: mail2026, keyFile: dkim.pem }',
      'smtp: { host: smtp.example.test }',
      'templates: { dir: ours }',
    ];
    const cwd = await folderWith({
      'quotagram.yaml': quotagramYaml.join('\n'),
      'sound-key.yaml': quotagramYaml.filter((line) => !line.includes('dkim')).join('\n'),
      'dkim.pem': 'not a key',
      'ours/run-summary/report.txt.hbs': '{{heading}}\n{{{headline}}}\n',
    });
    const templateFaults = [
      'the templates of ours have faults:',
      '  run-summary/report.txt.hbs:2: prints without escaping; two braces, not three',
      '  run-summary/report.txt.hbs:2: there is no headline here',
    ];
    const hint =
      '  `quotagram mail lint` checks them again; without templates.dir the built-in ones are used.';
    expect(await runQuotagram(['config', 'check'], { cwd })).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: [
        'error: mail.dkim.keyFile is "dkim.pem": must be a file that holds a private key in PEM, without a passphrase',
        ...templateFaults,
        '  openssl genrsa 2048 makes such a key; its public half belongs into DNS.',
        hint,
        '',
      ].join('\n'),
    });
    const told = {
      exitCode: 2,
      stdout: '',
      stderr: ['error: ', ...templateFaults.flatMap((line) => [line, '\n']), hint, '\n'].join(''),
    };
    expect(await runQuotagram(['config', 'check', '--config', 'sound-key.yaml'], { cwd })).toEqual(told);
    expect(await runQuotagram(['start', 'mailer', '--config', 'sound-key.yaml'], { cwd })).toEqual(told);
  },
);

test('looks at the mails that sound templates make, as a start does', { timeout: 60_000 }, async () => {
  const cwd = await folderWith({
    'quotagram.yaml': 'templates: { dir: ours }',
    'ours/partials/footer.mjml': '<mj-text><h1>{{reference}}</h1></mj-text>\n',
  });
  const { exitCode, stderr } = await runQuotagram(['config', 'check'], { cwd });
  expect(exitCode).toBe(2);
  expect(stderr).toContain('  usage-report: the page has 2 h1, not one\n');
  expect(stderr).toContain('  run-summary: the page has 2 h1, not one\n');
  await writeFile(join(cwd, 'ours/partials/footer.mjml'), '<mj-text>{{reference}}</mj-text>\n');
  const sound = await runQuotagram(['config', 'check'], { cwd });
  expect(sound.exitCode).toBe(0);
  expect(sound.stdout).toContain('templates       those of ours, else the built-in ones\n');
});

test('tells every fault at once: where, what stands there and what may', { timeout: 60_000 }, async () => {
  const cwd = await folderWith({
    'faulty.yaml': [
      'quota: { default: 50Gb, warnPercent: 180 }',
      'mail: { from: nobody, alowedDomains: [example.test] }',
      'smtp: { host: "smtp.example.test:25" }',
    ].join('\n'),
  });
  const told = {
    exitCode: 2,
    stdout: '',
    stderr: [
      'error: the configuration has 5 faults:',
      '  quota.default is "50Gb": not a quantity such as 50Gi, 1500M, 2e9 or unlimited',
      '  quota.warnPercent is 180: must be a whole number from 0 to 100',
      '  mail.from is "nobody": not one plain address such as name@example.test',
      '  mail.alowedDomains: unknown key; did you mean allowedDomains?',
      '  smtp.host is "smtp.example.test:25": must be a host name or an IP address, without a port',
      '  The file is faulty.yaml. quotagram.example.yaml explains every key.',
      '',
    ].join('\n'),
  };
  expect(await runQuotagram(['config', 'check', '--config', 'faulty.yaml'], { cwd })).toEqual(told);
  expect(await runQuotagram(['run'], { cwd, env: { QUOTAGRAM_CONFIG: 'faulty.yaml' } })).toEqual(told);
});

test(
  'takes no file and an empty one for the defaults, with which nothing is sent',
  { timeout: 60_000 },
  async () => {
    const cwd = await folderWith({ 'empty.yaml': '' });
    const none = await runQuotagram(['config', 'check'], { cwd });
    expect(none.exitCode).toBe(0);
    expect(none.stdout).toMatch(/^There is no configuration file; these are the defaults\.\n\n/);
    expect(none.stdout).toContain('mail may go to  nobody: mail.allowedDomains is empty\n');
    const empty = await runQuotagram(['config', 'check', '--config', 'empty.yaml'], { cwd });
    expect(empty.stdout).toBe(
      none.stdout.replace('There is no configuration file; these are the defaults.', 'empty.yaml is sound.'),
    );
    expect(await runQuotagram(['run', '--config', 'empty.yaml'], { cwd })).toEqual({
      exitCode: 2,
      stdout: '',
      stderr:
        'error: to send mail, the configuration needs mail.from (the address mails come from) and smtp.host (the mail server)\n' +
        '  Set them in empty.yaml; quotagram.example.yaml explains every key.\n',
    });
  },
);

test('says why a file cannot be read', { timeout: 60_000 }, async () => {
  const cwd = await folderWith({});
  await mkdir(join(cwd, 'folder'));
  const hint = '  Name another with --config, or copy quotagram.example.yaml there.\n';
  expect(await runQuotagram(['config', 'check', '--config', 'nowhere.yaml'], { cwd })).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: `error: the configuration nowhere.yaml cannot be read: no such file or directory\n${hint}`,
  });
  expect(await runQuotagram(['start', '--config', 'folder'], { cwd })).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: `error: the configuration folder cannot be read: it is a folder\n${hint}`,
  });
  await promisify(execFile)('mkfifo', [join(cwd, 'pipe')]);
  expect(await runQuotagram(['config', 'check', '--config', 'pipe'], { cwd })).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: `error: the configuration pipe cannot be read: it is a pipe or a device, not a regular file\n${hint}`,
  });
  const env = { SMTP_PASSWORD_FILE: 'pipe' };
  expect(await runQuotagram(['config', 'check'], { cwd, env })).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining(
      'SMTP_PASSWORD_FILE is "pipe": must be a file that can be read (it is a pipe',
    ),
  });
  await writeFile(
    join(cwd, 'dkim.yaml'),
    'mail: { dkim: { domain: example.test, selector: a, keyFile: pipe } }',
  );
  expect(await runQuotagram(['config', 'check', '--config', 'dkim.yaml'], { cwd })).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('mail.dkim.keyFile is "pipe": must be a file that is a regular one'),
  });
});

/** A folder of its own with these files, gone after the test. */
const folderWith = async (files: Readonly<Record<string, string>>): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'quotagram-e2e-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
};
