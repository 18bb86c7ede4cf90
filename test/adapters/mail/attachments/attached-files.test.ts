import { describe, expect, test } from 'vitest';
import { attachUsage, MAX_CSV_BYTES } from '../../../../src/adapters/mail/attachments/attached-files.ts';
import { createCompose } from '../../../../src/adapters/mail/compose.ts';
import { renderCsv } from '../../../../src/adapters/mail/attachments/csv.ts';
import type { Attachment, UsageMail } from '../../../../src/pipeline/ports.ts';
import type { NamespaceReport } from '../../../../src/usage/report/report.ts';
import type { DeletionPlan } from '../../../../src/usage/cleanup/plan.ts';
import { inventMail, inventNamespace, mailOf } from '../invented.ts';
import { readAttachment, readPage } from '../read-message.ts';

describe('the CSV', () => {
  test.each([
    [1, { filename: 'usage-d1b5d2-tools.csv', contentType: 'text/csv; charset=utf-8' }],
    [1000, { filename: 'usage-d1b5d2-tools.csv.gz', contentType: 'application/gzip' }],
  ])('of %i streams has every revision', (streams, expected) => {
    const [attachment] = attachmentsOf(inventMail(streams));
    expect(attachment).toMatchObject(expected);
    expect(attachment && readAttachment(attachment)).toBe(renderCsv([inventNamespace(streams)]));
  });

  test('is compressed above 1,000,000 bytes, not at them', () => {
    const shorter = ofBytes(MAX_CSV_BYTES);
    expect(Buffer.byteLength(renderCsv([shorter]))).toBe(1_000_000);
    expect(filesOf(shorter)).toEqual(['usage-d1b5d2-tools.csv']);
    expect(filesOf(ofBytes(MAX_CSV_BYTES + 1))).toEqual(['usage-d1b5d2-tools.csv.gz']);
  });

  test('is compressed without the time of day', () => {
    const [attachment] = attachmentsOf(inventMail(1000));
    // RFC 1952: four bytes of time after the first four; 0 is none.
    expect([...Buffer.from(attachment?.content ?? '').subarray(0, 8)]).toEqual([
      0x1f, 0x8b, 8, 0, 0, 0, 0, 0,
    ]);
    expect(attachUsage(inventMail(1000))).toEqual(attachUsage(inventMail(1000)));
  });
});

describe('the commands file', () => {
  test('goes along for each namespace whose plan has a command', () => {
    const names = ['a-dev', 'b-test', 'c-tools'];
    const namespaces = names.map((name) => inventNamespace(1, { name }));
    const plans = new Map([
      ['a-dev', planOf('pr-101')],
      ['c-tools', planOf('$(reboot)')],
    ]);
    const attachments = attachmentsOf(mailOf(namespaces, { plans }));
    expect(attachments.map(({ filename, contentType }) => [filename, contentType])).toEqual([
      ['usage-a-dev.csv', 'text/csv; charset=utf-8'],
      ['cleanup-a-dev.txt', 'text/plain; charset=utf-8'],
      ['usage-b-test.csv', 'text/csv; charset=utf-8'],
      ['usage-c-tools.csv', 'text/csv; charset=utf-8'],
    ]);
    expect(attachments[1] && readAttachment(attachments[1])).toContain(
      '  delete_tag service-0000-web:pr-101\n',
    );
  });
});

describe('page and text', () => {
  test.each([
    [12, 'usage-d1b5d2-tools.csv.'],
    [342, 'usage-d1b5d2-tools.csv.'],
    [1000, 'usage-d1b5d2-tools.csv.gz.'],
  ])('name the CSV of %i streams as it is attached', async (streams, end) => {
    const { html, text, attachments } = (await createCompose({ mail: {} })).renderUsage(inventMail(streams));
    expect(`${attachments[0]?.filename ?? ''}.`).toBe(end);
    for (const body of [readPage(html), text]) {
      expect(body.match(/usage-[a-z0-9-]+\.csv\S*/g)).toEqual([end]);
    }
  });

  test('say what the commands file is and how to run it, only where there is one', async () => {
    const compose = await createCompose({ mail: {} });
    const bodiesOf = (tag: string, apiUrl: string | null): readonly string[] => {
      const mail = mailOf([inventNamespace(1)], { plans: new Map([['d1b5d2-tools', planOf(tag)]]) });
      const { html, text } = compose.renderUsage({
        ...mail,
        report: { ...mail.report, cluster: { ...mail.report.cluster, apiUrl } },
      });
      return [readPage(html), text].map((body) => body.replace(/\s+/g, ' '));
    };
    const sentence =
      'The attached cleanup-d1b5d2-tools.txt does the same, but checks the cluster and each tag first. To run it';
    for (const body of bodiesOf('pr-101', 'https://api.example.com:6443')) {
      expect(body).toContain(`${sentence}: sh cleanup-d1b5d2-tools.txt Not seen`);
    }
    for (const body of bodiesOf('pr-101', null)) {
      expect(body).toContain(
        `${sentence}, with the address that oc whoami --show-server prints: sh cleanup-d1b5d2-tools.txt ADDRESS Not seen`,
      );
    }
    for (const body of bodiesOf('$(reboot)', null)) {
      expect(body).toContain('Delete this one first');
      expect(body).not.toMatch(/cleanup-|does the same/);
    }
  });
});

describe('the name of a file', () => {
  test.each([
    ['../../etc/passwd', 'usage--etc-passwd.csv'],
    ['a\r\nBcc: x@example.com', 'usage-a-Bcc-x-example-com.csv'],
    ['\u202etxt.exe', 'usage--txt-exe.csv'],
    ['{{name}}', 'usage--name-.csv'],
    ['"; filename="x.exe', 'usage--filename-x-exe.csv'],
    ['n'.repeat(10_000), `usage-${'n'.repeat(100)}.csv`],
    ['', 'usage-unnamed.csv'],
  ])('%j is %s', (name, expected) => {
    expect(filesOf(inventNamespace(1, { name }))).toEqual([expected]);
  });
});

const attachmentsOf = (mail: UsageMail): readonly Attachment[] =>
  attachUsage(mail).flatMap(({ csv, cleanup }) => [csv, ...(cleanup === null ? [] : [cleanup])]);

const filesOf = (namespace: NamespaceReport): readonly string[] =>
  attachmentsOf(mailOf([namespace])).map(({ filename }) => filename);

/** A namespace whose CSV has exactly so many bytes: as many equal rows as fit, and the first tag's name fills up. */
const ofBytes = (bytes: number): NamespaceReport => {
  const namespace = inventNamespace(1);
  const [stream] = namespace.streams;
  const tag = stream?.tags[1];
  if (stream === undefined || tag === undefined) throw new Error('no tag');
  const withRows = (count: number, fill: number): NamespaceReport => ({
    ...namespace,
    streams: [
      {
        ...stream,
        tags: Array.from({ length: count }, (_, index) => ({
          ...tag,
          name: '~'.repeat(index === 0 ? 1 + fill : 1),
        })),
      },
    ],
  });
  const weigh = (count: number): number => Buffer.byteLength(renderCsv([withRows(count, 0)]));
  const row = weigh(2) - weigh(1);
  const rows = Math.floor((bytes - weigh(0)) / row);
  return withRows(rows, (bytes - weigh(0)) % row);
};

const planOf = (tag: string): DeletionPlan => ({
  deletions: [{ stream: 'service-0000-web', tag, freesBytes: 1 }],
  freesBytes: 1,
  reclaimsBytes: null,
  usedAfterBytes: 0,
});
