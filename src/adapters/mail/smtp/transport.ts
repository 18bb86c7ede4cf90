import { Readable } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { AppError } from '../../../errors.ts';
import type { OutgoingMessage, SendOutcome, Transport } from '../../../pipeline/ports.ts';
import { isLoopback } from '../../http-client/loopback.ts';
import { explainFailure, readFault, redact } from './smtp-faults.ts';
import type { Fault } from './smtp-faults.ts';

/** The mail server and how to log in there. */
export type SmtpOptions = {
  /** null: none is configured, and nothing can be sent. */
  readonly host: string | null;
  readonly port: number;
  /** TLS from the first byte; otherwise STARTTLS where the server offers it. */
  readonly secure: boolean;
  readonly user: string | null;
  readonly password: string | null;
  /** Refuses to go on without STARTTLS; by default where a password would cross a network. */
  readonly requireTls?: boolean;
  /** How long the server may stay silent, and how long an idle connection is kept; 2 minutes by default. */
  readonly timeoutMs?: number;
  /** The certificate authority in PEM to trust instead of the usual ones. */
  readonly ca?: string;
};

const TIMEOUT_MS = 120_000;
/** For connecting and for the greeting. */
const CONNECT_TIMEOUT_MS = 30_000;
/** How long a server may take to say goodbye and to close. */
const QUIT_TIMEOUT_MS = 1_000;

/**
 * Sends through one mail server. Connections are kept open and used again, one message at a time each, so that there are
 * as many as callers send at once. Disposing closes them; call it when nothing is being sent.
 */
export const createTransport = ({ host, ...options }: SmtpOptions): Transport & AsyncDisposable =>
  host === null ? NOWHERE : createPool({ host, ...options });

/** Stands in where no mail server is configured. */
const NOWHERE: Transport & AsyncDisposable = {
  verify: () =>
    Promise.reject(
      new AppError('invalid', 'No mail server is configured.', {
        hint: 'Set smtp.host in the configuration.',
      }),
    ),
  send: () => Promise.resolve({ outcome: 'failed', detail: 'no mail server is configured' }),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

type Server = SmtpOptions & { readonly host: string };

const createPool = (options: Server): Transport & AsyncDisposable => {
  const open = new Set<SMTPConnection>();
  const idle: SMTPConnection[] = [];

  const connect = async (): Promise<SMTPConnection> => {
    const connection = await openConnection(options);
    open.add(connection);
    connection.once('end', () => {
      open.delete(connection);
      if (idle.includes(connection)) idle.splice(idle.indexOf(connection), 1);
    });
    return connection;
  };

  /** Only a connection whose last message was accepted is in a known state. */
  const sendOver = async (
    connection: SMTPConnection,
    message: OutgoingMessage,
    onStart: () => Promise<void>,
  ): Promise<Attempt> => {
    const attempt = await sendOnce(connection, message, onStart);
    if (attempt.outcome.outcome === 'submitted' && open.has(connection)) idle.push(connection);
    else connection.close();
    return attempt;
  };

  return {
    verify: async () => {
      const timeoutMs = Math.min(options.timeoutMs ?? TIMEOUT_MS, CONNECT_TIMEOUT_MS);
      try {
        await quit(await openConnection({ ...options, timeoutMs }));
      } catch (thrown) {
        throw explainFailure(readFault(thrown), options);
      }
    },
    send: async (message, onStart) => {
      const kept = idle.pop();
      if (kept !== undefined) {
        const { outcome, isSessionLost } = await sendOver(kept, message, onStart);
        if (!isSessionLost) return outcome;
      }
      try {
        return (await sendOver(await connect(), message, onStart)).outcome;
      } catch (thrown) {
        return { outcome: 'retry', detail: readFault(thrown).text };
      }
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...open].map(quit));
    },
  };
};

/** Connects, encrypts and logs in. Throws what nodemailer throws. */
const openConnection = (options: Server): Promise<SMTPConnection> => {
  const { host, port, secure, user, password, ca, timeoutMs = TIMEOUT_MS } = options;
  const connection = new SMTPConnection({
    host,
    port,
    secure,
    requireTLS: options.requireTls ?? (user !== null && !secure && !isLoopback(host)),
    connectionTimeout: Math.min(timeoutMs, CONNECT_TIMEOUT_MS),
    greetingTimeout: Math.min(timeoutMs, CONNECT_TIMEOUT_MS),
    dnsTimeout: Math.min(timeoutMs, CONNECT_TIMEOUT_MS),
    socketTimeout: timeoutMs,
    socketCloseTimeout: QUIT_TIMEOUT_MS,
    ...(ca === undefined ? {} : { tls: { ca } }),
  });
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      reject(error);
      connection.close();
    };
    // The listener stays: a fault while sending comes here as well as to its callback.
    connection.on('error', fail);
    connection.once('end', () => reject(new Error('The server closed the connection')));
    connection.connect((error) => {
      if (error) fail(error);
      else if (user === null) resolve(connection);
      else {
        connection.login({ user, pass: password ?? '' }, (refusal) =>
          refusal === null ? resolve(connection) : fail(refusal),
        );
      }
    });
  });
};

/** An outcome, and whether the session was over before the message could begin: another one may do better. */
type Attempt = { readonly outcome: SendOutcome; readonly isSessionLost: boolean };

const sendOnce = (
  connection: SMTPConnection,
  message: OutgoingMessage,
  onStart: () => Promise<void>,
): Promise<Attempt> => {
  const body = createBody(message.bytes, onStart);
  const { from, to, id } = message.envelope;
  const envelope = { from, to: [to], size: message.bytes.length, dsn: noticesAbout(id) };
  return new Promise((resolve) => {
    connection.send(envelope, body.stream, (error, info) => {
      // Not before onStart has ended: whatever it writes is there before the outcome is.
      void body.settle().then((phase) => {
        resolve(
          error === null
            ? { outcome: { outcome: 'submitted', detail: redact(info.response) }, isSessionLost: false }
            : judge(readFault(error), phase),
        );
      });
    });
  });
};

/** What we want to hear of a message later, from servers that offer it (RFC 3461): failures and delays, briefly. */
const noticesAbout = (id: string | undefined) => ({
  ...(id === undefined ? {} : { envid: id }),
  ret: 'HDRS' as const,
  notify: ['FAILURE', 'DELAY'],
});

/** How far a message got: the server never asked for it, `onStart` stopped it or came too late, or it has begun. */
type Phase = 'unasked' | 'stopped' | 'begun';

/** The message as a stream that nobody reads before the server's 354, and that waits for `onStart` then. */
const createBody = (bytes: Uint8Array, onStart: () => Promise<void>) => {
  let phase: Promise<Phase> | null = null;
  const begin = async (): Promise<Phase> => {
    try {
      await onStart();
    } catch (thrown) {
      stream.destroy(thrown instanceof Error ? thrown : new Error(String(thrown)));
      return 'stopped';
    }
    if (stream.destroyed) return 'stopped';
    stream.push(bytes);
    stream.push(null);
    return 'begun';
  };
  const stream = new Readable({
    read: () => {
      phase ??= begin();
    },
  });
  return { stream, settle: (): Promise<Phase> => phase ?? Promise.resolve('unasked') };
};

/**
 * What an answer, or its absence, says about one message. A server that answered has decided: 4xx asks for another try,
 * 5xx refuses for good. Without an answer nobody knows, once the message has begun, whether it arrived (RFC 1047).
 */
const judge = (fault: Fault, phase: Phase): Attempt => {
  const isUnsendable = fault.answer === null && UNSENDABLE.includes(fault.code);
  const isRefused = fault.answer !== null && fault.answer >= 500 && fault.answer !== LOGIN_NEEDED;
  const isLost = fault.answer === null && phase === 'begun';
  return {
    outcome: {
      outcome: isUnsendable || isRefused ? 'failed' : isLost ? 'uncertain' : 'retry',
      detail: fault.text,
    },
    isSessionLost:
      phase === 'unasked' && !isUnsendable && (fault.answer === null || fault.answer === CLOSING),
  };
};

/** nodemailer refuses by itself what is larger than the server allows, and addresses that break the protocol. */
const UNSENDABLE = ['EMESSAGE', 'EENVELOPE'];
/** RFC 4954: about our login, not about the message. */
const LOGIN_NEEDED = 530;
/** RFC 5321: the server ends the session. */
const CLOSING = 421;

/** Says goodbye, and does not wait long for the answer. */
const quit = (connection: SMTPConnection): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => {
      connection.close();
      resolve();
    }, QUIT_TIMEOUT_MS);
    connection.once('end', () => {
      clearTimeout(timer);
      resolve();
    });
    connection.quit();
  });
