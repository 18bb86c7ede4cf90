import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { configSchema } from '../src/config-schema.ts';
import { loadConfig, loadRegistryCredentials } from '../src/config.ts';
import type { Config, Secrets } from '../src/config.ts';
import { AppError } from '../src/errors.ts';

const load = (
  text: string | null,
  env: Record<string, string> = {},
): { readonly config: Config; readonly secrets: Secrets } =>
  loadConfig(text, env, (path) => {
    if (path === '/run/secrets/smtp') return 'from the file\n';
    throw new Error(`ENOENT: no such file or directory, open '${path}'`);
  });

/** The faults that a configuration is refused for, one a line; fails the test when it is accepted. */
const faultsOf = (text: string, env: Record<string, string> = {}): readonly string[] => {
  try {
    load(text, env);
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'invalid') throw thrown;
    return thrown.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
  throw new Error('the configuration was accepted');
};

test('no file means the defaults', () => {
  const { config, secrets } = load(null);
  expect(secrets).toEqual({ smtpPassword: null, redisUrl: null });
  expect(config).toEqual({
    cluster: { name: null, apiUrl: null },
    schedule: { cron: '0 8 * * 1', timeZone: 'America/Vancouver', catchUpMs: 48 * 3_600_000 },
    namespaces: {
      selects: expect.any(Function),
      exclude: ['kube-*', 'openshift-*', 'openshift', 'default'],
    },
    environmentLabel: 'environment',
    teams: { groupByLabel: null },
    charge: { imported: false },
    inUse: { extra: [] },
    plan: { productionEnvironments: ['prod', 'production'] },
    advice: { maxTags: 100, maxLayer: 500 * 2 ** 20, maxImported: 10 * 2 ** 30 },
    quota: {
      default: 50 * 2 ** 30,
      warnPercent: 80,
      clearPercent: 95,
      annotation: { enabled: false, max: null },
      rules: [],
    },
    recipients: {
      annotations: { contacts: 'contacts', addresses: ['product-owner', 'technical-lead', 'owner'] },
      roles: {},
      overrides: [],
      fallback: null,
      allowedDomains: [],
    },
    mail: {
      from: null,
      replyTo: null,
      subjectCluster: false,
      bounces: null,
      dkim: null,
      allowedDomains: [],
      levels: ['over'],
      perSecond: 5,
      help: null,
      docs: null,
    },
    branding: {
      productName: 'Image registry',
      logoText: null,
      colors: {
        accent: '#2f6db5',
        alert: '#b3261e',
        link: '#1f5fae',
        dark: { accent: '#4b86cc', alert: '#ff8a80', link: '#79b8ff' },
      },
      paragraphs: { before: [], after: [] },
    },
    templates: { dir: null },
    smtp: { host: null, port: 587, secure: false, user: null },
    retention: { source: 'config', keepTagRevisions: 3, keepYoungerThanMs: 96 * 3_600_000 },
    reminders: { count: 3, consequence: null },
    summary: { to: null },
    redis: { url: null },
    workers: { sizer: 2, mailer: 2 },
    dataDir: '.quotagram',
  });
});

test('an empty file, a comment and keys without values mean the defaults, too', () => {
  const defaults = { ...load(null).config, namespaces: expect.any(Object) };
  for (const text of ['', '# nothing here\n', 'mail:\nquota:\n  default:\n']) {
    expect(load(text).config).toEqual(defaults);
  }
});

test('sizes become bytes, durations milliseconds, domains lower case and the selector a test of labels', () => {
  const { config } = load(`
    namespaces: { selector: 'environment in (dev,test)' }
    quota:
      default: 2e9
      annotation: { enabled: true, max: unlimited }
      rules:
        - { match: { labels: { environment: dev } }, limit: 512Mi }
        - { match: { names: ['a1b2c3-*'] }, limit: 0 }
    recipients:
      overrides:
        - { match: { names: [a1b2c3-tools] }, replace: [tools@example.com] }
        - { match: {}, add: [all@mail.example.com] }
    mail:
      from: Image registry <registry@Example.com>
      replyTo: platform@example.com
      allowedDomains: [Example.com, '*.Example.com']
    smtp: { host: smtp.example.com, secure: true }
    retention: { keepYoungerThan: 4d }
  `);
  expect(config.namespaces.selects({ environment: 'test' })).toBe(true);
  expect(config.namespaces.selects({ environment: 'prod' })).toBe(false);
  expect(config.quota).toEqual({
    default: 2_000_000_000,
    warnPercent: 80,
    clearPercent: 95,
    annotation: { enabled: true, max: null },
    rules: [
      { match: { labels: { environment: 'dev' } }, limit: 512 * 2 ** 20 },
      { match: { names: ['a1b2c3-*'] }, limit: 0 },
    ],
  });
  expect(config.recipients.overrides).toEqual([
    { match: { names: ['a1b2c3-tools'] }, replace: ['tools@example.com'] },
    { match: {}, add: ['all@mail.example.com'] },
  ]);
  expect(config.mail.from).toBe('Image registry <registry@example.com>');
  expect(config.mail.replyTo).toBe('platform@example.com');
  expect(config.recipients.allowedDomains).toEqual(['example.com', '*.example.com']);
  expect(config.smtp.port).toBe(465);
  expect(config.retention.keepYoungerThanMs).toBe(4 * 86_400_000);
});

test('the address of the API is written as `oc whoami --show-server` does, without a slash at the end', () => {
  const { config } = load('cluster: { apiUrl: "https://api.example.test:6443/" }');
  expect(config.cluster.apiUrl).toBe('https://api.example.test:6443');
});

test('a custom resource is taken apart into its plural and its group', () => {
  const { config } = load(`
    inUse:
      extra:
        - { resource: rollouts.argoproj.io, jsonPath: '{.spec.template.spec.containers[*].image}' }
        - { resource: services.serving.knative.dev, jsonPath: "{.metadata.annotations['example.com/image']}" }
  `);
  expect(config.inUse.extra).toEqual([
    { plural: 'rollouts', group: 'argoproj.io', jsonPath: '{.spec.template.spec.containers[*].image}' },
    {
      plural: 'services',
      group: 'serving.knative.dev',
      jsonPath: "{.metadata.annotations['example.com/image']}",
    },
  ]);
});

test('configuration and secrets are frozen all the way down', () => {
  const { config, secrets } = load('quota: { rules: [{ match: { names: [a] }, limit: 1Gi }] }');
  const isFrozen = (value: unknown): boolean =>
    typeof value !== 'object' ||
    value === null ||
    (Object.isFrozen(value) && Object.values(value).every(isFrozen));
  expect(isFrozen(config)).toBe(true);
  expect(isFrozen(secrets)).toBe(true);
});

describe('faults', () => {
  test('are told all at once, with path, value and what is allowed', () => {
    expect(
      faultsOf(`
        schedule: { cron: '0 8 * *', timeZone: Vancouver }
        quota: { default: 50GB, rules: [{ match: {}, limit: 1Gi }, { match: {}, limit: lots }] }
        mail: { levls: [over] }
        summary: { to: platform@example.com }
      `),
    ).toEqual([
      'schedule.cron is "0 8 * *": must be five fields (minute hour day month weekday), such as "0 8 * * 1"',
      'schedule.timeZone is "Vancouver": must be an IANA time zone, such as America/Vancouver or UTC',
      expect.stringMatching(/^quota\.default is "50GB": not a quantity such as 50Gi/),
      expect.stringMatching(/^quota\.rules\[1\]\.limit is "lots": not a quantity/),
      'mail.levls: unknown key; did you mean levels?',
    ]);
  });

  test('include an address outside the allowed domains, whatever else is wrong', () => {
    expect(
      faultsOf(`
        quotas: {}
        quota: { warnPercent: 82.5 }
        mail: { allowedDomains: [example.com, '*.example.com'] }
        summary: { to: platform@example.test }
        recipients:
          fallback: platform@mail.example.com
          overrides: [{ match: {}, add: [a@example.com, b@example.org] }]
      `),
    ).toEqual([
      'quota.warnPercent is 82.5: must be a whole number from 0 to 100',
      'quotas: unknown key; did you mean quota?',
      'summary.to is "platform@example.test": must be in a domain of mail.allowedDomains, which holds example.com, *.example.com',
      'recipients.overrides[0].add[1] is "b@example.org": must be in a domain of mail.allowedDomains, which holds example.com, *.example.com',
    ]);
  });

  test('include any mailbox while no domain is allowed', () => {
    expect(faultsOf('summary: { to: platform@example.com }')).toEqual([
      'summary.to is "platform@example.com": must be in a domain of mail.allowedDomains, which is empty',
    ]);
  });

  test.each([
    ['schedule: { cron: "0 * * * 1" }', 'schedule.cron is "0 * * * 1": must name one minute and one hour'],
    [
      'schedule: { catchUpHours: 1000 }',
      'schedule.catchUpHours is 1000: must be a whole number from 0 to 168',
    ],
    ['namespaces: { selector: "a b" }', 'namespaces.selector is "a b": not a label selector'],
    ['namespaces: { exclude: [Kube] }', 'namespaces.exclude[0] is "Kube": must be the name of a namespace'],
    ['environmentLabel: "a b"', 'environmentLabel is "a b": must be the key of a label'],
    ['charge: { imported: "yes" }', 'charge.imported is "yes": must be true or false'],
    [
      'inUse: { extra: [{ resource: pods, jsonPath: "{.spec.image}" }] }',
      'inUse.extra[0].resource is "pods": must be the plural of a kind and its group',
    ],
    ['inUse: { extra: [{ resource: a.example.com }] }', 'inUse.extra[0].jsonPath is missing: must be text'],
    ...[
      '.spec.image',
      '{}',
      '{.spec',
      '{.spec[?(@.image)]}',
      '{.spec[(1)]}',
      '{.spec.image^}',
      '{.spec.@string()}',
      '{.spec.a,b}',
    ].map((path) => [
      `inUse: { extra: [{ resource: a.example.com, jsonPath: ${JSON.stringify(path)} }] }`,
      `inUse.extra[0].jsonPath is ${JSON.stringify(path)}: must be a JSONPath of names`,
    ]),
    ['inUse: { extras: [] }', 'inUse.extras: unknown key; did you mean extra?'],
    ['advice: { maxTags: 0 }', 'advice.maxTags is 0: must be a whole number from 1 up'],
    [
      'plan: { productionEnvironments: [live, "pro duction"] }',
      'plan.productionEnvironments[1] is "pro duction": must be the value of a label, such as prod',
    ],
    ['advice: { maxLayer: big }', 'advice.maxLayer is "big": not a quantity'],
    [
      'cluster: { apiUrl: api.example.com }',
      'cluster.apiUrl is "api.example.com": must be an https:// or http://',
    ],
    ['cluster: { apiUrl: "ftp://api.example.com" }', 'must be an https:// or http:// URL, all on one line'],
    [
      'cluster: { apiUrl: "https://lea:sesame@api.example.com:6443" }',
      'cluster.apiUrl is "https://…@api.example.com:6443": must not contain a user or a password',
    ],
    [
      'cluster: { apiUrl: "https://api.example.com\\n:6443" }',
      'cluster.apiUrl is "https://api.example.com\\n:6443": must be an https:// or http:// URL, all on one line',
    ],
    ['cluster: { apiUrl: "https://api.example.com/?a=b" }', 'must not contain ? or #'],
    [
      'mail: { docs: { url: "https://example.com/\\r\\nguide" } }',
      'mail.docs.url is "https://example.com/\\r\\nguide": must be an https:// URL, all on one line',
    ],
    ['quota: { clearPercent: 101 }', 'quota.clearPercent is 101: must be a whole number from 0 to 100'],
    ['quota: { annotation: { enabled: true } }', 'quota.annotation.max is missing: must be set'],
    ['quota: { rules: [{ limit: 1Gi }] }', 'quota.rules[0].match is missing: must be a map'],
    [
      'quota: { rules: [{ match: { labels: { a: 1 } }, limit: 1 }] }',
      'quota.rules[0].match.labels.a is 1: must be text',
    ],
    [
      'recipients: { fallback: "A <a@example.com>" }',
      'recipients.fallback is "A <a@example.com>": not one plain address',
    ],
    [
      'recipients: { overrides: [{ match: {} }] }',
      'recipients.overrides[0] is {"match":{}}: must have either',
    ],
    ['mail: { from: "a@b c" }', 'mail.from is "a@b c": not one plain address'],
    ['mail: { from: "A <a@b c>" }', 'mail.from is "A <a@b c>": not one plain address'],
    [
      'mail: { from: "A\\r\\nBcc: x <a@example.com>" }',
      'mail.from is "A\\r\\nBcc: x <a@example.com>": not one',
    ],
    ['mail: { subjectCluster: silver }', 'mail.subjectCluster is "silver": must be true or false'],
    ['mail: { bounces: "B <b@example.com>" }', 'mail.bounces is "B <b@example.com>": not one plain address'],
    [
      `mail: { bounces: ${'b'.repeat(32)}@example.com }`,
      `mail.bounces is "${'b'.repeat(32)}@example.com": must have at most 31 characters before the @`,
    ],
    ['mail: { dkim: { domain: "*.example.com", selector: a, keyFile: b } }', 'must be one domain'],
    [
      'mail: { dkim: { domain: example.com, selector: "a;d=b", keyFile: b } }',
      'mail.dkim.selector is "a;d=b": must be the part of the DNS name',
    ],
    [
      'mail: { dkim: { domain: example.com, selector: a } }',
      'mail.dkim.keyFile is missing: must be text; put it in quotes',
    ],
    ['mail: { allowedDomains: ["*"] }', 'mail.allowedDomains[0] is "*": must be a domain'],
    ['mail: { allowedDomains: ["*.test"] }', 'mail.allowedDomains[0] is "*.test": must be a domain'],
    ['mail: { levels: [high] }', 'mail.levels[0] is "high": must be one of ok, warning, over'],
    ['mail: { perSecond: 0 }', 'mail.perSecond is 0: must be a number above 0'],
    [
      'mail: { help: { text: Ask, url: "http://example.com" } }',
      'mail.help.url is "http://example.com": must be an https',
    ],
    [
      'mail: { docs: { url: "javascript:alert(1)" } }',
      'mail.docs.url is "javascript:alert(1)": must be an https',
    ],
    ['smtp: { host: "smtp.example.com:25" }', 'smtp.host is "smtp.example.com:25": must be a host name'],
    ['smtp: { port: 0 }', 'smtp.port is 0: must be a whole number from 1 to 65535'],
    ['retention: { keepYoungerThan: 96 }', 'retention.keepYoungerThan is 96: must be text'],
    [
      'retention: { keepYoungerThan: 4 days }',
      'retention.keepYoungerThan is "4 days": must be whole minutes',
    ],
    [
      'branding: { productName: "Registre d’images" }',
      'branding.productName is "Registre d’images": must be at most 40 characters of plain ASCII',
    ],
    ['branding: { colors: { accent: blue } }', 'branding.colors.accent is "blue": must be a colour such as'],
    [
      'branding: { colors: { accent: "#7FB0E8" } }',
      'branding.colors.accent is "#7FB0E8": has a contrast of 2.26:1 with the background #ffffff; it needs 4.5:1',
    ],
    [
      'branding: { colors: { dark: { alert: "#b3261e" } } }',
      'branding.colors.dark.alert is "#b3261e": has a contrast of 2.72:1 with the background #14181d; it needs 4.5:1',
    ],
    [
      'branding: { paragraphs: { before: ["two\\nlines"] } }',
      'branding.paragraphs.before[0] is "two\\nlines": must be one line of text',
    ],
    ['retention: { source: cluster }', 'retention.source is "cluster": must be config or imagepruner'],
    ['reminders: { count: 0 }', 'reminders.count is 0: must be a whole number from 1 up'],
    ['workers: { sizer: 1.5 }', 'workers.sizer is 1.5: must be a whole number from 1 up'],
    ['redis: { url: localhost }', 'redis.url is "localhost": must be redis://host:6379, or rediss://'],
    ['redis: { url: "redis://a,b" }', 'redis.url is "redis://a,b": must name one server'],
    ['dataDir: ""', 'dataDir is "": must be one line of text'],
    ['mails: {}', 'mails: unknown key; did you mean mail?'],
    ['smtp: { hots: a }', 'smtp.hots: unknown key; did you mean host?'],
    ['workers: { parser: 2 }', 'workers.parser: unknown key; known here: sizer, mailer'],
    ['workers: 3', 'workers is 3: must be a map with keys of sizer, mailer'],
    ['[]', 'the file is []: must be a map with keys of cluster, schedule'],
  ])('refuses %s', (text, fault) => {
    expect(faultsOf(text)).toEqual([expect.stringContaining(fault)]);
  });

  test('never show a secret', () => {
    const text = 'smtp: { password: hunter2 }\nredis: { url: "redis://:hunter2@redis.example.com" }';
    const faults = faultsOf(text, { REDIS_URL: 'http://:hunter2@redis.example.com' });
    expect(faults).toEqual([
      'smtp.password: unknown key; set SMTP_PASSWORD in the environment, or SMTP_PASSWORD_FILE to the path of a file that holds it',
      'redis.url is "redis://…@redis.example.com": must not contain a password; set REDIS_URL instead',
      expect.stringMatching(/^REDIS_URL: must be redis:\/\/host:6379, or rediss:\/\//),
    ]);
  });
});

describe('YAML', () => {
  test.each([
    ['a key twice', 'mail:\n  perSecond: 1\n  perSecond: 2\n', 'Map keys must be unique at line 3, column 3'],
    ['an open bracket', 'mail:\n  levels: [over\n', 'line 3, column 1'],
    ['a tab as indentation', 'mail:\n\tperSecond: 1\n', 'line 2, column 1'],
    ['a second document', 'dataDir: a\n---\ndataDir: b\n', 'another begins at line 2'],
    ['an alias to nothing', 'dataDir: *missing\n', 'missing'],
    ['an alias within its own value', 'quota: &a { default: 1Gi, x: *a }\n', 'must not be inside the value'],
    ['a value merged into itself', 'quota: &a { default: 1Gi, <<: *a }\n', 'or the value that it is in'],
    ['a text merged into a map', 'quota: { <<: lots }\n', 'Merge sources must be maps'],
  ])('is refused for %s, with its place', (_name, text, fault) => {
    expect(faultsOf(text)).toEqual([expect.stringContaining(fault)]);
  });

  test('is refused when a few aliases stand for a great many values', () => {
    const nine = (name: string): string => Array(9).fill(`*${name}`).join(',');
    const text = `a: &a [x,x,x]\nb: &b [${nine('a')}]\nc: &c [${nine('b')}]\nd: &d [${nine('c')}]\n`;
    expect(faultsOf(text)).toEqual([expect.stringContaining('alias')]);
  });

  test('may repeat values by anchors and aliases, and merge maps', () => {
    const { config } = load(`
      x-tools: &tools { names: ['*-tools'] }
      quota:
        rules:
          - { match: *tools, limit: &large 200Gi }
          - { match: { <<: *tools, labels: { environment: prod } }, limit: *large }
      recipients:
        overrides:
          - { match: *tools, add: [] }
    `);
    expect(config.quota.rules).toEqual([
      { match: { names: ['*-tools'] }, limit: 200 * 2 ** 30 },
      { match: { names: ['*-tools'], labels: { environment: 'prod' } }, limit: 200 * 2 ** 30 },
    ]);
    expect(config.recipients.overrides).toEqual([{ match: { names: ['*-tools'] }, add: [] }]);
  });

  test('names the place where a value is used, not where it is anchored', () => {
    expect(faultsOf('x-limit: &limit 50GB\nquota: { default: *limit }\nmail: { x-from: a }\n')).toEqual([
      expect.stringContaining('quota.default is "50GB"'),
      expect.stringContaining('mail.x-from: unknown key'),
    ]);
  });

  test('is version 1.2, where yes is a word and a number may be a quantity', () => {
    expect(load('cluster: { name: yes }\nquota: { default: 1e9 }').config).toMatchObject({
      cluster: { name: 'yes' },
      quota: { default: 1_000_000_000 },
    });
  });
});

describe('secrets', () => {
  test('come from the environment', () => {
    const env = { SMTP_PASSWORD: 'open sesame', REDIS_URL: 'rediss://:pw@redis.example.com:6380' };
    expect(load(null, env).secrets).toEqual({
      smtpPassword: 'open sesame',
      redisUrl: 'rediss://:pw@redis.example.com:6380',
    });
  });

  test('come from a file, without its last line end', () => {
    expect(load(null, { SMTP_PASSWORD_FILE: '/run/secrets/smtp' }).secrets.smtpPassword).toBe(
      'from the file',
    );
  });

  test('that are empty are not there', () => {
    expect(load(null, { SMTP_PASSWORD: '', SMTP_PASSWORD_FILE: '', REDIS_URL: '' }).secrets).toEqual({
      smtpPassword: null,
      redisUrl: null,
    });
  });

  test('are refused when stated twice or unreadable', () => {
    const env = { SMTP_PASSWORD: 'a', SMTP_PASSWORD_FILE: '/run/secrets/none' };
    expect(faultsOf('', env)).toEqual([
      'SMTP_PASSWORD and SMTP_PASSWORD_FILE are both set: only one is allowed',
      expect.stringMatching(/^SMTP_PASSWORD_FILE is "\/run\/secrets\/none": must be a file that can be read/),
    ]);
  });
});

describe('credentials for a registry', () => {
  const load = (env: Record<string, string>) =>
    loadRegistryCredentials(env, (path) => {
      if (path === '/run/secrets/registry') return 'from the file\n';
      throw new Error(`ENOENT: no such file or directory, open '${path}'`);
    });

  test.each([
    { name: 'none', env: {}, credentials: null },
    { name: 'none that is not empty', env: { REGISTRY_USER: '', REGISTRY_TOKEN: '' }, credentials: null },
    { name: 'a token', env: { REGISTRY_TOKEN: 'sesame' }, credentials: { token: 'sesame' } },
    {
      name: 'a token in a file',
      env: { REGISTRY_TOKEN_FILE: '/run/secrets/registry' },
      credentials: { token: 'from the file' },
    },
    {
      name: 'a user and a password',
      env: { REGISTRY_USER: 'robot', REGISTRY_PASSWORD: 'sesame' },
      credentials: { user: 'robot', password: 'sesame' },
    },
    {
      name: 'a user and a password in a file',
      env: { REGISTRY_USER: 'robot', REGISTRY_PASSWORD_FILE: '/run/secrets/registry' },
      credentials: { user: 'robot', password: 'from the file' },
    },
  ])('are $name', ({ env, credentials }) => {
    expect(load(env)).toEqual(credentials);
  });

  test.each([
    {
      name: 'a user alone',
      env: { REGISTRY_USER: 'robot' },
      fault: 'set either REGISTRY_TOKEN alone, or both REGISTRY_USER and REGISTRY_PASSWORD',
    },
    {
      name: 'a password alone',
      env: { REGISTRY_PASSWORD: 'sesame' },
      fault: 'set either REGISTRY_TOKEN alone, or both REGISTRY_USER and REGISTRY_PASSWORD',
    },
    {
      name: 'a token beside a password',
      env: { REGISTRY_TOKEN: 'sesame', REGISTRY_USER: 'robot', REGISTRY_PASSWORD: 'sesame' },
      fault: 'set either REGISTRY_TOKEN alone, or both REGISTRY_USER and REGISTRY_PASSWORD',
    },
    {
      name: 'a token stated twice',
      env: { REGISTRY_TOKEN: 'sesame', REGISTRY_TOKEN_FILE: '/run/secrets/registry' },
      fault: 'REGISTRY_TOKEN and REGISTRY_TOKEN_FILE are both set: only one is allowed',
    },
    {
      name: 'a file that is not there',
      env: { REGISTRY_USER: 'robot', REGISTRY_PASSWORD_FILE: '/run/secrets/none' },
      fault: 'REGISTRY_PASSWORD_FILE is "/run/secrets/none": must be a file that can be read',
    },
  ])('are refused when they are $name', ({ env, fault }) => {
    expect(() => load(env)).toThrow(
      expect.objectContaining({ code: 'invalid', message: expect.stringContaining(fault) }),
    );
    expect(() => load(env)).not.toThrow('sesame');
  });
});

describe('quotagram.example.yaml', () => {
  const example = readFileSync(new URL('../quotagram.example.yaml', import.meta.url), 'utf8');
  /** With the keys that have no default switched on, and what they replace taken out. */
  const complete = example.replaceAll(/^ *\w+: (\[\]|\{\})\n/gm, '').replaceAll(/^( *)#(?! \S|\n)/gm, '$1');

  test('shows the defaults', () => {
    expect(load(example).config).toEqual({ ...load(null).config, namespaces: expect.any(Object) });
  });

  test('is sound with every key switched on', () => {
    expect(load(complete).config.mail.help?.url).toBe('https://chat.example.com/channel/registry-help');
  });

  test('names every key there is', () => {
    const named = new Set([...complete.matchAll(/^ *(?:- )?(\w+):/gm)].map(([, key]) => key));
    const keys = keysOf(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }));
    expect(keys.length).toBeGreaterThan(50);
    expect(keys.filter((key) => !named.has(key))).toEqual([]);
  });
});

/** The names of all properties in a JSON Schema, however deep. */
const keysOf = (schema: unknown): readonly string[] => {
  if (typeof schema !== 'object' || schema === null) return [];
  const own =
    'properties' in schema && typeof schema.properties === 'object'
      ? Object.keys(schema.properties ?? {})
      : [];
  return [...own, ...Object.values(schema).flatMap(keysOf)];
};
