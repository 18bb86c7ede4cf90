import { readFile } from 'node:fs/promises';
import { LISTED_RESOURCES } from './read-lists.ts';
import type { Lists } from './read-lists.ts';

/** The recorded cluster as the API listed it. */
export const readRecordedLists = async (): Promise<Lists> =>
  Object.fromEntries(
    await Promise.all(
      LISTED_RESOURCES.map(async (resource) => {
        const file = new URL(`../../sandbox/recorded/${resource}.json`, import.meta.url);
        return [resource, JSON.parse(await readFile(file, 'utf8'))];
      }),
    ),
  );
