import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApp, createReporter } from '../app.ts';
import type { App } from '../app.ts';
import { AppError } from '../errors.ts';
import { formatCount } from '../usage/format.ts';
import { loadConfigFile, loadSendingConfig } from './config-file.ts';
import { ROLES, surroundingsOf } from './options.ts';
import type { GlobalOptions } from './options.ts';
import { showProgress } from './progress.ts';
import { namespaceTable } from './report-tables.ts';
import { summaryText } from './run-table.ts';
import { EXIT_INTERRUPTED, EXIT_PARTIAL } from './terminal.ts';
import type { Terminal } from './terminal.ts';

export type RunOptions = GlobalOptions & {
  readonly slot?: string;
  readonly dryRun?: boolean;
  readonly out?: string;
};

/** How often a run that others may work on is looked at. */
const POLL_MS = 200;

/** Runs a slot from reading to the last mail, hosting every role itself, and sums it up. Returns the exit code. */
export const runOnce = (terminal: Terminal, options: RunOptions): Promise<number> =>
  options.dryRun === true ? writeDryRun(terminal, options) : runSlot(terminal, options);

const runSlot = async (terminal: Terminal, options: RunOptions): Promise<number> => {
  const loaded = loadSendingConfig(terminal, options.config);
  const progress = showProgress(terminal.err);
  await using app = await createApp(loaded, surroundingsOf(terminal, options, progress), {
    roles: ROLES,
    connectOnly: false,
    log: null,
  });
  // Before the slot is claimed: a mail server that is down must not cost a run.
  await app.verifyTransport();
  await app.work(ROLES);
  const { id } = await app.startRun(options.slot ?? null);
  const isInterrupted = await waitForEnd(app, id, terminal.signal);
  progress.end();
  if (isInterrupted) {
    terminal.err.write(`Interrupted; nothing is lost. To go on: quotagram run --slot ${id}\n`);
    return EXIT_INTERRUPTED;
  }
  const summary = await app.summariseRun(id);
  terminal.out.write(summaryText(terminal.out, summary));
  const { run, rows } = summary;
  if (run.state === 'stopped') {
    throw new AppError(
      'unavailable',
      `run ${id} stopped before any mail: ${run.stopReason ?? 'no reason given'}`,
    );
  }
  return rows.some(({ problem }) => problem !== null) ? EXIT_PARTIAL : 0;
};

/** Waits until the run has ended; true when we were interrupted before. */
const waitForEnd = async (app: App, runId: string, signal: AbortSignal): Promise<boolean> => {
  while (!signal.aborted) {
    const { state } = await app.loadRun(runId);
    if (state === 'finished' || state === 'stopped') return false;
    await sleep(POLL_MS);
  }
  return true;
};

const writeDryRun = async (terminal: Terminal, options: RunOptions): Promise<number> => {
  if (options.slot !== undefined) {
    throw new AppError('invalid', '--slot and --dry-run do not go together: a dry run claims no slot');
  }
  const directory = options.out ?? join('out', 'dry-run');
  const { config } = loadConfigFile(terminal, options.config);
  const progress = showProgress(terminal.err);
  await using reporter = await createReporter(config, surroundingsOf(terminal, options, progress));
  const { report, mails } = await reporter.previewRun();
  progress.end();
  mkdirSync(directory, { recursive: true });
  for (const [index, { delivery, rendered, message }] of mails.entries()) {
    const recipient = delivery.recipient.address.replaceAll(/[^A-Za-z0-9@.-]/g, '_');
    const name = `${String(index + 1).padStart(3, '0')}-${delivery.namespaces[0] ?? 'none'}-${recipient}`;
    writeFileSync(join(directory, `${name}.eml`), message.bytes);
    writeFileSync(join(directory, `${name}.html`), rendered.html);
    writeFileSync(join(directory, `${name}.txt`), rendered.text);
  }
  terminal.out.write(namespaceTable(terminal.out, report));
  terminal.err.write(
    `Dry run: nothing was claimed or sent. ${formatCount(mails.length, 'mail')} written to ${directory}\n`,
  );
  return 0;
};
