import PostalMime from 'postal-mime';
import { expect, onTestFinished, test } from 'vitest';
import { startRedisServer } from '../../sandbox/redis-server.ts';
import { startSmtpCatcher } from '../../sandbox/smtp-catcher.ts';
import { startSmtpSaboteur } from '../../sandbox/smtp-saboteur.ts';
import { createCompose } from '../../src/adapters/mail/compose.ts';
import { createTransport } from '../../src/adapters/mail/smtp/transport.ts';
import { connectRedis } from '../../src/adapters/redis/connection.ts';
import { createStore } from '../../src/adapters/redis/store.ts';
import { composeReport } from '../../src/pipeline/stages/mailer.ts';
import { prepareOneOff, sendOneOff } from '../../src/pipeline/direct/one-off.ts';
import { createFakeCluster, createFakeTransport } from '../fakes.ts';
import { clusterOf, createPorts, LEA, pipelineRules, walk } from './build.ts';

/** Runs of several weeks with a real Redis, real mails and real mail servers. */

test('the mails of three weeks refer to the root of their thread and to the one before', async () => {
  const { run, sendByHand, headersOf } = await openPostOffice();
  await run('weekly-2026-11-23');
  await run('weekly-2026-11-30');
  await sendByHand();
  await run('weekly-2026-12-07');

  const [first, second, byHand, third] = await headersOf('lea@example.test');
  const root = first?.references ?? '';
  expect(root).toMatch(/^<[0-9a-f]{64}@example\.test>$/);
  expect(second?.references).toBe(`${root} ${first?.id ?? ''}`);
  expect(third?.references).toBe(`${root} ${second?.id ?? ''}`);
  expect(byHand?.references).toBeUndefined();
  expect(new Set([root, first?.id, second?.id, byHand?.id, third?.id]).size).toBe(5);

  const summaries = await headersOf('staff@example.test');
  expect(summaries.map(({ references }) => references)).toEqual([
    summaries[0]?.references,
    `${summaries[0]?.references ?? ''} ${summaries[0]?.id ?? ''}`,
    `${summaries[0]?.references ?? ''} ${summaries[1]?.id ?? ''}`,
  ]);
  expect(summaries[0]?.references).not.toBe(root);
});

test('a mail of which nobody knows whether it arrived is not referred to', async () => {
  const { run, headersOf } = await openPostOffice();
  await run('weekly-2026-11-23');
  await using saboteur = await startSmtpSaboteur({ dot: 'cut' });
  await run('weekly-2026-11-30', saboteur.port);
  await run('weekly-2026-12-07');

  // The one to the lead and the summary were on their way: the server had them, its answer was lost.
  expect(saboteur.messages).toHaveLength(2);
  const [first, third] = await headersOf('lea@example.test');
  expect(third?.references).toBe(`${first?.references ?? ''} ${first?.id ?? ''}`);
});

test('a mail is made anew from its record, byte by byte, after others have followed it', async () => {
  const { run, store, compose, smtp } = await openPostOffice();
  for (const slot of ['weekly-2026-11-23', 'weekly-2026-11-30', 'weekly-2026-12-07']) await run(slot);

  const sent = smtp.messages.filter(({ to }) => to.includes('lea@example.test'));
  const [delivery] = (await store.listDeliveries('weekly-2026-11-30')).filter(
    ({ kind }) => kind === 'usage-report',
  );
  if (delivery === undefined) throw new Error('there is no delivery');
  const { bytes } = await compose.build(await composeReport({ store, compose }, delivery), delivery);
  expect(Buffer.from(bytes).equals(sent[1]?.source ?? Buffer.of())).toBe(true);
});

/** A namespace over its quota with one contact, and all that mails to them go through. */
const openPostOffice = async () => {
  const server = await startRedisServer();
  const redis = await connectRedis(server.url);
  const smtp = await startSmtpCatcher();
  onTestFinished(async () => {
    await redis.dispose();
    await server.close();
    await smtp.close();
  });
  const store = createStore(redis);
  const compose = await createCompose({ mail: { from: 'registry@example.test' } });
  const cluster = createFakeCluster(clusterOf({ name: 'a-dev', bytes: 2_000, contacts: LEA }));

  const withPorts = async (
    port: number,
    work: (ports: ReturnType<typeof createPorts>) => Promise<unknown>,
  ) => {
    await using transport = createTransport({ ...SERVER, port });
    await work(
      createPorts({ cluster, store, compose, transport: { ...createFakeTransport(), ...transport } }),
    );
  };
  return {
    store,
    compose,
    smtp,
    run: (id: string, port = smtp.port) =>
      withPorts(port, (ports) => walk(ports, pipelineRules(), { id, kind: 'weekly' })),
    sendByHand: () =>
      withPorts(smtp.port, async (ports) => {
        const request = { namespaces: ['a-dev'], to: [] };
        await sendOneOff(ports, await prepareOneOff(ports, pipelineRules(), request));
      }),
    headersOf: async (address: string) => {
      const sources = smtp.messages.filter(({ to }) => to.includes(address)).map(({ source }) => source);
      const mails = await Promise.all(sources.map((source) => PostalMime.parse(source)));
      return mails.map(({ messageId: id, references }) => ({ id, references }));
    },
  };
};

const SERVER = { host: '127.0.0.1', secure: false, user: null, password: null };
