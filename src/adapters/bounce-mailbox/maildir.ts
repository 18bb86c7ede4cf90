import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../errors.ts';
import type { BounceMailbox } from '../../pipeline/ports.ts';
import { MAX_NOTICE_BYTES, readNotice } from './delivery-status.ts';

/** A Maildir with notices of failure, new and seen ones. Changes nothing in it. */
export const openMaildir = (folder: string): BounceMailbox => ({
  readNotices: async function* () {
    for (const name of ['cur', 'new']) {
      const subfolder = join(folder, name);
      for (const file of await listFiles(subfolder, folder)) {
        const message = await readStart(join(subfolder, file));
        if (message !== null) yield readNotice(message);
      }
    }
  },
});

const listFiles = async (subfolder: string, folder: string): Promise<readonly string[]> => {
  try {
    const entries = await readdir(subfolder, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name);
  } catch (thrown) {
    throw new AppError('invalid', `${folder} is no Maildir that can be read`, {
      hint: 'Name the folder that holds cur, new and tmp.',
      cause: thrown,
    });
  }
};

/** Null for a message that somebody has moved or deleted since: the next reading finds it wherever it is then. */
const readStart = async (path: string): Promise<Buffer | null> => {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_NOTICE_BYTES), 0, MAX_NOTICE_BYTES);
    return buffer.subarray(0, bytesRead);
  } catch (thrown) {
    if (isGone(thrown)) return null;
    throw new AppError('invalid', `${path} cannot be read`, {
      hint: 'Let the user that runs this read the whole Maildir.',
      cause: thrown,
    });
  }
};

const isGone = (thrown: unknown): boolean =>
  thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
