import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { prepareWays } from './mail-ways.ts';
import type { MailWays } from './mail-ways.ts';

/** `npm run bench:compose`: what a usage mail takes, from the report to what is sent, beside bare Handlebars and MJML per mail. */
const SHAPES = [
  { streams: 12, tags: 60, revisions: 150 },
  { streams: 40, tags: 300, revisions: 900 },
  { streams: 342, tags: 1400, revisions: 3000 },
];
const ROUNDS = 9;
/** How long each way is repeated in a round, in milliseconds. */
const ROUND_MS = 300;

/** Milliseconds that each way takes. */
type Round = Readonly<Record<keyof MailWays, number>>;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

for (const shape of SHAPES) {
  const rounds = await measureInTurns(await prepareWays(shape));
  const of = (way: keyof MailWays, other: keyof MailWays): number =>
    median(rounds.map((round) => round[way] / round[other]));
  console.log(
    [
      `${String(shape.revisions)} revisions: compose ${median(rounds.map(({ compose }) => compose)).toFixed(2)} ms`,
      `${of('compose', 'bare').toFixed(2)} × bare Handlebars; without its CSV, ${of('compose', 'bareBodies').toFixed(2)} ×`,
      `MJML per mail, a section a row: ${of('mjmlSections', 'compose').toFixed(0)} × compose; raw rows: ${of('mjmlRawRows', 'compose').toFixed(1)} ×`,
    ].join('\n  '),
  );
}

/** Rounds in which the ways take turns; the first one warms up and does not count. */
async function measureInTurns(ways: MailWays): Promise<readonly Round[]> {
  const rounds: Round[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    rounds.push({
      compose: await measure(ways.compose),
      bare: await measure(ways.bare),
      bareBodies: await measure(ways.bareBodies),
      mjmlRawRows: await measure(ways.mjmlRawRows),
      mjmlSections: await measure(ways.mjmlSections),
    });
  }
  return rounds.slice(1);
}

async function measure(run: MailWays[keyof MailWays]): Promise<number> {
  // No way pays for what the one before it left lying about.
  collectGarbage();
  const start = performance.now();
  let repeats = 0;
  while (performance.now() - start < ROUND_MS) {
    // A filled template lies in pieces until somebody reads it; who sends it does.
    for (const part of await run()) Buffer.byteLength(part);
    repeats += 1;
  }
  return (performance.now() - start) / repeats;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
