import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';

/** The moments of a session at which things can go wrong; `message` is in the middle of it, `dot` after its end. */
export type Moment = 'greeting' | 'ehlo' | 'mail' | 'rcpt' | 'data' | 'message' | 'dot' | 'idle';

/** A reply instead of the usual one, e.g. `421 busy`; `cut` ends the connection, `silence` says nothing any more. */
export type Sabotage = string;

export type SmtpSaboteur = AsyncDisposable & {
  readonly port: number;
  /** Every command so far, of all connections. */
  readonly commands: readonly string[];
  /** Messages whose final dot came in. */
  readonly messages: readonly string[];
  /** Bytes that came in after a 354 and before the end of the message or of the connection. */
  readonly messageBytes: () => number;
  readonly connections: () => number;
  /** Cuts every connection. */
  readonly hangUp: () => Promise<void>;
};

/**
 * A mail server that misbehaves at the given moments, on its first `times` connections, and then behaves: faults that
 * a proper server cannot be asked for. `idle` happens once a message was taken.
 */
export const startSmtpSaboteur = async (
  sabotage: Readonly<Partial<Record<Moment, Sabotage>>>,
  times = Number.POSITIVE_INFINITY,
): Promise<SmtpSaboteur> => {
  const commands: string[] = [];
  const messages: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let messageBytes = 0;

  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    const deeds = connections <= times ? sabotage : {};
    let isSilent = false;
    let isMessage = false;
    let pending = '';

    /** Does the deed of this moment; false when there is none. */
    const spoil = (moment: Moment): boolean => {
      const deed = deeds[moment];
      if (deed === 'cut') socket.destroy();
      else if (deed === 'silence') isSilent = true;
      else if (deed !== undefined) socket.write(`${deed}\r\n`);
      return deed !== undefined;
    };
    const reply = (moment: Moment, text: string): boolean => {
      if (spoil(moment)) return false;
      socket.write(`${text}\r\n`);
      return true;
    };
    const obey = (command: string): void => {
      commands.push(command);
      const verb = command.slice(0, 4).toUpperCase();
      if (verb === 'EHLO') reply('ehlo', '250 saboteur');
      else if (verb === 'MAIL') reply('mail', '250 ok');
      else if (verb === 'RCPT') reply('rcpt', '250 ok');
      else if (verb === 'DATA') isMessage = reply('data', '354 go ahead');
      else if (verb === 'QUIT') socket.end('221 bye\r\n');
      else socket.write('502 what?\r\n');
    };
    const read = (): void => {
      while (!isSilent && !socket.destroyed) {
        const end = pending.indexOf(isMessage ? '\r\n.\r\n' : '\r\n');
        if (isMessage && pending !== '' && spoil('message')) return;
        if (end < 0) return;
        const text = pending.slice(0, end);
        pending = pending.slice(end + (isMessage ? 5 : 2));
        if (!isMessage) obey(text);
        else {
          isMessage = false;
          messages.push(text);
          if (reply('dot', '250 taken')) spoil('idle');
        }
      }
    };
    socket.on('data', (chunk) => {
      if (isMessage) messageBytes += chunk.length;
      pending += chunk.toString('latin1');
      read();
    });
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    reply('greeting', '220 saboteur');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    commands,
    messages,
    messageBytes: () => messageBytes,
    connections: () => connections,
    hangUp: async () => {
      await Promise.all([...sockets].map((socket) => (socket.destroy(), once(socket, 'close'))));
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};
