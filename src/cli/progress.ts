import { formatCount, formatNumber, formatSome } from '../usage/format.ts';
import type { Observe, RunEvent } from '../pipeline/events.ts';
import { clearLine, paint, reportWarning } from './terminal.ts';
import type { Terminal } from './terminal.ts';

/** What a command hears of a run: `end` removes the line that counts along, `hasFailed` tells whether a mail did or still waits. */
export type Progress = Observe & { readonly end: () => void; readonly hasFailed: () => boolean };

/** Shows a run on stderr while it happens: a line per milestone, and on a terminal one line that counts along. */
export const showProgress = (err: Terminal['err']): Progress => {
  const told = new Set<string>();
  /** Objects read so far by kind, over all pages. */
  const objectsRead = new Map<string, number>();
  let toWeigh = 0;
  let weighed = 0;
  let toSend = 0;
  let sent = 0;
  /** When the mails that were put off are tried again, by delivery. */
  const delayed = new Map<string, string>();
  let hasFailed = false;

  const count = (text: string): void => {
    if (err.isTTY === true) err.write(`${clearLine(err)}${paint(err, 'dim', text)}`);
  };
  const say = (text: string): void => void err.write(`${clearLine(err)}${text}\n`);
  const warn = (text: string): void => reportWarning(err, text);
  /** Many lists or mails meet the same fault: telling it once is enough. */
  const warnOnce = (reason: string, text: string): void => {
    if (!told.has(reason)) warn(text);
    told.add(reason);
  };
  const countMails = (): void => {
    const [next] = [...delayed.values()].toSorted();
    const waiting = next === undefined ? '' : `, ${String(delayed.size)} waiting until ${clockTime(next)}`;
    count(`sent ${countOf(sent, toSend)}${waiting}`);
  };

  const show = (event: RunEvent, mail?: Mail): void => {
    switch (event.type) {
      case 'list-page-read':
        objectsRead.set(event.kind, (objectsRead.get(event.kind) ?? 0) + event.objects);
        return count(`reading ${event.kind}: ${formatNumber(objectsRead.get(event.kind) ?? 0)}`);
      case 'list-read':
        return event.objects === 0
          ? undefined
          : say(
              `read ${countKind(event.objects, event.kind)}${event.pages > 1 ? ` in ${String(event.pages)} pages` : ''}`,
            );
      case 'list-restarted':
        if (event.exact) objectsRead.delete(event.kind);
        return warn(
          event.exact
            ? `the list of ${event.kind} expired while it was read; reading it again`
            : `the list of ${event.kind} expired twice; going on, though it may not be exact`,
        );
      case 'kind-unreadable':
        return warn(`${event.kind} cannot be read everywhere, so “not used” is unknown (${event.reason})`);
      case 'api-retry':
        return warnOnce(event.reason, `${event.kind}: ${event.reason}; trying again`);
      case 'blobs-asked':
        return count(`asked the registry for ${countOf(event.asked, event.of)} blobs`);
      case 'run-claimed':
        return say(`run ${event.runId} started`);
      case 'run-resumed':
        return say(
          `run ${event.runId} goes on where it was: ${NEXT_STEP[event.state] ?? event.state} ` +
            `(what a killed process had under way follows within a minute)${sayDelayed(event)}`,
        );
      case 'run-collected':
        toWeigh = event.namespaces;
        return say(`weighing ${formatCount(event.namespaces, 'namespace')}`);
      case 'namespace-weighed':
        weighed += 1;
        return count(`weighed ${countOf(weighed, toWeigh)}`);
      case 'namespace-given-up':
        return warn(`${event.namespace} could not be weighed: ${event.reason}`);
      case 'run-sealed':
        toSend = event.mails;
        return say(
          `weighed ${formatCount(event.namespaces, 'namespace')}: ${String(event.over)} over quota, ${formatCount(event.mails, 'mail')} to send`,
        );
      case 'mail-submitted':
        delayed.delete(event.deliveryId);
        if (mail?.kind === 'run-summary') return;
        sent += 1;
        return countMails();
      case 'mail-delayed':
        delayed.set(event.deliveryId, event.nextTryAt);
        // Each round of tries anew: the next one is further away.
        warnOnce(
          `${String(event.attempt)} ${event.reason}`,
          `${nameMail(mail)} waits until ${clockTime(event.nextTryAt)} for another try: ${event.reason}`,
        );
        told.add(event.reason);
        return countMails();
      case 'mail-failed':
        hasFailed = true;
        delayed.delete(event.deliveryId);
        return warn(`${nameMail(mail)} failed: ${event.reason}`);
      case 'mail-uncertain':
        hasFailed = true;
        delayed.delete(event.deliveryId);
        return warn(`${nameMail(mail)} may or may not have arrived, and is not sent again: ${event.reason}`);
      case 'run-finished':
        return say(
          `sent ${formatCount(event.submitted, 'mail')}${event.failed > 0 ? `, ${String(event.failed)} not` : ''}`,
        );
      case 'run-stopped':
        // The command says so, and why.
        return;
      case 'job-failed':
        return warnOnce(
          event.reason,
          `${stepOf(event.job)} failed at try ${String(event.attempt)}: ${event.reason}` +
            (event.nextTryAt === null ? '' : `; trying again at ${clockTime(event.nextTryAt)}`),
        );
    }
  };
  return Object.assign(show, {
    end: () => void err.write(clearLine(err)),
    hasFailed: () => hasFailed || delayed.size > 0,
  });
};

type Mail = NonNullable<Parameters<Observe>[1]>;

/** `the mail to lea@example.test about shop-dev`: this is the terminal of somebody who may know whom we tell. */
const nameMail = (mail: Mail | undefined): string => {
  if (mail === undefined) return 'a mail';
  const { kind, recipient, namespaces } = mail;
  if (kind === 'run-summary') return `the run summary to ${recipient.address}`;
  return `the mail to ${recipient.address} about ${formatSome(namespaces.slice(0, 2), namespaces.length)}`;
};

/** `08:14:05 UTC` */
const clockTime = (moment: string): string => `${moment.slice(11, 19)} UTC`;

const sayDelayed = ({ delayedMails, nextTryAt }: RunEvent & { readonly type: 'run-resumed' }): string =>
  nextTryAt === null
    ? ''
    : `; ${formatCount(delayedMails, 'mail')} put off by the mail server, tried again from ${clockTime(nextTryAt)} on`;

const NEXT_STEP: Readonly<Record<string, string>> = {
  claimed: 'reading the cluster',
  sizing: 'weighing the namespaces',
  sealed: 'sending the mails',
};

/** A job in words; its id begins with its name. */
const stepOf = (job: string): string => {
  const [name = '', ...subjects] = job.split('/').map(decodeURIComponent);
  return name === 'mail'
    ? 'a mail'
    : name === 'size'
      ? `weighing ${subjects.at(-1) ?? ''}`
      : (STEPS[name] ?? job);
};

const STEPS: Readonly<Record<string, string>> = {
  tick: 'the weekly timer',
  collect: 'reading the cluster',
  seal: 'sealing the run',
  finish: 'ending the run',
};

const countKind = (objects: number, plural: string): string =>
  formatCount(objects, plural.replace(/s$/, ''), plural);

/** How many are done, and of how many where that is known: a run that is resumed begins in the middle. */
const countOf = (done: number, all: number): string =>
  all === 0 ? formatNumber(done) : `${formatNumber(done)} of ${formatNumber(all)}`;
