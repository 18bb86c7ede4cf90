import { layOut } from '../src/cli/table.ts';
import { boundGrowth, listBounds } from './bounds.ts';
import type { Bound } from './bounds.ts';
import type { RunMeasurements } from './measure-run.ts';
import { MAILING } from './run-phases.ts';
import { count, mb, seconds } from './table.ts';

/** One size's figures, and whether its bounds hold. */
export const describeRun = (measured: RunMeasurements): string => {
  const { size, bare, run, memory, bareMail, report } = measured;
  const bareMs = bare.reading.wallMs;
  const mails = bareMail.counts['mails'] ?? NaN;
  const bytesEach = (bareMail.counts['bytes'] ?? NaN) / mails;
  const title =
    `${count(size.images)} images, ${count(size.namespaces)} namespaces, ${count(bare.counts['objects'])} objects; ` +
    `${count(run.counts['mails'])} mails and the summary, ${(bytesEach / 1e3).toFixed(0)} kB each`;
  const rowOf = (name: string, wallMs: number, rest: readonly string[] = []): readonly string[] => [
    name,
    seconds(wallMs),
    (wallMs / bareMs).toFixed(2),
    ...rest,
  ];
  const rows = [
    rowOf('bare fetch + parse', bareMs, [mb(bare.reading.peakRssBytes)]),
    ['bare nodemailer', seconds(bareMail.reading.wallMs), '', '', rate(mails, bareMail.reading.wallMs)],
    rowOf('quotagram run', run.reading.wallMs, [mb(memory.processBytes)]),
    ...Object.entries(run.phases).map(([phase, wallMs]) =>
      phase === MAILING
        ? rowOf(`  ${phase}`, wallMs, ['', rate(run.counts['mails'] ?? NaN, wallMs)])
        : rowOf(`  ${phase}`, wallMs),
    ),
    ['  its Redis', '', '', mb(memory.redisBytes)],
    ['  both at once', '', '', mb(memory.sumBytes)],
    rowOf('quotagram report -A --output json', report.reading.wallMs, [mb(report.reading.peakRssBytes)]),
  ];
  return `${title}\n\n${layOut(COLUMNS, rows)}\n${describeBounds(listBounds(measured))}`;
};

/** How a run's time grows from the smallest to the largest size; empty where there is but one. */
export const describeRunGrowth = (all: readonly RunMeasurements[]): string => {
  const [small, large] = [all[0], all.at(-1)];
  return small === undefined || large === undefined || small === large
    ? ''
    : describeBounds([boundGrowth(small, large)]);
};

const describeBounds = (bounds: readonly Bound[]): string =>
  layOut(
    BOUND_COLUMNS,
    bounds.map(({ what, mustBe, is, holds }) => [what, mustBe, is, holds ? 'yes' : 'NO']),
  );

const columnsOf = (headings: readonly string[]) =>
  headings.map((heading, position) => ({ heading, align: position === 0 ? 'left' : 'right' }) as const);

const COLUMNS = columnsOf(['', 'time', '× bare', 'peak RSS', 'mails']);
const BOUND_COLUMNS = columnsOf(['', 'must be', 'is', 'holds']);

const rate = (mails: number, wallMs: number): string => `${(mails / (wallMs / 1e3)).toFixed(0)}/s`;
