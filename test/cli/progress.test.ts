import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { showProgress } from '../../src/cli/progress.ts';
import { reportError, reportWarning } from '../../src/cli/terminal.ts';
import { AppError } from '../../src/errors.ts';
import type { RunEvent } from '../../src/pipeline/events.ts';
import { deliveryOf } from '../pipeline/build.ts';

const runId = 'weekly-2026-11-23';
const sent: RunEvent = { type: 'mail-submitted', runId, deliveryId: 'one' };
const sealed: RunEvent = { type: 'run-sealed', runId, namespaces: 3, over: 2, mails: 4 };
/** The delivery that an event about a mail is about. */
const mail = deliveryOf({
  recipient: { address: 'lea@example.test', roles: [], rule: 'annotation:contacts' },
  namespaces: ['shop-dev'],
});
const finished: RunEvent = { type: 'run-finished', runId, submitted: 4, failed: 0 };

/** What stderr holds in the end. `isTTY`: a terminal; what it was told to clear is gone. */
const openErr = (isTTY: boolean) => {
  const err = Object.assign(new PassThrough(), { isTTY });
  const read = (): string => String(err.read() ?? '').replaceAll(/.*\r\u001B\[K|\u001B\[\d+m/g, '');
  return { err, read };
};

test('counts along on a terminal, and whatever is printed next takes the place of that', () => {
  const { err, read } = openErr(true);
  const progress = showProgress(err);
  progress(sealed);
  progress(sent);
  expect(read()).toBe('weighed 3 namespaces: 2 over quota, 4 mails to send\nsent 1 of 4');
  progress(sent);
  reportWarning(err, 'Redis stopped answering');
  progress(sent);
  reportError(
    { err, out: err, env: {}, heedInterrupts: () => AbortSignal.abort() },
    new AppError('unavailable', 'Redis does not answer'),
  );
  expect(read()).toBe('warning: Redis stopped answering\nerror: Redis does not answer\n');
  progress(sent);
  progress.end();
  expect(read()).toBe('');
});

test('prints a line a milestone and no counts where nobody watches', () => {
  const { err, read } = openErr(false);
  const progress = showProgress(err);
  progress({ type: 'run-claimed', runId });
  progress({ type: 'list-page-read', kind: 'pods', objects: 500 });
  progress({ type: 'list-read', kind: 'pods', objects: 1_200, pages: 3 });
  progress({ type: 'list-read', kind: 'builds', objects: 0, pages: 1 });
  progress({ type: 'list-read', kind: 'deployments', objects: 1, pages: 1 });
  progress(sent);
  progress({ ...finished, failed: 2 });
  progress.end();
  expect(read()).toBe(
    `run ${runId} started\nread 1,200 pods in 3 pages\nread 1 deployment\nsent 4 mails, 2 not\n`,
  );
});

test('counts a run that is resumed without a total, which it has not heard', () => {
  const { err, read } = openErr(true);
  const progress = showProgress(err);
  progress({ type: 'run-resumed', runId, state: 'sealed', delayedMails: 0, nextTryAt: null });
  progress(sent);
  expect(read()).toBe(
    `run ${runId} goes on where it was: sending the mails (what a killed process had under way follows within a minute)\nsent 1`,
  );
});

test('says that a run which is resumed has mails that were put off, and until when', () => {
  const { err, read } = openErr(false);
  const nextTryAt = '2026-11-23T16:04:05.678Z';
  showProgress(err)({ type: 'run-resumed', runId, state: 'sealed', delayedMails: 2, nextTryAt });
  expect(read()).toMatch(/\); 2 mails put off by the mail server, tried again from 16:04:05 UTC on\n$/);
});

/** The mail server puts a mail off, for the nth time. */
const delay = (deliveryId: string, attempt = 1): RunEvent => ({
  type: 'mail-delayed',
  runId,
  deliveryId,
  reason: '451 try later',
  attempt,
  nextTryAt: `2026-11-23T16:0${String(attempt)}:05.678Z`,
});

test('tells a fault that many mails meet once a round, with a mail that waits and until when', () => {
  const { err, read } = openErr(false);
  const progress = showProgress(err);
  for (const attempt of [1, 2]) {
    for (const deliveryId of ['one', 'two']) {
      const event = delay(deliveryId, attempt);
      progress(event, mail);
      progress({
        type: 'job-failed',
        job: `mail/${runId}/${deliveryId}`,
        attempt,
        reason: '451 try later',
        nextTryAt: null,
      });
    }
  }
  expect(read()).toBe(
    'warning: the mail to lea@example.test about shop-dev waits until 16:01:05 UTC for another try: 451 try later\n' +
      'warning: the mail to lea@example.test about shop-dev waits until 16:02:05 UTC for another try: 451 try later\n',
  );
});

test('counts the mails that wait, and until when the first of them does', () => {
  const { err, read } = openErr(true);
  const progress = showProgress(err);
  progress(sealed);
  progress(delay('two', 2), mail);
  progress(delay('three', 1), mail);
  read();
  progress(sent);
  expect(read()).toBe('sent 1 of 4, 2 waiting until 16:01:05 UTC');
  progress({ ...sent, deliveryId: 'three' });
  expect(read()).toBe('sent 2 of 4, 1 waiting until 16:02:05 UTC');
  progress({ ...sent, deliveryId: 'two' });
  expect(read()).toBe('sent 3 of 4');
});

test('names a job in words, and when it is tried again', () => {
  const { err, read } = openErr(false);
  const progress = showProgress(err);
  const nextTryAt = '2026-11-23T16:00:07.100Z';
  const failed = { type: 'job-failed', attempt: 2 } as const;
  progress({ ...failed, job: `size/${runId}/shop-dev`, reason: 'no memory', nextTryAt });
  progress({ ...failed, job: `collect/${runId}`, reason: 'no network', nextTryAt: null });
  expect(read()).toBe(
    'warning: weighing shop-dev failed at try 2: no memory; trying again at 16:00:07 UTC\n' +
      'warning: reading the cluster failed at try 2: no network\n',
  );
});

test('names the mail that failed, whoever it was to', () => {
  const { err, read } = openErr(false);
  const progress = showProgress(err);
  const fault = { runId, deliveryId: 'one', reason: 'no' } as const;
  const namespaces = ['shop-dev', 'shop-prod', 'shop-test', 'shop-tools'];
  progress({ type: 'mail-failed', ...fault }, { ...mail, namespaces });
  progress({ type: 'mail-uncertain', ...fault }, mail);
  progress({ type: 'mail-failed', ...fault }, { ...mail, kind: 'run-summary', namespaces: [] });
  expect(read()).toBe(
    'warning: the mail to lea@example.test about shop-dev, shop-prod and 2 more failed: no\n' +
      'warning: the mail to lea@example.test about shop-dev may or may not have arrived, and is not sent again: no\n' +
      'warning: the run summary to lea@example.test failed: no\n',
  );
});

test('does not count the summary among the mails to teams, and knows whether any mail failed or still waits', () => {
  const { err, read } = openErr(true);
  const progress = showProgress(err);
  const summary = { ...mail, kind: 'run-summary' } as const;
  progress(finished);
  progress(sent, summary);
  expect(read()).toBe('sent 4 mails\n');
  expect(progress.hasFailed()).toBe(false);
  progress(delay('summary'), summary);
  expect(progress.hasFailed()).toBe(true);
  progress({ ...sent, deliveryId: 'summary' }, summary);
  expect(progress.hasFailed()).toBe(false);
  progress({ type: 'mail-failed', runId, deliveryId: 'summary', reason: '550 no such user' }, summary);
  expect(progress.hasFailed()).toBe(true);
});
