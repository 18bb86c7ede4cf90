import type { z } from 'zod';
import { AppError } from '../../errors.ts';
import type { Store } from '../../pipeline/ports.ts';
import { bounceSchema } from '../../pipeline/records/bounce.ts';
import { deliverySchema } from '../../pipeline/records/delivery.ts';
import { historyPointSchema } from '../../pipeline/records/history-point.ts';
import { namespaceResultSchema } from '../../pipeline/records/result.ts';
import { runSchema } from '../../pipeline/records/run.ts';
import type { Bounce } from '../../pipeline/records/bounce.ts';
import type { Delivery } from '../../pipeline/records/delivery.ts';
import type { HistoryPoint } from '../../pipeline/records/history-point.ts';
import { KEY_TAG } from './connection.ts';
import type { RedisConnection } from './connection.ts';
import { decodeJson, encodeJson } from './json-codec.ts';
import { decodeSnapshot, encodeSnapshot } from './snapshot-codec.ts';

/**
 * The store on Redis. Each call writes once or by one script, so that a crash leaves nothing half done; what is read
 * is validated. Nothing is ever deleted: how long runs and history are kept is still to be decided.
 */
export const createStore = (redis: RedisConnection): Store => {
  const addOnce = async (record: { readonly id: string }, place: Place): Promise<boolean> => {
    const { key, index, score } = place;
    const values = [JSON.stringify(record), score, record.id];
    return (await redis.ask(key, (client) => client.eval(ADD_ONCE, 2, key, index, ...values))) === 1;
  };

  const swap = async (
    key: string,
    from: string,
    to: { readonly value: unknown; readonly mark?: Mark | null },
  ): Promise<boolean> => {
    const { value, mark } = to;
    const keys = mark ? [key, mark.key] : [key];
    const values = [from, JSON.stringify(value), ...(mark ? [mark.field, mark.text] : [])];
    const swapped = await redis.ask(key, (client) => client.eval(SWAP, keys.length, ...keys, ...values));
    if (swapped === 'foreign') throw notOurs(key);
    return swapped === 1;
  };

  const load = async <Value>(key: string, schema: z.ZodType<Value>): Promise<Value | null> => {
    const text = await redis.ask(key, (client) => client.get(key));
    return text === null ? null : parse(key, schema, text);
  };

  const loadAll = async <Value>(
    keys: readonly string[],
    schema: z.ZodType<Value>,
  ): Promise<readonly Value[]> => {
    if (keys.length === 0) return [];
    const texts = await redis.ask('records', (client) => client.mget([...keys]));
    return keys.flatMap((key, index) => {
      const text = texts[index] ?? null;
      return text === null ? [] : [parse(key, schema, text)];
    });
  };

  const loadField = async <Value>(
    key: string,
    field: string,
    decode: (bytes: Buffer) => Value,
  ): Promise<Value | null> => {
    const bytes = await redis.ask(key, (client) => client.hgetBuffer(key, field));
    if (bytes === null) return null;
    try {
      return decode(bytes);
    } catch (thrown) {
      throw notOurs(`${key}, field ${field}`, thrown);
    }
  };

  return {
    claimRun: (run) => addOnce(run, { key: runKey(run.id), index: RUNS, score: Date.parse(run.claimedAt) }),
    loadRun: (runId) => load(runKey(runId), runSchema),
    advanceRun: (from, run) => swap(runKey(run.id), from, { value: run }),
    listRuns: async (limit) => {
      if (limit <= 0) return [];
      const ids = await redis.ask(RUNS, (client) => client.zrevrange(RUNS, 0, limit - 1));
      return loadAll(ids.map(runKey), runSchema);
    },

    saveSnapshots: async (runId, snapshots) => {
      if (snapshots.length === 0) return;
      const key = snapshotsKey(runId);
      const fields = snapshots.flatMap((snapshot) => [
        snapshotField(snapshot.namespace.name, snapshot.takenAt),
        encodeSnapshot(snapshot),
      ]);
      await redis.ask(key, (client) => client.hset(key, ...fields));
    },
    loadSnapshot: (runId, { namespace, takenAt }) =>
      loadField(snapshotsKey(runId), snapshotField(namespace, takenAt), decodeSnapshot),
    saveResult: async (runId, result) => {
      const key = resultsKey(runId);
      const bytes = encodeJson(result);
      return (await redis.ask(key, (client) => client.hsetnx(key, result.namespace, bytes))) === 1;
    },
    loadResult: (runId, namespace) =>
      loadField(resultsKey(runId), namespace, (bytes) => namespaceResultSchema.parse(decodeJson(bytes))),

    addDelivery: (delivery) =>
      addOnce(delivery, { key: deliveryKey(delivery.id), index: deliveriesKey(delivery.runId), score: 0 }),
    loadDelivery: (deliveryId) => load(deliveryKey(deliveryId), deliverySchema),
    moveDelivery: (from, delivery) =>
      swap(deliveryKey(delivery.id), from, { value: delivery, mark: markOf(delivery) }),
    loadLastOfThread: (threadId) => redis.ask(LAST, (client) => client.hget(LAST, threadId)),
    listDeliveries: async (runId) => {
      const key = deliveriesKey(runId);
      const ids = await redis.ask(key, (client) => client.zrange(key, '0', '-1'));
      return [...(await loadAll(ids.map(deliveryKey), deliverySchema))].sort(byTeamThenAddress);
    },

    addBounce: async (bounce) =>
      (await redis.ask(BOUNCES, (client) =>
        client.hsetnx(BOUNCES, bounce.deliveryId, JSON.stringify(bounce)),
      )) === 1,
    listBounces: async () => {
      const texts = await redis.ask(BOUNCES, (client) => client.hvals(BOUNCES));
      return texts.map((text) => parse(BOUNCES, bounceSchema, text)).sort(newestBounceFirst);
    },

    saveHistory: async (points) => {
      const keys = points.map(({ namespace }) => historyKey(namespace));
      const values = points.flatMap((point) => [point.runId, JSON.stringify(point)]);
      await redis.ask('history', (client) => client.eval(ADD_POINTS, keys.length, ...keys, ...values));
    },
    listHistory: async (namespace, limit) => {
      const key = historyKey(namespace);
      const texts = await redis.ask(key, (client) => client.hvals(key));
      return texts
        .map((text) => parse(key, historyPointSchema, text))
        .sort(newestFirst)
        .slice(0, limit);
    },
  };
};

/** Where a record goes, and the sorted set that lists its id. */
type Place = { readonly key: string; readonly index: string; readonly score: number };

/** A field of a hash that is set when a record is swapped. */
type Mark = { readonly key: string; readonly field: string; readonly text: string };

const markOf = ({ id, state, thread }: Delivery): Mark | null =>
  state === 'submitted' && thread !== null ? { key: LAST, field: thread.id, text: id } : null;

const STORE = `${KEY_TAG}:store`;
const RUNS = `${STORE}:runs`;
const runKey = (runId: string): string => `${STORE}:run:${runId}`;
const snapshotsKey = (runId: string): string => `${STORE}:snapshots:${runId}`;
const snapshotField = (namespace: string, takenAt: string): string => `${namespace}@${takenAt}`;
const resultsKey = (runId: string): string => `${STORE}:results:${runId}`;
const deliveryKey = (deliveryId: string): string => `${STORE}:delivery:${deliveryId}`;
const deliveriesKey = (runId: string): string => `${STORE}:deliveries:${runId}`;
/** A hash: of each thread the delivery that was submitted last. */
const LAST = `${STORE}:last-of-threads`;
/** A hash, so that a delivery can come back but once. */
const BOUNCES = `${STORE}:bounces`;
/** A hash, so that a run can have but one point of a namespace. */
const historyKey = (namespace: string): string => `${STORE}:history:${namespace}`;

/** Record and index in one step: there is never a record that no list knows. */
const ADD_ONCE = `
if not redis.call('SET', KEYS[1], ARGV[1], 'NX') then return 0 end
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[3])
return 1`;

const SWAP = `
local text = redis.call('GET', KEYS[1])
if not text then return 0 end
local ok, stored = pcall(cjson.decode, text)
if not ok or type(stored) ~= 'table' then return 'foreign' end
if stored.state ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
if KEYS[2] then redis.call('HSET', KEYS[2], ARGV[3], ARGV[4]) end
return 1`;

/** A run's points in one step and one round trip, however many namespaces there are. */
const ADD_POINTS = `
for i, key in ipairs(KEYS) do redis.call('HSETNX', key, ARGV[2 * i - 1], ARGV[2 * i]) end`;

const parse = <Value>(key: string, schema: z.ZodType<Value>, text: string): Value => {
  try {
    return schema.parse(JSON.parse(text));
  } catch (thrown) {
    throw notOurs(key, thrown);
  }
};

const notOurs = (place: string, cause?: unknown): AppError =>
  new AppError('internal', `Redis holds a value that this version did not write: ${place}`, {
    hint: 'Use a Redis database of its own for Quotagram, and the version that wrote the data.',
    cause,
  });

const byTeamThenAddress = (a: Delivery, b: Delivery): number =>
  compare(a.teamId, b.teamId) || compare(a.recipient.address, b.recipient.address) || compare(a.id, b.id);

const newestFirst = (a: HistoryPoint, b: HistoryPoint): number =>
  Date.parse(b.takenAt) - Date.parse(a.takenAt) || compare(b.runId, a.runId);

const newestBounceFirst = (a: Bounce, b: Bounce): number =>
  Date.parse(b.recordedAt) - Date.parse(a.recordedAt) || compare(a.deliveryId, b.deliveryId);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
