import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import type { SMTPServerAuthentication, SMTPServerSession } from 'smtp-server';
import type { Certificate } from './certificate.ts';

export type SmtpCatcherOptions = {
  /** A free port without it. */
  readonly port?: number;
  /**
   * Stores each message there as `NNN-NAMESPACE-RECIPIENT.eml`, and its HTML part as `.html`; without the namespace where
   * no attachment names one.
   */
  readonly directory?: string;
  /** Offers STARTTLS with it, or TLS from the first byte where `secure`. */
  readonly certificate?: Certificate;
  readonly secure?: boolean;
  /** Takes nothing without this login. */
  readonly login?: { readonly user: string; readonly password: string };
  /** Answers a recipient, at once or later, with a refusal such as `550 no such user`; null takes it. */
  readonly refuse?: (address: string) => string | null | Promise<string | null>;
  /** Closes a connection that is silent for so long; a minute without it. */
  readonly idleTimeoutMs?: number;
};

/** A message as it came in. */
export type CaughtMessage = {
  readonly from: string;
  readonly to: readonly string[];
  /** The whole message, CRLF line ends. */
  readonly source: Buffer;
  /** Which connection brought it, counted from 1, and how it was secured and logged in. */
  readonly connection: number;
  readonly isEncrypted: boolean;
  readonly user: string | null;
};

export type SmtpCatcher = AsyncDisposable & {
  readonly port: number;
  /** Every message so far. */
  readonly messages: readonly CaughtMessage[];
  /** How many connections were opened so far. */
  readonly connections: () => number;
  /** Stops, whatever is under way. */
  readonly close: () => Promise<void>;
};

/** Starts a mail server on loopback that keeps what it gets and sends nothing on. */
export const startSmtpCatcher = async (options: SmtpCatcherOptions = {}): Promise<SmtpCatcher> => {
  const { certificate, login, directory } = options;
  const messages: CaughtMessage[] = [];
  const numbers = new Map<string, number>();

  const keep = async (source: Buffer, session: SMTPServerSession): Promise<string> => {
    const { mailFrom, rcptTo } = session.envelope;
    const to = rcptTo.map(({ address }) => address);
    messages.push({
      from: mailFrom === false ? '' : mailFrom.address,
      to,
      source,
      connection: numbers.get(session.id) ?? 0,
      isEncrypted: session.secure,
      user: typeof session.user === 'string' ? session.user : null,
    });
    const number = String(messages.length).padStart(3, '0');
    if (directory !== undefined) await store(directory, { number, to }, source);
    return `caught as ${number}`;
  };

  const server = new SMTPServer({
    ...(certificate === undefined ? {} : { key: certificate.key, cert: certificate.cert }),
    secure: options.secure === true,
    logger: false,
    banner: 'catcher',
    disabledCommands: [
      ...(certificate === undefined ? ['STARTTLS'] : []),
      ...(login === undefined ? ['AUTH'] : []),
    ],
    authOptional: login === undefined,
    disableReverseLookup: true,
    socketTimeout: options.idleTimeoutMs ?? 60_000,
    onConnect: (session, callback) => {
      numbers.set(session.id, numbers.size + 1);
      callback();
    },
    onAuth: (auth: SMTPServerAuthentication, _session, callback) => {
      if (auth.username === login?.user && auth.password === login?.password) {
        callback(null, { user: auth.username });
      } else callback(answer('535 5.7.8 wrong user name or password'));
    },
    onRcptTo: ({ address }, _session, callback) => {
      void Promise.resolve(options.refuse?.(address) ?? null).then((refusal) =>
        callback(refusal === null ? null : answer(refusal)),
      );
    },
    onData: (stream, session, callback) => {
      buffer(stream)
        .then((source) => keep(source, session))
        .then(
          (text) => callback(null, text),
          () => callback(answer('451 could not be stored')),
        );
    },
  });
  // A peer that goes away is its own affair.
  server.on('error', () => {});
  const listener = server.listen(options.port ?? 0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(resolve);
      for (const connection of server.connections) connection.close();
    });
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    messages,
    connections: () => numbers.size,
    close,
    [Symbol.asyncDispose]: close,
  };
};

const store = async (
  directory: string,
  { number, to }: { readonly number: string; readonly to: readonly string[] },
  source: Buffer,
): Promise<void> => {
  const { html, attachments } = await PostalMime.parse(source);
  const [namespace] = attachments.flatMap(
    ({ filename }) => /^usage-(.+)\.csv(?:\.gz)?$/.exec(filename ?? '')?.[1] ?? [],
  );
  const name = [number, ...(namespace === undefined ? [] : [namespace]), ...to].join('-');
  const path = join(directory, name.replace(/[^\w.@+-]/g, '_'));
  await mkdir(directory, { recursive: true });
  await writeFile(`${path}.eml`, source);
  if (html !== undefined) await writeFile(`${path}.html`, html);
};

/** `550 no such user` as the error that smtp-server turns into this answer. */
const answer = (text: string): Error & { responseCode: number } =>
  Object.assign(new Error(text.slice(4)), { responseCode: Number(text.slice(0, 3)) });
