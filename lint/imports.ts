/**
 * Who may import whom. The one source of the linter's overrides (.oxlintrc.json) and of the table in ARCHITECTURE.md:
 * after a change run `npm run imports`.
 */
export type ImportRow = {
  /** The importing files, a glob from the root. Where several rows match a file, the last one counts. */
  readonly importer: string;
  /** Files of ours, globs from the root. */
  readonly ours: readonly string[];
  /** Files of ours from which only types may be imported. */
  readonly types?: readonly string[];
  /** Packages, and `node:*` for Node's own modules. */
  readonly packages: readonly string[];
  /** May not use the clock, chance, the environment, the locale or anything else from outside. */
  readonly isPure?: true;
  /** May print, and read the environment and the arguments. */
  readonly ownsProcess?: true;
};

/** The files of a folder, without those of its rooms. */
const filesOf = (folder: string): string => `src/${folder}/*.ts`;
/** The files of a folder and of all its rooms. */
const allOf = (folder: string): string => `src/${folder}/**/*.ts`;

const USAGE = allOf('usage');
const PIPELINE = filesOf('pipeline');
const RECORDS = filesOf('pipeline/records');
const SCHEDULE = 'src/pipeline/runs/schedule.ts';
const RETRY_POLICY = 'src/pipeline/runs/retry-policy.ts';
const BRANDING = 'src/branding.ts';
const REDIS_ADDRESS = 'src/redis-address.ts';
const ERRORS = 'src/errors.ts';

/** Other rooms of the same folder that a room may import. */
type Rooms = { readonly rooms?: readonly string[]; readonly types?: readonly string[] };

const usageRoom = (room: string, { rooms = [], types = [] }: Rooms): ImportRow => ({
  importer: filesOf(`usage/${room}`),
  ours: ['usage', `usage/${room}`, ...rooms.map((name) => `usage/${name}`)].map(filesOf),
  types: types.map((name) => filesOf(`usage/${name}`)),
  packages: [],
  isPure: true,
});

const pipelineRoom = (room: string, { rooms = [] }: Rooms): ImportRow => ({
  importer: filesOf(`pipeline/${room}`),
  ours: [
    ...[`pipeline/${room}`, ...rooms.map((name) => `pipeline/${name}`)].map(filesOf),
    PIPELINE,
    RECORDS,
    USAGE,
    ERRORS,
  ],
  packages: [],
});

/** An adapter, or a room of one. No adapter imports another, except the HTTP client. */
const adapter = (
  room: string,
  {
    rooms = [],
    types = [],
    ours = [],
    vendors,
  }: Rooms & { readonly ours?: readonly string[]; readonly vendors: readonly string[] },
): ImportRow => ({
  importer: filesOf(`adapters/${room}`),
  ours: [
    ...[room, ...rooms].map((name) => filesOf(`adapters/${name}`)),
    ...ours,
    PIPELINE,
    RECORDS,
    USAGE,
    ERRORS,
  ],
  types: types.map((name) => filesOf(`adapters/${name}`)),
  packages: [...vendors, 'zod', 'node:*'],
});

export const IMPORT_ROWS: readonly ImportRow[] = [
  { importer: filesOf('usage'), ours: [filesOf('usage')], packages: [], isPure: true },
  {
    importer: 'src/usage/snapshots.ts',
    ours: ['usage', 'usage/cluster', 'usage/weighing', 'usage/in-use'].map(filesOf),
    packages: [],
    isPure: true,
  },
  usageRoom('cluster', {}),
  usageRoom('weighing', { rooms: ['cluster'] }),
  usageRoom('in-use', { rooms: ['cluster'] }),
  usageRoom('policy', { rooms: ['in-use'], types: ['weighing'] }),
  usageRoom('cleanup', { rooms: ['weighing', 'policy'], types: ['report'] }),
  usageRoom('report', { rooms: ['weighing', 'in-use', 'policy', 'cleanup'] }),
  // It recounts every figure by other code, so it imports nothing that weighs.
  usageRoom('verify', { rooms: ['cluster'], types: ['report'] }),
  { importer: PIPELINE, ours: [PIPELINE, ERRORS], types: [RECORDS, USAGE], packages: [] },
  {
    importer: 'src/pipeline/{jobs,events}.ts',
    ours: [],
    types: [RECORDS, USAGE],
    packages: ['zod'],
  },
  { importer: 'src/pipeline/ports.ts', ours: [], types: [PIPELINE, RECORDS, USAGE], packages: [] },
  // Its schemas take the finding codes and the levels from the core, so that they cannot differ.
  { importer: RECORDS, ours: [RECORDS, USAGE], packages: ['zod'] },
  pipelineRoom('stages', { rooms: ['runs', 'direct', 'bounces'] }),
  pipelineRoom('runs', {}),
  { importer: SCHEDULE, ours: [], packages: ['cron-parser'] },
  pipelineRoom('direct', { rooms: ['stages', 'runs'] }),
  pipelineRoom('bounces', {}),
  adapter('http-client', { vendors: ['undici'] }),
  adapter('openshift', {
    rooms: ['openshift/json', 'openshift/lists', 'openshift/objects', 'openshift/workloads', 'http-client'],
    vendors: ['@kubernetes/client-node'],
  }),
  adapter('openshift/json', { vendors: [] }),
  adapter('openshift/objects', { rooms: ['openshift/json'], vendors: [] }),
  adapter('openshift/lists', {
    rooms: ['openshift/json', 'openshift/objects'],
    types: ['openshift'],
    vendors: [],
  }),
  adapter('openshift/workloads', {
    rooms: ['openshift/json', 'openshift/lists', 'openshift/objects'],
    types: ['openshift'],
    vendors: ['jsonpath-plus'],
  }),
  adapter('registry', { rooms: ['http-client'], vendors: [] }),
  adapter('redis', { ours: [RETRY_POLICY, REDIS_ADDRESS], vendors: ['bullmq', 'ioredis', 'msgpackr'] }),
  adapter('mail', {
    rooms: ['mail/attachments', 'mail/message', 'mail/templates', 'mail/view'],
    vendors: [],
  }),
  adapter('mail/view', {
    rooms: ['mail/message'],
    types: ['mail/attachments', 'mail/templates'],
    ours: [BRANDING],
    vendors: [],
  }),
  adapter('mail/attachments', { rooms: ['mail/message'], vendors: ['csv-stringify'] }),
  adapter('mail/templates', {
    rooms: ['mail', 'mail/attachments', 'mail/view'],
    ours: [BRANDING],
    vendors: ['handlebars', 'mjml', 'nodemailer'],
  }),
  adapter('mail/message', { ours: [filesOf('pipeline/bounces')], vendors: ['nodemailer'] }),
  adapter('mail/smtp', { rooms: ['mail/message', 'http-client'], vendors: ['nodemailer'] }),
  adapter('bounce-mailbox', { ours: ['src/adapters/mail/smtp/smtp-faults.ts'], vendors: [] }),
  adapter('telemetry', { vendors: ['pino', 'prom-client'] }),
  {
    importer: 'src/{config,config-schema}.ts',
    ours: ['src/config-schema.ts', BRANDING, REDIS_ADDRESS, USAGE, SCHEDULE, ERRORS],
    packages: ['zod', 'yaml'],
  },
  { importer: 'src/{errors,branding,redis-address}.ts', ours: [], packages: [] },
  {
    importer: 'src/app.ts',
    ours: [allOf('adapters'), allOf('pipeline'), USAGE, 'src/config.ts', ERRORS],
    packages: [],
  },
  {
    importer: filesOf('cli'),
    ours: [
      ...['cli', 'usage', 'usage/in-use', 'usage/policy', 'usage/report', 'usage/verify'].map(filesOf),
      'src/app.ts',
      'src/config.ts',
      ERRORS,
      'package.json',
    ],
    types: ['src/pipeline/events.ts'],
    packages: ['commander', 'node:*'],
    ownsProcess: true,
  },
  { importer: 'bin/*.js', ours: ['src/cli/main.ts'], packages: ['node:fs'], ownsProcess: true },
  {
    importer: 'sandbox/*.ts',
    ours: ['sandbox/*.ts'],
    types: ['src/adapters/openshift/objects/objects.ts', USAGE],
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
