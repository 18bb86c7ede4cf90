import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { showProgress } from '../../src/cli/progress.ts';
import { reportError, reportWarning } from '../../src/cli/terminal.ts';
import { AppError } from '../../src/errors.ts';
import type { RunEvent } from '../../src/pipeline/events.ts';

const runId = 'weekly-2026-11-23';
const sent: RunEvent = { type: 'mail-submitted', runId, deliveryId: 'one' };
const sealed: RunEvent = { type: 'run-sealed', runId, namespaces: 3, over: 2, mails: 4 };
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
  progress({ type: 'run-resumed', runId, state: 'sealed' });
  progress(sent);
  expect(read()).toBe(
    `run ${runId} goes on where it was: sending the mails (what a killed process had under way follows within a minute)\nsent 1`,
  );
});

test('tells a fault that many mails meet once, and names a job in words', () => {
  const { err, read } = openErr(false);
  const progress = showProgress(err);
  const reason = '451 try later';
  for (const deliveryId of ['one', 'two']) {
    progress({ type: 'mail-delayed', runId, deliveryId, reason });
    progress({ type: 'job-failed', job: `mail/${runId}/${deliveryId}`, attempt: 1, reason });
  }
  progress({ type: 'job-failed', job: `size/${runId}/shop-dev`, attempt: 2, reason: 'no memory' });
  progress({ type: 'job-failed', job: `collect/${runId}`, attempt: 1, reason: 'no network' });
  expect(read()).toBe(
    'warning: a mail waits for another try: 451 try later\n' +
      'warning: weighing shop-dev failed at try 2: no memory\n' +
      'warning: reading the cluster failed at try 1: no network\n',
  );
});

test('knows the summary, the mail after all others, from these, and whether any failed', () => {
  const { err, read } = openErr(true);
  const progress = showProgress(err);
  progress(finished);
  progress(sent);
  expect(read()).toBe('sent 4 mails\n');
  expect(progress.hasFailed()).toBe(false);
  progress({ type: 'mail-failed', runId, deliveryId: 'summary', reason: '550 no such user' });
  expect(read()).toBe('warning: the summary to the platform staff failed: 550 no such user\n');
  expect(progress.hasFailed()).toBe(true);
});
