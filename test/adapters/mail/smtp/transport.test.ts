import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { makeCertificate } from '../../../../sandbox/certificate.ts';
import { startSmtpCatcher } from '../../../../sandbox/smtp-catcher.ts';
import { startSmtpSaboteur } from '../../../../sandbox/smtp-saboteur.ts';
import type { Moment } from '../../../../sandbox/smtp-saboteur.ts';
import { createTransport } from '../../../../src/adapters/mail/smtp/transport.ts';
import type { SmtpOptions } from '../../../../src/adapters/mail/smtp/transport.ts';
import { AppError } from '../../../../src/errors.ts';
import type { OutgoingMessage, SendOutcome } from '../../../../src/pipeline/ports.ts';
import { createFakeTransport } from '../../../fakes.ts';
import { describeTransport } from '../../../pipeline/transport-contract.ts';

describeTransport('SMTP', async (refuse) => {
  const catcher = await startSmtpCatcher({ refuse });
  const transport = createTransport(server(catcher.port));
  return {
    transport,
    received: () => catcher.messages.map(({ source }) => source.toString('latin1')),
    [Symbol.asyncDispose]: async () => {
      await transport[Symbol.asyncDispose]();
      await catcher.close();
    },
  };
});

describeTransport('the fake', (refuse) => {
  const transport = createFakeTransport((to) => {
    const answer = refuse(to);
    if (answer === null) return { outcome: 'submitted', detail: '250 ok' };
    return { outcome: answer.startsWith('5') ? 'failed' : 'retry', detail: answer, started: false };
  });
  return Promise.resolve({
    transport,
    received: () => transport.submitted.map(({ bytes }) => new TextDecoder().decode(bytes)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});

describe('the class of each fault', () => {
  test.each<[string, Partial<Record<Moment, string>>, SendOutcome['outcome'], { starts: number }]>([
    ['a greeting of 421', { greeting: '421 too busy' }, 'retry', { starts: 0 }],
    ['a greeting of 554', { greeting: '554 not for you' }, 'retry', { starts: 0 }],
    ['a connection cut instead of a greeting', { greeting: 'cut' }, 'retry', { starts: 0 }],
    ['no greeting', { greeting: 'silence' }, 'retry', { starts: 0 }],
    ['a cut at EHLO', { ehlo: 'cut' }, 'retry', { starts: 0 }],
    ['a sender deferred with 451', { mail: '451 later' }, 'retry', { starts: 0 }],
    ['a sender refused with 550', { mail: '550 not from you' }, 'failed', { starts: 0 }],
    ['a login that is asked for with 530', { mail: '530 log in first' }, 'retry', { starts: 0 }],
    ['a cut at MAIL', { mail: 'cut' }, 'retry', { starts: 0 }],
    ['a recipient deferred with 450', { rcpt: '450 mailbox busy' }, 'retry', { starts: 0 }],
    ['a recipient refused with 550', { rcpt: '550 no such user' }, 'failed', { starts: 0 }],
    ['421 at RCPT', { rcpt: '421 going down' }, 'retry', { starts: 0 }],
    ['DATA refused with 554', { data: '554 no valid recipients' }, 'failed', { starts: 0 }],
    ['a cut instead of the 354', { data: 'cut' }, 'retry', { starts: 0 }],
    ['silence instead of the 354', { data: 'silence' }, 'retry', { starts: 0 }],
    ['a cut in the middle of the message', { message: 'cut' }, 'uncertain', { starts: 1 }],
    ['a cut after the final dot', { dot: 'cut' }, 'uncertain', { starts: 1 }],
    ['silence after the final dot', { dot: 'silence' }, 'uncertain', { starts: 1 }],
    ['451 after the final dot', { dot: '451 out of space' }, 'retry', { starts: 1 }],
    ['554 after the final dot', { dot: '554 looks like spam' }, 'failed', { starts: 1 }],
    ['421 after the final dot', { dot: '421 going down' }, 'retry', { starts: 1 }],
    ['a cut after the 250', { idle: 'cut' }, 'submitted', { starts: 1 }],
  ])('%s', async (_name, sabotage, expected, { starts }) => {
    await using saboteur = await startSmtpSaboteur(sabotage);
    const timeoutMs = Object.values(sabotage).includes('silence') ? 1_000 : 20_000;
    await using transport = createTransport({ ...server(saboteur.port), timeoutMs });
    let started = 0;
    const outcome = await transport.send(message('mira@example.com'), () => {
      started += 1;
      return Promise.resolve();
    });
    expect(outcome.outcome).toBe(expected);
    expect(outcome.detail).not.toBe('');
    expect(started).toBe(starts);
  });

  test('a port where nobody listens', async () => {
    await using transport = createTransport(server(await findClosedPort()));
    expect((await transport.send(message('mira@example.com'), started)).outcome).toBe('retry');
  });

  test('a name that does not exist', async () => {
    await using transport = createTransport({ ...server(25), host: 'nowhere.invalid' });
    expect((await transport.send(message('mira@example.com'), started)).outcome).toBe('retry');
  });

  test('no address gets into the detail, where logs would find it', async () => {
    await using saboteur = await startSmtpSaboteur({ rcpt: '550 5.1.1 <mira@example.com>: not known here' });
    await using transport = createTransport(server(saboteur.port));
    expect(await transport.send(message('mira@example.com'), started)).toEqual({
      outcome: 'failed',
      detail: '550 5.1.1 <(address)>: not known here',
    });
  });

  test('a message that is larger than the server takes', async () => {
    await using saboteur = await startSmtpSaboteur({ ehlo: '250-saboteur\r\n250 SIZE 100' });
    await using transport = createTransport(server(saboteur.port));
    const outcome = await transport.send(message('mira@example.com', 'x'.repeat(200)), started);
    expect(outcome.outcome).toBe('failed');
    expect(saboteur.commands.some((command) => command.startsWith('MAIL'))).toBe(false);
  });
});

describe('notices of failure and delay', () => {
  test('are asked for by the id of the delivery, with headers only, where the server sends them', async () => {
    await using saboteur = await startSmtpSaboteur({ ehlo: '250-saboteur\r\n250 DSN' });
    await using transport = createTransport(server(saboteur.port));
    const { envelope, bytes } = message('mira@example.com');
    await transport.send({ envelope: { ...envelope, id: '0f'.repeat(32) }, bytes }, started);
    const asked = saboteur.commands.filter((command) => /^(MAIL|RCPT)/.test(command));
    expect(asked).toEqual([
      `MAIL FROM:<registry@example.com> RET=HDRS ENVID=${'0f'.repeat(32)}`,
      'RCPT TO:<mira@example.com> NOTIFY=FAILURE,DELAY',
    ]);
  });

  test('are not asked of a server that does not know them', async () => {
    await using saboteur = await startSmtpSaboteur({});
    await using transport = createTransport(server(saboteur.port));
    const { envelope, bytes } = message('mira@example.com');
    await transport.send({ envelope: { ...envelope, id: '0f'.repeat(32) }, bytes }, started);
    const asked = saboteur.commands.filter((command) => /^(MAIL|RCPT)/.test(command));
    expect(asked).toEqual(['MAIL FROM:<registry@example.com>', 'RCPT TO:<mira@example.com>']);
  });
});

describe('the moment between the 354 and the message', () => {
  test('no byte leaves when the record cannot be written', async () => {
    await using saboteur = await startSmtpSaboteur({});
    await using transport = createTransport(server(saboteur.port));
    const outcome = await transport.send(message('mira@example.com'), () =>
      Promise.reject(new AppError('unavailable', 'Redis does not answer')),
    );
    expect(outcome).toEqual({ outcome: 'retry', detail: 'Redis does not answer' });
    expect(saboteur.commands.at(-1)).toBe('DATA');
    expect(saboteur.messageBytes()).toBe(0);
    expect(saboteur.messages).toEqual([]);
  });

  test('a kept connection that breaks while the record is written is no reason to write it again', async () => {
    await using saboteur = await startSmtpSaboteur({});
    await using transport = createTransport(server(saboteur.port));
    await transport.send(message('mira@example.com', 'one'), started);
    const order: string[] = [];
    const outcome = await transport.send(message('mira@example.com', 'two'), async () => {
      order.push('record begun');
      await saboteur.hangUp();
      await new Promise((resolve) => setTimeout(resolve, 50));
      order.push('record written');
    });
    order.push('outcome known');
    expect(order).toEqual(['record begun', 'record written', 'outcome known']);
    expect(outcome.outcome).toBe('retry');
    expect(saboteur.messages).toHaveLength(1);
    expect(saboteur.connections()).toBe(1);
  });
});

describe('connections', () => {
  test('are kept for the next message', async () => {
    await using catcher = await startSmtpCatcher();
    await using transport = createTransport(server(catcher.port));
    for (const text of ['one', 'two', 'three'])
      await transport.send(message('mira@example.com', text), started);
    expect(catcher.messages.map(({ connection }) => connection)).toEqual([1, 1, 1]);
  });

  test('are as many as messages at the same time', async () => {
    await using catcher = await startSmtpCatcher();
    await using transport = createTransport(server(catcher.port));
    const both = (): Promise<readonly SendOutcome[]> =>
      Promise.all(['a', 'b'].map((text) => transport.send(message('mira@example.com', text), started)));
    await both();
    await both();
    expect(catcher.messages).toHaveLength(4);
    expect(catcher.connections()).toBe(2);
  });

  test.each([
    ['cut it', 'cut'],
    ['said 421', '421 idle for too long'],
    ['will answer nothing on it', 'silence'],
  ])('that the server gave up (it %s) do not fail the next message', async (_name, idle) => {
    await using saboteur = await startSmtpSaboteur({ idle }, 1);
    await using transport = createTransport({ ...server(saboteur.port), timeoutMs: 1_000 });
    expect((await transport.send(message('mira@example.com', 'one'), started)).outcome).toBe('submitted');
    expect((await transport.send(message('mira@example.com', 'two'), started)).outcome).toBe('submitted');
    expect(saboteur.messages).toHaveLength(2);
    expect(saboteur.connections()).toBe(2);
  });

  test('are dropped after a fault', async () => {
    await using saboteur = await startSmtpSaboteur({ dot: '451 out of space' }, 1);
    await using transport = createTransport(server(saboteur.port));
    expect((await transport.send(message('mira@example.com', 'one'), started)).outcome).toBe('retry');
    expect((await transport.send(message('mira@example.com', 'one'), started)).outcome).toBe('submitted');
    expect(saboteur.connections()).toBe(2);
  });

  test('end when the transport is disposed of, politely', async () => {
    await using saboteur = await startSmtpSaboteur({});
    const transport = createTransport(server(saboteur.port));
    await transport.send(message('mira@example.com'), started);
    await transport[Symbol.asyncDispose]();
    expect(saboteur.commands.at(-1)).toBe('QUIT');
  });
});

describe('encryption and login', () => {
  const certificate = makeCertificate(new Date());
  const login = { user: 'quotagram', password: 'open sesame' };

  test('STARTTLS is taken where it is offered, without being asked for', async () => {
    await using catcher = await startSmtpCatcher({ certificate });
    await using transport = createTransport({
      ...server(catcher.port),
      host: 'localhost',
      ca: certificate.cert,
    });
    await transport.send(message('mira@example.com'), started);
    expect(catcher.messages.map(({ isEncrypted }) => isEncrypted)).toEqual([true]);
  });

  test('TLS from the first byte, with a login', async () => {
    await using catcher = await startSmtpCatcher({ certificate, secure: true, login });
    await using transport = createTransport({
      ...server(catcher.port),
      ...login,
      host: 'localhost',
      secure: true,
      ca: certificate.cert,
    });
    await transport.verify();
    await transport.send(message('mira@example.com'), started);
    expect(catcher.messages.map(({ user, isEncrypted }) => ({ user, isEncrypted }))).toEqual([
      { user: 'quotagram', isEncrypted: true },
    ]);
  });

  test('no password crosses a network without TLS', async () => {
    await using saboteur = await startSmtpSaboteur({ ehlo: '250-saboteur\r\n250 AUTH PLAIN' });
    await using transport = createTransport({ ...server(saboteur.port), ...login, requireTls: true });
    expect((await transport.send(message('mira@example.com'), started)).outcome).toBe('retry');
    expect(saboteur.commands.filter((command) => command.startsWith('AUTH'))).toEqual([]);
    await expect(transport.verify()).rejects.toMatchObject({ code: 'rejected' });
  });

  test('a certificate that nobody vouches for stops before the login', async () => {
    await using catcher = await startSmtpCatcher({ certificate, login });
    await using transport = createTransport({ ...server(catcher.port), ...login, host: 'localhost' });
    expect((await transport.send(message('mira@example.com'), started)).outcome).toBe('retry');
    const refusal = await transport.verify().catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'rejected', hint: expect.stringContaining('NODE_EXTRA_CA_CERTS') });
  });
});

describe('verify says what to do', () => {
  test('when the password is wrong', async () => {
    const certificate = makeCertificate(new Date());
    await using catcher = await startSmtpCatcher({
      certificate,
      login: { user: 'quotagram', password: 'right' },
    });
    await using transport = createTransport({
      ...server(catcher.port),
      host: 'localhost',
      user: 'quotagram',
      password: 'guessed',
      ca: certificate.cert,
    });
    const refusal = await transport.verify().catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'rejected', hint: expect.stringContaining('SMTP_PASSWORD') });
    expect(String(refusal)).not.toContain('guessed');
  });

  test('when nobody listens', async () => {
    const port = await findClosedPort();
    await using transport = createTransport(server(port));
    const refusal = await transport.verify().catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'unavailable', hint: expect.stringContaining('smtp.port') });
    expect(String(refusal)).toContain(`127.0.0.1:${String(port)}`);
  });

  test('when the server stays silent', async () => {
    await using saboteur = await startSmtpSaboteur({ greeting: 'silence' });
    await using transport = createTransport({ ...server(saboteur.port), timeoutMs: 200 });
    await expect(transport.verify()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('did not answer in time'),
    });
  });

  test('when it speaks no TLS though we do', async () => {
    await using catcher = await startSmtpCatcher();
    await using transport = createTransport({ ...server(catcher.port), secure: true });
    await expect(transport.verify()).rejects.toMatchObject({
      code: 'rejected',
      hint: expect.stringContaining('smtp.secure'),
    });
  });

  test.each([
    ['554 not for you', 'rejected'],
    ['421 too busy', 'unavailable'],
  ])('when it greets us with %s', async (greeting, code) => {
    await using saboteur = await startSmtpSaboteur({ greeting });
    await using transport = createTransport(server(saboteur.port));
    await expect(transport.verify()).rejects.toMatchObject({
      code,
      message: expect.stringContaining(greeting),
    });
  });

  test('when no server is configured', async () => {
    await using transport = createTransport({ ...server(25), host: null });
    await expect(transport.verify()).rejects.toMatchObject({ code: 'invalid' });
    expect((await transport.send(message('mira@example.com'), started)).outcome).toBe('failed');
  });
});

const server = (port: number): SmtpOptions => ({
  host: '127.0.0.1',
  port,
  secure: false,
  user: null,
  password: null,
});

const started = (): Promise<void> => Promise.resolve();

const message = (to: string, text = 'the figures'): OutgoingMessage => ({
  envelope: { from: 'registry@example.com', to },
  bytes: new TextEncoder().encode(`Subject: ${text}\r\n\r\n${text}\r\n`),
});

const findClosedPort = async (): Promise<number> => {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return address !== null && typeof address === 'object' ? address.port : 0;
};
