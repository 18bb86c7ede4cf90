import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { AppError } from '../errors.ts';
import { formatSome } from '../usage/format.ts';

/** The folder that a dry run writes to. What it writes only its owner can read: it is full of addresses. */
export type DryRunFolder = {
  /** Whether others on this machine may look into it, because it was there before with these rights. */
  readonly isOpen: boolean;
  /** Writes one form of a mail, such as `001-….eml`. */
  readonly write: (name: string, content: string | Uint8Array) => void;
  /** Writes what the folder holds into README.txt: the mark by which the next dry run knows it. */
  readonly describe: (text: string) => void;
};

const README = 'README.txt';
const MARK = 'A dry run of Quotagram wrote these files. The next one into this folder replaces them.';
const MAIL_FILE = /^(?:\d{3,}|summary)-.+\.(?:eml|html|txt)$/;

/**
 * Makes the folder, or empties it of what an earlier dry run left, which a reader could take for mails of this one.
 * @throws AppError `invalid` when it holds anything else, or cannot be made
 */
export const openDryRunFolder = (folder: string): DryRunFolder => {
  const write = (name: string, content: string | Uint8Array): void =>
    writeFileSync(join(folder, name), content, { mode: 0o600 });
  const describe = (text: string): void => write(README, `${MARK}\n\n${text}`);
  try {
    makeFolder(resolve(folder));
    const names = readdirSync(folder);
    refuseOthersFiles(folder, names);
    for (const name of names) if (name !== README) rmSync(join(folder, name));
    describe('It has not finished.\n');
    return { isOpen: (statSync(folder).mode & 0o077) !== 0, write, describe };
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new AppError('invalid', `the folder ${folder} cannot be written to: ${reason}`, {
      hint: 'Name another with --out.',
      cause: thrown,
    });
  }
};

/** Step by step: Node's own way of making a whole path never ends below /proc. */
const makeFolder = (path: string): void => {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
};

const refuseOthersFiles = (folder: string, names: readonly string[]): void => {
  if (names.length === 0) return;
  const isOurs = names.includes(README) && readFileSync(join(folder, README), 'utf8').startsWith(MARK);
  const others = isOurs ? names.filter((name) => name !== README && !MAIL_FILE.test(name)) : names;
  if (others.length === 0) return;
  throw new AppError(
    'invalid',
    `the folder ${folder} holds other files: ${formatSome(others.slice(0, 3), others.length)}`,
    {
      hint: 'A dry run writes to a new or empty folder, or replaces what an earlier one wrote. Name another with --out.',
    },
  );
};
