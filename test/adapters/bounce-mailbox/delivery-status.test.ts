import { describe, expect, test } from 'vitest';
import { readNotice } from '../../../src/adapters/bounce-mailbox/delivery-status.ts';

const ID = '5f'.repeat(32);
const RETURNED = [
  'Content-Type: text/rfc822-headers',
  '',
  `Message-ID: <${ID}@platform.example.test>`,
  'To: x',
];

const STATUS = [
  `Original-Envelope-Id: ${ID}`,
  'Reporting-MTA: dns; mx.example.test',
  'Arrival-Date: Tue, 24 Nov 2026 13:28:31 +0000 (UTC)',
  '',
  'Final-Recipient: rfc822; gone@team.example.test',
  'Original-Recipient: rfc822;gone@team.example.test',
  'Action: failed',
  'Status: 5.1.1',
  'Remote-MTA: dns; vm',
  'Diagnostic-Code: smtp; 550 5.1.1 <gone@team.example.test> User',
  "    doesn't exist: gone@team.example.test",
  '',
].join('\r\n');

/** A report as Postfix makes them, sent to the bounce address of `ID`. */
const report = (
  status: string,
  {
    encoding = '7bit',
    returned = RETURNED,
    to = `bounces+${ID.slice(0, 32)}@platform.example.test`,
  }: { encoding?: string; returned?: readonly string[]; to?: string } = {},
): Buffer => {
  const text =
    encoding === 'base64' ? Buffer.from(status).toString('base64').replace(/.{76}/g, '$&\r\n') : status;
  const head = [
    'From: MAILER-DAEMON@mx.example.test (Mail Delivery System)',
    'Subject: Undelivered Mail Returned to Sender',
    `To: ${to}`,
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=delivery-status;',
    '\tboundary="B2F1.1795525488/mx.example.test"',
    '',
    'This is a MIME-encapsulated message.',
    '',
  ];
  const parts = [
    ['Content-Type: text/plain', '', 'I am sorry.'],
    ['Content-Type: message/delivery-status', `Content-Transfer-Encoding: ${encoding}`, '', text],
    ...(returned.length === 0 ? [] : [returned]),
  ];
  const boundary = '--B2F1.1795525488/mx.example.test';
  return Buffer.from(
    [...head, ...parts.flatMap((part) => [boundary, ...part, '']), `${boundary}--`, ''].join('\r\n'),
  );
};

describe('a report on a delivery', () => {
  test('of Postfix: says which mail, and what the server said, without addresses', () => {
    expect(readNotice(report(STATUS))).toEqual({
      deliveryId: ID,
      hasFailed: true,
      status: '5.1.1',
      detail: "550 5.1.1 <(address)> User doesn't exist: (address)",
    });
  });

  test.each<[string, Buffer]>([
    [
      'with line ends of Unix, as a Maildir has them',
      Buffer.from(String(report(STATUS)).replaceAll('\r', '')),
    ],
    ['in base64', report(STATUS, { encoding: 'base64' })],
    [
      'in quoted-printable',
      report(STATUS.replace('550 5.1.1', '550=205.1.=\r\n1'), { encoding: 'quoted-printable' }),
    ],
    ['that is cut off before the end', Buffer.from(String(report(STATUS)).split('\r\nTo: x')[0] ?? '')],
    [
      'with two recipients, of whom the second failed',
      report(
        STATUS.replace(
          'Final',
          'Final-Recipient: rfc822; a@example.test\r\nAction: relayed\r\nStatus: 2.0.0\r\n\r\nFinal',
        ),
      ),
    ],
  ])('%s: says the same', (_name, message) => {
    expect(readNotice(message)).toEqual(readNotice(report(STATUS)));
  });

  test.each<[string, string, string | undefined]>([
    ['the envelope id alone', report(STATUS, { returned: [], to: 'bounces@example.test' }).toString(), ID],
    [
      'the returned Message-ID alone',
      report(STATUS.replace(/^Original-.*\r\n/, ''), { to: 'x@example.test' }).toString(),
      ID,
    ],
    [
      'the bounce address alone',
      report(STATUS.replace(/^Original-.*\r\n/, ''), { returned: [] }).toString(),
      ID.slice(0, 32),
    ],
    [
      'nothing',
      report(STATUS.replace(/^Original-.*\r\n/, ''), { returned: [], to: 'x@example.test' }).toString(),
      undefined,
    ],
  ])('is about the mail that %s names', (_name, message, deliveryId) => {
    expect(readNotice(Buffer.from(message))?.deliveryId).toBe(deliveryId);
  });

  test.each<[string, boolean]>([
    ['failed', true],
    ['Failed', true],
    ['failed (for good)', true],
    ['delayed', false],
    ['delivered', false],
    ['expanded', false],
  ])('with the action %s: has failed is %s', (action, hasFailed) => {
    expect(readNotice(report(STATUS.replace('failed', action)))).toMatchObject({ hasFailed });
  });

  test('says nothing that a terminal would obey, and says it in UTF-8', () => {
    const words = 'smtp; 550 5.1.1 \u001b[31mé\u0007\u009b8m';
    const status = STATUS.replace(/Diagnostic-Code: .*\r\n.*/, `Diagnostic-Code: ${words}`);
    expect(readNotice(report(status))?.detail).toBe('550 5.1.1 [31mé8m');
  });

  test('may hold a megabyte of words, of which the first are read', () => {
    const status = STATUS.replace(
      /Diagnostic-Code: .*\r\n.*/,
      `Diagnostic-Code: smtp; ${'a'.repeat(900_000)}`,
    );
    expect(readNotice(report(status))?.detail).toMatch(/^a{250,300}…?$/);
  });

  test('may write the id in capitals', () => {
    const status = STATUS.replace(ID, ID.toUpperCase());
    expect(readNotice(report(status))?.deliveryId).toBe(ID);
  });

  test('without status and words has neither', () => {
    const bare = STATUS.replace(/Status: .*\r\n/, '').replace(/Diagnostic-Code: [^]*$/, '');
    expect(readNotice(report(bare))).toMatchObject({ hasFailed: true, status: null, detail: null });
  });
});

test.each<[string, string]>([
  [
    'an out-of-office reply',
    `To: bounces+${ID.slice(0, 32)}@example.test\r\nSubject: Away\r\n\r\nBack on Monday.\r\n`,
  ],
  [
    'a receipt',
    String(report(STATUS)).replace('report-type=delivery-status', 'report-type=disposition-notification'),
  ],
  ['a report without its parts', String(report(STATUS)).split('\r\n\r\n')[0] ?? ''],
  ['nothing at all', ''],
])('%s is no report on a delivery', (_name, message) => {
  expect(readNotice(Buffer.from(message))).toBeNull();
});
