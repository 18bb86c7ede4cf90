/**
 * Who may import whom. The one source of the linter's overrides (.oxlintrc.json) and of the table in ARCHITECTURE.md:
 * after a change run `npm run imports`.
 */
export type ImportRow = {
  /** The importing files, a glob from the root. Where several rows fit a file, the last one counts. */
  readonly importer: string;
  /** Files of ours, globs from the root. */
  readonly ours: readonly string[];
  /** Files of ours of which only types may be imported. */
  readonly types?: readonly string[];
  /** Packages, and `node:*` for what Node brings along. */
  readonly packages: readonly string[];
  /** Neither clock, chance, environment, locale nor any other thing of the outside may be reached for. */
  readonly isPure?: true;
  /** May print, and read the environment and the arguments. */
  readonly ownsProcess?: true;
};

const USAGE = 'src/usage/*.ts';
const PIPELINE = 'src/pipeline/*.ts';
const ERRORS = 'src/errors.ts';
const CONTRACTS = ['records', 'jobs', 'events', 'schedule'].map((name) => `src/pipeline/${name}.ts`);

const adapter = (folder: string, vendors: readonly string[]): ImportRow => ({
  importer: `src/adapters/${folder}/*.ts`,
  ours: [`src/adapters/${folder}/*.ts`, USAGE, PIPELINE, ERRORS],
  packages: [...vendors, 'zod', 'node:*'],
});

export const IMPORT_ROWS: readonly ImportRow[] = [
  { importer: USAGE, ours: [USAGE], packages: [], isPure: true },
  { importer: PIPELINE, ours: [USAGE, PIPELINE, ERRORS], packages: [] },
  { importer: 'src/pipeline/{jobs,events}.ts', ours: CONTRACTS, types: [USAGE], packages: ['zod'] },
  // Its schemas take the finding codes and the levels from the core, so that they cannot differ.
  { importer: 'src/pipeline/records.ts', ours: [...CONTRACTS, USAGE], packages: ['zod'] },
  { importer: 'src/pipeline/schedule.ts', ours: CONTRACTS, types: [USAGE], packages: ['zod', 'cron-parser'] },
  { importer: 'src/pipeline/ports.ts', ours: [], types: [USAGE, PIPELINE], packages: [] },
  adapter('openshift', ['@kubernetes/client-node', 'jsonpath-plus', 'undici']),
  adapter('redis', ['bullmq', 'ioredis']),
  adapter('registry', []),
  adapter('mail', ['nodemailer', 'mjml', 'handlebars', 'csv-stringify']),
  adapter('telemetry', ['pino', 'prom-client']),
  {
    importer: 'src/{config,config-schema}.ts',
    ours: ['src/config-schema.ts', USAGE, 'src/pipeline/schedule.ts', ERRORS],
    packages: ['zod', 'yaml'],
  },
  { importer: ERRORS, ours: [], packages: [] },
  {
    importer: 'src/app.ts',
    ours: ['src/adapters/*/*.ts', PIPELINE, USAGE, 'src/config.ts', ERRORS],
    packages: [],
  },
  {
    importer: 'src/cli/*.ts',
    ours: ['src/cli/*.ts', 'src/app.ts', 'src/config.ts', ERRORS, USAGE, 'package.json'],
    types: ['src/pipeline/events.ts'],
    packages: ['commander', 'node:*'],
    ownsProcess: true,
  },
  { importer: 'bin/*.js', ours: ['src/cli/main.ts'], packages: [], ownsProcess: true },
  {
    importer: 'sandbox/*.ts',
    ours: ['sandbox/*.ts'],
    types: ['src/adapters/openshift/objects.ts', USAGE],
    packages: ['smtp-server', 'postal-mime', 'playwright-core', 'node:*'],
    ownsProcess: true,
  },
  {
    importer: 'lint/*.ts',
    ours: ['lint/*.ts', 'src/pipeline/records.ts'],
    packages: ['prettier', 'zod', 'node:*'],
    ownsProcess: true,
  },
];

/** These may import everything. */
export const FREE_IMPORTERS = ['test/**/*.ts', 'bench/**/*.ts', '*.config.ts'] as const;
