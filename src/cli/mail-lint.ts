import { lintMails } from '../app.ts';
import { formatCount } from '../usage/format.ts';
import { loadConfigFile } from './config-file.ts';
import type { GlobalOptions } from './options.ts';
import type { Terminal } from './terminal.ts';

export type MailLintOptions = GlobalOptions & {
  /** A folder instead of that of the configuration. */
  readonly templates?: string;
};

/** Checks templates and branding, and prints what is wrong, one line each. Returns the exit code: 1 when anything is. */
export const lintTemplates = async (terminal: Terminal, options: MailLintOptions): Promise<number> => {
  const { config } = loadConfigFile(terminal, options.config);
  const dir = options.templates ?? config.templates.dir;
  const findings = await lintMails({ ...config, templates: { dir } });
  terminal.out.write(findings.map((finding) => `${finding}\n`).join(''));
  const subject = dir === null ? 'the built-in templates' : `the templates of ${dir}`;
  terminal.err.write(
    findings.length === 0
      ? `${subject} are sound\n`
      : `${formatCount(findings.length, 'finding')} in ${subject}\n`,
  );
  return findings.length === 0 ? 0 : 1;
};
