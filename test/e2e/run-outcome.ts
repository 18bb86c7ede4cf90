import PostalMime from 'postal-mime';
import type { CaughtMessage } from '../../sandbox/smtp-catcher.ts';
import { connectRedis } from '../../src/adapters/redis/connection.ts';
import { createStore } from '../../src/adapters/redis/store.ts';
import type { Delivery } from '../../src/pipeline/records/delivery.ts';
import type { NamespaceResult } from '../../src/pipeline/records/result.ts';
import type { Run } from '../../src/pipeline/records/run.ts';

/** Stderr, taken apart. */
export type Told = {
  /** Without that word. */
  readonly warnings: readonly string[];
  /** All other lines. */
  readonly progress: readonly string[];
};

export const splitWarnings = (stderr: string): Told => {
  const lines = stderr.split('\n');
  return {
    warnings: lines.flatMap((line) => /^warning: (.*)/.exec(line)?.[1] ?? []),
    progress: lines.filter((line) => !line.startsWith('warning: ')),
  };
};

/** What Redis holds of a run. */
export type Records = {
  readonly record: Run;
  /** By namespace, in the order of the record. */
  readonly results: ReadonlyMap<string, NamespaceResult | null>;
  readonly deliveries: readonly Delivery[];
};

/** Reads the records of the latest run. */
export const readRecords = async (redisUrl: string): Promise<Records> => {
  const redis = await connectRedis(redisUrl);
  try {
    const store = createStore(redis);
    const [record] = await store.listRuns(1);
    if (record === undefined) throw new Error('there is no record of a run');
    const results = new Map<string, NamespaceResult | null>();
    for (const name of record.namespaces) results.set(name, await store.loadResult(record.id, name));
    return { record, results, deliveries: await store.listDeliveries(record.id) };
  } finally {
    await redis.dispose();
  }
};

/** A message, without the moment of its figures, so that those of two runs can be compared. */
export type Mail = {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly attachments: readonly (readonly [name: string | null, content: string])[];
};

/** Messages as people read them, sorted by recipient. */
export const readMails = async (messages: readonly CaughtMessage[]): Promise<readonly Mail[]> => {
  const mails = messages.map(async ({ to, source }) => {
    const {
      subject = '',
      text = '',
      attachments,
    } = await PostalMime.parse(source, {
      attachmentEncoding: 'utf8',
    });
    return {
      to: to.join(' '),
      subject,
      text: withoutMoment(text),
      attachments: attachments.map(
        ({ filename, content }) =>
          [filename, withoutMoment(typeof content === 'string' ? content : '')] as const,
      ),
    };
  });
  return (await Promise.all(mails)).toSorted((a, b) => (a.to < b.to ? -1 : 1));
};

/** Without the moment of the figures, and without when commands that come from them expire. */
const withoutMoment = (text: string): string =>
  text
    .replaceAll(/\w+day \d+ \w+\s+\d\d:\d\d UTC/g, 'MOMENT')
    .replaceAll(/Read on [\w\s,:–]+?\bUTC/g, 'Read on MOMENT')
    .replaceAll(/^expires=\d{12}/gm, 'expires=MOMENT');
