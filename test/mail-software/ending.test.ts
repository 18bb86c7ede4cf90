import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { hasMailSoftware, withMailSoftware } from './open-mail-software.ts';

describe.skipIf(!hasMailSoftware)(
  withMailSoftware('the mail software of a test'),
  { timeout: 60_000 },
  () => {
    test('is gone with its folders when the test is killed', async () => {
      const owner = spawn(process.execPath, ['--input-type=module', '--eval', OWNER], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const exit = once(owner, 'exit');
      const [line] = await once(owner.stdout, 'data');
      const { ports, folders }: { ports: number[]; folders: string[] } = JSON.parse(String(line));
      expect(folders.map((folder) => existsSync(folder))).toEqual([true, true]);
      expect(await Promise.all(ports.map(isListening))).toEqual([true, true]);

      owner.kill('SIGKILL');
      await exit;
      const giveUpAt = performance.now() + 10_000;
      const isThere = async (): Promise<boolean> =>
        folders.some((folder) => existsSync(folder)) ||
        (await Promise.all(ports.map(isListening))).includes(true);
      while ((await isThere()) && performance.now() < giveUpAt) await wait(50);
      expect(folders.map((folder) => existsSync(folder))).toEqual([false, false]);
      expect(await Promise.all(ports.map(isListening))).toEqual([false, false]);
    });
  },
);

const OWNER = `
import { dirname } from 'node:path';
import { startMailSoftware } from '${new URL('../../sandbox/mail-software.ts', import.meta.url).href}';
const { opendkim, dovecot, postfix } = await startMailSoftware({
  domain: 'platform.example.test',
  mailboxes: ['mira@team.example.test'],
});
const folders = [opendkim.milter, dovecot.transport].map((socket) => dirname(socket.replace(/.*unix:/, '')));
console.log(JSON.stringify({ ports: [postfix.port, dovecot.imapPort], folders }));
setInterval(() => {}, 1000);
`;

const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
