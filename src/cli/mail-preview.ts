import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReporter } from '../app.ts';
import { formatCount } from '../usage/format.ts';
import { loadConfigFile } from './config-file.ts';
import { surroundingsOf } from './options.ts';
import type { GlobalOptions } from './options.ts';
import { servePreview } from './preview-server.ts';
import { showProgress } from './progress.ts';
import { reportWarning } from './terminal.ts';
import type { Terminal } from './terminal.ts';

export type MailPreviewOptions = GlobalOptions & {
  readonly namespace: readonly string[];
  /** Opens the browser. */
  readonly open?: boolean;
};

/**
 * Reads the cluster, composes the weekly mails of the namespaces and serves them on loopback, for the eye, until Ctrl-C.
 * Its address is all that goes to stdout. Returns the exit code.
 */
export const previewMails = async (terminal: Terminal, options: MailPreviewOptions): Promise<number> => {
  const { config } = loadConfigFile(terminal, options.config);
  const progress = showProgress(terminal.err);
  await using reporter = await createReporter(config, surroundingsOf(terminal, options, progress));
  const mails = await reporter.previewNamespaces([...new Set(options.namespace)]);
  progress.end();
  const signal = terminal.heedInterrupts();
  await using preview = await servePreview(mails);
  terminal.out.write(`${preview.url}\n`);
  terminal.err.write(`${formatCount(mails.length, 'mail')} to look at, nothing is sent; Ctrl-C stops\n`);
  if (options.open === true) openBrowser(terminal, preview.url);
  if (!signal.aborted) await once(signal, 'abort');
  return 0;
};

/** Asks the desktop to show an address; where it cannot, a line says so. */
const openBrowser = (terminal: Terminal, url: string): void => {
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  const complain = (reason: string): void =>
    reportWarning(terminal.err, `${command} did not open the browser (${reason}); open the address above`);
  const opener = spawn(command, [...args, url], { stdio: 'ignore', detached: true });
  opener.once('error', (fault: NodeJS.ErrnoException) => complain(fault.code ?? fault.message));
  opener.once('exit', (code) => {
    if (code !== 0 && code !== null) complain(`exit code ${String(code)}`);
  });
  opener.unref();
};

const OPENERS: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['explorer.exe'],
};
