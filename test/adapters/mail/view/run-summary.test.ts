import { expect, test } from 'vitest';
import { createCompose } from '../../../../src/adapters/mail/compose.ts';
import type { RunSummary, RunSummaryRow } from '../../../../src/pipeline/ports.ts';
import { readPage } from '../read-message.ts';
import { summaryOf } from '../../../summary-of.ts';

const GI = 1024 ** 3;
const compose = await createCompose({ mail: {} });

test('says how many are over, how many mails went out and how many did not', () => {
  const rows = [
    row('a', { level: 'over', usedBytes: 3 * GI, mails: { submitted: 2 } }),
    row('b', { level: 'over', usedBytes: 9 * GI, mails: { submitted: 1, failed: 1, uncertain: 1 } }),
    row('c', {}),
  ];
  const mails = { submitted: 3, failed: 1, uncertain: 1 };
  const { subject, text } = compose.renderSummary({ ...summaryOf(rows), mails });
  expect(subject).toBe(
    '[Image registry] run weekly-2026-11-23: 2 of 3 over quota, 3 mails sent, 1 failed, 1 uncertain',
  );
  expect(text).toContain(
    '- b: 9 of 2 GiB, 7 over; mails: 1 sent, 1 failed, 1 uncertain\n- a: 3 of 2 GiB, 1 over',
  );
});

test('has one unit for all that is over, quotas too', () => {
  const MI = 1024 ** 2;
  const { text } = compose.renderSummary(
    summaryOf([
      row('a', { level: 'over', usedBytes: 3 * GI }),
      row('b', { level: 'over', usedBytes: 1001 * MI, limitBytes: 512 * MI }),
    ]),
  );
  expect(text).toContain('- a: 3 of 2 GiB, 1 over; mails: none\n- b: 1.0 of 0.5 GiB, 0.5 over;');
});

test('says at least where sizes are unknown', () => {
  const { text } = compose.renderSummary(
    summaryOf([row('a', { level: 'over', usedBytes: 2 * GI + 12, unknownRevisions: 1 })]),
  );
  expect(text).toContain('- a: at least 2.0 of 2 GiB, over by at least 12 B; mails: none');
  const { text: far } = compose.renderSummary(
    summaryOf([row('a', { level: 'over', usedBytes: 9 * GI, unknownRevisions: 1 })]),
  );
  expect(far).toContain('- a: at least 9 of 2 GiB, at least 7 over;');
});

test.each([
  ['sizes are unknown in a namespace', { unknownRevisions: 1 }],
  ['a namespace was given up, so that it is not known', { usedBytes: null, limitBytes: null, level: null }],
] as const)('says of the totals at least where %s', (_name, change) => {
  const run = { clusterUsedBytes: 10 * GI, sumOfNamespacesBytes: 14 * GI };
  const { text } = compose.renderSummary(summaryOf([row('a', {}), row('b', change)], run));
  expect(text.replaceAll(/\s+/g, ' ')).toContain(
    'The namespaces together use at least 10 GiB of the registry. Their own figures add up to at least 14 GiB:',
  );
});

test('counts a mail about two namespaces once', () => {
  const rows = [row('a', { mails: { submitted: 1 } }), row('b', { mails: { submitted: 1 } })];
  const { subject } = compose.renderSummary({ ...summaryOf(rows), mails: { submitted: 1 } });
  expect(subject).toBe('[Image registry] run weekly-2026-11-23: 0 of 2 over quota, 1 mail sent');
});

test('explains why the namespaces add up to more than the cluster holds', () => {
  const words = (change: Partial<RunSummary['run']>): string =>
    compose.renderSummary(summaryOf([], change)).text.replaceAll(/\s+/g, ' ');
  expect(words({ clusterUsedBytes: 10 * GI, sumOfNamespacesBytes: 14 * GI })).toContain(
    'The namespaces together use 10 GiB of the registry. Their own figures add up to 14 GiB: promotion by oc tag shares layers, and each namespace is charged for the layers it shares.',
  );
  expect(words({ clusterUsedBytes: 10 * GI, sumOfNamespacesBytes: 10 * GI })).not.toContain('add up');
  expect(words({ clusterUsedBytes: null, sumOfNamespacesBytes: null })).not.toContain('together use');
});

test('lists who could not be told and what went wrong, with the reasons', () => {
  const { html, text } = compose.renderSummary(
    summaryOf([
      row('a', { noRecipientReason: 'there are no contacts' }),
      row('b', { problem: '550 (address): no such user' }),
      row('c', {}),
    ]),
  );
  for (const body of [readPage(html), text]) {
    expect(body).toContain('Nobody to tell (1)');
    expect(body).toContain('There are no contacts.');
    expect(body).toContain('Given up or failed (1)');
    expect(body).toContain('550 (address): no such user');
  }
});

test('lists whose mail came back, how often and why, whom nobody stands in for first', () => {
  const recipient = {
    address: 'lea@example.test',
    namespaces: ['a-dev', 'a-prod'],
    mails: 1,
    since: '2026-11-16T16:00:00Z',
    status: '5.1.1',
    detail: null,
    isNamed: true,
    aloneIn: [],
  };
  const failing = [
    { ...recipient, address: 'former@example.test', isNamed: false },
    recipient,
    {
      ...recipient,
      address: 'pat@example.test',
      mails: 1_200,
      detail: '552 <b>full</b>',
      aloneIn: ['a-prod'],
    },
    { ...recipient, address: 'staff@example.test', namespaces: [], isNamed: false },
  ];
  const { html, text } = compose.renderSummary({ ...summaryOf([]), failing });
  for (const body of [readPage(html), text].map((page) => page.replaceAll(/\s+/g, ' '))) {
    expect(body).toContain('Mail to these recipients came back (4) They are mailed again: ');
    const lines = [
      /pat@example\.test\W+About a-dev and a-prod, 1,200 mails in a row, the first of 16 November 2026: 552 <b>full<\/b>\. Nobody else is told about a-prod\./,
      /lea@example\.test\W+About a-dev and a-prod, 1 mail, of 16 November 2026: 5\.1\.1\./,
      /staff@example\.test\W+About runs, 1 mail, of 16 November 2026: 5\.1\.1\./,
      /former@example\.test\W+About a-dev and a-prod, 1 mail, of 16 November 2026: 5\.1\.1\. No namespace names this recipient\./,
    ];
    expect(body).toMatch(new RegExp(lines.map(({ source }) => source).join('\\W+')));
  }
});

test('heads addresses as recipients and namespaces as namespaces', () => {
  const recipient = { namespaces: [], mails: 1, since: '2026-11-16T16:00:00Z', status: null, detail: null };
  const { html } = compose.renderSummary({
    ...summaryOf([row('a', { level: 'over', usedBytes: 3 * GI, problem: '550 no' })]),
    failing: [{ ...recipient, address: 'lea@example.test', isNamed: true, aloneIn: [] }],
  });
  const heads = [...html.matchAll(/<h2>([^<(]+) \(1\)<\/h2>.*?<th[^>]*>([^<]*)<\/th>/gs)];
  expect(heads.map(([, heading, column]) => [heading, column])).toEqual([
    ['Over quota', 'Namespace'],
    ['Given up or failed', 'Namespace'],
    ['Mail to these recipients came back', 'Recipient'],
  ]);
});

test('advises in the worst few of each kind, and says how many there are', () => {
  const advice = (namespace: string, subject: string) =>
    ({ namespace, code: 'imports-much', subject, message: `message ${namespace}`, amount: 1 }) as const;
  const worst = [advice('a', 'a'), advice('b', 'api:1')];
  const { html, text } = compose.renderSummary({
    ...summaryOf([]),
    advice: [
      { code: 'imports-much', count: 7, worst },
      { code: 'latest-in-prod', count: 1, worst: worst.slice(0, 1) },
    ],
  });
  for (const body of [readPage(html), text]) {
    expect(body).toContain('Advice: large imports (7, the worst 2 shown)');
    expect(body).toContain('Advice: latest in production (1)');
    expect(body).toContain('api:1: message b');
    expect(body).not.toContain('a: message a:');
  }
  expect(text).toContain('- a: message a\n');
});

test('says what it found in whole sentences that do not repeat what they are about', () => {
  const words = compose
    .renderSummary(
      summaryOf(
        [
          row('a', {
            level: null,
            usedBytes: null,
            limitBytes: null,
            problem: 'its snapshot could not be loaded',
          }),
          row('b', { mails: { failed: 1 }, problem: '550 (address): no such user' }),
          row('c', { mails: { uncertain: 1 }, problem: 'the connection broke' }),
          row('d', { problem: 'no mail to its team, because a was given up' }),
          row('e', { noRecipientReason: 'no contact is a usable address' }),
          row('f', { noRecipientReason: 'mail.allowedDomains is empty, so no mail may be sent' }),
        ],
        {
          unreadableKinds: ['builds', 'cronjobs'],
          findings: [
            { code: 'orphan-images', subject: 'images', message: '7 images are in no image stream.' },
            { code: 'orphan-images', subject: 'web:1', message: 'it is gone' },
          ],
        },
      ),
    )
    .text.replaceAll(/\s+/g, ' ');
  for (const sentence of [
    '- a: Given up: its snapshot could not be loaded. ',
    '- b: Mail failed: 550 (address): no such user. ',
    '- c: Mail uncertain: the connection broke. ',
    '- d: No mail to its team, because a was given up. ',
    '- e: No contact is a usable address. ',
    '- f: mail.allowedDomains is empty, so no mail may be sent. ',
    ' What is unused is not known: builds and cronjobs could not be read. ',
    ' 7 images are in no image stream. ',
    ' web:1: It is gone. ',
  ])
    expect(words).toContain(sentence);
  expect(words).not.toContain('images: 7 images');
});

test('names the lists that are not exact', () => {
  const lists = [{ kind: 'images', readAt: '2026-11-23T16:00:05Z', exact: false }];
  const { text } = compose.renderSummary(summaryOf([row('d1b5d2-dev', {})], { exact: false, lists }));
  expect(text.replaceAll(/\s+/g, ' ')).toContain(
    'Read on 23 November 2026, 16:00:05 UTC. The cluster changed while its images were read, so figures may be slightly off.',
  );
});

test('says at its end when the lists were read, where all are exact', () => {
  const lists = [{ kind: 'images', readAt: '2026-11-23T16:00:05Z', exact: true }];
  const { html, text } = compose.renderSummary(summaryOf([row('d1b5d2-dev', {})], { lists }));
  for (const body of [readPage(html), text].map((part) => part.replaceAll(/\s+/g, ' '))) {
    expect(body).toContain(
      ' Read on 23 November 2026, 16:00:05 UTC; all lists are exact. Every namespace is in the attached file. ',
    );
    expect(body).not.toContain('Worth knowing');
  }
});

test('shows a hundred namespaces and attaches all', () => {
  const rows = Array.from({ length: 250 }, (_, index) =>
    row(`ns-${String(index)}`, { level: 'over', usedBytes: (3 + index) * GI }),
  );
  const { html, attachments } = compose.renderSummary(summaryOf(rows));
  expect(readPage(html).match(/ns-\d+\n/g)).toHaveLength(100);
  expect(readPage(html)).toContain('Over quota (250, the first 100 shown)');
  expect(attachments[0]?.filename).toBe('weekly-2026-11-23.csv');
  expect(String(attachments[0]?.content).trim().split('\n')).toHaveLength(251);
});

const row = (namespace: string, change: Partial<RunSummaryRow>): RunSummaryRow => ({
  namespace,
  usedBytes: GI,
  unknownRevisions: 0,
  limitBytes: 2 * GI,
  level: 'ok',
  recipients: 1,
  noRecipientReason: null,
  mails: {},
  problem: null,
  ...change,
});
