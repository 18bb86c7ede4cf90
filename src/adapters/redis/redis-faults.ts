import { AppError } from '../../errors.ts';

/** A Redis, as messages name it. */
export type RedisPlace = { readonly shown: string; readonly isSocket: boolean };

/** Why nothing answers. */
export const explainSilence = ({ shown, isSocket }: RedisPlace, fault: Error | null): AppError => {
  if (isAboutCredentials(fault))
    return new AppError('forbidden', `Redis at ${shown} refuses the credentials`, {
      hint: 'Check the user and the password in REDIS_URL.',
      cause: fault,
    });
  if (isAboutDatabase(fault))
    return new AppError('invalid', `Redis at ${shown} does not have that database: ${fault?.message ?? ''}`, {
      hint: 'Choose another number at the end of the URL. A server has as many as its setting "databases" says, 0 to 15 by default.',
      cause: fault,
    });
  const reason = fault === null ? '' : `: ${fault.message}`;
  return new AppError('unavailable', `Redis at ${shown} does not answer${reason}`, {
    hint: isSocket
      ? 'The process that started this Redis may have ended: start it again, or set REDIS_URL.'
      : 'Check that Redis runs there and that the address is right: REDIS_URL, or redis.url of the configuration.',
    cause: fault,
  });
};

/** Why a command on `subject` was refused. */
export const explainRefusal = ({ shown }: RedisPlace, subject: string, reply: Error): AppError => {
  const [word] = reply.message.split(' ');
  switch (word) {
    case 'MOVED':
    case 'ASK':
      return new AppError('invalid', `Redis at ${shown} is a node of Redis Cluster, which is not supported`, {
        hint: 'Set REDIS_URL to a Redis that is not in cluster mode.',
        cause: reply,
      });
    case 'NOPERM':
      return new AppError(
        'forbidden',
        `Redis at ${shown} does not let this user do its work: ${reply.message}`,
        {
          hint: 'Allow it all commands on our keys: ACL SETUSER <name> ~{quotagram}* +@all',
          cause: reply,
        },
      );
    default:
      return NO_WRITES.has(word ?? '')
        ? new AppError('unavailable', `Redis at ${shown} takes no writes: ${reply.message}`, {
            hint: 'Check its memory and its disk, and that the address is the primary.',
            cause: reply,
          })
        : new AppError('internal', `Redis refused a command on ${subject}: ${reply.message}`, {
            cause: reply,
          });
  }
};

/** First words of replies that a working Redis gives while it cannot take a write. */
const NO_WRITES: ReadonlySet<string> = new Set([
  'OOM',
  'MISCONF',
  'READONLY',
  'LOADING',
  'BUSY',
  'NOREPLICAS',
  'CLUSTERDOWN',
  'MASTERDOWN',
]);

/** Whether a reply refuses the user or the password. */
export const isAboutCredentials = (fault: Error | null): boolean =>
  isReply(fault) && /^(WRONGPASS|NOAUTH)\b/.test(fault.message);

/** Whether a reply refuses the database that was asked for. ioredis then goes on with database 0. */
export const isAboutDatabase = (fault: Error | null): boolean =>
  isReply(fault) && /\b(DB index|SELECT)\b/i.test(fault.message);

/** Whether Redis itself said no. */
export const isReply = (thrown: unknown): thrown is Error =>
  thrown instanceof Error && thrown.name === 'ReplyError';

/** Whether an error only says that the connection to Redis broke, timed out or is not there. */
export const isConnectionFault = (thrown: unknown): boolean =>
  thrown instanceof Error &&
  ('syscall' in thrown ||
    thrown.name === 'MaxRetriesPerRequestError' ||
    thrown.name === 'AbortError' ||
    CONNECTION_FAULTS.some((message) => thrown.message.startsWith(message)));

/** Messages of ioredis, which gives these errors neither a code nor a class. */
const CONNECTION_FAULTS = ['Connection is closed', 'Command timed out', "Stream isn't writeable"];
