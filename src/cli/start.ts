import { once } from 'node:events';
import { createApp } from '../app.ts';
import type { AppPurpose } from '../app.ts';
import { AppError } from '../errors.ts';
import { loadConfigFile, loadSendingConfig } from './config-file.ts';
import { ROLES, surroundingsOf } from './options.ts';
import type { GlobalOptions, Role } from './options.ts';
import type { Terminal } from './terminal.ts';

/** Options of `quotagram start`. */
export type StartOptions = GlobalOptions & {
  /** Where the metrics are served: `[host:]port`. */
  readonly metrics?: string;
};

/** Works until it is told to stop: all roles, or one of them on a Redis that others share. Returns the exit code. */
export const startRoles = async (
  terminal: Terminal,
  role: Role | undefined,
  options: StartOptions,
): Promise<number> => {
  const roles: AppPurpose['roles'] = role === undefined ? ROLES : [role];
  const loaded = (role === 'sizer' ? loadConfigFile : loadSendingConfig)(terminal, options.config);
  const surroundings = surroundingsOf(terminal, options, () => {});
  await using app = await createApp(loaded, surroundings, {
    roles,
    connectOnly: role !== undefined,
    log: terminal.err,
    metrics: options.metrics ?? null,
  });
  if (app.metricsUrl !== null) terminal.err.write(`metrics at ${app.metricsUrl}\n`);
  if (roles.includes('mailer')) await app.verifyTransport();
  if (roles.includes('collector')) await app.schedule();
  const signal = terminal.heedInterrupts();
  await app.work(roles);
  terminal.err.write(`working as ${roles.join(', ')}; Ctrl-C stops\n`);
  if (!signal.aborted) {
    const end = await Promise.race([once(signal, 'abort'), app.redisGone]);
    // Without it this process would wait for ever. Started again, it can have a Redis of its own.
    if (end instanceof AppError) throw end;
  }
  terminal.err.write('stopping: finishing what is under way\n');
  return 0;
};
