import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { MAX_NOTICE_BYTES } from '../../../src/adapters/bounce-mailbox/delivery-status.ts';
import { openMaildir } from '../../../src/adapters/bounce-mailbox/maildir.ts';

const ID = '5f'.repeat(32);

const NOTICE = `Content-Type: multipart/report; report-type=delivery-status; boundary=cut

--cut
Content-Type: message/delivery-status

Original-Envelope-Id: ${ID}

Final-Recipient: rfc822; gone@example.test
Action: failed
Status: 5.1.1

--cut
Content-Type: message/rfc822

Subject: returned

`;

const makeMaildir = async (files: Readonly<Record<string, string>>): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'quotagram-maildir-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const name of ['cur', 'new', 'tmp']) await mkdir(join(folder, name));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
};

const readAll = async (folder: string) => {
  const notices = [];
  for await (const notice of openMaildir(folder).readNotices()) notices.push(notice);
  return notices;
};

test('gives every message, seen or new, and none that is still being written', async () => {
  const folder = await makeMaildir({
    'cur/1.a:2,S': NOTICE,
    'new/2.b': 'Subject: hello\n\nhello\n',
    'new/3.c': NOTICE + 'x'.repeat(2 * MAX_NOTICE_BYTES),
    'tmp/4.d': NOTICE,
  });
  const notice = { deliveryId: ID, hasFailed: true, status: '5.1.1', detail: null };
  expect(await readAll(folder)).toEqual([notice, null, notice]);
});

test('refuses a folder that is no Maildir', async () => {
  const folder = await makeMaildir({});
  await rm(join(folder, 'cur'), { recursive: true });
  await expect(readAll(folder)).rejects.toMatchObject({
    code: 'invalid',
    hint: 'Name the folder that holds cur, new and tmp.',
  });
});

test('passes over what is no message: a folder, and a file that somebody moves meanwhile', async () => {
  const folder = await makeMaildir({ 'cur/1.a:2,S': NOTICE, 'new/2.b': NOTICE, 'new/3.c': NOTICE });
  await mkdir(join(folder, 'new', 'attachments'));
  const notices = [];
  for await (const notice of openMaildir(folder).readNotices()) {
    if (notices.length === 1) await rm(join(folder, 'new', '3.c'));
    notices.push(notice?.deliveryId);
  }
  expect(notices).toEqual([ID, ID]);
});
