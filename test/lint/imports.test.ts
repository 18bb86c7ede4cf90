import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, matchesGlob } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { FREE_IMPORTERS, IMPORT_ROWS } from '../../lint/imports.ts';

/** A file, the lines that its row allows and the lines that it does not; each bad line must be caught by itself. */
type Plant = { readonly file: string; readonly good: readonly string[]; readonly bad: readonly string[] };

const value = (path: string): string => `import { x } from '${path}';`;
const type = (path: string): string => `import type { X } from '${path}';`;

/** Both kinds of import of each path. */
const both = (...paths: readonly string[]): readonly string[] =>
  paths.flatMap((path) => [value(path), type(path)]);

/** What nothing in the core may do, whichever room it is in. */
const IMPURE = [
  `import 'zod';`,
  `export const z1 = await import('zod');`,
  'export const z2 = await import(`zod`);',
  `export const z3 = require('zod');`,
  `export type Z4 = import('zod').ZodType;`,
  'export const t1 = Date.now();',
  'export const t2 = new Date();',
  'export const t3 = Date();',
  'export const { now } = Date;',
  'export const r1 = Math.random();',
  `console.log('x');`,
  'export const e1 = process.env;',
  'export const e2 = globalThis.process;',
  'setTimeout(() => {}, 1);',
  'setInterval(() => {}, 1);',
  'setImmediate(() => {});',
  `void fetch('https://example.com');`,
  'export const l1 = (1234.5).toLocaleString();',
  'export const l2 = new Date(0).toLocaleDateString();',
  `export const l3 = 'a'.localeCompare('b');`,
  'export const l4 = new Intl.NumberFormat();',
  'export const c1 = crypto.randomUUID();',
  'export const c2 = performance.now();',
];

/** What only the command line may do. */
const OF_THE_PROCESS = [
  value('node:process'),
  `console.log('x');`,
  'export const e1 = process.env;',
  'export const e2 = process.argv;',
  'process.exit(1);',
];

type Room = {
  /** Paths from which everything may be imported. */
  readonly may: readonly string[];
  /** Paths from which types may be imported, and no values. */
  readonly types?: readonly string[];
  /** Paths from which nothing may be imported. */
  readonly mayNot: readonly string[];
};

const usageRoom = (room: string, { may, types = [], mayNot }: Room): Plant => ({
  file: `src/usage/${room}/planted.ts`,
  good: [...both('./sibling.ts', '../model.ts', ...may), ...types.map(type)],
  bad: [
    ...both('node:fs', 'zod', '../../errors.ts', '../../pipeline/records/run.ts', './deeper/sibling.ts'),
    ...both(...mayNot),
    ...types.map(value),
    ...IMPURE,
  ],
});

const pipelineRoom = (room: string, { may, mayNot }: Room): Plant => ({
  file: `src/pipeline/${room}/planted.ts`,
  good: both(
    './sibling.ts',
    '../ports.ts',
    '../records/run.ts',
    '../../usage/format.ts',
    '../../usage/report/report.ts',
    '../../errors.ts',
    ...may,
  ),
  bad: [
    ...both('node:crypto', 'zod', 'bullmq', 'cron-parser', '../../adapters/redis/store.ts'),
    ...both('../../config.ts', '../../app.ts', '../../cli/run.ts', ...mayNot),
    ...OF_THE_PROCESS,
  ],
});

const adapter = (room: string, { may, types = [], mayNot }: Room): Plant => {
  const src = '../'.repeat(room.split('/').length + 1);
  return {
    file: `src/adapters/${room}/planted.ts`,
    good: [
      ...both('zod', 'node:fs/promises', './sibling.ts', ...may),
      ...both(`${src}usage/format.ts`, `${src}usage/cluster/slice.ts`, `${src}errors.ts`),
      ...both(`${src}pipeline/events.ts`, `${src}pipeline/records/run.ts`),
      ...types.map(type),
    ],
    bad: [
      ...both('fastify', 'yaml', 'commander', ...mayNot),
      ...both(`${src}config.ts`, `${src}app.ts`, `${src}cli/run.ts`, `${src}pipeline/runs/run.ts`),
      ...types.map(value),
      ...OF_THE_PROCESS,
    ],
  };
};

const PLANTS: readonly Plant[] = [
  {
    file: 'src/usage/planted.ts',
    good: [
      ...both('./model.ts'),
      `export const at = new Date('2026-11-23T16:00:00Z').toISOString();`,
      `export const parsed = Date.parse('2026-11-23');`,
      `export const largest = Math.max(1, 2).toFixed(1);`,
    ],
    bad: [
      ...both('node:fs', 'zod', '../errors.ts', './weighing/ledger.ts', '../pipeline/records/run.ts'),
      type('../adapters/mail/view/usage-report.ts'),
      `export { x } from './model.ts';`,
      `export type { X } from './model.ts';`,
      `export * from './model.ts';`,
      ...IMPURE,
    ],
  },
  {
    file: 'src/usage/snapshots.ts',
    good: both('./model.ts', './cluster/slice.ts', './weighing/rules.ts', './in-use/uses.ts'),
    bad: [
      ...both('./report/report.ts', './policy/quota.ts', './cleanup/plan.ts', './verify/recount.ts'),
      ...both('../errors.ts', 'node:zlib', 'zod'),
      ...IMPURE,
    ],
  },
  usageRoom('cluster', {
    may: [],
    mayNot: [
      '../weighing/rules.ts',
      '../in-use/uses.ts',
      '../policy/quota.ts',
      '../report/report.ts',
      '../cleanup/plan.ts',
    ],
  }),
  usageRoom('weighing', {
    may: ['../cluster/columns.ts'],
    mayNot: ['../in-use/uses.ts', '../policy/quota.ts', '../report/report.ts', '../cleanup/plan.ts'],
  }),
  usageRoom('in-use', {
    may: ['../cluster/slice.ts'],
    mayNot: ['../weighing/ledger.ts', '../policy/quota.ts', '../report/report.ts'],
  }),
  usageRoom('policy', {
    may: ['../in-use/use-report.ts'],
    types: ['../weighing/ledger.ts'],
    mayNot: ['../cluster/slice.ts', '../report/report.ts', '../cleanup/plan.ts'],
  }),
  usageRoom('cleanup', {
    may: ['../weighing/ledger.ts', '../policy/selector.ts'],
    types: ['../report/report.ts'],
    mayNot: ['../cluster/slice.ts', '../in-use/uses.ts', '../verify/recount.ts'],
  }),
  usageRoom('report', {
    may: ['../weighing/ledger.ts', '../in-use/use-report.ts', '../policy/quota.ts', '../cleanup/plan.ts'],
    mayNot: ['../cluster/slice.ts', '../verify/recount.ts'],
  }),
  usageRoom('verify', {
    may: ['../cluster/records.ts'],
    types: ['../report/report.ts'],
    mayNot: ['../weighing/ledger.ts', '../in-use/uses.ts', '../cleanup/plan.ts'],
  }),
  {
    file: 'src/pipeline/planted.ts',
    good: [
      ...both('./ports.ts', '../errors.ts'),
      type('./records/run.ts'),
      type('../usage/model.ts'),
      type('../usage/report/report.ts'),
    ],
    bad: [
      ...both('node:crypto', 'zod', 'bullmq', './runs/run.ts', './stages/sizer.ts', '../config.ts'),
      ...both('../adapters/redis/store.ts', '../app.ts', '../cli/run.ts'),
      value('./records/run.ts'),
      value('../usage/report/report.ts'),
      ...OF_THE_PROCESS,
    ],
  },
  ...['jobs', 'events'].map((name) => ({
    file: `src/pipeline/${name}.ts`,
    good: [...both('zod'), type('../usage/policy/quota.ts'), type('./records/run.ts')],
    bad: [
      ...both('./ports.ts', './runs/run.ts', './runs/schedule.ts', '../errors.ts', 'node:fs', 'cron-parser'),
      value('../usage/policy/quota.ts'),
      value('./records/run.ts'),
    ],
  })),
  {
    file: 'src/pipeline/ports.ts',
    good: [type('../usage/report/report.ts'), type('./records/run.ts'), type('./jobs.ts')],
    bad: [
      value('../usage/report/report.ts'),
      value('./records/run.ts'),
      value('./jobs.ts'),
      `export * from './records/run.ts';`,
      ...both('../errors.ts', 'zod', 'node:stream', './runs/run.ts'),
    ],
  },
  {
    file: 'src/pipeline/records/planted.ts',
    good: both('zod', './sibling.ts', '../../usage/model.ts', '../../usage/policy/quota.ts'),
    bad: both(
      '../ports.ts',
      '../jobs.ts',
      '../runs/run.ts',
      '../../errors.ts',
      '../../config.ts',
      'node:fs',
      'cron-parser',
    ),
  },
  pipelineRoom('stages', {
    may: ['../runs/run.ts', '../direct/weigh.ts', '../bounces/failing.ts'],
    mayNot: ['./deeper/sibling.ts'],
  }),
  pipelineRoom('runs', {
    may: [],
    mayNot: ['../stages/sizer.ts', '../direct/weigh.ts', '../bounces/failing.ts'],
  }),
  {
    file: 'src/pipeline/runs/schedule.ts',
    good: both('cron-parser'),
    bad: both(
      'zod',
      'node:timers',
      './run.ts',
      '../ports.ts',
      '../records/run.ts',
      '../../usage/format.ts',
      '../../errors.ts',
    ),
  },
  pipelineRoom('direct', {
    may: ['../stages/sizer.ts', '../runs/deliveries.ts'],
    mayNot: ['../bounces/failing.ts'],
  }),
  pipelineRoom('bounces', {
    may: [],
    mayNot: ['../stages/sizer.ts', '../runs/run.ts', '../direct/weigh.ts'],
  }),
  adapter('http-client', {
    may: ['undici'],
    mayNot: ['@kubernetes/client-node', '../openshift/client.ts', '../registry/exchange.ts'],
  }),
  adapter('openshift', {
    may: [
      '@kubernetes/client-node',
      '../http-client/connections.ts',
      './json/bodies.ts',
      './lists/lists.ts',
      './objects/objects.ts',
      './workloads/kinds.ts',
    ],
    mayNot: ['undici', 'rxjs', 'bullmq', 'nodemailer', 'pino', 'jsonpath-plus', '../registry/registry.ts'],
  }),
  adapter('openshift/json', {
    may: [],
    mayNot: [
      'undici',
      '@kubernetes/client-node',
      '../client.ts',
      '../lists/lists.ts',
      '../objects/objects.ts',
    ],
  }),
  adapter('openshift/objects', {
    may: ['../json/pick-fields.ts'],
    mayNot: ['undici', '../client.ts', '../lists/lists.ts', '../workloads/kinds.ts'],
  }),
  adapter('openshift/lists', {
    may: ['../json/list-cutter.ts', '../objects/objects.ts'],
    types: ['../client.ts'],
    mayNot: ['undici', '@kubernetes/client-node', '../workloads/kinds.ts'],
  }),
  adapter('openshift/workloads', {
    may: ['jsonpath-plus', '../json/wanted-fields.ts', '../lists/lists.ts', '../objects/fields.ts'],
    types: ['../client.ts'],
    mayNot: ['undici', '@kubernetes/client-node', '../../mail/compose.ts'],
  }),
  adapter('registry', {
    may: ['../http-client/retries.ts'],
    mayNot: ['undici', '@kubernetes/client-node', 'ioredis', 'nodemailer', '../openshift/client.ts'],
  }),
  adapter('redis', {
    may: ['bullmq', 'ioredis', '../../pipeline/runs/retry-policy.ts', '../../redis-address.ts'],
    mayNot: [
      'undici',
      'mjml',
      'prom-client',
      '../mail/compose.ts',
      '../mail/smtp/transport.ts',
      '../../pipeline/runs/run.ts',
    ],
  }),
  adapter('mail', {
    may: ['./attachments/csv.ts', './message/message.ts', './templates/templates.ts', './view/usage.ts'],
    mayNot: ['./smtp/smtp.ts', 'nodemailer', 'mjml', 'handlebars', 'csv-stringify/sync', '../redis/store.ts'],
  }),
  adapter('mail/view', {
    may: ['../message/clean.ts', '../../../branding.ts'],
    types: ['../attachments/attachments.ts', '../templates/templates.ts'],
    mayNot: ['../smtp/smtp.ts', '../compose.ts', 'nodemailer', 'handlebars', '../../redis/store.ts'],
  }),
  adapter('mail/attachments', {
    may: ['csv-stringify/sync', '../message/clean.ts'],
    mayNot: ['../view/usage.ts', '../smtp/smtp.ts', '../compose.ts', 'nodemailer'],
  }),
  adapter('mail/templates', {
    may: [
      'mjml',
      'handlebars',
      'nodemailer/lib/qp',
      '../compose.ts',
      '../attachments/attachments.ts',
      '../view/usage.ts',
      '../../../branding.ts',
    ],
    mayNot: ['../smtp/smtp.ts', '../message/message.ts', 'csv-stringify/sync'],
  }),
  adapter('mail/message', {
    may: ['nodemailer/lib/mail-composer', '../../../pipeline/bounces/bounces.ts'],
    mayNot: ['../smtp/smtp.ts', '../view/usage.ts', '../templates/templates.ts', '../compose.ts', 'mjml'],
  }),
  adapter('mail/smtp', {
    may: ['nodemailer/lib/smtp-connection', '../message/clean.ts', '../../http-client/loopback.ts'],
    mayNot: ['../view/usage.ts', '../templates/templates.ts', '../compose.ts', 'handlebars'],
  }),
  adapter('bounce-mailbox', {
    may: ['../mail/smtp/smtp-faults.ts'],
    mayNot: ['../mail/smtp/transport.ts', '../mail/compose.ts', 'nodemailer', 'ioredis'],
  }),
  adapter('telemetry', {
    may: ['pino', 'prom-client'],
    mayNot: ['handlebars', 'rxjs', '@kubernetes/client-node', '../redis/store.ts'],
  }),
  ...['config', 'config-schema'].map((name) => ({
    file: `src/${name}.ts`,
    good: both(
      'zod',
      'yaml',
      './usage/policy/quota.ts',
      './pipeline/runs/schedule.ts',
      './branding.ts',
      './redis-address.ts',
      './config-schema.ts',
      './errors.ts',
    ),
    bad: [
      ...both('./pipeline/records/run.ts', './pipeline/runs/slots.ts', './adapters/mail/compose.ts'),
      ...both('./app.ts', 'node:fs', 'commander'),
      'export const e1 = process.env;',
    ],
  })),
  ...['errors', 'branding', 'redis-address'].map((name) => ({
    file: `src/${name}.ts`,
    good: [],
    bad: both('./usage/policy/quota.ts', './config.ts', 'node:util', 'zod'),
  })),
  {
    file: 'src/app.ts',
    good: both(
      './adapters/redis/store.ts',
      './adapters/mail/smtp/transport.ts',
      './pipeline/ports.ts',
      './pipeline/runs/run.ts',
      './usage/format.ts',
      './usage/policy/quota.ts',
      './config.ts',
      './errors.ts',
    ),
    bad: [
      ...both('./cli/run.ts', '../sandbox/api-server.ts', 'node:fs', 'bullmq', 'zod'),
      `console.log('x');`,
      'export const e1 = process.env;',
    ],
  },
  {
    file: 'src/cli/planted.ts',
    good: [
      ...both('commander', 'node:fs', './run.ts', '../app.ts', '../config.ts', '../errors.ts'),
      ...both('../usage/format.ts', '../usage/report/report.ts', '../usage/policy/quota.ts'),
      ...both('../usage/in-use/use-report.ts', '../usage/verify/compare-figures.ts'),
      type('../pipeline/events.ts'),
      `import packageJson from '../../package.json' with { type: 'json' };`,
      `console.log('x');`,
      'export const e1 = process.env;',
    ],
    bad: [
      value('../pipeline/events.ts'),
      `export * from '../pipeline/events.ts';`,
      ...both('../pipeline/runs/run.ts', '../pipeline/ports.ts', '../adapters/redis/store.ts'),
      ...both('../usage/cluster/slice.ts', '../usage/weighing/ledger.ts'),
      ...both('zod', 'bullmq', '../../sandbox/api-server.ts'),
    ],
  },
  {
    file: 'bin/planted.js',
    good: [value('../src/cli/main.ts'), value('node:fs'), 'export const e1 = process.argv;'],
    bad: [value('../src/app.ts'), value('node:path'), value('commander')],
  },
  {
    file: 'sandbox/planted.ts',
    good: [
      ...both('smtp-server', 'postal-mime', 'playwright-core', 'node:http', './api-server.ts'),
      type('../src/adapters/openshift/objects/objects.ts'),
      type('../src/usage/model.ts'),
      type('../src/usage/report/report.ts'),
      `console.log('x');`,
      'export const e1 = process.env;',
    ],
    bad: [
      value('../src/adapters/openshift/objects/objects.ts'),
      value('../src/usage/model.ts'),
      value('../src/usage/report/report.ts'),
      ...both('../src/adapters/openshift/client.ts', '../src/pipeline/records/run.ts', '../src/app.ts'),
      ...both('bullmq'),
    ],
  },
  {
    file: 'lint/planted.ts',
    good: both('./imports.ts', 'prettier', 'zod', 'node:fs', '../src/pipeline/records/report.ts'),
    bad: both('../src/app.ts', '../src/config.ts', '../src/pipeline/ports.ts', 'vitest'),
  },
  {
    file: 'test/usage/planted.ts',
    good: [...both('../../src/adapters/redis/store.ts', 'vitest', 'bullmq'), `console.log('x');`],
    bad: [],
  },
  {
    file: 'bench/planted.ts',
    good: [...both('../src/app.ts', 'node:fs'), `console.log('x');`],
    bad: [],
  },
  { file: 'planted.config.ts', good: [value('vitest/config'), 'export const e1 = process.env;'], bad: [] },
  // Folders that have no row.
  { file: 'src/usage/cluster/deeper/planted.ts', good: [], bad: both('../columns.ts', '../../model.ts') },
  { file: 'src/usage/attic/planted.ts', good: [], bad: both('../model.ts') },
  { file: 'src/adapters/pager/planted.ts', good: [], bad: both('node:fs', '../../usage/model.ts') },
];

const root = fileURLToPath(new URL('../../', import.meta.url));
let folder: string;
/** Where the fence found something, e.g. `bad/src/usage/planted.ts:3`. */
let found: ReadonlySet<string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quotagram-imports-'));
  const config = z
    .record(z.string(), z.unknown())
    .parse(JSON.parse(await readFile(join(root, '.oxlintrc.json'), 'utf8')));
  // Nothing of this needs types, and there is nothing to take them from.
  await writeFile(join(folder, '.oxlintrc.json'), JSON.stringify({ ...config, options: {} }));
  await cp(join(root, 'lint/rules.ts'), join(folder, 'lint/rules.ts'));
  const good = await lintPlants('good');
  const bad = await lintPlants('bad');
  found = new Set([...good, ...bad]);
});

afterAll(() => rm(folder, { recursive: true }));

describe.each(PLANTS)('$file', ({ file, good, bad }) => {
  const caught = (side: string, lines: readonly string[]): readonly string[] =>
    lines.filter((_line, index) => found.has(`${side} ${file}:${String(index + 1)}`));

  test('may do what its row allows', () => {
    expect(caught('good', good)).toEqual([]);
  });
  test('may do nothing else', () => {
    expect(caught('bad', bad)).toEqual(bad);
  });
});

describe('every row of the table is tried', () => {
  const importers = [...FREE_IMPORTERS, ...IMPORT_ROWS.map(({ importer }) => importer)];
  /** A row is tried by the files for which it is the one that counts: the last that matches. */
  const plantsOf = (importer: string): readonly Plant[] =>
    PLANTS.filter(({ file }) => importers.findLast((glob) => matchesGlob(file, glob)) === importer);

  test.each(IMPORT_ROWS)(
    '$importer: what it may and what it may not',
    ({ importer, ours, types = [], packages }) => {
      const plants = plantsOf(importer);
      expect(plants.some(({ bad }) => bad.length > 0)).toBe(true);
      expect(plants.some(({ good }) => good.length > 0)).toBe([...ours, ...types, ...packages].length > 0);
    },
  );
  test.each(FREE_IMPORTERS)('%s: what it may', (importer) => {
    expect(plantsOf(importer).some(({ good }) => good.length > 0)).toBe(true);
  });
});

const FENCE = [
  'eslint(no-restricted-imports)',
  'eslint(no-restricted-globals)',
  'eslint(no-restricted-properties)',
  'eslint(no-console)',
  'quotagram(no-clock)',
  'quotagram(no-re-export)',
  'quotagram(no-computed-import)',
  'typescript(no-require-imports)',
  'typescript(consistent-type-imports)',
];

const diagnosticsSchema = z.object({
  diagnostics: z.array(
    z.object({
      code: z.string(),
      filename: z.string(),
      labels: z.array(z.object({ span: z.object({ line: z.int() }) })),
    }),
  ),
});

/** Writes every plant's lines, lints them and returns where the fence found something. */
const lintPlants = async (side: 'good' | 'bad'): Promise<readonly string[]> => {
  for (const plant of PLANTS) {
    const path = join(folder, plant.file);
    await mkdir(dirname(path), { recursive: true });
    // A name of its own for each import: what is declared twice, the linter does not read.
    const lines = plant[side].map((line, index) =>
      line.replace(/^(import.*) (x|X) }/, `$1 $2 as $2${String(index)} }`),
    );
    await writeFile(path, `${lines.join('\n')}\n`);
  }
  const oxlint = join(root, 'node_modules/oxlint/bin/oxlint');
  // It exits with 1 when it finds something.
  const stdout = await promisify(execFile)(process.execPath, [oxlint, '--format=json'], {
    cwd: folder,
    maxBuffer: 2 ** 26,
  }).then(
    (done) => done.stdout,
    (failed: unknown) => z.object({ stdout: z.string() }).parse(failed).stdout,
  );
  return diagnosticsSchema
    .parse(JSON.parse(stdout))
    .diagnostics.filter(({ code }) => FENCE.includes(code))
    .map(({ filename, labels }) => `${side} ${filename}:${String(labels[0]?.span.line)}`);
};
