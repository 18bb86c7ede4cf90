import type { RunEvent } from '../src/pipeline/events.ts';

/** When a step of a run was last heard of; mails to teams apart from the summary, which comes last. */
export type Heard = Readonly<Partial<Record<RunEvent['type'] | 'usage-mail-submitted', number>>>;

/** The parts of a run and the event that ends each. */
const PHASES = [
  ['starting', 'run-claimed'],
  ['reading', 'list-read'],
  ['slicing and storing', 'run-collected'],
  ['weighing and storing', 'namespace-weighed'],
  ['sealing', 'run-sealed'],
  ['composing and sending', 'usage-mail-submitted'],
  ['history', 'run-finished'],
  ['summary', 'mail-submitted'],
] as const satisfies readonly (readonly [string, keyof Heard])[];
export type Phase = (typeof PHASES)[number][0];

/** What a run does before its mails. */
export const READ_TO_SEAL = [
  'reading',
  'slicing and storing',
  'weighing and storing',
  'sealing',
] as const satisfies readonly Phase[];

/** What sends them. */
export const MAILING = 'composing and sending' satisfies Phase;

/** How long each part took, in milliseconds, the first from 0 on. @throws for one whose end was never heard of */
export const splitByPhase = (heard: Heard): Readonly<Record<string, number>> => {
  let before = 0;
  return Object.fromEntries(
    PHASES.map(([phase, step]) => {
      const at = heard[step];
      if (at === undefined) throw new Error(`the run never came to ${step}`);
      const took = at - before;
      before = at;
      return [phase, took];
    }),
  );
};
