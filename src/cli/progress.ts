import { formatCount } from '../usage/format.ts';
import type { Observe, RunEvent } from '../pipeline/events.ts';
import { paint } from './terminal.ts';
import type { Terminal } from './terminal.ts';

/** Shows a run on stderr while it happens: a line per milestone, and on a terminal one line that counts along. */
export const showProgress = (err: Terminal['err']): Observe & { readonly end: () => void } => {
  const isLive = err.isTTY === true;
  const told = new Set<string>();
  let live = '';
  let toWeigh = 0;
  let weighed = 0;
  let toSend = 0;
  let sent = 0;

  const erase = (): void => {
    if (live !== '') err.write('\r\u001B[K');
    live = '';
  };
  const count = (text: string): void => {
    if (!isLive) return;
    erase();
    live = text;
    err.write(paint(err, 'dim', text));
  };
  const say = (text: string): void => {
    erase();
    err.write(`${text}\n`);
  };
  const warn = (text: string): void => say(`${paint(err, 'yellow', 'warning:')} ${text}`);

  const show = (event: RunEvent): void => {
    switch (event.type) {
      case 'list-page-read':
        return count(`reading ${event.kind}: ${String(event.objects)}`);
      case 'list-read':
        return event.objects === 0
          ? undefined
          : say(
              `read ${String(event.objects)} ${event.kind}${event.pages > 1 ? ` in ${String(event.pages)} pages` : ''}`,
            );
      case 'list-restarted':
        return warn(
          event.exact
            ? `the list of ${event.kind} expired while it was read; reading it again`
            : `the list of ${event.kind} expired twice; going on, though it may not be exact`,
        );
      case 'kind-unreadable':
        return warn(`${event.kind} cannot be read everywhere, so “not used” is unknown (${event.reason})`);
      case 'api-retry':
        // Several lists meet the same fault at once, and again at each try: once is enough.
        if (told.has(event.reason)) return;
        told.add(event.reason);
        return warn(`${event.kind}: ${event.reason}; trying again`);
      case 'run-claimed':
        return say(`run ${event.runId} started`);
      case 'run-resumed':
        return say(`run ${event.runId} goes on where it was (${event.state})`);
      case 'run-collected':
        toWeigh = event.namespaces;
        return say(`weighing ${formatCount(event.namespaces, 'namespace')}`);
      case 'namespace-weighed':
        weighed += 1;
        return count(`weighed ${String(weighed)} of ${String(toWeigh)}`);
      case 'namespace-given-up':
        return warn(`${event.namespace} could not be weighed: ${event.reason}`);
      case 'run-sealed':
        toSend = event.mails;
        return say(
          `weighed ${formatCount(event.namespaces, 'namespace')}: ${String(event.over)} over quota, ${formatCount(event.mails, 'mail')} to send`,
        );
      case 'mail-submitted':
        sent += 1;
        return count(`sent ${String(sent)} of ${String(toSend)}`);
      case 'mail-delayed':
        return warn(`a mail waits for another try: ${event.reason}`);
      case 'mail-failed':
        return warn(`a mail failed: ${event.reason}`);
      case 'mail-uncertain':
        return warn(`a mail may or may not have arrived and is not sent again: ${event.reason}`);
      case 'run-finished':
        return say(
          `sent ${formatCount(event.submitted, 'mail')}${event.failed > 0 ? `, ${String(event.failed)} not` : ''}`,
        );
      case 'run-stopped':
        return warn(`run ${event.runId} stopped before any mail`);
      case 'job-failed':
        return warn(`${event.job}, try ${String(event.attempt)}: ${event.reason}`);
    }
  };
  return Object.assign(show, { end: erase });
};
