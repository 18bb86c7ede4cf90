import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import PostalMime from 'postal-mime';
import type { Attachment } from 'postal-mime';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createCompose } from '../../../../src/adapters/mail/compose.ts';
import { readSummarySample } from '../../../../src/adapters/mail/templates/samples.ts';
import type { Sender } from '../../../../src/adapters/mail/message/build-message.ts';
import type { OutgoingMessage, UsageMail } from '../../../../src/pipeline/ports.ts';
import type { Delivery } from '../../../../src/pipeline/records/delivery.ts';
import { DELIVERY, inventNamespace, mailOf } from '../invented.ts';
import { readParts } from '../read-message.ts';

const folder = mkdtempSync(join(tmpdir(), 'message-'));
afterAll(() => rmSync(folder, { recursive: true }));
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const keyFile = join(folder, 'dkim.pem');
writeFileSync(keyFile, rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }));

const SENDER = { from: 'Image registry <registry@platform.example.com>' };
const DKIM = { domain: 'platform.example.com', selector: 'mail2026', keyFile };

describe('the envelope sender', () => {
  test('is that of the mail where notices have no address of their own', async () => {
    expect((await buildFor({})).envelope.from).toBe('registry@platform.example.com');
  });

  test('names the delivery in what is left of it, within 64 characters', async () => {
    const bounces = `${'b'.repeat(31)}@bounces.example.com`;
    const { envelope } = await buildFor({}, { bounces });
    expect(envelope.from).toBe(`${'b'.repeat(31)}+${'5f'.repeat(16)}@bounces.example.com`);
    expect(envelope.from.indexOf('@')).toBe(64);
    expect(envelope.id).toBe(DELIVERY.id);
  });
});

test.each<[string, Delivery['thread'], string | undefined]>([
  [
    'the root of its thread and the mail before it',
    { id: '7e'.repeat(32), last: '5e'.repeat(32) },
    `<${'7e'.repeat(32)}@platform.example.com> <${'5e'.repeat(32)}@platform.example.com>`,
  ],
  [
    'the root alone, where none was sent before it',
    { id: '7e'.repeat(32), last: null },
    `<${'7e'.repeat(32)}@platform.example.com>`,
  ],
  ['nothing, where it has no thread', null, undefined],
])('a mail refers to %s, and answers nothing', async (_what, thread, references) => {
  const headers = await headersOf(await buildFor({ thread }));
  expect(headers.get('references')).toBe(references);
  expect(headers.has('in-reply-to')).toBe(false);
});

describe('the List-Id', () => {
  const listOf = async (teamId: string): Promise<string | undefined> =>
    (await headersOf(await buildFor({ teamId }))).get('list-id');

  test.each([
    ['ns:d1b5d2-tools', 'ns-d1b5d2-tools'],
    ['label:wally', 'label-wally'],
    ['label:Wally', 'label-wally-HASH'],
    ['label:wal.ly_2', 'label-wal-ly-2-HASH'],
    [`ns:${'n'.repeat(63)}`, `ns-${'n'.repeat(43)}-HASH`],
    ['label:a\r\nBcc: x@example.com', 'label-a-bcc-x-example-com-HASH'],
    ['\u202e{{=}}', 'HASH'],
  ])('of the team %j is one label, %s', async (teamId, label) => {
    const list = /^<([a-z0-9-]{1,63})\.silver\.quotagram\.platform\.example\.com>$/.exec(
      (await listOf(teamId)) ?? '',
    );
    expect(list?.[1]?.replace(/[0-9a-f]{16}$/, 'HASH')).toBe(label);
  });

  test('is never that of another team', async () => {
    const teams = [
      'label:wally',
      'label:Wally',
      'label:wally-',
      'label:wally.',
      'ns:wally',
      `ns:${'n'.repeat(62)}`,
    ];
    const lists = await Promise.all([...teams, `ns:${'n'.repeat(63)}`].map(listOf));
    expect(new Set(lists).size).toBe(7);
  });
});

describe('the cluster in the List-Id', () => {
  const listOf = async (name: string): Promise<string | undefined> => {
    const mail = mailOf([inventNamespace(1)]);
    const cluster = { ...mail.report.cluster, name };
    const compose = await createCompose({ mail: SENDER });
    const rendered = compose.renderUsage({ ...mail, report: { ...mail.report, cluster } });
    return (await headersOf(await compose.build(rendered, DELIVERY))).get('list-id');
  };

  test.each([
    ['silver', 'silver.'],
    ['Silver', 'silver-HASH.'],
    ['api-silver-example-com:6443', 'api-silver-example-com-6443-HASH.'],
    ['-silver-', 'silver-HASH.'],
    ['a\r\nBcc: x@example.com', 'a-bcc-x-example-com-HASH.'],
    ['銀', 'HASH.'],
    ['n'.repeat(63), `${'n'.repeat(63)}.`],
    ['n'.repeat(64), `${'n'.repeat(46)}-HASH.`],
    ['', ''],
  ])('%j is one label, %s', async (name, label) => {
    const list = /^<ns-d1b5d2-tools\.((?:[a-z0-9-]{1,63}\.)?)quotagram\.platform\.example\.com>$/.exec(
      (await listOf(name)) ?? '',
    );
    expect(list?.[1]?.replace(/[0-9a-f]{16}\.$/, 'HASH.')).toBe(label);
  });

  test('is that of a run summary, too, where it is known', async () => {
    const compose = await createCompose({ mail: SENDER });
    const summary = await readSummarySample();
    const listOfRun = async (cluster: typeof summary.run.cluster): Promise<string | undefined> => {
      const rendered = compose.renderSummary({ ...summary, run: { ...summary.run, cluster } });
      return (await headersOf(await compose.build(rendered, { ...DELIVERY, kind: 'run-summary' }))).get(
        'list-id',
      );
    };
    expect(await listOfRun(summary.run.cluster)).toBe('<run-summary.silver.quotagram.platform.example.com>');
    expect(await listOfRun(null)).toBe('<run-summary.quotagram.platform.example.com>');
  });

  test('is absent from a rendered mail where it is not known', async () => {
    const compose = await createCompose({ mail: SENDER });
    const summary = await readSummarySample();
    expect(compose.renderSummary({ ...summary, run: { ...summary.run, cluster: null } })).not.toHaveProperty(
      'cluster',
    );
  });
});

describe('the cluster in front of the subject', () => {
  const subjectOf = async (name: string, subjectCluster: boolean): Promise<string> => {
    const compose = await createCompose({ mail: { ...SENDER, subjectCluster } });
    const mail = mailOf([inventNamespace(1)]);
    return compose.renderUsage({
      ...mail,
      report: { ...mail.report, cluster: { ...mail.report.cluster, name } },
    }).subject;
  };

  test('is there when it is asked for', async () => {
    expect(await subjectOf('Silver', true)).toMatch(/^\[Silver\] \[Image registry\] d1b5d2-tools: /);
    expect(await subjectOf('Silver', false)).toMatch(/^\[Image registry\] d1b5d2-tools: /);
  });

  test.each([
    ['Gösta', '[Gosta] [Image'],
    ['銀', '[Image'],
    ['a\r\nBcc: x', '[aBcc: x] [Image'],
    ['x'.repeat(10_000), `[${'x'.repeat(40)}] [Image`],
  ])('is ASCII on one line for the cluster %j', async (name, start) => {
    const subject = await subjectOf(name, true);
    expect(subject.startsWith(start)).toBe(true);
    expect(subject).toMatch(/^[\x20-\x7e]{1,200}$/);
  });
});

describe('the DKIM signature', () => {
  test('is one that receivers verify, over all headers that people and machines go by', async () => {
    const { bytes } = await buildFor({}, { dkim: DKIM, replyTo: 'help@platform.example.com' });
    const [result, ...others] = await verify(bytes);
    expect(others).toEqual([]);
    expect(result).toMatchObject({
      signingDomain: 'platform.example.com',
      selector: 'mail2026',
      algo: 'rsa-sha256',
      status: { result: 'pass', aligned: 'platform.example.com' },
    });
    expect(signedHeaders(bytes)).toEqual([
      'from',
      'reply-to',
      'to',
      'subject',
      'date',
      'message-id',
      'references',
      'mime-version',
      'content-type',
      'auto-submitted',
      'list-id',
    ]);
  });

  test.each([
    ['the subject', '[Image registry]', '[Some registry]'],
    ['the list', '<ns-d1b5d2-tools.', '<ns-d1b5d2-test.'],
    ['the text', 'shared layers', 'all layers'],
  ])('breaks when %s is changed on the way', async (_what, from, to) => {
    const { bytes } = await buildFor({}, { dkim: DKIM });
    const source = Buffer.from(bytes).toString('latin1');
    expect(source).toContain(from);
    const [result] = await verify(Buffer.from(source.replaceAll(from, to), 'latin1'));
    expect(result?.status.result).not.toBe('pass');
  });

  test('leaves the message as it is behind it', async () => {
    const plain = Buffer.from((await buildFor({})).bytes).toString('latin1');
    const signed = Buffer.from((await buildFor({}, { dkim: DKIM })).bytes).toString('latin1');
    expect(signed.startsWith('DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;')).toBe(true);
    expect(signed.endsWith(`\r\n${plain}`)).toBe(true);
  });

  test.each<[string, string | Buffer]>([
    ['holds a private key in PEM', 'not a key'],
    ['holds a private key in PEM', rsa.publicKey.export({ type: 'spki', format: 'pem' })],
    [
      'holds a private key in PEM, without a passphrase',
      rsa.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' }),
    ],
    [
      'holds an RSA key, but this one is ed25519',
      generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }),
    ],
    [
      'holds a key of at least 1,024 bits, but this one has 512',
      generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
    ],
  ])('is refused at once unless the file %s', async (demand, content) => {
    const path = join(folder, 'other.pem');
    writeFileSync(path, content);
    await expect(
      createCompose({ mail: { ...SENDER, dkim: { ...DKIM, keyFile: path } } }),
    ).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining(`mail.dkim.keyFile is "${path}": must be a file that ${demand}`),
    });
  });

  test('is refused at once where the file is missing', async () => {
    const dkim = { ...DKIM, keyFile: join(folder, 'nowhere.pem') };
    await expect(createCompose({ mail: { ...SENDER, dkim } })).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('must be a file that can be read (ENOENT'),
    });
  });
});

test('everything together is made anew from the same record, byte by byte, months later', async () => {
  const namespaces = ['a-dev', 'b-tools'].map((name) =>
    inventNamespace(name === 'a-dev' ? 2 : 700, { name }),
  );
  const mail = { ...mailOf(namespaces, { plans: plansOf(['a-dev', 'b-tools']) }) };
  const sender = { ...SENDER, bounces: 'bounces@example.com', dkim: DKIM, subjectCluster: true };
  const build = async (): Promise<OutgoingMessage> => {
    const compose = await createCompose({ mail: sender });
    const copy: UsageMail = structuredClone(mail);
    return compose.build(compose.renderUsage(copy), structuredClone(DELIVERY));
  };
  const first = await build();
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2027-03-01T00:00:00Z') });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  expect(await build()).toEqual(first);
  const { attachments } = await PostalMime.parse(first.bytes);
  expect(attachments.map(({ filename }) => filename)).toEqual([
    'usage-a-dev.csv',
    'cleanup-a-dev.txt',
    'usage-b-tools.csv.gz',
    'cleanup-b-tools.txt',
  ]);
});

test('the commands file arrives with the line ends of a shell', async () => {
  const mail = mailOf([inventNamespace(1)], { plans: plansOf(['d1b5d2-tools']) });
  const compose = await createCompose({ mail: SENDER });
  const { bytes } = await compose.build(compose.renderUsage(mail), DELIVERY);
  const part = readParts(Buffer.from(bytes).toString('latin1')).find(({ headers }) =>
    headers.includes('cleanup-d1b5d2-tools.txt'),
  );
  // As a mail program saves it: decoded, and nothing else. A reader's library would take carriage returns out.
  expect(part?.headers).toContain('Content-Transfer-Encoding: base64');
  const script = Buffer.from(part?.body ?? '', 'base64').toString();
  expect(script).toMatch(/^#!\/bin\/sh\n[^\r]*\nfi\n$/);
});

describe('hostile names', () => {
  test.each([
    ['a new header', 'x\r\nBcc: spy@example.net\r\n\r\nbody'],
    ['text turned around', 'x\u202e\u2066gpj.exe\u2069'],
    ['an expression', '{{#each this}}{{constructor}}{{/each}}'],
    ['a formula', '=cmd|"/c calc"!A1'],
    ['10,000 characters', 'x'.repeat(10_000)],
    ['10,000 letters of another script', 'т'.repeat(10_000)],
    ['an encoded word', '=?utf-8?q?=0d=0aBcc:_spy@example.net?='],
    ['a boundary', `--${DELIVERY.id.slice(0, 32)}`],
  ])('%s everywhere breaks neither header nor part', async (_what, name) => {
    const namespace = inventNamespace(1, { name, displayName: name, environment: name });
    const streams = namespace.streams.map((stream) => ({
      ...stream,
      name,
      tags: stream.tags.map((tag) => ({ ...tag, name, sameImageAs: [name], inUseBy: [name] })),
    }));
    const mail = mailOf([{ ...namespace, streams }], {
      plans: new Map([[name, planOf(name, name)]]),
      otherRoles: [name],
      recipient: { roles: [name], rule: name },
    });
    const report = {
      ...mail.report,
      cluster: { ...mail.report.cluster, name },
      reports: mail.report.reports.map((team) => ({
        ...team,
        team: { ...team.team, displayName: name, id: name },
      })),
    };
    const compose = await createCompose({ mail: { ...SENDER, subjectCluster: true, dkim: DKIM } });
    const { envelope, bytes } = await compose.build(compose.renderUsage({ ...mail, report }), {
      ...DELIVERY,
      teamId: name,
    });
    const source = Buffer.from(bytes).toString('latin1');
    expect(envelope.to).toBe('mira@example.com');
    expect(source).toMatch(/^[\x20-\x7e\r\n]+$/);
    expect(source.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(Math.max(...source.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998);
    const message = await PostalMime.parse(bytes);
    expect(message.headers.map(({ key }) => key).toSorted()).toEqual(HEADERS);
    expect(message.to?.map(({ address }) => address)).toEqual(['mira@example.com']);
    expect(readParts(source).map(({ headers }) => /^Content-Type: ([^;\r]+)/im.exec(headers)?.[1])).toEqual([
      'text/plain',
      'text/html',
      'text/csv',
    ]);
    const charsets = readParts(source).map(({ headers }) => /charset="?([\w-]+)/i.exec(headers)?.[1]);
    expect(charsets).toEqual(['utf-8', 'utf-8', 'utf-8']);
    expect(message.attachments.map(({ filename }) => filename)).toEqual([
      expect.stringMatching(/^usage-[A-Za-z0-9-]{1,100}\.csv$/),
    ]);
    expect((await verify(bytes))[0]?.status.result).toBe('pass');
    const csv = readContent(message.attachments[0]);
    expect(csv).not.toMatch(/[\u202a-\u202e\u2066-\u2069]|(^|,)"?[=+@\t]/m);
  });
});

const buildFor = async (
  change: Partial<Delivery>,
  sender: Partial<Sender> = {},
): Promise<OutgoingMessage> => {
  const compose = await createCompose({ mail: { ...SENDER, ...sender } });
  return compose.build(compose.renderUsage(mailOf([inventNamespace(1)])), { ...DELIVERY, ...change });
};

const headersOf = async ({ bytes }: OutgoingMessage): Promise<ReadonlyMap<string, string>> =>
  new Map((await PostalMime.parse(bytes)).headers.map(({ key, value }) => [key, value]));

const readContent = (attachment: Attachment | undefined): string =>
  typeof attachment?.content === 'string'
    ? attachment.content
    : new TextDecoder().decode(attachment?.content);

/** Asks for the public key as a receiver would, but here and not in DNS. */
const verify = async (bytes: Uint8Array) => {
  const published = rsa.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const { results } = await dkimVerify(Buffer.from(bytes), {
    resolver: (name: string, type: string) =>
      name === 'mail2026._domainkey.platform.example.com' && type === 'TXT'
        ? Promise.resolve([[`v=DKIM1; k=rsa; p=${published}`]])
        : Promise.reject(Object.assign(new Error(`no ${type} of ${name}`), { code: 'ENOTFOUND' })),
  });
  return results.filter(({ signingDomain }) => signingDomain !== undefined);
};

const signedHeaders = (bytes: Uint8Array): readonly string[] =>
  (/^DKIM-Signature:[\s\S]*?\bh=([^;]+);/.exec(Buffer.from(bytes).toString('latin1'))?.[1] ?? '')
    .replaceAll(/\s/g, '')
    .split(':');

const planOf = (stream: string, tag: string) => ({
  deletions: [{ stream, tag, freesBytes: 1 }],
  freesBytes: 1,
  reclaimsBytes: null,
  usedAfterBytes: 0,
});

const plansOf = (namespaces: readonly string[]): UsageMail['plans'] =>
  new Map(namespaces.map((name) => [name, planOf('service-0000-web', 'pr-101')]));

const HEADERS = [
  'auto-submitted',
  'content-type',
  'date',
  'dkim-signature',
  'from',
  'list-id',
  'message-id',
  'mime-version',
  'references',
  'subject',
  'to',
  'x-auto-response-suppress',
];
