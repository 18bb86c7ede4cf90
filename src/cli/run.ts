import { setTimeout as sleep } from 'node:timers/promises';
import { createApp } from '../app.ts';
import type { App } from '../app.ts';
import { AppError, toAppError } from '../errors.ts';
import { formatMoment } from '../usage/format.ts';
import { loadSendingConfig } from './config-file.ts';
import { writeDryRun } from './dry-run.ts';
import { ROLES, surroundingsOf } from './options.ts';
import type { GlobalOptions } from './options.ts';
import { showProgress } from './progress.ts';
import type { Progress } from './progress.ts';
import { summaryText } from './run-table.ts';
import { EXIT_INTERRUPTED, EXIT_PARTIAL } from './terminal.ts';
import type { Terminal } from './terminal.ts';

export type RunOptions = GlobalOptions & {
  readonly slot?: string;
  readonly dryRun?: boolean;
  readonly out?: string;
};

/** Runs a slot from reading to the last mail, hosting every role itself, and sums it up. Returns the exit code. */
export const runOnce = async (terminal: Terminal, options: RunOptions): Promise<number> => {
  if (options.dryRun === true) return writeDryRun(terminal, options);
  if (options.out !== undefined) {
    throw new AppError('invalid', '--out is for a dry run, and without --dry-run this is a real one', {
      hint: 'Add --dry-run, or leave --out out.',
    });
  }
  const progress = showProgress(terminal.err);
  const exitCode = await runSlot(terminal, options, progress);
  // The summary goes out after its run has ended: only now is known how that went.
  return exitCode === 0 && progress.hasFailed() ? EXIT_PARTIAL : exitCode;
};

const runSlot = async (terminal: Terminal, options: RunOptions, progress: Progress): Promise<number> => {
  const loaded = loadSendingConfig(terminal, options.config);
  await using app = await createApp(loaded, surroundingsOf(terminal, options, progress), {
    roles: ROLES,
    connectOnly: false,
    log: null,
  });
  // Before the slot is claimed: a mail server that is down must not cost a run.
  await app.verifyTransport();
  const signal = terminal.heedInterrupts();
  const run = await app.startRun(options.slot ?? null);
  if (hasEnded(run)) {
    const moment = formatMoment(run.endedAt);
    terminal.err.write(`run ${run.id} ended before, on ${moment}: nothing is sent again\n`);
  } else {
    await app.work(ROLES);
    const isThrough = await waitForEndOrRedis(app, run.id, signal);
    progress.end();
    if (!isThrough) return sayInterrupted(terminal, run.id);
  }
  return sumUp(terminal, await app.summariseRun(run.id));
};

type Run = Awaited<ReturnType<App['loadRun']>>;

const hasEnded = ({ state }: Run): boolean => state === 'finished' || state === 'stopped';

const sayInterrupted = (terminal: Terminal, runId: string): number => {
  terminal.err.write(
    `Interrupted: finishing what is under way; Ctrl-C again ends at once.\n${howToGoOn(runId)}\n`,
  );
  return EXIT_INTERRUPTED;
};

const howToGoOn = (runId: string): string =>
  `Nothing is lost; the run goes on with the same command and --slot ${runId}`;

/** How often a run that others may work on is looked at. */
const POLL_MS = 200;
/** A Redis that restarts is waited for so long. */
const PATIENCE_MS = 60_000;

/** The same, but an embedded Redis that is gone is not waited for: it does not come back by itself. */
const waitForEndOrRedis = async (app: App, runId: string, signal: AbortSignal): Promise<boolean> => {
  const gone = new AbortController();
  return Promise.race([
    waitForEnd(app, runId, AbortSignal.any([signal, gone.signal])),
    app.redisGone.then((reason) => {
      gone.abort();
      throw sayHowToGoOn(reason, runId);
    }),
  ]);
};

/** Waits until the run has ended; false when we were interrupted before. @throws AppError with how to go on */
const waitForEnd = async (app: App, runId: string, signal: AbortSignal): Promise<boolean> => {
  let answeredAt = Date.now();
  while (!signal.aborted) {
    try {
      if (hasEnded(await app.loadRun(runId))) return true;
      answeredAt = Date.now();
    } catch (thrown) {
      const error = toAppError(thrown);
      if (error.code !== 'unavailable' || Date.now() - answeredAt > PATIENCE_MS) {
        throw sayHowToGoOn(error, runId);
      }
    }
    await sleep(POLL_MS);
  }
  return false;
};

const sayHowToGoOn = (cause: AppError, runId: string): AppError => {
  const hints = [cause.hint, howToGoOn(runId)].filter((line) => line !== null);
  return new AppError(cause.code, cause.message, { hint: hints.join('\n'), cause });
};

const sumUp = (terminal: Terminal, summary: Awaited<ReturnType<App['summariseRun']>>): number => {
  const { run, rows } = summary;
  if (run.state === 'stopped') {
    const reason = run.stopReason ?? 'no reason given';
    throw new AppError('unavailable', `run ${run.id} stopped before any mail: ${reason}`, {
      hint: 'When that is mended, start a run by hand: the same command without --slot.',
    });
  }
  terminal.out.write(summaryText(terminal.out, summary));
  return rows.some(({ problem }) => problem !== null) ? EXIT_PARTIAL : 0;
};
