import { once } from 'node:events';
import { connect as connectPlain, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AppError } from '../../errors.ts';
import type { BounceMailbox } from '../../pipeline/ports.ts';
import { MAX_NOTICE_BYTES, readNotice } from './delivery-status.ts';
import { redact } from '../mail/smtp/smtp-faults.ts';

/** A folder of a mailbox on an IMAP server, and how to log in there. */
export type ImapOptions = {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte. */
  readonly secure: boolean;
  readonly user: string;
  readonly password: string;
  readonly folder: string;
  /** The certificate authority in PEM to trust instead of the usual ones. */
  readonly ca?: string;
  /** How long the server may stay silent; a minute by default. */
  readonly timeoutMs?: number;
};

/** A folder opened to be read only: nothing in it is changed, and nothing marked as seen. */
export type ImapFolder = AsyncDisposable & {
  /** The unique ids of all messages in it now, oldest first. */
  readonly listMessages: () => Promise<readonly string[]>;
  /** A message as it came, CRLF line ends; only its start when a size is given. null: it was removed meanwhile. */
  readonly readMessage: (uid: string, maxBytes?: number) => Promise<Buffer | null>;
};

/** A folder with notices of failure. */
export const openImap = (options: ImapOptions): BounceMailbox => ({
  readNotices: async function* () {
    await using folder = await openFolder(options);
    for (const uid of await folder.listMessages()) {
      const message = await folder.readMessage(uid, MAX_NOTICE_BYTES);
      if (message !== null) yield readNotice(message);
    }
  },
});

/**
 * Logs in and opens the folder (RFC 9051, as much of it as reading takes).
 * @throws AppError `unavailable` (no answer), `forbidden` (wrong login), `not_found` (no such folder)
 */
export const openFolder = async (options: ImapOptions): Promise<ImapFolder> => {
  const { user, password, folder } = options;
  const session = await openSession(options);
  const text = async (command: string): Promise<readonly string[]> =>
    (await session.ask(command)).lines.map((line) => line.toString('latin1'));
  try {
    const login = await session.ask(`LOGIN ${quote(user)} ${quote(password)}`);
    if (!login.isOk) {
      throw new AppError('forbidden', `The IMAP server did not log us in: ${redact(login.answer)}`, {
        hint: 'Check the user in the URL and the password in IMAP_PASSWORD or IMAP_PASSWORD_FILE.',
      });
    }
    const opening = await session.ask(`EXAMINE ${quote(folder)}`);
    if (!opening.isOk)
      throw new AppError('not_found', `There is no IMAP folder ${folder}: ${redact(opening.answer)}`);
  } catch (thrown) {
    await session.close();
    throw thrown;
  }
  return {
    listMessages: async () => {
      await session.ask('NOOP'); // a server mentions new messages only where it may
      const found = await text('UID SEARCH ALL');
      return found.flatMap((line) => /^\* SEARCH (.+)$/.exec(line)?.[1]?.trim().split(' ') ?? []);
    },
    readMessage: async (uid, maxBytes) => {
      const part = maxBytes === undefined ? '' : `<0.${String(maxBytes)}>`;
      const { isOk, lines, answer } = await session.ask(`UID FETCH ${uid} BODY.PEEK[]${part}`);
      const literal = lines.findIndex((line) => LITERAL.test(line.toString('latin1')));
      const message = literal < 0 ? undefined : lines[literal + 1];
      if (message !== undefined) return message;
      if (isOk || EXPUNGED.test(answer)) return null;
      throw new AppError('unavailable', `IMAP: no message came: ${redact(answer)}`);
    },
    [Symbol.asyncDispose]: async () => {
      await session.ask('LOGOUT').catch(() => null);
      await session.close();
    },
  };
};

const TIMEOUT_MS = 60_000;

/** A literal of that many bytes follows the line. */
const LITERAL = /\{(\d+)\}$/;

/** Another session removed the message (RFC 5530); most servers then find nothing to fetch, which is OK to them. */
const EXPUNGED = /^NO \[EXPUNGEISSUED\]/i;

const quote = (text: string): string => {
  if (/[\r\n\0]/.test(text)) throw new AppError('invalid', 'IMAP: a name or password must be on one line');
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
};

/** What the server said to a command: lines, literals in lines of their own, and its last word. */
type Answer = { readonly isOk: boolean; readonly answer: string; readonly lines: readonly Buffer[] };

const openSession = async (options: ImapOptions) => {
  const socket = await openSocket(options);
  const read = createReader(socket);
  let commands = 0;
  const ask = async (command: string): Promise<Answer> => {
    commands += 1;
    const tag = `q${String(commands)}`;
    socket.write(`${tag} ${command}\r\n`);
    const lines: Buffer[] = [];
    for (;;) {
      const line = await read.line();
      const text = line.toString('latin1');
      if (text.startsWith(`${tag} `)) {
        const answer = text.slice(tag.length + 1);
        return { isOk: answer.startsWith('OK'), answer, lines };
      }
      lines.push(line);
      const size = LITERAL.exec(text)?.[1];
      if (size !== undefined) lines.push(await read.bytes(Number(size)));
    }
  };
  const close = async (): Promise<void> => {
    if (socket.closed) return;
    const closed = once(socket, 'close');
    socket.destroy();
    await closed;
  };
  try {
    await read.line(); // the greeting
  } catch (thrown) {
    await close();
    throw thrown;
  }
  return { ask, close };
};

const openSocket = async ({
  host,
  port,
  secure,
  ca,
  timeoutMs = TIMEOUT_MS,
}: ImapOptions): Promise<Socket> => {
  const name = isIP(host) === 0 ? { servername: host } : {};
  const socket = secure
    ? connectTls({ host, port, ...name, ...(ca === undefined ? {} : { ca }) })
    : connectPlain({ host, port });
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no answer in time')));
  try {
    await once(socket, secure ? 'secureConnect' : 'connect');
  } catch (thrown) {
    throw unavailable(
      `${host}:${String(port)}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      thrown,
    );
  }
  return socket;
};

const unavailable = (reason: string, cause?: unknown): AppError =>
  new AppError('unavailable', `The IMAP server does not answer: ${redact(reason)}`, {
    hint: 'Check the URL; let NODE_EXTRA_CA_CERTS name the file of a private authority.',
    cause,
  });

/** Cuts what comes in into lines, without their CRLF, and into blocks of a known size. */
const createReader = (source: AsyncIterable<Buffer>) => {
  const chunks = source[Symbol.asyncIterator]();
  let rest = Buffer.alloc(0);
  const more = async (): Promise<void> => {
    const next = await chunks.next().catch((thrown: unknown) => {
      throw unavailable(thrown instanceof Error ? thrown.message : String(thrown), thrown);
    });
    if (next.done === true) throw unavailable('it closed the connection');
    rest = Buffer.concat([rest, next.value]);
  };
  const bytes = async (size: number): Promise<Buffer> => {
    while (rest.length < size) await more();
    const block = rest.subarray(0, size);
    rest = rest.subarray(size);
    return block;
  };
  return {
    bytes,
    line: async (): Promise<Buffer> => {
      while (!rest.includes('\r\n')) await more();
      const line = await bytes(rest.indexOf('\r\n'));
      await bytes(2);
      return line;
    },
  };
};
