import { performance } from 'node:perf_hooks';
import Handlebars from 'handlebars';
import mjml2html from 'mjml';
import { attachUsage } from '../src/adapters/mail/attachments.ts';
import { brandOf } from '../src/adapters/mail/brand.ts';
import { createCompose } from '../src/adapters/mail/compose.ts';
import { loadTemplates } from '../src/adapters/mail/load-templates.ts';
import { openTemplateFolder } from '../src/adapters/mail/template-source.ts';
import { viewUsage } from '../src/adapters/mail/view.ts';
import { inventCluster, weighInto } from '../test/adapters/mail/invented-registry.ts';

/** `npm run bench:compose`: what a usage mail takes, from the report to what is sent, beside MJML per mail and bare Handlebars. */
const SHAPES = [
  { streams: 12, tags: 60, revisions: 150 },
  { streams: 40, tags: 300, revisions: 900 },
  { streams: 342, tags: 1400, revisions: 3000 },
];
const ROUNDS = 9;
/** How long each way is repeated in a round, in milliseconds. */
const ROUND_MS = 300;

const compose = await createCompose({ mail: { from: 'registry@example.com' } });
const { templates } = await loadTemplates(null);
if (templates === null) throw new Error('the built-in templates do not compile');
const page = await (await openTemplateFolder(null)).read('layout.mjml', 'usage-report/report.mjml');

const fillPage = Handlebars.compile<unknown>(page.text);

for (const shape of SHAPES) {
  const cluster = inventCluster({ name: 'a1b2c3-tools', shape, environment: 'tools' });
  const mail = await weighInto(cluster, 5 * 2 ** 30);
  const view = viewUsage(
    mail,
    brandOf({ mail: {} }),
    attachUsage(mail),
  )({ namespaces: 1, detail: 'revisions' });
  const ways = {
    compose: () => compose.renderUsage(mail),
    handlebars: () => [templates.usageReport.fillHtml(view), templates.usageReport.fillText(view)],
    mjml: () =>
      mjml2html(fillPage(view), { validationLevel: 'skip', keepComments: false, ignoreIncludes: true }),
  };
  const medians = await measureInTurns(ways);
  const [ours = NaN, handlebars = NaN, mjml = NaN] = ['compose', 'handlebars', 'mjml'].map((way) =>
    medians.get(way),
  );
  console.log(
    `${String(shape.revisions)} revisions: compose ${ours.toFixed(2)} ms, ` +
      `${(ours / handlebars).toFixed(1)} × bare Handlebars; MJML per mail takes ${(mjml / ours).toFixed(0)} × as long`,
  );
}

/** Median milliseconds of each way over rounds in which they take turns. */
async function measureInTurns(
  ways: Readonly<Record<string, () => unknown>>,
): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number[]>();
  // The first round warms up and does not count.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, run] of Object.entries(ways)) {
      const start = performance.now();
      let repeats = 0;
      while (performance.now() - start < ROUND_MS) {
        await run();
        repeats += 1;
      }
      if (round > 0) times.set(name, [...(times.get(name) ?? []), (performance.now() - start) / repeats]);
    }
  }
  return new Map([...times].map(([name, values]) => [name, median(values)]));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
