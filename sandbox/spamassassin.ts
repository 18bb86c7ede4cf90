import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What a spam filter makes of a mail: 5 and more is spam to most; `tests` are the names of the rules that matched. */
export type SpamVerdict = { readonly score: number; readonly tests: readonly string[] };

/**
 * Asks Debian's `spamassassin`, with the rules it comes with, about each message. It asks nobody (`-L`), remembers
 * nothing and knows nothing of earlier mails.
 */
export const judgeSpam = async (messages: readonly Buffer[]): Promise<readonly SpamVerdict[]> => {
  const home = await mkdtemp(join(tmpdir(), 'quotagram-spamassassin-'));
  try {
    const numbered = messages.map((message, number) => ({ message, number }));
    const batches = Map.groupBy(numbered, ({ number }) => number % PROCESSES).values();
    const said = await Promise.all([...batches].map((batch) => judgeBatch(home, batch)));
    const verdicts = new Map(
      [...said.join('\n').matchAll(STATUS)].map(([, score, tests = '', number]) => [
        Number(number),
        {
          score: Number(score),
          tests: tests.split(/[\s,]+/).filter((test) => test !== '' && test !== 'none'),
        },
      ]),
    );
    return messages.map((_message, number) => {
      const verdict = verdicts.get(number);
      if (verdict === undefined) throw new Error(`${PROGRAM} says nothing of mail ${String(number)}`);
      return verdict;
    });
  } finally {
    await rm(home, { recursive: true });
  }
};

type Numbered = { readonly message: Buffer; readonly number: number };

/** Two at once are quicker; a third would spend more time on its start than it saves. */
const PROCESSES = Math.min(2, availableParallelism());

const judgeBatch = async (parent: string, batch: readonly Numbered[]): Promise<string> => {
  const home = await mkdtemp(join(parent, 'home-'));
  const [preferences, mailbox] = [join(home, 'preferences'), join(home, 'mailbox')];
  await writeFile(preferences, 'use_bayes 0\nreport_safe 0\n');
  await writeFile(mailbox, Buffer.concat(batch.flatMap(toMailbox)));
  const { stdout } = await promisify(execFile)(PROGRAM, ['-L', '-t', '-p', preferences, '--mbox', mailbox], {
    env: { ...process.env, HOME: home, LC_ALL: 'C' },
    encoding: 'latin1',
    maxBuffer: Infinity,
  });
  return stdout;
};

const PROGRAM = '/usr/bin/spamassassin';

/** Whether `judgeSpam` can work. */
export const hasSpamassassin = existsSync(PROGRAM);

/** Above the headers of the mail itself. */
const STATUS =
  /^X-Spam-Status: \w+, score=(-?[\d.]+) required=\S+\s+tests=([^]*?)\s+autolearn=[^]*?^X-Sandbox-Mail: (\d+)$/gm;

/** One mailbox for many mails: starting costs more than a mail does. They come out of it in another order. */
const toMailbox = ({ message, number }: Numbered): readonly Buffer[] => [
  Buffer.from(`From sandbox Tue Nov 24 08:05:00 2026\nX-Sandbox-Mail: ${String(number)}\n`),
  Buffer.from(
    message
      .toString('latin1')
      .replace(/\r\n/g, '\n')
      .replace(/^From /gm, '>From '),
    'latin1',
  ),
  Buffer.from('\n'),
];
