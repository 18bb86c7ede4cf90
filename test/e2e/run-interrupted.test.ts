import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startRedisServer } from '../../sandbox/redis-server.ts';
import {
  findClosedPort,
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

/** Runs that something comes between, at a moment when four mails are out and the fifth is under way. */

const ONE_AT_A_TIME = { ...ONE_TEAM, workers: { mailer: 1 } };
const ALL_MAILS = mailsAbout(MAILED_OF_ONE_TEAM);

describe('Ctrl-C', { timeout: 120_000 }, () => {
  test('lets the mail under way finish, ends the Redis, and the rest is sent when the run goes on', async () => {
    const hold = holdRecipientsAfter(4);
    const { folder, start, quotagram, configure, smtp } = await openPlatform(hold);
    await configure(ONE_AT_A_TIME);
    const slot = newestSlot();
    await using run = start(['run', '--slot', slot]);
    await hold.reached(5);
    const redisPid = await readRedisPid(folder);
    run.signal('SIGINT');
    await run.sayingOnStderr('Interrupted');
    expect(isAlive(redisPid)).toBe(true);
    hold.letGo();
    const interrupted = await run.ended;
    expect(interrupted.exitCode).toBe(130);
    expect(interrupted.stdout).toBe('');
    expect(interrupted.stderr).toMatch(
      new RegExp(
        '\nInterrupted: finishing what is under way; Ctrl-C again ends at once\\.\n' +
          `Nothing is lost; the run goes on with the same command and --slot ${slot}\n$`,
      ),
    );
    expect(smtp.messages).toHaveLength(5);
    expect(isAlive(redisPid)).toBe(false);

    const { exitCode, stderr } = await quotagram(['run', '--slot', slot]);
    expect(exitCode).toBe(0);
    expect(stderr).toBe(
      `run ${slot} goes on where it was: sending the mails (what a killed process had under way follows within a minute)\nsent 8 mails\n`,
    );
    expect(await listMails(smtp.messages)).toEqual(ALL_MAILS);
    expect(listSummaries(smtp.messages)).toHaveLength(1);
  });

  test('the second one ends the program at once, and its Redis with it', async () => {
    const hold = holdRecipientsAfter(4);
    const { folder, start, configure, smtp } = await openPlatform(hold);
    await configure(ONE_AT_A_TIME);
    await using run = start(['run']);
    await hold.reached(5);
    const redisPid = await readRedisPid(folder);
    run.signal('SIGINT');
    await run.sayingOnStderr('Interrupted');
    run.signal('SIGINT');
    expect((await run.ended).exitCode).toBe(null);
    await untilGone(redisPid);
    hold.letGo();
    expect(smtp.messages).toHaveLength(4);
  });
});

describe('Ctrl-C while a command only reads', { timeout: 120_000 }, () => {
  test('ends it at once, and nothing was sent', async () => {
    const { api, start, smtp } = await openPlatform();
    api.addFault('/api/v1/pods', 'hang');
    await using sending = start(['send', '-n', 'a1b2c3-prod', '--yes']);
    while (!api.requests.some((request) => request.startsWith('GET /api/v1/pods'))) await sleep(20);
    sending.signal('SIGINT');
    expect((await sending.ended).exitCode).toBe(null);
    expect(smtp.messages).toEqual([]);
  });
});

describe('a Redis of others', { timeout: 120_000 }, () => {
  test('may be killed and come back in the middle of a run, which then sends the rest', async () => {
    const hold = holdRecipientsAfter(4);
    const { start, configure, smtp } = await openPlatform(hold);
    await configure(ONE_AT_A_TIME);
    const redis = await startRedisServer();
    onTestFinished(() => redis.close());
    await using run = start(['run'], { REDIS_URL: redis.url });
    await hold.reached(5);
    await redis.kill();
    await run.sayingOnStderr(`warning: Redis at ${redis.url} stopped answering; trying again\n`);
    await redis.restart();
    await run.sayingOnStderr(`warning: Redis at ${redis.url} answers again\n`);
    hold.letGo();
    const { exitCode, stderr } = await run.ended;
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/answers again\nsent 8 mails\n$/);
    expect(await listMails(smtp.messages)).toEqual(ALL_MAILS);
    expect(listSummaries(smtp.messages)).toHaveLength(1);
  });

  test('stops a run before it begins when it does not answer, whether redis.url names it or REDIS_URL', async () => {
    const { quotagram, configure, smtp } = await openPlatform();
    const [port, otherPort] = [await findClosedPort(), await findClosedPort()];
    await configure({ redis: { url: `redis://127.0.0.1:${String(port)}` } });
    const unreachable = (closed: number) => ({
      exitCode: 1,
      stdout: '',
      stderr:
        `error: Redis at redis://127.0.0.1:${String(closed)} does not answer: connect ECONNREFUSED 127.0.0.1:${String(closed)}\n` +
        '  Check that Redis runs there and that the address is right: REDIS_URL, or redis.url of the configuration.\n',
    });
    const [byConfig, byEnvironment] = await Promise.all([
      quotagram(['run']),
      quotagram(['run'], { REDIS_URL: `redis://127.0.0.1:${String(otherPort)}` }),
    ]);
    expect(byConfig).toEqual(unreachable(port));
    expect(byEnvironment).toEqual(unreachable(otherPort));
    expect(smtp.messages).toEqual([]);
  });
});

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const untilGone = async (pid: number): Promise<void> => {
  while (isAlive(pid)) await sleep(20);
};
