import PostalMime from 'postal-mime';
import { describe, expect, test } from 'vitest';
import { createCompose } from '../../../src/adapters/mail/compose.ts';
import { MAX_HTML_BYTES } from '../../../src/adapters/mail/templates/html-size.ts';
import { describeCompose } from '../../pipeline/compose-contract.ts';
import { createFakeCompose } from '../../fakes.ts';
import { DELIVERY, inventMail, inventNamespace, mailOf } from './invented.ts';
import { readAttachment, readCsv, readPage, readSentPage } from './read-message.ts';

const MAIL = {
  from: 'Image registry <registry@platform.example.com>',
  replyTo: 'help@platform.example.com',
  help: { text: 'ask in #registry', url: 'https://chat.example.com/registry' },
  docs: { url: 'https://docs.example.com/registry' },
};

describeCompose('MJML and MIME', () => createCompose({ mail: MAIL }));
describeCompose('the fake', () => Promise.resolve(createFakeCompose()));

describe('a built message', () => {
  test('has the headers of a machine that does not want to be answered, and both bodies and the CSV', async () => {
    const compose = await createCompose({ mail: MAIL });
    const rendered = compose.renderUsage(inventMail(2));
    const { envelope, bytes } = await compose.build(rendered, DELIVERY);
    const message = await PostalMime.parse(bytes);
    const headers = new Map(message.headers.map(({ key, value }) => [key, value]));
    expect(envelope).toEqual({
      from: 'registry@platform.example.com',
      to: 'mira@example.com',
      id: DELIVERY.id,
    });
    expect(message.from).toMatchObject({ name: 'Image registry', address: 'registry@platform.example.com' });
    expect(message.to?.map(({ address }) => address)).toEqual(['mira@example.com']);
    expect(message.replyTo?.map(({ address }) => address)).toEqual(['help@platform.example.com']);
    expect(message.messageId).toBe(`<${DELIVERY.id}@platform.example.com>`);
    expect(headers.get('date')).toBe('Tue, 24 Nov 2026 08:05:00 +0000');
    expect(headers.get('auto-submitted')).toBe('auto-generated');
    expect(headers.get('x-auto-response-suppress')).toBe('DR, RN, NRN, OOF, AutoReply');
    expect(headers.get('list-id')).toBe('<ns-d1b5d2-tools.silver.quotagram.platform.example.com>');
    expect(message.subject).toBe(rendered.subject);
    expect(message.html?.trimEnd()).toBe(rendered.html.trimEnd());
    expect(message.text?.trimEnd()).toBe(rendered.text.trimEnd());
    expect(message.attachments.map(({ filename, mimeType }) => ({ filename, mimeType }))).toEqual([
      { filename: 'usage-d1b5d2-tools.csv', mimeType: 'text/csv' },
    ]);
  });

  test('is ASCII in lines that every server takes, whatever is in it', async () => {
    const compose = await createCompose({ mail: MAIL });
    const namespace = inventNamespace(3, { environment: 'т'.repeat(4000) });
    const streams = namespace.streams.map((stream) => ({
      ...stream,
      name: 'т'.repeat(4000),
      tags: stream.tags.map((tag) => ({ ...tag, name: 'т'.repeat(128), sameImageAs: ['т'.repeat(200)] })),
    }));
    const { bytes } = await compose.build(compose.renderUsage(mailOf([{ ...namespace, streams }])), DELIVERY);
    const source = new TextDecoder().decode(bytes);
    expect(bytes.every((byte) => byte < 0x7f)).toBe(true);
    expect(Math.max(...source.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998);
    expect(source).not.toContain('base64');
    for (const [, boundary = ''] of source.matchAll(/boundary="([^"]+)"/g)) {
      expect(boundary.length).toBeLessThanOrEqual(70);
    }
  });

  test('is named after each delivery of its own', async () => {
    const compose = await createCompose({ mail: MAIL });
    const rendered = compose.renderUsage(inventMail(1));
    const one = await compose.build(rendered, DELIVERY);
    const other = await compose.build(rendered, { ...DELIVERY, id: compose.hashId('other') });
    expect(Buffer.from(one.bytes).equals(other.bytes)).toBe(false);
  });

  test.each([[undefined], [null], [''], ['registry'], ['Image registry']])(
    'cannot be made from the sender %o',
    async (from) => {
      const compose = await createCompose({ mail: from === undefined ? {} : { from } });
      await expect(compose.build(compose.renderUsage(inventMail(1)), DELIVERY)).rejects.toMatchObject({
        code: 'invalid',
        hint: expect.stringContaining('mail.from'),
      });
    },
  );
});

describe('everything is always delivered', () => {
  test.each([
    [1, 'Everything in d1b5d2-tools'],
    [12, 'Everything in d1b5d2-tools'],
    [40, 'Everything in d1b5d2-tools'],
    [70, 'Every image stream and tag in d1b5d2-tools'],
    [342, 'Every image stream in d1b5d2-tools'],
    [1000, 'largest of 1,000 image streams in d1b5d2-tools'],
  ])('%i streams: “%s”, light enough, and all the rest in the CSV', async (streams, heading) => {
    const compose = await createCompose({ mail: MAIL });
    const mail = inventMail(streams);
    const rendered = compose.renderUsage(mail);
    const { bytes } = await compose.build(rendered, DELIVERY);
    const html = readSentPage(bytes);
    expect(html?.headers).toContain('quoted-printable');
    expect(html?.body.length).toBeGreaterThan(8_000);
    expect(html?.body.length).toBeLessThanOrEqual(MAX_HTML_BYTES);
    expect(readPage(rendered.html)).toContain(heading);
    expect(rendered.text).toContain(heading);

    const namespace = mail.report.reports[0]?.namespaces[0];
    const rows = rendered.attachments.flatMap((attachment) => readCsv(readAttachment(attachment)));
    expect(rows).toHaveLength(namespace?.totals.revisions ?? -1);
    expect(rows.reduce((sum, row) => sum + Number(row[9]), 0)).toBe(namespace?.usedBytes);
  });

  test('as many of the largest streams as fit are shown, and what the others come to', async () => {
    const compose = await createCompose({ mail: MAIL });
    const mail = inventMail(1000);
    const page = readPage(compose.renderUsage(mail).html);
    const streams = mail.report.reports[0]?.namespaces[0]?.streams ?? [];
    const shown = Number(/The (\d+) largest of 1,000/.exec(page)?.[1]);
    expect(shown).toBeGreaterThan(300);
    expect(streams.filter(({ name }) => page.includes(name))).toEqual(streams.slice(0, shown));
    expect(page).toContain(`and ${String(1000 - shown)} more image streams`);
  });

  test('streams without tags, which the CSV cannot have, are named when they are left out', async () => {
    const compose = await createCompose({ mail: MAIL });
    const namespace = inventNamespace(600);
    const [stream] = namespace.streams;
    if (stream === undefined) throw new Error('no stream');
    const empty = { ...stream, name: 'never-pushed', countedBytes: 0, tags: [] };
    const { html, text } = compose.renderUsage(
      mailOf([{ ...namespace, streams: [...namespace.streams, empty] }]),
    );
    for (const body of [readPage(html), text.replaceAll(/\s+/g, ' ')]) {
      expect(body).toContain('Other streams, without any tag: never-pushed.');
    }
  });

  test('several large namespaces share the room', async () => {
    const compose = await createCompose({ mail: MAIL });
    const names = ['a1b2c3-dev', 'a1b2c3-prod', 'a1b2c3-test', 'a1b2c3-tools'];
    const mail = mailOf(names.map((name) => inventNamespace(300, { name })));
    const rendered = compose.renderUsage(mail);
    const { bytes } = await compose.build(rendered, DELIVERY);
    const html = readSentPage(bytes);
    expect(html?.body.length).toBeLessThanOrEqual(MAX_HTML_BYTES);
    for (const name of names)
      expect(readPage(rendered.html)).toMatch(new RegExp(`largest of 300 .* in ${name}`));
    expect(rendered.attachments.map(({ filename }) => filename)).toEqual(
      names.map((name) => `usage-${name}.csv`),
    );
  });
});
