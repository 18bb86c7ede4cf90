import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { onTestFinished } from 'vitest';
import { startApiServer } from '../../sandbox/api-server.ts';
import type { ApiServer, ApiServerOptions } from '../../sandbox/api-server.ts';
import { startSmtpCatcher } from '../../sandbox/smtp-catcher.ts';
import type { CaughtMessage, SmtpCatcher, SmtpCatcherOptions } from '../../sandbox/smtp-catcher.ts';
import { connectRedis } from '../../src/adapters/redis/connection.ts';
import { latestSlot } from '../../src/pipeline/runs/schedule.ts';
import { runQuotagram, startQuotagram } from './command-line.ts';
import type { CommandOptions, Ended, Running } from './command-line.ts';
import { writeKubeconfig } from './kubeconfig.ts';

/** The recorded cluster, a mail server and a folder with a kubeconfig; all gone after the test. */
export type Platform = {
  /** Where commands run. */
  readonly folder: string;
  readonly api: ApiServer;
  readonly smtp: SmtpCatcher;
  /** Writes quotagram.yaml: what every test needs, with these sections instead or beside. */
  readonly configure: (sections?: Sections) => Promise<void>;
  /** Runs a command to its end. */
  readonly quotagram: (
    args: readonly string[],
    env?: Environment,
    options?: Pick<CommandOptions, 'closesOutputEarly'>,
  ) => Promise<Ended>;
  readonly start: (args: readonly string[], env?: Environment) => Running;
};

export type Sections = Readonly<Record<string, object | string>>;
type Environment = Readonly<Record<string, string>>;

const TOKEN = 'sha256~e2e';

/**
 * Sets a platform up. The times of the recorded cluster lie three weeks back, so that there is something to propose for
 * deletion; `lists` are another cluster's objects instead.
 */
export const openPlatform = async (
  options: Pick<SmtpCatcherOptions, 'refuse'> & Pick<ApiServerOptions, 'lists'> = {},
): Promise<Platform> => {
  const folder = await mkdtemp(join(tmpdir(), 'quotagram-e2e-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const api = await startApiServer({ ...options, token: TOKEN, agedDays: 21 });
  onTestFinished(() => api.close());
  const smtp = await startSmtpCatcher(options);
  onTestFinished(() => smtp.close());
  const login = { KUBECONFIG: await writeKubeconfig(folder, { server: api.url, token: TOKEN }) };
  const configure = (sections: Sections = {}): Promise<void> =>
    // YAML may be JSON.
    writeFile(join(folder, 'quotagram.yaml'), JSON.stringify({ ...sectionsFor(smtp), ...sections }));
  await configure();
  return {
    folder,
    api,
    smtp,
    configure,
    quotagram: (args, env = {}, how = {}) =>
      runQuotagram(args, { cwd: folder, env: { ...login, ...env }, ...how }),
    start: (args, env = {}) => startQuotagram(args, { cwd: folder, env: { ...login, ...env } }),
  };
};

/** Mails go out as fast as they can. */
const MAIL = {
  from: 'registry@platform.example.test',
  allowedDomains: ['example.test', '*.example.test'],
  perSecond: 50,
};

const sectionsFor = (smtp: SmtpCatcher): Sections => ({
  cluster: { name: 'Silver', apiUrl: 'https://api.silver.example.test:6443' },
  quota: { default: '1Gi', rules: [{ match: { names: ['*-dev', '*-test'] }, limit: '512Mi' }] },
  mail: MAIL,
  smtp: { host: '127.0.0.1', port: smtp.port },
  summary: { to: 'staff@platform.example.test' },
});

/** The namespaces of the recorded cluster that are over these quotas and say whom to tell: two people each. */
export const MAILED = [
  '0f9e8d-dev',
  '0f9e8d-prod',
  '0f9e8d-test',
  '0f9e8d-tools',
  '7c6b5a-dev',
  '7c6b5a-tools',
  'a1b2c3-dev',
  'a1b2c3-prod',
  'a1b2c3-test',
  'a1b2c3-tools',
  'beef01-test',
  'd4e5f6-dev',
  'd4e5f6-test',
  'd4e5f6-tools',
];

/** A smaller run: the namespaces of one team of the recorded cluster, four of them in `MAILED`. */
export const ONE_TEAM = { namespaces: { selector: 'name=a1b2c3' } };
export const MAILED_OF_ONE_TEAM = MAILED.filter((namespace) => namespace.startsWith('a1b2c3-'));

/** Who is mailed about what, one line a mail, sorted: `owner.a1b2c3@example.test a1b2c3-dev`. */
export const mailsAbout = (namespaces: readonly string[]): readonly string[] =>
  namespaces
    .flatMap((namespace) => {
      const team = namespace.replace(/-.*/, '');
      return [`owner.${team}@example.test ${namespace}`, `tech.${team}@example.test ${namespace}`];
    })
    .toSorted();

/** The same of what a mail server got; the summary to the platform staff is left out. */
export const listMails = async (messages: readonly CaughtMessage[]): Promise<readonly string[]> => {
  const lines = messages
    .filter(({ to }) => !to.includes(STAFF))
    .map(async ({ to, source }) => {
      const { subject = '' } = await PostalMime.parse(source);
      return `${to.join(' ')} ${/^\[Image registry\] ([^:]+):/.exec(subject)?.[1] ?? subject}`;
    });
  return (await Promise.all(lines)).toSorted();
};

/** The summaries that the platform staff got. */
export const listSummaries = (messages: readonly CaughtMessage[]): readonly CaughtMessage[] =>
  messages.filter(({ to }) => to.includes(STAFF));

const STAFF = 'staff@platform.example.test';

/** The newest slot of the default schedule. */
export const newestSlot = (): string =>
  latestSlot({ cron: '0 8 * * 1', timeZone: 'America/Vancouver' }, new Date()).slot;

/** A mail server, slow at known moments: it answers the first `open` recipients, and the others when they are let go. */
export const holdRecipientsAfter = (open: number) => {
  const changes = new EventEmitter<{ change: [] }>();
  let answered = open;
  let named = 0;
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await once(changes, 'change');
  };
  return {
    refuse: async (): Promise<null> => {
      const nth = (named += 1);
      changes.emit('change');
      await until(() => nth <= answered);
      return null;
    },
    /** Resolves when the nth recipient has been named. */
    reached: (nth: number): Promise<void> => until(() => named >= nth),
    /** Answers the recipients up to the nth one; all without it. */
    letGo: (nth = Number.POSITIVE_INFINITY): void => {
      answered = nth;
      changes.emit('change');
    },
  };
};

/** A port on which nobody listens. */
export const findClosedPort = async (): Promise<number> => {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  listener.close();
  await once(listener, 'close');
  return address !== null && typeof address === 'object' ? address.port : 0;
};

/** The process of the Redis that a program has started in its data folder. */
export const readRedisPid = async (folder: string): Promise<number> => {
  const redis = await connectRedis(join(folder, '.quotagram', 'redis.sock'));
  try {
    return Number(/^process_id:(\d+)/m.exec(await redis.client.info('server'))?.[1]);
  } finally {
    await redis.dispose();
  }
};
