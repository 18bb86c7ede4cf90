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

/** Every file of a room, which may have rooms of its own one level down. */
const room = (folder: string): readonly string[] => [`src/${folder}/*.ts`];

const USAGE_TOP = 'src/usage/*.ts';
const USAGE_ROOMS = ['cluster', 'weighing', 'in-use', 'policy', 'cleanup', 'report', 'verify'];
const usageRooms = (...names: readonly string[]): readonly string[] => [
  USAGE_TOP,
  ...names.flatMap((name) => room(`usage/${name}`)),
];
const USAGE = usageRooms(...USAGE_ROOMS);

const PIPELINE_TOP = 'src/pipeline/*.ts';
const PIPELINE_ROOMS = ['stages', 'runs', 'direct', 'bounces', 'records'];
const pipelineRooms = (...names: readonly string[]): readonly string[] => [
  PIPELINE_TOP,
  ...names.flatMap((name) => room(`pipeline/${name}`)),
];
const PIPELINE = pipelineRooms(...PIPELINE_ROOMS);

const ERRORS = 'src/errors.ts';
const BRANDING = 'src/branding.ts';
const SCHEDULE = 'src/pipeline/runs/schedule.ts';
const RECORDS = 'src/pipeline/records/*.ts';
const CONTRACTS = [RECORDS, 'src/pipeline/jobs.ts', 'src/pipeline/events.ts'];

const usageRoom = (name: string, others: readonly string[]): ImportRow => ({
  importer: `src/usage/${name}/*.ts`,
  ours: usageRooms(name, ...others),
  packages: [],
  isPure: true,
});

const pipelineRoom = (name: string, others: readonly string[]): ImportRow => ({
  importer: `src/pipeline/${name}/*.ts`,
  ours: [...USAGE, ...pipelineRooms(name, 'records', ...others), ERRORS],
  packages: [],
});

/** An adapter and its rooms: each may import the whole adapter, and no other. */
const adapter = (
  folder: string,
  {
    vendors,
    rooms = [],
    more = [],
  }: {
    readonly vendors: readonly string[];
    readonly rooms?: readonly string[];
    readonly more?: readonly string[];
  },
): readonly ImportRow[] =>
  [`src/adapters/${folder}`, ...rooms.map((name) => `src/adapters/${folder}/${name}`)].map((importer) => ({
    importer: `${importer}/*.ts`,
    ours: [
      `src/adapters/${folder}/*.ts`,
      ...rooms.map((name) => `src/adapters/${folder}/${name}/*.ts`),
      ...more,
      ...USAGE,
      ...PIPELINE,
      ERRORS,
    ],
    packages: [...vendors, 'zod', 'node:*'],
  }));

const OPENSHIFT_ROOMS = ['lists', 'json', 'objects', 'workloads'];
const MAIL_ROOMS = ['view', 'attachments', 'templates', 'message', 'smtp'];
const ADAPTERS = [
  'src/adapters/*/*.ts',
  ...OPENSHIFT_ROOMS.map((name) => `src/adapters/openshift/${name}/*.ts`),
  ...MAIL_ROOMS.map((name) => `src/adapters/mail/${name}/*.ts`),
];

export const IMPORT_ROWS: readonly ImportRow[] = [
  { importer: USAGE_TOP, ours: [USAGE_TOP], packages: [], isPure: true },
  {
    importer: 'src/usage/snapshots.ts',
    ours: usageRooms('cluster', 'weighing', 'in-use'),
    packages: [],
    isPure: true,
  },
  usageRoom('cluster', ['weighing']),
  usageRoom('weighing', ['cluster']),
  usageRoom('in-use', ['cluster']),
  usageRoom('policy', ['weighing', 'in-use']),
  usageRoom('cleanup', ['weighing', 'policy', 'report']),
  usageRoom('report', ['weighing', 'in-use', 'policy', 'cleanup']),
  usageRoom('verify', ['in-use', 'report']),
  { importer: PIPELINE_TOP, ours: [...USAGE, ...PIPELINE, ERRORS], packages: [] },
  { importer: 'src/pipeline/{jobs,events}.ts', ours: CONTRACTS, types: USAGE, packages: ['zod'] },
  { importer: 'src/pipeline/ports.ts', ours: [], types: [...USAGE, ...PIPELINE], packages: [] },
  pipelineRoom('stages', ['runs', 'direct', 'bounces']),
  pipelineRoom('runs', []),
  pipelineRoom('direct', ['runs', 'stages']),
  pipelineRoom('bounces', ['runs']),
  // Its schemas take the finding codes and the levels from the core, so that they cannot differ.
  { importer: RECORDS, ours: [...USAGE, ...CONTRACTS], packages: ['zod'] },
  { importer: SCHEDULE, ours: CONTRACTS, types: USAGE, packages: ['zod', 'cron-parser'] },
  ...adapter('openshift', {
    vendors: ['@kubernetes/client-node', 'jsonpath-plus', 'undici'],
    rooms: OPENSHIFT_ROOMS,
  }),
  ...adapter('redis', { vendors: ['bullmq', 'ioredis'] }),
  ...adapter('registry', { vendors: [] }),
  ...adapter('mail', {
    vendors: ['nodemailer', 'mjml', 'handlebars', 'csv-stringify'],
    rooms: MAIL_ROOMS,
    more: [BRANDING],
  }),
  ...adapter('bounce-mailbox', { vendors: [], more: ['src/adapters/mail/smtp/smtp-faults.ts'] }),
  ...adapter('telemetry', { vendors: ['pino', 'prom-client'] }),
  {
    importer: 'src/{config,config-schema}.ts',
    ours: ['src/config-schema.ts', BRANDING, ...USAGE, SCHEDULE, ERRORS],
    packages: ['zod', 'yaml'],
  },
  { importer: 'src/{errors,branding}.ts', ours: [], packages: [] },
  {
    importer: 'src/app.ts',
    ours: [...ADAPTERS, ...PIPELINE, ...USAGE, 'src/config.ts', ERRORS],
    packages: [],
  },
  {
    importer: 'src/cli/*.ts',
    ours: ['src/cli/*.ts', 'src/app.ts', 'src/config.ts', ERRORS, ...USAGE, 'package.json'],
    types: ['src/pipeline/events.ts'],
    packages: ['commander', 'node:*'],
    ownsProcess: true,
  },
  { importer: 'bin/*.js', ours: ['src/cli/main.ts'], packages: [], ownsProcess: true },
  {
    importer: 'sandbox/*.ts',
    ours: ['sandbox/*.ts'],
    types: ['src/adapters/openshift/objects/objects.ts', ...USAGE],
    packages: ['smtp-server', 'postal-mime', 'playwright-core', 'node:*'],
    ownsProcess: true,
  },
  {
    importer: 'lint/*.ts',
    ours: ['lint/*.ts', RECORDS],
    packages: ['prettier', 'zod', 'node:*'],
    ownsProcess: true,
  },
];

/** These may import everything. */
export const FREE_IMPORTERS = ['test/**/*.ts', 'bench/**/*.ts', '*.config.ts'] as const;
