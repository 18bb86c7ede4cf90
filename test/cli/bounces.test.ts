import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { readBounces } from '../../src/cli/bounces.ts';
import type { BouncesOptions } from '../../src/cli/bounces.ts';

/** What the command refuses before it opens anything; how it reads is in test/mail-software. */
test.each<[string, BouncesOptions, RegExp]>([
  ['no mailbox', {}, /--maildir or --imap, one of them/],
  ['two', { maildir: '.', imap: 'imaps://a@imap.example.com' }, /--maildir or --imap, one of them/],
  ['no URL', { imap: 'imap.example.com' }, /must be like imaps:\/\//],
  ['a URL of another kind', { imap: 'https://a@imap.example.com' }, /must be like imaps:\/\//],
  ['a URL without a user', { imap: 'imaps://imap.example.com' }, /must be like imaps:\/\//],
  ['a password on the command line', { imap: 'imaps://a:b@imap.example.com' }, /can be seen by others/],
  ['a network without TLS', { imap: 'imap://a@imap.example.com' }, /sends the password in the clear/],
  ['no password', { imap: 'imaps://a@imap.example.com' }, /needs the password of the mailbox/],
])('bounces refuses %s', async (_name, options, message) => {
  const terminal = {
    out: new PassThrough(),
    err: new PassThrough(),
    env: {},
    heedInterrupts: () => new AbortController().signal,
  };
  const refusal = { code: 'invalid', message: expect.stringMatching(message) };
  await expect(readBounces(terminal, options)).rejects.toMatchObject(refusal);
});
