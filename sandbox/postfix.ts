import { chown, mkdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePort } from './free-port.ts';
import { makeServerFolder, startTethered } from './tethered.ts';
import type { Tethered } from './tethered.ts';

/** A running mail server. */
export type Postfix = Tethered & { readonly port: number };

/** Where a mail server's mail goes, and what looks at it on its way in. */
export type PostfixOptions = {
  /** The domains it takes mail for. There is no way out to any other. */
  readonly domains: readonly string[];
  /** Who has their mailboxes, such as `lmtp:unix:/path`. */
  readonly transport: string;
  /** Whoever signs what comes in, such as `unix:/path`; without it no mail is taken. */
  readonly milter: string;
};

/** Starts Debian's `postfix` on a free port of loopback, its queues in a temporary folder. Takes root. */
export const startPostfix = async (options: PostfixOptions): Promise<Postfix> => {
  const { folder, log } = await makeServerFolder('postfix');
  const port = await findFreePort();
  const owner = await stat(OWNED_BY_POSTFIX);
  for (const name of ['etc', 'queue', 'queue/pid']) await mkdir(join(folder, name));
  for (const name of ['data', ...QUEUES.map((queue) => `queue/${queue}`)]) {
    await mkdir(join(folder, name), { mode: 0o700 });
    await chown(join(folder, name), owner.uid, owner.gid);
  }
  const main = join(folder, 'etc/main.cf');
  await writeFile(main, mainOf(options, folder, log));
  // Postfix waits two seconds for whoever may still be writing a new one.
  await utimes(main, 0, 0);
  await writeFile(join(folder, 'etc/master.cf'), masterOf(port));
  const server = await startTethered(folder, ['env', `MAIL_CONFIG=${folder}/etc`, MASTER, '-s'], port);
  return { ...server, port };
};

/** The stock data folder: its owner is whom Postfix's parts run as. */
const OWNED_BY_POSTFIX = '/var/lib/postfix';

/** What `postfix start` would make; but it would look at the stock instance, too, and takes seconds. */
const QUEUES =
  'active bounce corrupt defer deferred flush hold incoming maildrop private public saved trace'.split(' ');

const MASTER = '/usr/lib/postfix/sbin/master';

const mainOf = ({ domains, transport, milter }: PostfixOptions, folder: string, log: string): string => `
compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
maillog_file = ${log}
maillog_file_prefixes = ${folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.example.test
mydestination =
alias_maps =
local_transport = error:5.1.1 nobody lives here
default_transport = error:5.4.4 nothing leaves the sandbox
relay_transport = error:5.4.4 nothing leaves the sandbox
virtual_mailbox_domains = ${domains.join(' ')}
virtual_transport = ${transport}
recipient_delimiter = +
mynetworks = 127.0.0.1
smtpd_relay_restrictions = permit_mynetworks reject
smtpd_milters = ${milter}
milter_default_action = tempfail
smtpd_peername_lookup = no
disable_dns_lookups = yes
`;

/** Only what receiving and delivering takes. */
const masterOf = (port: number): string => `
127.0.0.1:${port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`;
