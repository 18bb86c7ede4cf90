import { inspectable } from '../compose.ts';
import type { ComposeOptions } from '../compose.ts';
import { inspectMails } from './inspect-mails.ts';
import { loadTemplates } from './load-templates.ts';

/**
 * Everything that is wrong with the templates and, once they compile, with the mails they make of their samples; empty:
 * nothing.
 * @throws AppError `invalid` for a folder of templates that cannot be read
 */
export const lintMails = async (options: ComposeOptions): Promise<readonly string[]> => {
  const loaded = await loadTemplates(options.templates?.dir ?? null);
  return loaded.templates === null ? loaded.faults : inspectMails(...inspectable(loaded.templates, options));
};
