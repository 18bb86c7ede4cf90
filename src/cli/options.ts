import type { AppPurpose, Surroundings } from '../app.ts';
import type { Observe } from '../pipeline/events.ts';
import { reportWarning } from './terminal.ts';
import type { Terminal } from './terminal.ts';

/** The forms a report is printed in. */
export const OUTPUTS = ['table', 'json', 'csv', 'html', 'text'] as const;
export type Output = (typeof OUTPUTS)[number];

/** What a process can be for. */
export const ROLES = ['collector', 'sizer', 'mailer'] as const satisfies AppPurpose['roles'];
export type Role = (typeof ROLES)[number];

/** Options that every command takes. */
export type GlobalOptions = {
  readonly config?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
};

/** What a command hands to the application: where the cluster is, the clock, and who watches. */
export const surroundingsOf = (
  terminal: Terminal,
  options: GlobalOptions,
  observe: Observe,
): Surroundings => ({
  kubeconfig: options.kubeconfig ?? (terminal.env['KUBECONFIG'] || null),
  context: options.context ?? null,
  now: () => new Date(),
  observe,
  warn: (warning) => reportWarning(terminal.err, warning),
});
