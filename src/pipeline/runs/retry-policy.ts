import type { JobName } from '../jobs.ts';

const HOUR_MS = 3_600_000;

/** How often a job is tried in all, and how long it waits before its second try. */
type Patience = { readonly tries: number; readonly firstWaitMs: number };

/** Our own services are back within seconds, or a run is better told that they are not. */
const STEP: Patience = { tries: 3, firstWaitMs: 1_000 };

/** A mail server that greylists or is full asks for minutes, and may ask for an hour. */
const MAIL: Patience = { tries: 5, firstWaitMs: 60_000 };

const POLICY: Readonly<Record<JobName, Patience>> = {
  tick: STEP,
  collect: STEP,
  size: STEP,
  seal: STEP,
  mail: MAIL,
  finish: STEP,
};

/** How often a job is tried in all, the first try included. */
export const triesOf = (name: JobName): number => POLICY[name].tries;

/**
 * How long a job waits after a failed try for the next one, in milliseconds; null: that was its last. Each wait is four
 * times as long as the one before, an hour at most, less up to a quarter: jobs that failed together do not come back
 * together. The same job and try always give the same wait, so that whoever asks can say when the next try is.
 *
 * @param tried which try failed, counted from 1
 */
export const retryWaitMs = (
  job: { readonly name: JobName; readonly id: string },
  tried: number,
): number | null => {
  const { tries, firstWaitMs } = POLICY[job.name];
  if (tried >= tries) return null;
  const longestMs = Math.min(firstWaitMs * 4 ** (tried - 1), HOUR_MS);
  return Math.round(longestMs * (1 - fractionOf(job.id) / 4));
};

/** 0 up to 1, the same for the same text. */
const fractionOf = (text: string): number => {
  let hash = 0;
  for (const character of text) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  return hash / 1_000_003;
};
