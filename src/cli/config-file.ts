import { existsSync } from 'node:fs';
import { loadConfig } from '../config.ts';
import type { Config, Secrets } from '../config.ts';
import { AppError, toAppError } from '../errors.ts';
import type { Terminal } from './terminal.ts';
import { readTextFile } from './text-file.ts';

/** The file that is read when none is named. */
const DEFAULT_FILE = 'quotagram.yaml';

export type LoadedConfig = {
  readonly config: Config;
  readonly secrets: Secrets;
  /** The file it was read from; null: the defaults. */
  readonly path: string | null;
};

/**
 * Loads the configuration: `--config`, else QUOTAGRAM_CONFIG, else ./quotagram.yaml where there is one, else the
 * defaults.
 * @throws AppError `invalid` with every fault, or for a named file that cannot be read
 */
export const loadConfigFile = (terminal: Terminal, named: string | undefined): LoadedConfig => {
  const path = named ?? terminal.env['QUOTAGRAM_CONFIG'] ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : null);
  if (path === null) return { ...load(terminal, null), path };
  const text = readNamed(path);
  try {
    return { ...load(terminal, text), path };
  } catch (thrown) {
    const { code, message, hint } = toAppError(thrown);
    throw new AppError(code, message, { hint: `The file is ${path}. ${hint ?? ''}`.trim(), cause: thrown });
  }
};

const load = (terminal: Terminal, text: string | null) => loadConfig(text, terminal.env, readTextFile);

/** The same for a command that sends mail. @throws AppError `invalid` naming what is missing */
export const loadSendingConfig = (terminal: Terminal, named: string | undefined): LoadedConfig => {
  const loaded = loadConfigFile(terminal, named);
  const { mail, smtp } = loaded.config;
  const missing = [
    ...(mail.from === null ? ['mail.from (the address mails come from)'] : []),
    ...(smtp.host === null ? ['smtp.host (the mail server)'] : []),
  ];
  if (missing.length === 0) return loaded;
  throw new AppError('invalid', `to send mail, the configuration needs ${missing.join(' and ')}`, {
    hint:
      loaded.path === null
        ? `No configuration was found: copy quotagram.example.yaml to ${DEFAULT_FILE}, or name yours with --config.`
        : `Set them in ${loaded.path}; quotagram.example.yaml explains every key.`,
  });
};

const readNamed = (path: string): string => {
  try {
    return readTextFile(path);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new AppError('invalid', `the configuration ${path} cannot be read: ${reason}`, {
      hint: 'Name another with --config, or copy quotagram.example.yaml there.',
      cause: thrown,
    });
  }
};
