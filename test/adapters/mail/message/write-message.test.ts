import fc from 'fast-check';
import MailComposer from 'nodemailer/lib/mail-composer';
import { expect, test } from 'vitest';
import { writeMessage } from '../../../../src/adapters/mail/message/write-message.ts';

type Parts = { readonly text: string; readonly html: string; readonly bytes: Uint8Array };

const compile = ({ text, html, bytes }: Parts, newline: 'win' | undefined) =>
  new MailComposer({
    from: 'Image registry <registry@example.test>',
    to: 'owner@example.test',
    subject: 'Größe',
    messageId: '<1@example.test>',
    date: new Date('2026-11-23T16:00:00Z'),
    text,
    html,
    encoding: 'quoted-printable',
    attachments: [
      {
        filename: 'usage.csv',
        contentType: 'text/csv',
        content: text,
        contentTransferEncoding: 'quoted-printable',
      },
      {
        filename: 'cleanup.txt',
        contentType: 'text/plain',
        content: Buffer.from(bytes),
        contentTransferEncoding: 'base64',
      },
    ],
    baseBoundary: '0123456789abcdef',
    ...(newline === undefined ? {} : { newline }),
  }).compile();

/** What lines are made of, blanks and line ends at odd places among it. */
const words = fc.constantFrom(
  'word',
  ' ',
  '\t',
  '\n',
  '\r\n',
  '\r',
  '=',
  '.',
  '\n.',
  'é',
  '漢',
  '🐳',
  'x'.repeat(80),
  '',
);
const prose = fc.array(words, { maxLength: 60 }).map((parts) => parts.join(''));

test('a message is to the byte what nodemailer makes of it', async () => {
  const parts = fc.record({ text: prose, html: prose, bytes: fc.uint8Array({ maxLength: 300 }) });
  await fc.assert(
    fc.asyncProperty(parts, async (each) => {
      const expected = await compile(each, 'win').build();
      expect(writeMessage(compile(each, undefined)).toString()).toBe(expected.toString());
    }),
  );
});

test('so is one whose parts the encoder takes in several slices', async () => {
  for (const line of ['a line of words, with é in it \n', 'no-break-at-all', ' ']) {
    const text = line.repeat(Math.ceil(200_000 / line.length));
    const each = { text, html: text, bytes: new Uint8Array(200_000).fill(7) };
    const expected = await compile(each, 'win').build();
    expect(writeMessage(compile(each, undefined)).equals(expected)).toBe(true);
  }
});
