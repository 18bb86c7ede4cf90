import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startRedisServer } from '../../sandbox/redis-server.ts';
import { createApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import {
  holdRecipientsAfter,
  listMails,
  listSummaries,
  MAILED_OF_ONE_TEAM,
  mailsAbout,
  newestSlot,
  ONE_TEAM,
  openPlatform,
  readRedisPid,
} from './platform.ts';

/** `quotagram start` as people run it. */

const ALL_MAILS = mailsAbout(MAILED_OF_ONE_TEAM);

describe('all roles in one process, with a Redis of its own', { timeout: 120_000 }, () => {
  test('finishes the mail under way at SIGTERM and leaves the rest for later', async () => {
    const hold = holdRecipientsAfter(4);
    const { folder, start, quotagram, configure, smtp } = await openPlatform(hold);
    const dataDir = join(folder, '.quotagram');
    await configure({ ...ONE_TEAM, dataDir, workers: { mailer: 1 } });
    await using service = start(['start']);
    await service.sayingOnStderr('working as collector, sizer, mailer; Ctrl-C stops\n');
    await startRun(folder, {});
    await hold.reached(5);
    service.signal('SIGTERM');
    await service.sayingOnStderr('stopping: finishing what is under way\n');
    hold.letGo();
    expect(await service.ended).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: expect.stringMatching(
        /"event":"run-sealed".*\n(.*"event":"mail-submitted".*\n){4}stopping.*\n.*"mail-submitted".*\n$/,
      ),
    });
    expect(smtp.messages).toHaveLength(5);
    expect(existsSync(join(dataDir, 'redis.sock'))).toBe(false);

    expect((await quotagram(['run', '--slot', newestSlot()])).exitCode).toBe(0);
    expect(await listMails(smtp.messages)).toEqual(ALL_MAILS);
    expect(listSummaries(smtp.messages)).toHaveLength(1);
  });

  test('shares its Redis with a run beside it, which ends with it and says how to go on', async () => {
    const hold = holdRecipientsAfter(0);
    const { start, configure, smtp } = await openPlatform(hold);
    await configure({ ...ONE_TEAM, workers: { mailer: 1 } });
    await using service = start(['start']);
    await service.sayingOnStderr('working as');
    const slot = newestSlot();
    await using run = start(['run', '--slot', slot]);
    // Each process has one mail under way, and the run will have a third.
    await hold.reached(2);
    service.signal('SIGTERM');
    await service.sayingOnStderr('stopping: finishing what is under way\n');
    hold.letGo(2);
    expect((await service.ended).exitCode).toBe(0);
    await run.sayingOnStderr('stopped answering; trying again\n');
    hold.letGo();
    const { exitCode, stderr } = await run.ended;
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /\nerror: The Redis of the data folder .* has ended: the process that started it has ended\n {2}Start again\. .*\n/,
    );
    expect(stderr).toContain(`Nothing is lost; the run goes on with the same command and --slot ${slot}\n`);
    expect(new Set(await listMails(smtp.messages)).size).toBe(2);
    expect(smtp.messages).toHaveLength(2);
  });
});

describe('a Redis of its own that is gone', { timeout: 120_000 }, () => {
  test('ends the program, so that whoever looks after it starts it again', async () => {
    const { folder, start } = await openPlatform();
    await using service = start(['start']);
    await service.sayingOnStderr('working as');
    process.kill(await readRedisPid(folder), 'SIGKILL');
    const { exitCode, stderr } = await service.ended;
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /\nerror: The Redis of the data folder .* has ended: it was killed, or crashed without a word\n {2}Start again\. .*\n$/,
    );
  });
});

describe('roles in processes of their own', { timeout: 120_000 }, () => {
  test('share the work of a run on one Redis', async () => {
    const { folder, start, configure, smtp } = await openPlatform();
    await configure(ONE_TEAM);
    const redis = await startRedisServer();
    onTestFinished(() => redis.close());
    const env = { REDIS_URL: redis.url };
    await using collector = start(['start', 'collector'], env);
    await collector.sayingOnStderr('working as collector; Ctrl-C stops\n');
    await using sizer = start(['start', 'sizer'], env);
    await sizer.sayingOnStderr('working as sizer; Ctrl-C stops\n');
    await using mailer = start(['start', 'mailer'], env);
    await mailer.sayingOnStderr('working as mailer; Ctrl-C stops\n');
    await startRun(folder, env);
    await collector.sayingOnStderr('"event":"run-finished"');
    for (const each of [collector, sizer, mailer]) each.signal('SIGTERM');
    const ended = await Promise.all([collector.ended, sizer.ended, mailer.ended]);
    expect(ended.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    expect(ended[2].stderr.match(/"event":"mail-submitted"/g)).toHaveLength(8);
    expect(await listMails(smtp.messages)).toEqual(ALL_MAILS);
    expect(listSummaries(smtp.messages)).toHaveLength(1);
  });

  test('need no DKIM key to size', async () => {
    const { start, configure } = await openPlatform();
    const dkim = { domain: 'example.test', selector: 'mail2026', keyFile: 'elsewhere.pem' };
    await configure({ mail: { allowedDomains: ['example.test', '*.example.test'], dkim } });
    const redis = await startRedisServer();
    onTestFinished(() => redis.close());
    await using sizer = start(['start', 'sizer'], { REDIS_URL: redis.url });
    await sizer.sayingOnStderr('working as sizer; Ctrl-C stops\n');
  });

  test('stop while Redis does not answer, whatever a library still waits for', async () => {
    const { start } = await openPlatform();
    const redis = await startRedisServer();
    onTestFinished(() => redis.close());
    const waitForEver = 'data:text/javascript,setInterval(()=>{},1_000)';
    const env = { REDIS_URL: redis.url, NODE_OPTIONS: `--import=${waitForEver}` };
    await using sizer = start(['start', 'sizer'], env);
    await sizer.sayingOnStderr('working as sizer; Ctrl-C stops\n');
    const client = new Redis(redis.url);
    await client.client('PAUSE', 60_000, 'ALL');
    sizer.signal('SIGTERM');
    const { exitCode, stderr } = await sizer.ended;
    client.disconnect();
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/stopping: finishing what is under way\n$/);
  });

  test('stop where there is no Redis to share', async () => {
    const { folder, quotagram } = await openPlatform();
    expect(await quotagram(['start', 'mailer'])).toEqual({
      exitCode: 1,
      stdout: '',
      stderr:
        `error: No Redis runs for the data folder ${join(folder, '.quotagram')}\n` +
        '  A single role shares the queue with the others: set REDIS_URL, or run `quotagram start` on this data folder first.\n',
    });
  });
});

/** Starts the run of the newest slot as the weekly timer does, and leaves it to the processes that work. */
const startRun = async (folder: string, env: Readonly<Record<string, string>>): Promise<void> => {
  await using app = await createApp(
    loadConfig(await readFile(join(folder, 'quotagram.yaml'), 'utf8'), env, () => ''),
    { kubeconfig: null, context: null, now: () => new Date(), observe: () => {}, warn: () => {} },
    { roles: [], connectOnly: true, log: null },
  );
  await app.startRun(newestSlot());
};
