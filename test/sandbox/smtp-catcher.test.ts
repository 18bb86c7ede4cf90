import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { expect, onTestFinished, test } from 'vitest';
import { startSmtpCatcher } from '../../sandbox/smtp-catcher.ts';

test('the files of a mail are named by number, namespace and recipient', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'quotagram-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  await using smtp = await startSmtpCatcher({ directory });
  const transport = createTransport({ host: '127.0.0.1', port: smtp.port, ignoreTLS: true });
  const mail = { from: 'registry@example.test', to: 'lea@example.test', html: '<p>usage</p>' };
  for (const filename of ['usage-shop-dev.csv', 'usage-shop-prod.csv.gz', 'weekly-2026-11-23.csv'])
    await transport.sendMail({ ...mail, attachments: [{ filename, content: 'x' }] });
  await transport.sendMail({ ...mail, attachments: [{ filename: 'usage-../../x.csv', content: 'x' }] });
  transport.close();
  const names = ['001-shop-dev', '002-shop-prod', '003', '004-.._.._x'];
  expect(await readdir(directory)).toEqual(
    names.flatMap((name) => [`${name}-lea@example.test.eml`, `${name}-lea@example.test.html`]),
  );
});
