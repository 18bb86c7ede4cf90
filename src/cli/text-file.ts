import { readFileSync, statSync } from 'node:fs';

/**
 * Reads a regular file. Anything else might keep us waiting for ever, as a named pipe does that nobody writes to.
 * @throws Error whose message is the reason, such as `no such file or directory`
 */
export const readTextFile = (path: string): string => {
  try {
    const found = statSync(path);
    if (found.isFile()) return readFileSync(path, 'utf8');
    throw new Error(found.isDirectory() ? 'it is a folder' : 'it is a pipe or a device, not a regular file');
  } catch (thrown) {
    throw new Error(reasonOf(thrown), { cause: thrown });
  }
};

/** `ENOENT: no such file or directory, stat 'x'` without code and path. */
const reasonOf = (thrown: unknown): string => {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return /^[A-Z]+: (.+), /.exec(message)?.[1] ?? message;
};
