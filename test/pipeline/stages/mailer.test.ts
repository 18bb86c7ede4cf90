import { describe, expect, test } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { composeReport, mail } from '../../../src/pipeline/stages/mailer.ts';
import type { SendOutcome, Store, UsageMail } from '../../../src/pipeline/ports.ts';
import type { Delivery } from '../../../src/pipeline/records/delivery.ts';
import { createFakeCompose, createFakeStore, createFakeTransport } from '../../fakes.ts';
import type { ScriptedSend } from '../../fakes.ts';
import { ago, image, inventory, namespace, NOW, stream, uses } from '../../usage/build.ts';
import {
  CLOCK,
  clusterOf,
  createPorts,
  deliveryOf,
  FIRST_TRY,
  LAST_TRY,
  pipelineRules,
  resultsOf,
  runOf,
  SLOT,
  submittedBy,
  typesOf,
} from '../build.ts';
import type { Ports } from '../build.ts';

const ID = 'delivery-1';
const job = { runId: SLOT.id, deliveryId: ID, attempt: FIRST_TRY };
const lastJob = { ...job, attempt: LAST_TRY };
const silence = (): Promise<never> => Promise.reject(new AppError('unavailable', 'Redis is gone'));
const accepted: SendOutcome = { outcome: 'submitted', detail: '250 OK' };

/** A sealed run about `a-dev`, and one delivery of it. */
const withDelivery = async (
  given: Partial<Delivery> = {},
  ports: Parameters<typeof createPorts>[0] = {},
): Promise<Ports> => {
  const created = createPorts(ports);
  await created.store.claimRun(runOf({ state: 'sealed', namespaces: ['a-dev'], takenAt: NOW }));
  const cluster = clusterOf({ name: 'a-dev', bytes: 2_000, contacts: { 'lea@example.test': 'lead' } });
  for (const result of resultsOf(cluster)) await created.store.saveResult(SLOT.id, result);
  await created.store.addDelivery(deliveryOf(given));
  return created;
};

/** A mail server that answers the first try in one way and accepts every further one. */
const answering = (first: ScriptedSend) =>
  createFakeTransport((_to, attempt) => (attempt === 1 ? first : accepted));

const stateOf = async ({ store }: Ports): Promise<Pick<Delivery, 'state' | 'detail'>> => {
  const { state, detail } = (await store.loadDelivery(ID)) ?? deliveryOf();
  return { state, detail };
};

describe('sending', () => {
  test('submits the mail once and records the answer', async () => {
    const ports = await withDelivery();

    await mail(ports, job);

    expect(submittedBy(ports)).toEqual([`lea@example.test: usage-report ${SLOT.id}: a-dev`]);
    expect(await ports.store.loadDelivery(ID)).toEqual(
      deliveryOf({ state: 'submitted', detail: '250 OK', changedAt: CLOCK }),
    );
    expect(ports.events).toEqual([{ type: 'mail-submitted', runId: SLOT.id, deliveryId: ID }]);
  });

  test('marks the record only when the server asks for the message, and before its first byte', async () => {
    const seen: string[] = [];
    const server = createFakeTransport();
    const ports: Ports = await withDelivery(
      {},
      {
        transport: {
          ...server,
          send: (message, onStart) =>
            server.send(message, async () => {
              seen.push((await stateOf(ports)).state);
              await onStart();
              seen.push((await stateOf(ports)).state);
            }),
        },
      },
    );

    await mail(ports, job);

    expect(seen).toEqual(['planned', 'sending']);
  });

  test.each(['submitted', 'failed', 'uncertain'] as const)(
    'leaves a mail alone that is %s',
    async (state) => {
      const ports = await withDelivery({ state, detail: 'as it was' });

      await mail(ports, job);

      expect(ports.transport.started).toEqual([]);
      expect(await stateOf(ports)).toEqual({ state, detail: 'as it was' });
      expect(ports.events).toEqual([]);
    },
  );

  test('refuses a delivery that nobody planned', async () => {
    await expect(mail(createPorts(), job)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('answers of the mail server', () => {
  test.each([
    { when: 'before the message', started: false },
    { when: 'after it', started: true },
  ])('a refusal for good $when ends the mail as failed', async ({ started }) => {
    const refusal = { outcome: 'failed', detail: '550 no such user', started } as const;
    const ports = await withDelivery({}, { transport: answering(refusal) });

    await mail(ports, job);
    await mail(ports, job);

    expect(await stateOf(ports)).toEqual({ state: 'failed', detail: '550 no such user' });
    expect(ports.transport.submitted).toEqual([]);
    expect(ports.events).toEqual([
      { type: 'mail-failed', runId: SLOT.id, deliveryId: ID, reason: '550 no such user' },
    ]);
  });

  test.each([
    { when: 'before the message', started: false },
    { when: 'after it', started: true },
  ])('a refusal for now $when plans the mail again, and the next try sends it', async ({ started }) => {
    const refusal = { outcome: 'retry', detail: '451 try later', started } as const;
    const ports = await withDelivery({}, { transport: answering(refusal) });

    await expect(mail(ports, job)).rejects.toMatchObject({ code: 'unavailable', message: '451 try later' });
    const nextTryAt = '2026-11-23T08:01:00.000Z';
    expect(await ports.store.loadDelivery(ID)).toEqual(deliveryOf({ detail: '451 try later', nextTryAt }));
    await mail(ports, job);

    expect(await ports.store.loadDelivery(ID)).toEqual(deliveryOf({ state: 'submitted', detail: '250 OK' }));
    expect(ports.transport.submitted).toHaveLength(1);
    expect(ports.events).toEqual([
      {
        type: 'mail-delayed',
        runId: SLOT.id,
        deliveryId: ID,
        reason: '451 try later',
        attempt: 1,
        nextTryAt,
      },
      { type: 'mail-submitted', runId: SLOT.id, deliveryId: ID },
    ]);
  });

  test.each([
    { when: 'before the message', started: false },
    { when: 'after it', started: true },
  ])('a refusal for now $when fails the mail at the last try', async ({ started }) => {
    const refusal = { outcome: 'retry', detail: '451 try later', started } as const;
    const ports = await withDelivery({}, { transport: answering(refusal) });

    await mail(ports, lastJob);

    const detail = 'gave up after 5 tries: 451 try later';
    expect(await stateOf(ports)).toEqual({ state: 'failed', detail });
    expect(typesOf(ports.events)).toEqual(['mail-failed']);
  });

  test('a connection that breaks after the message began leaves the mail uncertain, and it is never sent again', async () => {
    const broken = { outcome: 'uncertain', detail: 'the connection was cut' } as const;
    const ports = await withDelivery({}, { transport: answering(broken) });

    await mail(ports, job);
    await mail(ports, job);

    expect(await stateOf(ports)).toEqual({ state: 'uncertain', detail: 'the connection was cut' });
    expect(ports.transport.started).toHaveLength(1);
    expect(typesOf(ports.events)).toEqual(['mail-uncertain']);
  });

  test.each([
    { outcome: 'failed', detail: '550 5.1.1 <lea@example.test>: no such user' },
    { outcome: 'uncertain', detail: 'cut after RCPT TO:<lea@example.test>' },
    { outcome: 'retry', detail: '450 lea@example.test is busy' },
  ] as const)('an address quoted in a $outcome answer stays in the record', async (outcome) => {
    const ports = await withDelivery({}, { transport: answering(outcome) });

    const thrown: unknown = await mail(ports, job).then(
      () => null,
      (error: unknown) => error,
    );

    expect(JSON.stringify(ports.events)).toContain('(address)');
    expect(JSON.stringify(ports.events)).not.toContain('lea@');
    expect(String(thrown)).not.toContain('lea@');
    expect((await stateOf(ports)).detail).toBe(outcome.detail);
  });

  test('a mail that is tried again is the same to the byte, whatever time it is', async () => {
    const clock = ['2026-11-23T08:00:01Z', '2026-11-23T08:05:00Z', '2026-11-23T09:30:00Z'].values();
    const refusal = { outcome: 'retry', detail: '451 try later', started: true } as const;
    const ports = await withDelivery(
      {},
      {
        transport: answering(refusal),
        now: () => new Date(clock.next().value ?? '2026-11-23T10:00:00Z'),
      },
    );

    await expect(mail(ports, job)).rejects.toMatchObject({ code: 'unavailable' });
    await mail(ports, job);

    const [first, second] = ports.transport.started;
    expect(first?.bytes).toBeDefined();
    expect(second?.bytes).toEqual(first?.bytes);
  });
});

describe('a mail that cannot be composed', () => {
  const failing = (error: Error) => ({ ...createFakeCompose(), build: () => Promise.reject(error) });

  test('is tried again when that may help', async () => {
    const ports = await withDelivery({}, { compose: failing(new TypeError('x is not a function')) });

    await expect(mail(ports, job)).rejects.toMatchObject({ code: 'internal' });

    expect(await stateOf(ports)).toEqual({ state: 'planned', detail: null });
    expect(ports.events).toEqual([]);
  });

  test('fails at the last try, with the reason', async () => {
    const ports = await withDelivery({}, { compose: failing(new TypeError('x is not a function')) });

    await mail(ports, lastJob);

    const detail = 'it could not be composed: x is not a function';
    expect(await stateOf(ports)).toEqual({ state: 'failed', detail });
    expect(typesOf(ports.events)).toEqual(['mail-failed']);
  });

  test('fails at once when no try can help', async () => {
    const ports = await withDelivery(
      {},
      { compose: failing(new AppError('invalid', 'mail.from is missing')) },
    );

    await mail(ports, job);

    expect(await stateOf(ports)).toMatchObject({ state: 'failed' });
    expect(ports.transport.started).toEqual([]);
  });

  test('fails when its numbers are not there', async () => {
    const ports = await withDelivery({ namespaces: ['a-dev', 'b-dev'] });

    await mail(ports, lastJob);

    expect((await stateOf(ports)).detail).toContain('has no result of b-dev');
  });
});

describe('two workers at one delivery', () => {
  test('send it once when both race to the start', async () => {
    const server = createFakeTransport();
    const { promise: bothAreThere, resolve: letGo } = Promise.withResolvers<void>();
    let waiting = 0;
    const ports = await withDelivery(
      {},
      {
        transport: {
          ...server,
          send: async (message, onStart) => {
            waiting += 1;
            if (waiting === 2) letGo();
            await bothAreThere;
            return server.send(message, onStart);
          },
        },
      },
    );

    const ends = await Promise.allSettled([mail(ports, job), mail(ports, job)]);
    await mail(ports, job);

    expect(ends).toMatchObject([{ status: 'fulfilled' }, { reason: { code: 'unavailable' } }]);
    expect(ports.transport.started).toHaveLength(1);
    expect(await stateOf(ports)).toEqual({ state: 'submitted', detail: '250 OK' });
    expect(typesOf(ports.events)).toEqual(['mail-submitted']);
  });

  test('take a mail left by a dead one for uncertain and do not send it', async () => {
    const ports = await withDelivery({ state: 'sending' });

    await mail(ports, job);
    await mail(ports, job);

    const detail = 'the process that sent it died';
    expect(await stateOf(ports)).toEqual({ state: 'uncertain', detail });
    expect(ports.transport.started).toEqual([]);
    expect(ports.events).toEqual([
      { type: 'mail-uncertain', runId: SLOT.id, deliveryId: ID, reason: detail },
    ]);
  });

  /** Ports whose mail is found `sending`, and taken for uncertain, by a second worker while the first still sends it. */
  const overtaken = async (answer: SendOutcome): Promise<Ports> => {
    const server = answering({ ...answer, started: true });
    const ports: Ports = await withDelivery(
      {},
      {
        transport: {
          ...server,
          send: (message, onStart) =>
            server.send(message, async () => {
              await onStart();
              await mail(ports, job);
            }),
        },
      },
    );
    return ports;
  };

  test.each([accepted, { outcome: 'failed', detail: '554 no' }] as const)(
    'believe the late $outcome answer of the one that sent it',
    async (answer) => {
      const ports = await overtaken(answer);

      await mail(ports, job);

      expect(await stateOf(ports)).toEqual({ state: answer.outcome, detail: answer.detail });
      expect(typesOf(ports.events)).toEqual(['mail-uncertain', `mail-${answer.outcome}`]);
    },
  );

  test('leave it uncertain when one that never began to send it is refused', async () => {
    const server = answering({ outcome: 'failed', detail: '550 no such user', started: false });
    const ports: Ports = await withDelivery(
      {},
      {
        transport: {
          ...server,
          send: async (message, onStart) => {
            await ports.store.moveDelivery('planned', deliveryOf({ state: 'uncertain', detail: 'cut' }));
            return server.send(message, onStart);
          },
        },
      },
    );

    await expect(mail(ports, job)).rejects.toMatchObject({ code: 'unavailable' });

    expect(await stateOf(ports)).toEqual({ state: 'uncertain', detail: 'cut' });
    expect(ports.events).toEqual([]);
  });

  test('leave it uncertain after a late refusal for now, because nobody is left to try again', async () => {
    const ports = await overtaken({ outcome: 'retry', detail: '451 try later' });

    await expect(mail(ports, job)).rejects.toMatchObject({ code: 'unavailable' });
    await mail(ports, job);

    expect((await stateOf(ports)).state).toBe('uncertain');
    expect(ports.transport.started).toHaveLength(1);
    expect(typesOf(ports.events)).toEqual(['mail-uncertain']);
  });
});

describe('a store that fails', () => {
  /** Fails the first move only, before or after it took effect. */
  const failingOnce = (hasTakenEffect: boolean): Store => {
    const store = createFakeStore();
    let moves = 0;
    return {
      ...store,
      moveDelivery: async (from, delivery) => {
        moves += 1;
        if (moves > 1) return store.moveDelivery(from, delivery);
        if (hasTakenEffect) await store.moveDelivery(from, delivery);
        return silence();
      },
    };
  };

  test('at the start lets no byte leave, and the next try sends the mail', async () => {
    const ports = await withDelivery({}, { store: failingOnce(false) });

    await expect(mail(ports, job)).rejects.toMatchObject({ code: 'unavailable' });
    expect(ports.transport.started).toEqual([]);
    await mail(ports, job);

    expect(ports.transport.submitted).toHaveLength(1);
    expect((await stateOf(ports)).state).toBe('submitted');
  });

  test('at the start, but after it wrote, lets no byte leave either; the next try calls the mail uncertain', async () => {
    const ports = await withDelivery({}, { store: failingOnce(true) });

    await expect(mail(ports, job)).rejects.toMatchObject({ code: 'unavailable' });
    await mail(ports, job);

    expect(ports.transport.started).toEqual([]);
    expect((await stateOf(ports)).state).toBe('uncertain');
    expect(typesOf(ports.events)).toEqual(['mail-uncertain']);
  });

  test('after the server accepted leaves a mail that the next try calls uncertain', async () => {
    const store = createFakeStore();
    const forgetful: Store = {
      ...store,
      moveDelivery: (from, delivery) =>
        delivery.state === 'submitted' ? silence() : store.moveDelivery(from, delivery),
    };
    const ports = await withDelivery({}, { store: forgetful });

    await expect(mail(ports, job)).rejects.toMatchObject({ code: 'unavailable' });
    await mail(ports, job);

    expect(ports.transport.submitted).toHaveLength(1);
    expect((await stateOf(ports)).state).toBe('uncertain');
  });
});

const LISTS = [{ kind: 'images', readAt: NOW, exact: false }];

describe('the content of a mail', () => {
  /** What is rendered for a delivery about some namespaces of one team. */
  const rendered = async (given: Partial<Delivery>): Promise<UsageMail> => {
    const cluster = inventory({
      namespaces: [
        namespace('a-dev', {
          annotations: {
            contacts: JSON.stringify([
              { email: 'Lea@example.test', role: 'lead' },
              { email: 'tom@example.test', role: 'owner' },
            ]),
          },
        }),
        namespace('a-tools', {
          annotations: { contacts: JSON.stringify([{ email: 'pat@example.test', role: 'architect' }]) },
        }),
      ],
      streams: [
        stream('app', { 1: [{ digest: 'sha256:app', created: ago(1_000) }] }, { namespace: 'a-dev' }),
        stream('app', { old: [{ digest: 'sha256:old', created: ago(1_000) }] }, { namespace: 'a-tools' }),
      ],
      images: [
        image('sha256:app', { layers: { 'layer-app': 2_000 } }),
        image('sha256:old', { layers: { 'layer-old': 3_000 } }),
      ],
      references: [
        uses('a-dev/Deployment/web', { type: 'digest', digest: 'sha256:app' }),
        uses('a-tools/Deployment/cron', { type: 'digest', digest: 'sha256:app' }),
      ],
    });
    const compose = createFakeCompose();
    const mails: UsageMail[] = [];
    const store = createFakeStore();
    const reading = { takenAt: NOW, exact: false, lists: LISTS };
    const run = { cluster: { name: 'silver', apiUrl: 'https://api.example.test' }, ...reading };
    await store.claimRun(
      runOf({ state: 'sealed', namespaces: ['a-dev', 'a-tools'], clusterUsedBytes: 5_000, ...run }),
    );
    for (const result of resultsOf(cluster)) await store.saveResult(SLOT.id, result);
    const deps = {
      store,
      compose: {
        ...compose,
        renderUsage: (usage: UsageMail) => {
          mails.push(usage);
          return compose.renderUsage(usage);
        },
      },
    };
    await composeReport(deps, deliveryOf(given));
    const [only] = mails;
    if (only === undefined || mails.length > 1) throw new Error('one mail should have been rendered');
    return only;
  };

  test('is only the namespaces of its delivery and only the workloads in them', async () => {
    const { report, plans } = await rendered({ namespaces: ['a-dev'] });

    const [held] = report.reports.flatMap(({ namespaces }) => namespaces);
    expect(report.reports.flatMap(({ namespaces }) => namespaces.map(({ name }) => name))).toEqual(['a-dev']);
    expect(held?.streams[0]?.tags[0]?.revisions[0]).toMatchObject({
      inUseBy: ['a-dev/Deployment/web'],
      inUseCount: 2,
    });
    expect([...plans.keys()]).toEqual([]);
  });

  test('names the roles of the others who are told, and nobody else', async () => {
    expect((await rendered({ namespaces: ['a-dev'] })).otherRoles).toEqual(['owner']);
    expect((await rendered({ namespaces: ['a-dev', 'a-tools'] })).otherRoles).toEqual(['architect', 'owner']);
  });

  test('carries what to delete, who gets it and why, and the frozen figures of its run', async () => {
    const { report, plans, kind, recipient, reportId } = await rendered({ namespaces: ['a-tools'] });

    expect(plans.get('a-tools')?.deletions).toEqual([{ stream: 'app', tag: 'old', freesBytes: 3_000 }]);
    expect(kind).toBe('usage-report');
    expect(recipient).toEqual(deliveryOf().recipient);
    expect(reportId).toBe(SLOT.id);
    expect(report).toMatchObject({
      generatedAt: NOW,
      cluster: { name: 'silver', apiUrl: 'https://api.example.test', usedBytes: 5_000 },
      snapshot: { id: SLOT.id, exact: false, lists: LISTS },
    });
  });

  test.each([
    { when: 'all sizes are known', missing: [], isLowerBound: false },
    { when: 'one is unknown in it', missing: ['a-dev'], isLowerBound: true },
    { when: 'one is unknown in a namespace that is not in it', missing: ['a-prod'], isLowerBound: true },
  ])(
    'knows whether the usage of the whole team is a lower bound, and names no other namespace, where $when',
    async ({ missing, isLowerBound }) => {
      const names = ['a-dev', 'a-prod', 'a-tools'].map((name) => ({ name, bytes: 9, labels: { team: 'a' } }));
      const cluster = clusterOf(...names);
      const images = [...cluster.images].filter(
        ({ digest }) => !missing.some((name) => digest === `sha256:${name}`),
      );
      const mails: UsageMail[] = [];
      const ports = createPorts();
      await ports.store.claimRun(runOf({ state: 'sealed', namespaces: names.map(({ name }) => name) }));
      for (const result of resultsOf({ ...cluster, images }, pipelineRules({ groupByLabel: 'team' })))
        await ports.store.saveResult(SLOT.id, result);
      const compose: Ports['compose'] = {
        ...ports.compose,
        renderUsage: (usage) => {
          mails.push(usage);
          return ports.compose.renderUsage(usage);
        },
      };

      await composeReport({ store: ports.store, compose }, deliveryOf({ namespaces: ['a-dev', 'a-tools'] }));

      expect(mails.map(({ team }) => team)).toEqual([{ namespaces: 3, isLowerBound }]);
      expect(JSON.stringify(mails)).not.toContain('a-prod');
    },
  );
});
