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

const PLANTS: readonly Plant[] = [
  {
    file: 'src/usage/planted.ts',
    good: [
      value('./ledger.ts'),
      type('./registry.ts'),
      `export const at = new Date('2026-11-23T16:00:00Z').toISOString();`,
      `export const parsed = Date.parse('2026-11-23');`,
      `export const largest = Math.max(1, 2).toFixed(1);`,
    ],
    bad: [
      value('node:fs'),
      type('node:fs'),
      value('zod'),
      type('zod'),
      value('../errors.ts'),
      type('../errors.ts'),
      type('../pipeline/records.ts'),
      type('../adapters/mail/view.ts'),
      type('./deeper/registry.ts'),
      `import 'zod';`,
      `export { x } from './ledger.ts';`,
      `export type { X } from './registry.ts';`,
      `export * from './ledger.ts';`,
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
    ],
  },
  {
    file: 'src/pipeline/planted.ts',
    good: [value('./run.ts'), value('../usage/ledger.ts'), value('../errors.ts'), type('./ports.ts')],
    bad: [
      value('node:crypto'),
      type('node:stream'),
      value('zod'),
      type('bullmq'),
      type('../adapters/redis/store.ts'),
      type('../config.ts'),
      type('../app.ts'),
      type('../cli/run.ts'),
      `console.log('x');`,
      'export const e1 = process.env;',
    ],
  },
  ...['jobs', 'events'].map((name) => ({
    file: `src/pipeline/${name}.ts`,
    good: [value('zod'), type('../usage/quota.ts'), type('./records.ts'), value('./schedule.ts')],
    bad: [
      value('../usage/quota.ts'),
      type('./ports.ts'),
      type('./run.ts'),
      value('../errors.ts'),
      value('node:fs'),
      value('cron-parser'),
    ],
  })),
  {
    file: 'src/pipeline/records.ts',
    good: [value('zod'), value('../usage/quota.ts'), type('../usage/report.ts'), type('./jobs.ts')],
    bad: [
      type('./ports.ts'),
      value('../errors.ts'),
      value('node:fs'),
      value('cron-parser'),
      type('../config.ts'),
    ],
  },
  {
    file: 'src/pipeline/schedule.ts',
    good: [value('cron-parser'), value('zod'), type('../usage/registry.ts'), type('./events.ts')],
    bad: [value('../usage/quota.ts'), type('./ports.ts'), value('../errors.ts'), value('node:timers')],
  },
  {
    file: 'src/pipeline/ports.ts',
    good: [type('../usage/report.ts'), type('./records.ts')],
    bad: [
      value('../usage/report.ts'),
      value('./records.ts'),
      `export * from './records.ts';`,
      type('../errors.ts'),
      type('zod'),
      type('node:stream'),
    ],
  },
  ...(
    [
      ['openshift', ['@kubernetes/client-node', 'undici'], ['rxjs', 'bullmq', 'nodemailer', 'pino']],
      ['redis', ['bullmq', 'ioredis'], ['undici', 'mjml', 'prom-client']],
      [
        'mail',
        ['nodemailer/lib/smtp-connection', 'mjml', 'handlebars', 'csv-stringify/sync'],
        ['ioredis', 'pino'],
      ],
      ['registry', [], ['undici', '@kubernetes/client-node', 'ioredis', 'nodemailer']],
      ['telemetry', ['pino', 'prom-client'], ['handlebars', 'rxjs', '@kubernetes/client-node']],
    ] as const
  ).map(([folder, own, foreign]) => ({
    file: `src/adapters/${folder}/planted.ts`,
    good: [
      ...own.map(value),
      value('zod'),
      value('node:fs/promises'),
      value('./sibling.ts'),
      value('../../usage/format.ts'),
      type('../../pipeline/ports.ts'),
      value('../../errors.ts'),
    ],
    bad: [
      ...foreign.map(type),
      ...foreign.map(value),
      type(`../${folder === 'mail' ? 'redis' : 'mail'}/sibling.ts`),
      value('fastify'),
      value('yaml'),
      type('../../config.ts'),
      type('../../app.ts'),
      type('../../cli/run.ts'),
      value('node:process'),
      `console.log('x');`,
      'export const e1 = process.env;',
      'export const e2 = process.argv;',
      'process.exit(1);',
    ],
  })),
  ...['config', 'config-schema'].map((name) => ({
    file: `src/${name}.ts`,
    good: [
      value('zod'),
      value('yaml'),
      value('./usage/quota.ts'),
      value('./pipeline/schedule.ts'),
      value('./errors.ts'),
    ],
    bad: [
      type('./pipeline/records.ts'),
      type('./adapters/mail/compose.ts'),
      type('./app.ts'),
      value('node:fs'),
      value('commander'),
      'export const e1 = process.env;',
    ],
  })),
  {
    file: 'src/errors.ts',
    good: [],
    bad: [type('./usage/quota.ts'), value('./config.ts'), value('node:util'), type('zod')],
  },
  {
    file: 'src/app.ts',
    good: [
      value('./adapters/redis/store.ts'),
      value('./pipeline/run.ts'),
      value('./usage/quota.ts'),
      type('./config.ts'),
      value('./errors.ts'),
    ],
    bad: [
      type('./cli/run.ts'),
      type('../sandbox/api-server.ts'),
      value('node:fs'),
      value('bullmq'),
      type('zod'),
      `console.log('x');`,
      'export const e1 = process.env;',
    ],
  },
  {
    file: 'src/cli/planted.ts',
    good: [
      value('commander'),
      value('node:fs'),
      value('./run.ts'),
      value('../app.ts'),
      value('../config.ts'),
      value('../errors.ts'),
      value('../usage/format.ts'),
      type('../pipeline/events.ts'),
      `import packageJson from '../../package.json' with { type: 'json' };`,
      `console.log('x');`,
      'export const e1 = process.env;',
    ],
    bad: [
      value('../pipeline/events.ts'),
      `export * from '../pipeline/events.ts';`,
      type('../pipeline/run.ts'),
      type('../adapters/redis/store.ts'),
      value('zod'),
      type('bullmq'),
      type('../../sandbox/api-server.ts'),
    ],
  },
  {
    file: 'bin/planted.js',
    good: [value('../src/cli/main.ts'), 'export const e1 = process.argv;'],
    bad: [value('../src/app.ts'), value('node:fs'), value('commander')],
  },
  {
    file: 'sandbox/planted.ts',
    good: [
      value('smtp-server'),
      value('node:http'),
      value('./api-server.ts'),
      type('../src/adapters/openshift/objects.ts'),
      type('../src/usage/registry.ts'),
      `console.log('x');`,
      'export const e1 = process.env;',
    ],
    bad: [
      value('../src/adapters/openshift/objects.ts'),
      value('../src/usage/registry.ts'),
      type('../src/adapters/openshift/client.ts'),
      type('../src/pipeline/records.ts'),
      type('../src/app.ts'),
      value('bullmq'),
    ],
  },
  {
    file: 'lint/planted.ts',
    good: [value('./imports.ts'), value('prettier'), value('node:fs'), value('../src/pipeline/records.ts')],
    bad: [type('../src/app.ts'), type('../src/config.ts'), value('vitest')],
  },
  {
    file: 'test/usage/planted.ts',
    good: [value('../../src/adapters/redis/store.ts'), value('vitest'), value('bullmq'), `console.log('x');`],
    bad: [],
  },
  {
    file: 'bench/planted.ts',
    good: [value('../src/app.ts'), value('node:fs'), `console.log('x');`],
    bad: [],
  },
  { file: 'planted.config.ts', good: [value('vitest/config'), 'export const e1 = process.env;'], bad: [] },
  { file: 'src/usage/deeper/planted.ts', good: [], bad: [value('../ledger.ts'), type('../registry.ts')] },
  { file: 'src/adapters/pager/planted.ts', good: [], bad: [value('node:fs'), type('../../usage/quota.ts')] },
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
  test.each(good)('may: %s', (line) => {
    expect(found).not.toContain(`good ${file}:${String(good.indexOf(line) + 1)}`);
  });
  test.each(bad)('may not: %s', (line) => {
    expect(found).toContain(`bad ${file}:${String(bad.indexOf(line) + 1)}`);
  });
});

test('every row of the table is tried', () => {
  const importers = [...IMPORT_ROWS.map(({ importer }) => importer), ...FREE_IMPORTERS];
  const untried = importers.filter((importer) => !PLANTS.some(({ file }) => matchesGlob(file, importer)));
  expect(untried).toEqual([]);
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
