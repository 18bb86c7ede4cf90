import { readFile, stat } from 'node:fs/promises';
import { AppError } from '../../errors.ts';
import { findWriteFault } from './data-folder.ts';

/** The log of a data folder's server, and where in it the part begins that matters. */
export type LogPart = { readonly dataDir: string; readonly file: string; readonly start: number };

/** The part of a log that is still to be written. */
export const openLogPart = async (dataDir: string, file: string): Promise<LogPart> => ({
  dataDir,
  file,
  start: await stat(file).then(
    ({ size }) => size,
    () => 0,
  ),
});

/** Why the server did not start: a fault of the data folder, or else its own last words. */
export const explainFailedStart = async (part: LogPart): Promise<AppError> => {
  const { dataDir, file } = part;
  const lastLine = (await readLines(part)).at(-1) ?? 'it said nothing';
  return (
    (await findWriteFault(dataDir)) ??
    new AppError('unavailable', `redis-server did not start: ${lastLine}`, {
      hint: `Look at ${file}, or set REDIS_URL.`,
    })
  );
};

/** Why a server that worked is gone. */
export const explainEnd = async (part: LogPart): Promise<AppError> => {
  const { dataDir, file } = part;
  const fault = await findWriteFault(dataDir);
  if (fault !== null)
    return new AppError('unavailable', `The Redis of the data folder has ended. ${fault.message}`, {
      ...(fault.hint !== null && { hint: fault.hint }),
    });
  const lines = await readLines(part);
  const reason = lines.some((line) => line.includes(SHUTDOWN))
    ? 'the process that started it has ended'
    : (lines.map((line) => LAST_WORDS.exec(line)?.[1]).find((words) => words !== undefined) ??
      'it was killed, or crashed without a word');
  return new AppError('unavailable', `The Redis of the data folder ${dataDir} has ended: ${reason}`, {
    hint: `Start again. ${file} may tell more.`,
  });
};

const SHUTDOWN = 'User requested shutdown';
/** `14488:M 25 Nov 2026 02:49:22.710 # words` */
const LAST_WORDS = / # (.*(?:exiting|out of memory|crashed by signal).*)$/i;

const readLines = async ({ file, start }: LogPart): Promise<readonly string[]> => {
  const said = await readFile(file).catch(() => Buffer.alloc(0));
  return said
    .subarray(start)
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
};
