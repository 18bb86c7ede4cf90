import { createApp } from '../app.ts';
import type { BounceSource } from '../app.ts';
import { loadImapPassword } from '../config.ts';
import { AppError } from '../errors.ts';
import { formatCount } from '../usage/format.ts';
import { loadConfigFile } from './config-file.ts';
import { surroundingsOf } from './options.ts';
import type { GlobalOptions } from './options.ts';
import { layOut } from './table.ts';
import type { Column } from './table.ts';
import type { Terminal } from './terminal.ts';
import { readTextFile } from './text-file.ts';

export type BouncesOptions = GlobalOptions & {
  readonly maildir?: string;
  readonly imap?: string;
};

/** Reads notices of failure, marks whose mail came back, and lists who is new among them. Returns the exit code. */
export const readBounces = async (terminal: Terminal, options: BouncesOptions): Promise<number> => {
  const source = sourceOf(terminal, options);
  const loaded = loadConfigFile(terminal, options.config);
  await using app = await createApp(
    loaded,
    surroundingsOf(terminal, options, () => {}),
    {
      roles: [],
      connectOnly: false,
      log: null,
    },
  );
  const { recorded, known, delayed, foreign, other } = await app.recordBounces(source);
  const rows = recorded.map(({ address, namespaces, status, detail }) => [
    address,
    namespaces.join(', '),
    status ?? '',
    detail ?? '',
  ]);
  if (rows.length > 0) terminal.out.write(layOut(COLUMNS, rows));
  const counts = [
    `${formatCount(recorded.length, 'mail')} came back`,
    ...(known > 0 ? [`${String(known)} known already`] : []),
    ...(delayed > 0 ? [`${String(delayed)} only late`] : []),
    ...(foreign > 0 ? [`${String(foreign)} not of ours`] : []),
    ...(other > 0 ? [`${formatCount(other, 'message')} of another kind`] : []),
  ];
  terminal.err.write(`${counts.join(', ')}\n`);
  return 0;
};

const COLUMNS: readonly Column[] = [
  { heading: 'RECIPIENT', align: 'left' },
  { heading: 'NAMESPACES', align: 'left' },
  { heading: 'STATUS', align: 'left' },
  { heading: 'THE SERVER SAID', align: 'left' },
];

const sourceOf = (terminal: Terminal, { maildir, imap }: BouncesOptions): BounceSource => {
  if (maildir !== undefined && imap === undefined) return { type: 'maildir', folder: maildir };
  if (imap === undefined || maildir !== undefined) {
    throw new AppError('invalid', 'name where the notices are: --maildir or --imap, one of them');
  }
  return { type: 'imap', ...parseImapUrl(imap), password: passwordFrom(terminal) };
};

/** `imaps://user@host[:port][/folder]`; without TLS only on this machine, where no password crosses a network. */
const parseImapUrl = (text: string) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  const secure = url?.protocol === 'imaps:';
  if (url === null || (!secure && url.protocol !== 'imap:') || url.hostname === '' || url.username === '') {
    throw new AppError('invalid', '--imap: must be like imaps://user@imap.example.com/INBOX');
  }
  if (url.password !== '') {
    throw new AppError('invalid', '--imap: a password in the URL can be seen by others on this machine', {
      hint: 'Set IMAP_PASSWORD or IMAP_PASSWORD_FILE instead.',
    });
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (!secure && !['localhost', '127.0.0.1', '::1'].includes(host)) {
    throw new AppError('invalid', '--imap: imap:// sends the password in the clear: use imaps://');
  }
  return {
    host,
    port: url.port === '' ? (secure ? 993 : 143) : Number(url.port),
    secure,
    user: decodeURIComponent(url.username),
    folder: decodeURIComponent(url.pathname.slice(1)) || 'INBOX',
  };
};

const passwordFrom = ({ env }: Terminal): string => {
  const password = loadImapPassword(env, readTextFile);
  if (password !== null) return password;
  throw new AppError('invalid', '--imap needs the password of the mailbox', {
    hint: 'Set IMAP_PASSWORD, or IMAP_PASSWORD_FILE to a file that holds it.',
  });
};
