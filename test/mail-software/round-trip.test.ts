import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { authenticate } from 'mailauth';
import PostalMime from 'postal-mime';
import { afterAll, describe, expect, test } from 'vitest';
import { createCompose } from '../../src/adapters/mail/compose.ts';
import { createTransport } from '../../src/adapters/mail/smtp/transport.ts';
import type { OutgoingMessage } from '../../src/pipeline/ports.ts';
import type { Delivery } from '../../src/pipeline/records/delivery.ts';
import { DELIVERY as INVENTED } from '../adapters/mail/invented.ts';
import { MAIL_FIXTURES } from './fixtures.ts';
import type { MailFixture } from './fixtures.ts';
import {
  BOUNCES,
  fetchMail,
  hasMailSoftware,
  MIRA,
  PLATFORM,
  useMailSoftware,
  withMailSoftware,
} from './open-mail-software.ts';

/** Our mailer → Postfix → OpenDKIM → Postfix → LMTP → Dovecot's Maildir → IMAP. */
describe.skipIf(!hasMailSoftware)(
  withMailSoftware('a mail on its way to a reader'),
  { timeout: 60_000 },
  () => {
    const software = useMailSoftware();
    const folder = mkdtempSync(join(tmpdir(), 'quotagram-round-trip-'));
    afterAll(() => rmSync(folder, { recursive: true }));
    const key = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const keyFile = join(folder, 'dkim.pem');
    writeFileSync(keyFile, key.privateKey.export({ type: 'pkcs8', format: 'pem' }));

    /** Sends a fixture through everything and returns it as it was and as it came. */
    const travel = async (fixture: MailFixture, number: number): Promise<{ sent: Buffer; came: Buffer }> => {
      const compose = await createCompose({
        mail: {
          from: `Image registry <registry@${PLATFORM}>`,
          replyTo: `help@${PLATFORM}`,
          bounces: BOUNCES,
          dkim: { domain: PLATFORM, selector: 'ours', keyFile },
        },
      });
      const delivery = { ...DELIVERY, id: compose.hashId('round trip', String(number)) };
      const message = await compose.build(await fixture.render(compose), delivery);
      await send(software().postfix.port, message);
      const came = await fetchMail(software(), MIRA, (mail) => mail.includes(`<${delivery.id}@${PLATFORM}>`));
      return { sent: Buffer.from(message.bytes), came };
    };

    /** What the domain publishes: both keys, the one address that may send, and that all else is to be refused. */
    const zone = (): Record<string, string> => {
      const { record } = software().opendkim;
      const ours = key.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
      return {
        [`ours._domainkey.${PLATFORM}`]: `v=DKIM1; k=rsa; p=${ours}`,
        [record.name]: record.text,
        [PLATFORM]: 'v=spf1 ip4:127.0.0.1 -all',
        [`_dmarc.${PLATFORM}`]: 'v=DMARC1; p=reject; adkim=s; aspf=s',
      };
    };

    test.each(MAIL_FIXTURES.map((fixture, number) => [fixture.name, fixture, number] as const))(
      '%s: arrives byte by byte, and every check of a receiver passes',
      async (_name, fixture, number) => {
        const { sent, came } = await travel(fixture, number);
        // Servers put lines in front and change nothing.
        expect(came.subarray(-sent.length).equals(sent)).toBe(true);
        expect(await judge(came, zone())).toEqual({
          dkim: { ours: 'pass', sandbox: 'pass' },
          bodyHashes: 'as signed',
          spf: 'pass',
          dmarc: 'pass',
        });
        const { subject, attachments, headers } = await PostalMime.parse(came);
        const before = await PostalMime.parse(sent);
        expect(subject).toBe(before.subject);
        expect(attachments).toEqual(before.attachments);
        const trace = headers.slice(0, headers.length - before.headers.length).map(({ key: name }) => name);
        expect(trace.toSorted()).toEqual([
          'delivered-to',
          'dkim-signature',
          'received',
          'received',
          'return-path',
        ]);
      },
    );

    test('a receiver sees every forgery', async () => {
      const [fixture] = MAIL_FIXTURES;
      if (fixture === undefined) throw new Error('no fixture');
      const { came } = await travel(fixture, MAIL_FIXTURES.length);
      const changed = Buffer.from(came.toString('latin1').replace('</html>', '</html >'), 'latin1');
      expect(changed.equals(came)).toBe(false);
      expect(await judge(changed, zone())).toMatchObject({
        dkim: { ours: 'neutral', sandbox: 'neutral' },
        bodyHashes: 'another body',
        spf: 'pass',
        dmarc: 'pass',
      });
      const renamed = Buffer.from(
        came.toString('latin1').replace(/\r\nSubject: /, '\r\nSubject: URGENT '),
        'latin1',
      );
      expect(await judge(renamed, zone())).toMatchObject({ dkim: { ours: 'fail', sandbox: 'fail' } });
      const elsewhere = { ...zone(), [PLATFORM]: 'v=spf1 ip4:192.0.2.1 -all' };
      expect(await judge(came, elsewhere)).toMatchObject({ spf: 'fail', dmarc: 'pass' });
      expect(await judge(changed, elsewhere)).toMatchObject({ spf: 'fail', dmarc: 'fail' });
    });
  },
);

const DELIVERY: Delivery = { ...INVENTED, recipient: { ...INVENTED.recipient, address: MIRA } };

const send = async (port: number, message: OutgoingMessage): Promise<void> => {
  const server = { host: '127.0.0.1', port, secure: false, user: null, password: null };
  await using transport = createTransport(server);
  const ended = await transport.send(message, () => Promise.resolve());
  expect(ended.outcome, ended.detail).toBe('submitted');
};

/** What a receiver makes of a mail, its DNS being `zone`; by whom and from where it came is what the servers noted. */
const judge = async (mail: Buffer, zone: Readonly<Record<string, string>>) => {
  const { dkim, spf, dmarc } = await authenticate(mail, {
    ...readTrace(mail),
    mta: 'mx.example.test',
    disableArc: true,
    disableBimi: true,
    resolver: (name: string, type: string) => {
      const text = type === 'TXT' ? zone[name] : undefined;
      if (text !== undefined) return Promise.resolve([[text]]);
      return Promise.reject(Object.assign(new Error(`no ${type} of ${name}`), { code: 'ENOTFOUND' }));
    },
  });
  const results = dkim.results ?? [];
  return {
    dkim: Object.fromEntries(results.map(({ selector, status }) => [selector, status.result])),
    bodyHashes: results.every(({ bodyHash, bodyHashExpecting }) => bodyHash === bodyHashExpecting)
      ? 'as signed'
      : 'another body',
    spf: spf !== false && spf.status.result,
    dmarc: dmarc !== false && dmarc.status.result,
  };
};

/** Who handed the mail to Postfix, and from where, as Postfix and Dovecot noted it. */
const readTrace = (mail: Buffer) => {
  const trace = mail.subarray(0, 4_000).toString('latin1');
  const [, helo = '', ip = ''] =
    /^Received: from (\S+) \(unknown \[([\d.]+)\]\)\s+by mx\.example\.test \(Postfix\)/m.exec(trace) ?? [];
  return { helo, ip, sender: /^Return-Path: <(.+)>\r$/m.exec(trace)?.[1] ?? '' };
};
