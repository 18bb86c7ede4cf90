import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { expect, test } from 'vitest';
import { clusterOf } from './small-cluster.ts';
import { openPlatform } from './platform.ts';

/** `quotagram mail preview` as people run it, on the recorded cluster. */

test(
  'serves every part of a mail on loopback until Ctrl-C, and sends nothing',
  { timeout: 60_000 },
  async () => {
    const { start, smtp } = await openPlatform();
    await using running = start(['mail', 'preview', '-n', 'a1b2c3-tools']);
    const stdout = await running.sayingOnStdout('\n');
    expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f-]{36}\/\n$/);
    const url = stdout.trim();

    const page = await fetch(url);
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; .*frame-src 'self'/);
    const html = await page.text();
    expect(html).toContain('owner.a1b2c3@example.test');
    expect(html.match(/<iframe sandbox [^>]*width="(?:600|360)"/g)).toHaveLength(4);

    const light = await fetch(`${url}1/light.html`);
    expect(light.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'unsafe-inline'; .*sandbox$/,
    );
    expect(await light.text()).toContain('a1b2c3-tools uses 2.4 of 1 GiB');
    expect(await (await fetch(`${url}2/text.txt`)).text()).toContain('a1b2c3-tools uses 2.4 of 1 GiB');

    const message = await PostalMime.parse(await (await fetch(`${url}2/message.eml`)).arrayBuffer());
    expect(message.to?.map(({ address }) => address)).toEqual(['tech.a1b2c3@example.test']);
    const csv = await fetch(`${url}1/1`);
    expect(csv.headers.get('content-disposition')).toBe('attachment; filename="usage-a1b2c3-tools.csv"');
    expect(await csv.text()).toMatch(/^namespace,stream,tag,/);

    running.signal('SIGINT');
    expect(await running.ended).toMatchObject({
      exitCode: 0,
      stderr: expect.stringMatching(/\n2 mails to look at, nothing is sent; Ctrl-C stops\n$/),
    });
    expect(smtp.connections()).toBe(0);
  },
);

test('answers nobody who lacks its address, or who comes by another name', { timeout: 60_000 }, async () => {
  const { start } = await openPlatform({ lists: clusterOf({ 'a1b2c3-dev': ['lead@example.test'] }) });
  await using running = start(['mail', 'preview', '-n', 'a1b2c3-dev']);
  const url = new URL((await running.sayingOnStdout('\n')).trim());
  expect((await fetch(url)).status).toBe(200);
  expect((await fetch(new URL('/', url))).status).toBe(404);
  expect((await fetch(new URL('/1/light.html', url))).status).toBe(404);
  expect((await fetch(url, { method: 'POST' })).status).toBe(404);
  expect(await statusAs(url, `rebound.example.test:${url.port}`)).toBe(404);
  expect(await statusAs(url, url.host)).toBe(200);
});

test(
  'previews without sender, allowed domain or recipient, with a stand-in that nothing is sent to',
  { timeout: 60_000 },
  async () => {
    const { start, configure } = await openPlatform({ lists: clusterOf({ 'a1b2c3-dev': [] }) });
    await configure({ mail: {}, smtp: {}, summary: {} });
    await using running = start(['mail', 'preview', '-n', 'a1b2c3-dev']);
    const url = (await running.sayingOnStdout('\n')).trim();
    expect(await (await fetch(url)).text()).toContain('nobody@example.com');
    expect(await (await fetch(`${url}1/text.txt`)).text()).not.toContain('You get this');
  },
);

test('opens the browser when asked, and says so when it cannot', { timeout: 60_000 }, async () => {
  const { folder, start } = await openPlatform({ lists: clusterOf({ 'a1b2c3-dev': ['lead@example.test'] }) });
  const command = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const bin = join(folder, 'bin');
  await mkdir(bin);
  const PATH = `${bin}:${process.env['PATH'] ?? ''}`;
  await writeFile(join(bin, command), `#!/bin/sh\necho "$1" > ${folder}/opened\nexit 3\n`);
  await chmod(join(bin, command), 0o755);
  await using running = start(['mail', 'preview', '-n', 'a1b2c3-dev', '--open'], { PATH });
  await running.sayingOnStderr(
    `warning: ${command} did not open the browser (exit code 3); open the address above\n`,
  );
  expect(await readFile(join(folder, 'opened'), 'utf8')).toBe(await running.sayingOnStdout('\n'));
  running.signal('SIGTERM');
  expect((await running.ended).exitCode).toBe(0);
});

const statusAs = async (url: URL, host: string): Promise<number | undefined> => {
  const [response] = await once(get(url, { headers: { host } }), 'response');
  response.resume();
  return response.statusCode;
};
