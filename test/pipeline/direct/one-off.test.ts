import { describe, expect, test } from 'vitest';
import { composeReport } from '../../../src/pipeline/stages/mailer.ts';
import { prepareOneOff, sendOneOff } from '../../../src/pipeline/direct/one-off.ts';
import type { Store } from '../../../src/pipeline/ports.ts';
import { createFakeCluster, createFakeStore, createFakeTransport } from '../../fakes.ts';
import { NOW } from '../../usage/build.ts';
import { CLOCK, clusterOf, createPorts, pipelineRules, SLOT, submittedBy, typesOf, walk } from '../build.ts';
import type { Ports } from '../build.ts';

const lea = { 'lea@example.test': 'lead' };
const tom = { 'tom@example.test': 'owner' };
const cluster = createFakeCluster(
  clusterOf(
    { name: 'a-dev', bytes: 2_000, contacts: { ...lea, ...tom } },
    { name: 'b-dev', bytes: 10, contacts: lea },
    { name: 'silent', bytes: 10 },
  ),
);
const rules = pipelineRules();
const ID = 'send-20261123T080000Z-a-dev';

const prepare = (ports: Ports, namespaces: readonly string[], to: readonly string[] = []) =>
  prepareOneOff(ports, rules, { namespaces, to });

describe('preparing a one-off', () => {
  test('composes a mail for each recipient of a namespace, whatever its level', async () => {
    const { run, weighed, mails } = await prepare(createPorts({ cluster }), ['b-dev', 'a-dev']);

    expect(run).toMatchObject({
      id: 'send-20261123T080000Z-a-dev-b-dev',
      kind: 'one-off',
      state: 'sealed',
      namespaces: ['a-dev', 'b-dev'],
      takenAt: NOW,
      sealedAt: CLOCK,
    });
    expect(weighed.map(({ report }) => [report.name, report.quota.level])).toEqual([
      ['a-dev', 'over'],
      ['b-dev', 'ok'],
    ]);
    expect(mails.map(({ delivery, rendered }) => [delivery.recipient.address, rendered.subject])).toEqual([
      ['lea@example.test', `one-off ${run.id}: a-dev`],
      ['tom@example.test', `one-off ${run.id}: a-dev`],
      ['lea@example.test', `one-off ${run.id}: b-dev`],
    ]);
  });

  test('stores, queues and sends nothing', async () => {
    const refuse = (): Promise<never> => Promise.reject(new Error('a preparation must not write'));
    const store: Store = {
      ...createFakeStore(),
      claimRun: refuse,
      saveSnapshots: refuse,
      saveResult: refuse,
      addDelivery: refuse,
    };
    const ports = createPorts({ cluster, store });

    await prepare(ports, ['a-dev']);

    expect(await store.listRuns(10)).toEqual([]);
    expect(ports.queue.openJobs()).toEqual([]);
    expect(ports.transport.started).toEqual([]);
    expect(ports.events).toEqual([]);
  });

  test('writes to the given addresses instead of the recipients, each once', async () => {
    const to = ['staff@example.test', 'Staff@EXAMPLE.test'];
    const { mails } = await prepare(createPorts({ cluster }), ['a-dev', 'silent', 'a-dev'], to);

    expect(mails.map(({ delivery }) => [delivery.recipient, delivery.namespaces])).toEqual([
      [{ address: 'staff@example.test', roles: [], rule: '--to' }, ['a-dev']],
      [{ address: 'staff@example.test', roles: [], rule: '--to' }, ['silent']],
    ]);
  });

  test('says who else is told only where the namespace’s own recipients are', async () => {
    const ports = createPorts({ cluster });
    const own = await prepare(ports, ['a-dev']);
    const byHand = await prepare(ports, ['a-dev'], ['boss@example.test', 'lea@example.test']);

    const alsoTold = ({ mails }: typeof own) =>
      mails.map(({ rendered }) => /^also told: (.*)$/m.exec(rendered.text)?.[1]);
    expect(alsoTold(own)).toEqual(['owner', 'lead']);
    expect(alsoTold(byHand)).toEqual(['', '']);
  });

  test('has a short id, however many namespaces it is about', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const many = clusterOf(...names.map((name) => ({ name, bytes: 1, contacts: lea })));
    const { run } = await prepare(createPorts({ cluster: createFakeCluster(many) }), names);

    expect(run.id).toBe('send-20261123T080000Z-a-b-and-2-more');
    expect(run.namespaces).toEqual(names);
  });

  test('refuses an address outside the allowed domains and says what to do, without repeating it', async () => {
    const refusal = prepare(createPorts({ cluster }), ['a-dev'], ['eve@elsewhere.example.com']);

    await expect(refusal).rejects.toMatchObject({
      code: 'rejected',
      message: '--to: the domain elsewhere.example.com is not in mail.allowedDomains',
      hint: expect.stringContaining('mail.allowedDomains'),
    });
  });

  test.each([
    'lea',
    'Lea <lea@example.test>',
    'lea@example.test,tom@example.test',
    'lea@example.test\r\nBcc: x',
  ])('calls %j invalid, without repeating it', async (address) => {
    const refusal = prepare(createPorts({ cluster }), ['a-dev'], ['tom@example.test', address]);

    await expect(refusal).rejects.toMatchObject({
      code: 'invalid',
      message: '--to: not one plain address such as name@example.test',
    });
  });

  test('refuses a namespace with nobody to tell and says why there is nobody', async () => {
    await expect(prepare(createPorts({ cluster }), ['a-dev', 'silent'])).rejects.toMatchObject({
      code: 'rejected',
      message: expect.stringMatching(/^nobody to tell about silent: no annotation names a contact/),
      hint: 'Name somebody with --to.',
    });
  });

  test('refuses a namespace that does not exist', async () => {
    await expect(prepare(createPorts({ cluster }), ['gone'])).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('sending a one-off', () => {
  test('sends what was prepared, once each, and records how it ended', async () => {
    const ports = createPorts({ cluster });
    const oneOff = await prepare(ports, ['a-dev']);

    const ended = await sendOneOff(ports, oneOff);

    expect(submittedBy(ports)).toEqual([
      `lea@example.test: one-off ${ID}: a-dev`,
      `tom@example.test: one-off ${ID}: a-dev`,
    ]);
    expect(ended).toEqual(await ports.store.listDeliveries(ID));
    expect(ended.map(({ state, kind }) => [state, kind])).toEqual([
      ['submitted', 'one-off'],
      ['submitted', 'one-off'],
    ]);
    expect(await ports.store.loadRun(ID)).toEqual({ ...oneOff.run, state: 'finished', endedAt: CLOCK });
  });

  test('sends exactly what the preparation showed', async () => {
    const ports = createPorts({ cluster });
    const oneOff = await prepare(ports, ['a-dev', 'silent'], ['staff@example.test', 'STAFF@example.test']);

    await sendOneOff(ports, oneOff);

    expect(oneOff.mails).toHaveLength(2);
    for (const { delivery, rendered } of oneOff.mails) {
      expect(await composeReport(ports, delivery)).toEqual(rendered);
    }
  });

  test('is refused in the second in which it was sent already', async () => {
    const ports = createPorts({ cluster });
    await sendOneOff(ports, await prepare(ports, ['a-dev']));

    const again = sendOneOff(ports, await prepare(ports, ['a-dev']));

    await expect(again).rejects.toMatchObject({ code: 'conflict', message: `${ID} was sent already` });
    expect(ports.transport.submitted).toHaveLength(2);
  });

  test('tries once: a refusal for now is a failure, and the others are still sent', async () => {
    const transport = createFakeTransport((to) =>
      to === 'lea@example.test'
        ? { outcome: 'retry', detail: '450 busy' }
        : { outcome: 'submitted', detail: '250 OK' },
    );
    const ports = createPorts({ cluster, transport });

    const ended = await sendOneOff(ports, await prepare(ports, ['a-dev']));

    expect(ended.map(({ state, detail }) => [state, detail])).toEqual([
      ['failed', '450 busy'],
      ['submitted', '250 OK'],
    ]);
    expect((await ports.store.loadRun(ID))?.state).toBe('finished');
  });

  test('changes nothing about the weekly run', async () => {
    const ports = createPorts({ cluster });
    const alone = createPorts({ cluster });
    await sendOneOff(ports, await prepare(ports, ['a-dev']));
    const sentBefore = ports.transport.submitted.length;

    const run = await walk(ports);

    expect(run).toEqual(await walk(alone));
    expect(await ports.store.listDeliveries(SLOT.id)).toEqual(await alone.store.listDeliveries(SLOT.id));
    expect(await ports.store.listHistory('a-dev', 10)).toEqual(await alone.store.listHistory('a-dev', 10));
    expect(submittedBy(ports).slice(sentBefore)).toEqual(submittedBy(alone));
    expect(typesOf(ports.events).slice(sentBefore)).toEqual(typesOf(alone.events));
  });
});
