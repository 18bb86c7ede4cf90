import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import nodemailer from 'nodemailer';
import { describe, expect, onTestFinished, test } from 'vitest';
import { boundGrowth, listBounds } from '../../bench/bounds.ts';
import type { RunMeasurements } from '../../bench/measure-run.ts';
import { withSink } from '../../bench/measure-run.ts';
import { sunkMailsSchema } from '../../bench/sunk-mail.ts';

const taking = (wallMs: number, peakRssBytes = 0) => ({
  reading: { wallMs, cpuMs: 0, peakRssBytes, delayMs: { p50: 0, p99: 0, max: 0 } },
  phases: {},
  counts: {},
});

/** 1 s of bare fetch + parse, and 100 mails in 1 s of bare nodemailer. */
const measured = (
  images: number,
  { sealedMs = 2_000, mailingMs = 1_000, sumBytes = 512e6, reportBytes = 450e6, runMs = 5_000 } = {},
): RunMeasurements => ({
  size: { seed: 1, images, namespaces: images / 20 },
  bare: taking(1_000),
  run: {
    ...taking(runMs),
    phases: {
      starting: 9_000,
      reading: sealedMs / 4,
      'slicing and storing': sealedMs / 4,
      'weighing and storing': sealedMs / 4,
      sealing: sealedMs / 4,
      'composing and sending': mailingMs,
    },
    counts: { mails: 100 },
  },
  memory: { processBytes: 0, redisBytes: 0, sumBytes },
  bareMail: { ...taking(1_000), counts: { mails: 100 } },
  report: taking(0, reportBytes),
});

const broken = (run: RunMeasurements) =>
  listBounds(run).flatMap(({ what, is, holds }) => (holds ? [] : [`${what}: ${is}`]));

describe('the bounds of a whole run', () => {
  test.each([
    ['hold at their edges', measured(50_000, { mailingMs: 1_666 }), []],
    [
      'want reading to seal in twice the bare time',
      measured(50_000, { sealedMs: 2_100 }),
      ['read to seal, of bare fetch + parse: 2.10 ×'],
    ],
    [
      'want six tenths of the mails a second',
      measured(50_000, { mailingMs: 2_000 }),
      ['mails a second, of bare nodemailer: 50 %'],
    ],
    [
      'want room in 512 MB up to 100,000 images',
      measured(100_000, { sumBytes: 520e6 }),
      ['memory of a run and its Redis: 520 MB'],
    ],
    ['want no such room for more images', measured(200_000, { sumBytes: 520e6 }), []],
    [
      'want 450 MB of the report up to 50,000 images',
      measured(50_000, { reportBytes: 478e6 }),
      ['memory of report -A --output json: 478 MB'],
    ],
    ['want no such report of more images', measured(100_000, { reportBytes: 478e6 }), []],
  ])('%s', (_, run, expected) => {
    expect(broken(run)).toEqual(expected);
  });

  test('let the time grow a tenth faster than the images', () => {
    const small = measured(10_000, { runMs: 1_000 });
    const grown = [11_000, 11_100].map((runMs) => boundGrowth(small, measured(100_000, { runMs })).holds);
    expect(grown).toEqual([true, false]);
  });
});

test('the mail sink keeps each message as it was before it was sent', { timeout: 20_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'quotagram-sink-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'mails.json');
  const raws = [
    'Subject: one\r\n\r\n.\r\n..two\r\n',
    `Subject: two\r\n\r\n${'long line\r\n'.repeat(20_000)}`,
  ];
  await withSink(file, async (port) => {
    const transport = nodemailer.createTransport({ host: '127.0.0.1', port, pool: true, maxConnections: 1 });
    for (const raw of raws)
      await transport.sendMail({ envelope: { from: 'a@example.test', to: 'b@example.test' }, raw });
    transport.close();
  });
  const kept = sunkMailsSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  expect(kept).toEqual(raws.map((source) => ({ from: 'a@example.test', to: 'b@example.test', source })));
});
