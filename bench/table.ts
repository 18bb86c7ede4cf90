import { layOut } from '../src/cli/table.ts';
import { formatNumber } from '../src/usage/format.ts';
import { PROGRAMS } from './measure.ts';
import type { Measurements, Program } from './measure.ts';
import type { Result } from './meter.ts';

const TITLES: { readonly [Key in Program]: string } = {
  bare: 'bare fetch + parse',
  quotagram: 'quotagram, as a run',
  report: 'quotagram report -A',
};

/** A size's figures: medians of all rounds; ratios are medians of each round's own. */
export const describe = ({ size, pages, rounds }: Measurements): string => {
  const [first] = rounds;
  const counts = { ...first?.bare.counts, ...first?.quotagram.counts };
  const title =
    `${count(size.images)} images, ${count(size.namespaces)} namespaces, ${count(counts['revisions'])} revisions: ` +
    `${count(counts['objects'])} objects, ${mb(counts['characters'])}, ${count(pages)} pages; ` +
    `median of ${count(rounds.length)}`;
  const rows = PROGRAMS.flatMap((program) => [
    rowOf(TITLES[program], rounds, program),
    ...Object.keys(first?.[program].phases ?? {}).map((phase) => [
      `  ${phase}`,
      seconds(median(rounds.map((round) => round[program].phases[phase] ?? 0))),
    ]),
  ]);
  return `${title}\n\n${layOut(COLUMNS, rows)}`;
};

const HEADINGS = ['', 'time', '× bare', 'CPU', '× bare', 'peak RSS', 'delay p50', 'p99', 'max'];
const COLUMNS = HEADINGS.map(
  (heading, position) => ({ heading, align: position === 0 ? 'left' : 'right' }) as const,
);

const rowOf = (title: string, rounds: Measurements['rounds'], program: Program): readonly string[] => {
  const of = (value: (result: Result) => number): number =>
    median(rounds.map((round) => value(round[program])));
  const toBare = (value: (result: Result) => number): string =>
    median(rounds.map((round) => value(round[program]) / value(round.bare))).toFixed(2);
  return [
    title,
    seconds(of(({ reading }) => reading.wallMs)),
    toBare(({ reading }) => reading.wallMs),
    seconds(of(({ reading }) => reading.cpuMs)),
    toBare(({ reading }) => reading.cpuMs),
    mb(of(({ reading }) => reading.peakRssBytes)),
    ...(['p50', 'p99', 'max'] as const).map(
      (key) => `${of(({ reading }) => reading.delayMs[key]).toFixed(0)} ms`,
    ),
  ];
};

/** How time and memory grow from the smallest to the largest size. */
export const describeGrowth = (all: readonly Measurements[]): string => {
  const [small, large] = [all[0], all.at(-1)];
  if (small === undefined || large === undefined || small === large) return '';
  const grows = (program: Program, value: (result: Result) => number): string => {
    const [a, b] = [small, large].map(({ rounds }) => median(rounds.map((round) => value(round[program]))));
    return ((b ?? 0) / (a ?? 1)).toFixed(1);
  };
  return PROGRAMS.map(
    (program) =>
      `${(large.size.images / small.size.images).toFixed(0)} × the images, ${TITLES[program]}: ` +
      `${grows(program, ({ reading }) => reading.wallMs)} × the time, ` +
      `${grows(program, ({ reading }) => reading.peakRssBytes)} × the memory\n`,
  ).join('');
};

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
};

/** A number as people read it. */
export const count = (value: number | undefined): string => formatNumber(value ?? 0);
/** Megabytes. */
export const mb = (bytes: number | undefined): string => `${((bytes ?? 0) / 1e6).toFixed(0)} MB`;
/** Seconds. */
export const seconds = (ms: number): string => `${(ms / 1e3).toFixed(2)} s`;
