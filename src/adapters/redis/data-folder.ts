import { constants } from 'node:fs';
import { access, mkdir, open, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { AppError } from '../../errors.ts';

/** Lies in every data folder from the first moment on, so it says whose the folder is. Whoever locks it owns the server. */
export const LOCK = 'redis.lock';

/**
 * Makes the data folder, or takes one that is empty or already ours; returns its real path. One that we make is private;
 * the mode of any other is left alone, and what we put into it is private all the same.
 * @throws AppError `invalid` (it cannot be used, or is somebody else's), `unavailable` (its disk is full)
 */
export const openDataFolder = async (path: string): Promise<string> => {
  const folder = resolve(path);
  try {
    const isNew = await makePrivateFolder(folder);
    const isOurs = isNew || isUnclaimed(await readdir(folder));
    if (!isOurs) throw somebodyElses(folder);
    await access(folder, constants.W_OK | constants.X_OK);
    await (await open(join(folder, LOCK), 'a', 0o600)).close();
    return await realpath(folder);
  } catch (thrown) {
    throw explainUse(folder, thrown);
  }
};

/**
 * Makes a folder and those above it, each with mode 0700; false when it was there before. Node's own recursive mkdir calls
 * a read-only file system ENOENT, and below /proc it never ends.
 */
export const makePrivateFolder = async (folder: string, isRetry = false): Promise<boolean> => {
  try {
    await mkdir(folder, { mode: 0o700 });
    return true;
  } catch (thrown) {
    const code = codeOf(thrown);
    if (code === 'EEXIST') return false;
    if (code !== 'ENOENT' || isRetry || dirname(folder) === folder) throw thrown;
    await makePrivateFolder(dirname(folder));
    return makePrivateFolder(folder, true);
  }
};

/**
 * Tries to write as much as the smallest run does, and takes it away again. Resolves with what is in the way; null: nothing.
 */
export const findWriteFault = async (folder: string): Promise<AppError | null> => {
  const file = join(folder, `write-test-${String(process.pid)}`);
  try {
    await writeFile(file, Buffer.alloc(WRITE_TEST_BYTES), { mode: 0o600 });
    return null;
  } catch (thrown) {
    return explainUse(folder, thrown);
  } finally {
    await rm(file, { force: true }).catch(() => {});
  }
};

const WRITE_TEST_BYTES = 256 * 1024;

/** Ours, or as good as empty. */
const isUnclaimed = (names: readonly string[]): boolean =>
  names.includes(LOCK) || names.every((name) => MEANS_NOTHING.has(name));

/** What a file system puts into its root, and the log of an earlier version that found no server to start. */
const MEANS_NOTHING: ReadonlySet<string> = new Set(['lost+found', 'redis.log']);

const somebodyElses = (folder: string): AppError =>
  new AppError('invalid', `The data folder ${folder} is not empty, and nothing in it is Quotagram's`, {
    hint: 'Set dataDir to a folder that is empty or does not exist yet, or set REDIS_URL.',
  });

const explainUse = (folder: string, thrown: unknown): AppError => {
  if (thrown instanceof AppError) return thrown;
  const code = codeOf(thrown);
  const words = REASONS.get(code) ?? (thrown instanceof Error ? thrown.message : String(thrown));
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  return new AppError(
    isFull ? 'unavailable' : 'invalid',
    `The data folder ${folder} cannot be used: ${words}`,
    {
      hint: isFull
        ? 'Free some space there and start again, or set dataDir to a folder on another disk.'
        : 'Set dataDir to a folder of your own, or set REDIS_URL.',
      cause: thrown,
    },
  );
};

const REASONS: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'permission is denied'],
  ['EPERM', 'permission is denied'],
  ['EROFS', 'its file system is read-only'],
  ['ENOSPC', 'its disk is full'],
  ['EDQUOT', 'the disk quota is used up'],
  ['ENOTDIR', 'a part of its path is a file'],
  ['ENOENT', 'no folder can be made there'],
  ['ELOOP', 'its links lead in a circle'],
  ['ENAMETOOLONG', 'its path is too long'],
]);

const codeOf = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
