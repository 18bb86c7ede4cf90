import { createReporter } from '../app.ts';
import type { Reporter } from '../app.ts';
import { loadRegistryCredentials } from '../config.ts';
import { loadConfigFile } from './config-file.ts';
import { surroundingsOf } from './options.ts';
import type { GlobalOptions } from './options.ts';
import { showProgress } from './progress.ts';
import { EXIT_PARTIAL } from './terminal.ts';
import type { Terminal } from './terminal.ts';
import { readTextFile } from './text-file.ts';
import { verificationText } from './verify-table.ts';

export type VerifyOptions = GlobalOptions & {
  readonly namespace: readonly string[];
  readonly registry?: string;
  readonly output: 'table' | 'json';
};

/** Checks the namespaces' reports and says how each figure fared. Returns the exit code: 3 when something does not agree. */
export const verifyNow = async (terminal: Terminal, options: VerifyOptions): Promise<number> => {
  const { config } = loadConfigFile(terminal, options.config);
  const registry = options.registry === undefined ? null : accessOf(terminal, options.registry);
  const progress = showProgress(terminal.err);
  await using reporter = await createReporter(config, surroundingsOf(terminal, options, progress));
  const verifications = await reporter.verify([...new Set(options.namespace)], registry);
  progress.end();
  const texts = verifications.map((verification) =>
    options.output === 'json'
      ? `${JSON.stringify({ schemaVersion: 1, ...verification }, null, 2)}\n`
      : verificationText(terminal.out, verification),
  );
  terminal.out.write(texts.join(options.output === 'json' ? '' : '\n'));
  return verifications.every(({ agrees }) => agrees) ? 0 : EXIT_PARTIAL;
};

const accessOf = ({ env }: Terminal, address: string): NonNullable<Parameters<Reporter['verify']>[1]> => ({
  address,
  credentials: loadRegistryCredentials(env, readTextFile),
});
