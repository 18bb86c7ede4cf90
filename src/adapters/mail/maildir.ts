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
      for (const file of await listFiles(subfolder, folder))
        yield readNotice(await readStart(join(subfolder, file)));
    }
  },
});

const listFiles = async (subfolder: string, folder: string): Promise<readonly string[]> => {
  try {
    return (await readdir(subfolder)).filter((file) => !file.startsWith('.'));
  } catch (thrown) {
    throw new AppError('invalid', `${folder} is no Maildir that can be read`, {
      hint: 'Name the folder that holds cur, new and tmp.',
      cause: thrown,
    });
  }
};

const readStart = async (path: string): Promise<Buffer> => {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_NOTICE_BYTES), 0, MAX_NOTICE_BYTES);
  return buffer.subarray(0, bytesRead);
};
