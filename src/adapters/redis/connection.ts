import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import { AppError } from '../../errors.ts';

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
 * @throws AppError `invalid` (no such address), `unavailable` (no answer within seconds), `forbidden` (password refused)
 */
export const connectRedis = async (
  address: string,
  onWarning: (warning: string) => void = () => {},
): Promise<RedisConnection> => {
  const shown = showAddress(address);
  const client = new Redis(address, FAIL_FAST);
  let state: 'new' | 'up' | 'lost' | 'disposed' = 'new';
  let lastFault: Error | null = null;
  let waiting: Promise<void> | null = null;

  client.on('error', (fault) => {
    lastFault = fault;
    if (state === 'new' && isAboutCredentials(fault)) client.disconnect();
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
        else reject(explainSilence(address, lastFault));
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
      if (isConnectionFault(thrown)) throw explainSilence(address, lastFault);
      throw isReply(thrown) ? explainRefusal(address, subject, thrown) : thrown;
    }
  };

  const dispose = async (): Promise<void> => {
    state = 'disposed';
    if (client.status === 'ready') await client.quit().catch(() => client.disconnect());
    else client.disconnect();
  };

  try {
    await untilReady();
    const policy = await readSetting(client, 'maxmemory-policy');
    const evictsNothing = policy === 'noeviction';
    if (policy !== null && !evictsNothing)
      onWarning(`Redis at ${shown} may drop data when memory is short: set maxmemory-policy to noeviction`);
    if ((await readSetting(client, 'appendonly')) === 'no')
      onWarning(`Redis at ${shown} loses jobs and delivery records in a crash: set appendonly to yes`);
    return { client, ask, evictsNothing, openPatient: () => openPatient(address), dispose };
  } catch (thrown) {
    await dispose();
    throw thrown;
  }
};

/** Whether an error only says that the connection to Redis broke, timed out or is not there. */
export const isConnectionFault = (thrown: unknown): boolean =>
  thrown instanceof Error &&
  ('syscall' in thrown ||
    thrown.name === 'MaxRetriesPerRequestError' ||
    thrown.name === 'AbortError' ||
    CONNECTION_FAULTS.some((message) => thrown.message.startsWith(message)));

/** Messages of ioredis, which gives these errors neither a code nor a class. */
const CONNECTION_FAULTS = ['Connection is closed', 'Command timed out', "Stream isn't writeable"];

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

const openPatient = (address: string): Redis => {
  const client = new Redis(address, { maxRetriesPerRequest: null, retryStrategy });
  // Without a listener ioredis prints; that Redis is lost is said once, by the connection this belongs to.
  client.on('error', () => {});
  return client;
};

/** The address as people may see it: without user and password. */
const showAddress = (address: string): string => {
  if (address.startsWith('/')) return address;
  const url = URL.parse(address);
  if (url === null || !['redis:', 'rediss:'].includes(url.protocol))
    throw new AppError('invalid', 'The address of Redis is neither a URL nor the path of a socket', {
      hint: 'Set REDIS_URL to redis://host:6379, rediss://host:6379 (TLS) or the absolute path of a unix socket.',
    });
  return `${url.protocol}//${url.host}${url.pathname}`;
};

const explainSilence = (address: string, fault: Error | null): AppError => {
  const shown = showAddress(address);
  if (isAboutCredentials(fault))
    return new AppError('forbidden', `Redis at ${shown} refuses the credentials`, {
      hint: 'Check the user and the password in REDIS_URL.',
      cause: fault,
    });
  const reason = fault === null ? '' : `: ${fault.message}`;
  return new AppError('unavailable', `Redis at ${shown} does not answer${reason}`, {
    hint: address.startsWith('/')
      ? 'The process that started this Redis may have ended: start it again, or set REDIS_URL.'
      : 'Check that Redis runs there and that the address is right: REDIS_URL, or redis.url of the configuration.',
    cause: fault,
  });
};

const explainRefusal = (address: string, subject: string, reply: Error): AppError =>
  NO_WRITES.test(reply.message)
    ? new AppError('unavailable', `Redis at ${showAddress(address)} takes no writes: ${reply.message}`, {
        hint: 'Check its memory and its disk, and that the address is the primary.',
        cause: reply,
      })
    : new AppError('internal', `Redis refused a command on ${subject}: ${reply.message}`, { cause: reply });

/** First words of replies that a working Redis gives while it cannot take a write. */
const NO_WRITES = /^(OOM|MISCONF|READONLY|LOADING|BUSY|NOREPLICAS|CLUSTERDOWN|MASTERDOWN)\b/;

const isAboutCredentials = (fault: Error | null): boolean =>
  isReply(fault) && /^(WRONGPASS|NOAUTH)\b/.test(fault.message);

const isReply = (thrown: unknown): thrown is Error => thrown instanceof Error && thrown.name === 'ReplyError';

/** A server setting; null where it may not be read, as on managed Redis. */
const readSetting = async (client: Redis, name: string): Promise<string | null> => {
  const answer: unknown = await client.config('GET', name).catch(() => null);
  const value: unknown = Array.isArray(answer) ? answer[1] : null;
  return typeof value === 'string' ? value : null;
};
