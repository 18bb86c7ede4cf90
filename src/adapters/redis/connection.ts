import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../errors.ts';
import { parseRedisUrl } from '../../redis-address.ts';
import {
  explainRefusal,
  explainSilence,
  isAboutCredentials,
  isAboutDatabase,
  isConnectionFault,
  isReply,
} from './redis-faults.ts';
import type { RedisPlace } from './redis-faults.ts';

/** Every key of ours begins with this hash tag, so that Redis Cluster keeps all of them in one slot. */
export const KEY_TAG = '{quotagram}';

export type RedisConnection = {
  /** For single questions: fails within seconds instead of waiting for a Redis that is gone. */
  readonly client: Redis;
  /**
   * Asks Redis something about `subject` (a key or the queue, for the error's sentence).
   * @throws AppError `unavailable` when Redis does not answer or takes no writes, `internal` when it refuses the command
   */
  readonly ask: <Answer>(subject: string, question: (client: Redis) => Promise<Answer>) => Promise<Answer>;
  /** Whether the server is known to evict nothing (`maxmemory-policy`). */
  readonly evictsNothing: boolean;
  /** One more connection, for workers: waits for Redis as long as it takes. Whoever opens it disconnects it. */
  readonly openPatient: () => Redis;
  readonly dispose: () => Promise<void>;
};

/**
 * Connects to a `redis://` or `rediss://` URL or to the path of a unix socket. `onWarning` hears of settings under
 * which Redis can lose data, and once each time it stops answering and answers again.
 * @throws AppError `invalid` (no such address or database, or a node of Redis Cluster), `unavailable` (no answer within
 * seconds), `forbidden` (the password or a right is refused)
 */
export const connectRedis = async (
  address: string,
  onWarning: (warning: string) => void = () => {},
): Promise<RedisConnection> => {
  const { place, options } = readAddress(address);
  const { shown } = place;
  const client = new Redis({ ...options, ...FAIL_FAST });
  let state: 'new' | 'up' | 'lost' | 'disposed' = 'new';
  let lastFault: Error | null = null;
  let waiting: Promise<void> | null = null;

  client.on('error', (fault) => {
    // What comes after such a refusal is only about the connection that we end because of it.
    if (isAboutDatabase(lastFault)) return;
    lastFault = fault;
    // In another database than the one asked for we would write among a stranger's keys.
    if (isAboutDatabase(fault) || (state === 'new' && isAboutCredentials(fault))) client.disconnect();
  });
  client.on('ready', () => {
    if (state === 'lost') onWarning(`Redis at ${shown} answers again`);
    state = 'up';
    lastFault = null;
  });
  client.on('close', () => {
    if (state !== 'up') return;
    state = 'lost';
    onWarning(`Redis at ${shown} stopped answering; trying again`);
  });

  const untilReady = (): Promise<void> => {
    waiting ??= new Promise<void>((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        client.off('ready', settle).off('end', settle);
        waiting = null;
        if (client.status === 'ready') resolve();
        else reject(explainSilence(place, lastFault));
      };
      const timer = setTimeout(settle, READY_MS);
      client.once('ready', settle).once('end', settle);
    });
    return waiting;
  };

  const ask: RedisConnection['ask'] = async (subject, question) => {
    if (client.status !== 'ready') await untilReady();
    try {
      return await question(client);
    } catch (thrown) {
      if (isConnectionFault(thrown)) throw explainSilence(place, lastFault);
      throw isReply(thrown) ? explainRefusal(place, subject, thrown) : thrown;
    }
  };

  const dispose = async (): Promise<void> => {
    state = 'disposed';
    const goodbye = client.status === 'ready' ? client.quit().then(Boolean, () => false) : false;
    // A Redis that does not answer is not waited for.
    if (!(await Promise.race([goodbye, sleep(GOODBYE_MS, false, { ref: false })]))) client.disconnect();
  };

  try {
    await untilReady();
    // A first question about a key of ours: its refusal says that no other would fare better.
    await ask('its keys', () => client.exists(KEY_TAG));
    const policy = await readSetting(client, 'maxmemory-policy');
    const evictsNothing = policy === 'noeviction';
    if (policy !== null && !evictsNothing)
      onWarning(`Redis at ${shown} may drop data when memory is short: set maxmemory-policy to noeviction`);
    if ((await readSetting(client, 'appendonly')) === 'no')
      onWarning(`Redis at ${shown} loses jobs and delivery records in a crash: set appendonly to yes`);
    return { client, ask, evictsNothing, openPatient: () => openPatient(options), dispose };
  } catch (thrown) {
    await dispose();
    throw thrown;
  }
};

/** How long Redis may take to say goodbye. */
const GOODBYE_MS = 1_000;
/** How long a question waits for a broken connection to come back. */
const READY_MS = 3_000;

const retryStrategy = (attempt: number): number => Math.min(50 * 2 ** attempt, 1_000) + Math.random() * 100;

/**
 * A command that is not answered fails, and is neither kept nor sent again later: a claim that its caller has given up
 * must not be carried out afterwards. The timeout leaves room for a flow of thousands of jobs.
 */
const FAIL_FAST = {
  connectTimeout: READY_MS,
  commandTimeout: 10_000,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  retryStrategy,
} as const satisfies RedisOptions;

const openPatient = (options: Way): Redis => {
  const client = new Redis({ ...options, maxRetriesPerRequest: null, retryStrategy });
  // Without a listener ioredis prints; that Redis is lost is said once, by the connection this belongs to.
  client.on('error', () => {});
  return client;
};

/** Where ioredis connects to, and how it logs in. */
type Way =
  | { readonly path: string }
  | (Required<Pick<RedisOptions, 'db'>> &
      Pick<RedisOptions, 'username' | 'password' | 'tls'> & { readonly host: string; readonly port: number });

/** What leads to a server, or to the socket of one. @throws AppError `invalid` */
const readAddress = (text: string): { readonly place: RedisPlace; readonly options: Way } => {
  if (text.startsWith('/')) return { place: { shown: text, isSocket: true }, options: { path: text } };
  const parsed = parseRedisUrl(text);
  if ('fault' in parsed)
    throw new AppError('invalid', `The address of Redis ${parsed.fault}`, {
      hint: 'Correct REDIS_URL, or redis.url of the configuration.',
    });
  const { host, port, tls, user, password, database, shown } = parsed.address;
  return {
    place: { shown, isSocket: false },
    options: {
      host,
      port,
      db: database,
      ...(user === null ? {} : { username: user }),
      ...(password === null ? {} : { password }),
      // Node names the host in a TLS handshake only when told to.
      ...(tls ? { tls: isIP(host) === 0 ? { servername: host } : {} } : {}),
    },
  };
};

/** A server setting; null where it may not be read, as on managed Redis. */
const readSetting = async (client: Redis, name: string): Promise<string | null> => {
  const answer: unknown = await client.config('GET', name).catch(() => null);
  const value: unknown = Array.isArray(answer) ? answer[1] : null;
  return typeof value === 'string' ? value : null;
};
