import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { openImap } from '../../../src/adapters/bounce-mailbox/imap.ts';
import type { BounceNotice } from '../../../src/pipeline/ports.ts';

const NOTICE = [
  'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
  '',
  '--b',
  'Content-Type: message/delivery-status',
  '',
  `Original-Envelope-Id: ${'5f'.repeat(32)}`,
  '',
  'Final-Recipient: rfc822; mira@example.com',
  'Action: failed',
  'Status: 5.1.1',
  '--b--',
  '',
].join('\r\n');

/** Answers to a FETCH of the message in the middle, which somebody has removed since it was listed. */
test.each<[string, string]>([
  ['says nothing about it', 'TAG OK FETCH completed'],
  ['says that it is gone', 'TAG NO [EXPUNGEISSUED] Some of the requested messages no longer exist.'],
  ['has no text of it any more', '* 2 FETCH (UID 2 BODY[]<0> NIL)\r\nTAG OK FETCH completed'],
  ['says in between that it was removed', '* 2 EXPUNGE\r\nTAG OK [EXPUNGEISSUED] FETCH completed'],
])('a message that was removed meanwhile is skipped: the server %s', async (_name, answer) => {
  expect(await readFrom(answer)).toEqual(['5.1.1', '5.1.1']);
});

test('a message that the server does not give out is none that was removed', async () => {
  await expect(readFrom('TAG NO [SERVERBUG] Internal error occurred.')).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('IMAP: no message came: NO [SERVERBUG]'),
  });
});

/** The status of each notice among three messages, of which the second is fetched with that answer. */
const readFrom = async (answer: string): Promise<readonly (string | undefined | null)[]> => {
  const fetched = (uid: string): string =>
    uid === '2'
      ? answer
      : `* ${uid} FETCH (UID ${uid} BODY[]<0> {${NOTICE.length}}\r\n${NOTICE})\r\nTAG OK done`;
  await using server = await startServer((command) => {
    if (command.startsWith('UID SEARCH')) return '* SEARCH 1 2 3\r\nTAG OK done';
    const uid = /^UID FETCH (\d+)/.exec(command)?.[1];
    return uid === undefined ? 'TAG OK done' : fetched(uid);
  });
  const login = { user: 'bounces@example.com', password: 'secret', folder: 'INBOX', timeoutMs: 5_000 };
  const mailbox = openImap({ host: '127.0.0.1', port: server.port, secure: false, ...login });
  const notices: (BounceNotice | null)[] = [];
  for await (const notice of mailbox.readNotices()) notices.push(notice);
  return notices.map((notice) => notice?.status);
};

/** An IMAP server that answers each command as it is told to; TAG stands for the command's tag. */
const startServer = async (answerTo: (command: string) => string) => {
  const server = createServer((socket) => {
    socket.write('* OK ready\r\n');
    createInterface(socket).on('line', (line) => {
      const [tag = '', ...command] = line.split(' ');
      socket.write(`${answerTo(command.join(' ')).replace(/^TAG/m, tag)}\r\n`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
};
