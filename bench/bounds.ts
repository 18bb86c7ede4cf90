import type { RunMeasurements } from './measure-run.ts';
import { MAILING, READ_TO_SEAL } from './run-phases.ts';

/** What a whole run must hold, and whether it does. */
export type Bound = {
  readonly what: string;
  readonly mustBe: string;
  readonly is: string;
  readonly holds: boolean;
};

/** Those that can be judged at a size. */
export const listBounds = ({
  size,
  bare,
  run,
  memory,
  bareMail,
  report,
}: RunMeasurements): readonly Bound[] => {
  const readToSeal = READ_TO_SEAL.reduce((sum, phase) => sum + (run.phases[phase] ?? NaN), 0);
  const mailRate = (run.counts['mails'] ?? NaN) / (run.phases[MAILING] ?? NaN);
  const bareRate = (bareMail.counts['mails'] ?? NaN) / bareMail.reading.wallMs;
  return [
    most('read to seal, of bare fetch + parse', readToSeal / bare.reading.wallMs, { limit: 2, unit: '×' }),
    least('mails a second, of bare nodemailer', (100 * mailRate) / bareRate, { limit: 60, unit: '%' }),
    ...(size.images <= 100_000
      ? [most('memory of a run and its Redis', memory.sumBytes / 1e6, { limit: 512, unit: 'MB' })]
      : []),
    ...(size.images <= 50_000
      ? [
          most('memory of report -A --output json', report.reading.peakRssBytes / 1e6, {
            limit: 450,
            unit: 'MB',
          }),
        ]
      : []),
  ];
};

/** How the time of a run may grow between two sizes: a tenth faster than the images. */
export const boundGrowth = (small: RunMeasurements, large: RunMeasurements): Bound => {
  const images = large.size.images / small.size.images;
  const time = large.run.reading.wallMs / small.run.reading.wallMs;
  return most(`time of a run, for ${images.toFixed(1)} × the images`, time, {
    limit: 1.1 * images,
    unit: '×',
  });
};

type Limit = { readonly limit: number; readonly unit: '×' | '%' | 'MB' };

const most = (what: string, value: number, { limit, unit }: Limit): Bound => ({
  what,
  mustBe: `≤ ${write(limit, unit)}`,
  is: write(value, unit),
  holds: value <= limit,
});

const least = (what: string, value: number, { limit, unit }: Limit): Bound => ({
  what,
  mustBe: `≥ ${write(limit, unit)}`,
  is: write(value, unit),
  holds: value >= limit,
});

const write = (value: number, unit: Limit['unit']): string =>
  `${value.toFixed(unit === '×' ? 2 : 0)} ${unit}`;
