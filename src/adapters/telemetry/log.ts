import { pino } from 'pino';
import type { DestinationStream } from 'pino';
import type { Observe, RunEvent } from '../../pipeline/events.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';

/**
 * Writes events as JSON objects, one a line: `time`, `level`, `event` (its type), its facts, and a `msg` that is the
 * same for all events of a type. Events below `level` are left out.
 */
export const createLogListener = (destination: DestinationStream, level: Level = 'info'): Observe => {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return ({ type, ...facts }) => {
    const [severity, message] = LINES[type];
    logger[severity]({ event: type, ...facts }, message);
  };
};

/** Error: someone must act. Warn: it heals by itself. Info: the milestones of a run. */
const LINES: Readonly<Record<RunEvent['type'], readonly [Level, string]>> = {
  'list-page-read': ['debug', 'read a page of a list'],
  'list-read': ['debug', 'read a list'],
  'list-restarted': ['warn', 'the list expired while it was read and was begun again'],
  'kind-unreadable': ['error', 'a kind of workload cannot be read, so what is not in use is unknown'],
  'api-retry': ['warn', 'the API did not answer well; trying again'],
  'blobs-asked': ['debug', 'asked the registry for a blob'],
  'run-claimed': ['info', 'claimed a run'],
  'run-resumed': ['info', 'resumed a run'],
  'run-collected': ['info', 'read the cluster'],
  'namespace-weighed': ['debug', 'weighed a namespace'],
  'namespace-given-up': ['error', 'gave up on a namespace'],
  'run-sealed': ['info', 'sealed a run: its numbers and recipients are final'],
  'mail-submitted': ['info', 'the mail server accepted a mail'],
  'mail-delayed': ['warn', 'a mail could not be sent yet; trying again'],
  'mail-failed': ['error', 'a mail cannot be sent'],
  'mail-uncertain': ['error', 'the connection broke within a mail: it may or may not have arrived'],
  'run-finished': ['info', 'finished a run'],
  'run-stopped': ['error', 'stopped a run before any mail'],
  'job-failed': ['warn', 'a job failed'],
};
