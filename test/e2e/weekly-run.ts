import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApiServer } from '../../sandbox/api-server.ts';
import type { ApiServer } from '../../sandbox/api-server.ts';
import type { ApiObject, ApiObjects } from '../../sandbox/api-lists.ts';
import { startRedisServer } from '../../sandbox/redis-server.ts';
import { startSmtpCatcher } from '../../sandbox/smtp-catcher.ts';
import { kubeconfigOf } from '../adapters/openshift/open-cluster.ts';
import { runQuotagram } from './command-line.ts';
import type { Ended } from './command-line.ts';
import { PAGE_OBJECTS, pagedCluster } from './paged-cluster.ts';
import type { PagedCluster } from './paged-cluster.ts';
import { newestSlot } from './platform.ts';
import { runHere } from './run-here.ts';
import { readMails, readRecords, splitWarnings } from './run-outcome.ts';
import type { Mail, Records, Told } from './run-outcome.ts';

/** What is wrong with the API of one run. */
export type Disturbance = {
  /** Instead of the paged cluster. */
  readonly cluster?: PagedCluster;
  /** Happens before the run begins. */
  readonly before?: (api: ApiServer) => void;
  /** Happens once, when the first page of the images has been asked for and the second has not. */
  readonly midway?: (place: Place) => void;
};

/** The API, and the folder with `kubeconfig` and, in the file `token`, the token that the API wants. */
type Place = { readonly api: ApiServer; readonly folder: string };

/** How a run ended: on the terminal, in Redis and at the mail server. */
export type WeeklyRun = Ended &
  Told &
  Records & {
    /** Every message of this run. */
    readonly mails: readonly Mail[];
    /** How the API is named in messages. */
    readonly host: string;
  };

/** In this process, or as the real program in one of its own. */
type Way = 'here' | 'as a process';

/** An API, a mail server and a database; several runs can follow each other. */
type Platform = AsyncDisposable & {
  /** `quotagram run` of a slot, or by hand (null), to its end. */
  readonly run: (slot: string | null, way: Way) => Promise<WeeklyRun>;
};

/** Starts runs, at once or one after the other: all on one Redis, each platform in a database of its own. */
export type Runner = {
  readonly open: (disturbance: Disturbance) => Promise<Platform>;
  /** The run of the newest weekly slot on a platform of its own. */
  readonly runWeekly: (disturbance: Disturbance, way?: Way) => Promise<WeeklyRun>;
  readonly close: () => Promise<void>;
};

/** Starts the Redis that all runs share. */
export const startRunner = async (): Promise<Runner> => {
  const redis = await startRedisServer(['--databases', '64']);
  let databases = 0;
  const open: Runner['open'] = (disturbance) =>
    openPlatform(`${redis.url}/${String(databases++)}`, disturbance);
  return {
    open,
    runWeekly: async (disturbance, way = 'here') => {
      await using platform = await open(disturbance);
      return await platform.run(newestSlot(), way);
    },
    close: redis.close,
  };
};

const TOKEN = 'sha256~first';

const openPlatform = async (
  redisUrl: string,
  { cluster = pagedCluster(), before, midway }: Disturbance,
): Promise<Platform> => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'quotagram-e2e-'));
  stack.defer(() => rm(folder, { recursive: true }));
  let isMidway = false;
  const reachMidway = (): void => {
    if (!isMidway) midway?.({ api, folder });
    isMidway = true;
  };
  const api = stack.use(await startApiServer({ token: TOKEN, lists: withHook(cluster, reachMidway) }));
  const smtp = stack.use(await startSmtpCatcher());
  const write = (name: string, content: string): Promise<void> => writeFile(join(folder, name), content);
  await write('token', TOKEN);
  await write('kubeconfig', JSON.stringify(kubeconfigOf(api.url, { tokenFile: 'token' })));
  // YAML may be JSON.
  const config = { ...CONFIG, smtp: { host: '127.0.0.1', port: smtp.port } };
  await write('quotagram.yaml', JSON.stringify(config));
  before?.(api);
  const place = { cwd: folder, env: { KUBECONFIG: join(folder, 'kubeconfig'), REDIS_URL: redisUrl } };
  const owned = stack.move();
  return {
    run: async (slot, way) => {
      const earlier = smtp.messages.length;
      const args = ['run', ...(slot === null ? [] : ['--slot', slot])];
      const ended = await (way === 'here' ? runHere(slot, place) : runQuotagram(args, place));
      return {
        ...ended,
        ...splitWarnings(ended.stderr),
        ...(await readRecords(redisUrl)),
        mails: await readMails(smtp.messages.slice(earlier)),
        host: new URL(api.url).host,
      };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
};

const CONFIG = {
  cluster: { name: 'Silver', apiUrl: 'https://api.silver.example.test:6443' },
  quota: { default: '512Mi', rules: [{ match: { names: ['archive-*'] }, limit: '4Gi' }] },
  mail: { from: 'registry@example.test', allowedDomains: ['example.test'], perSecond: 50 },
  summary: { to: 'staff@example.test' },
};

/** The last image of the first page is written when that page is, and tells. */
const withHook = (cluster: PagedCluster, tell: () => void): ApiObjects => ({
  ...cluster,
  images: cluster.images.map((image, position) =>
    position === PAGE_OBJECTS - 1 ? telling(image, tell) : image,
  ),
});

const telling = (object: ApiObject, tell: () => void) => ({
  metadata: object.metadata,
  write: (): string => {
    tell();
    return JSON.stringify(object);
  },
});
