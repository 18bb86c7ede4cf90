import { z } from 'zod';
import { cronFault, timeZoneFault } from './pipeline/runs/schedule.ts';
import type { AdviceLimits } from './usage/policy/advice.ts';
import { DEFAULT_BRANDING, findContrastFaults } from './branding.ts';
import { parseRedisUrl } from './redis-address.ts';
import type { Branding } from './branding.ts';
import { PRODUCTION_ENVIRONMENTS } from './usage/policy/production.ts';
import { LEVELS, parseQuantity } from './usage/policy/quota.ts';
import type { QuotaRules } from './usage/policy/quota.ts';
import { isDomainAllowed, parseAddress } from './usage/policy/recipients.ts';
import type { RecipientRules } from './usage/policy/recipients.ts';
import type { NamespaceSelection } from './usage/policy/reported-namespaces.ts';
import { parseLabelSelector } from './usage/policy/selector.ts';
import type { NamespaceMatch } from './usage/policy/selector.ts';

// What one value may be. Each message completes the sentence "PATH is VALUE: …".

const text = z.string('must be text; put it in quotes');
const line = text.trim().regex(/^\P{Cc}+$/u, 'must be one line of text');
const flag = z.boolean('must be true or false');

const whole = (least: number, most: number = Number.MAX_SAFE_INTEGER) => {
  const range = most === Number.MAX_SAFE_INTEGER ? 'up' : `to ${String(most)}`;
  const message = `must be a whole number from ${String(least)} ${range}`;
  return z
    .number(message)
    .refine((value) => Number.isSafeInteger(value) && value >= least && value <= most, message);
};
const percent = whole(0, 100);

const quantity = z
  .union([z.string(), z.number()], 'must be a quantity such as 50Gi, 1500M, 2e9 or unlimited')
  .transform((value, context) => {
    const parsed = parseQuantity(String(value));
    if ('bytes' in parsed) return parsed.bytes;
    context.addIssue(parsed.fault);
    return z.NEVER;
  });

const address = text.transform((value, context) => {
  const parsed = parseAddress(value);
  if ('address' in parsed) return parsed.address;
  context.addIssue(parsed.fault);
  return z.NEVER;
});

/** One address, optionally with a name: `Image registry <registry@example.com>`. */
const sender = text.transform((value, context) => {
  const [, name, inner = value] = /^([\w '-]{1,100}) <([^<>]+)>$/.exec(value) ?? [];
  const parsed = parseAddress(inner);
  if ('address' in parsed) return name === undefined ? parsed.address : `${name} <${parsed.address}>`;
  context.addIssue(parsed.fault);
  return z.NEVER;
});

const labelSelector = text.transform((value, context) => {
  const parsed = parseLabelSelector(value);
  if ('selects' in parsed) return parsed.selects;
  context.addIssue(parsed.fault);
  return z.NEVER;
});

const without = (findFault: (value: string) => string | null) =>
  text.superRefine((value, context) => {
    const fault = findFault(value);
    if (fault !== null) context.addIssue(fault);
  });

/** Node's own parser drops line breaks and spaces around a URL, and we would print what it was given. */
const parseUrl = (text: string): URL | null => (/^[^\s\p{Cc}]+$/u.test(text) ? URL.parse(text) : null);

const key = text.regex(
  /^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/,
  'must be the key of a label or an annotation',
);
const namePattern = text.regex(/^[a-z0-9*-]+$/, 'must be the name of a namespace; * stands for any text');
const domain = text
  .toLowerCase()
  .regex(
    /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/,
    'must be a domain such as example.com, or *.example.com for all below it',
  );
const exactDomain = domain.refine(
  (value) => !value.startsWith('*'),
  'must be one domain such as example.com',
);
const dkimSelector = text.regex(
  /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i,
  'must be the part of the DNS name before ._domainkey, such as mail2026',
);
const customResource = text.regex(
  /^[a-z0-9-]+(\.[a-z0-9-]+)+$/,
  'must be the plural of a kind and its group, such as rollouts.argoproj.io',
);
/** A path that only steps down into an object. Filters are refused, because a filter is a script. */
const jsonPath = text.regex(
  /^\{(\.{1,2}[A-Za-z_][\w-]*|\.\*|\[(\*|\d+|'[\w./-]+')\])+\}$/,
  "must be a JSONPath of names, [*], [0] and ['a.name'], such as {.spec.template.spec.containers[*].image}",
);
const host = text.refine(
  (value) => /^[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(value) || URL.canParse(`http://[${value}]`),
  'must be a host name or an IP address, without a port',
);
const httpsUrl = without((text) =>
  parseUrl(text)?.protocol === 'https:' ? null : 'must be an https:// URL, all on one line',
);
/** The API's URL as `oc whoami --show-server` prints it, without a final slash. */
const apiUrl = without((text) => {
  const url = parseUrl(text);
  if (url === null || !['https:', 'http:'].includes(url.protocol)) {
    return 'must be an https:// or http:// URL, all on one line';
  }
  if (url.username !== '' || url.password !== '') {
    return 'must not contain a user or a password, because mails show it';
  }
  return url.search + url.hash === '' ? null : 'must not contain ? or #';
}).transform((url) => url.replace(/\/+$/, ''));

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const durationMs = text
  .regex(/^\d{1,6}[mhd]$/, 'must be whole minutes, hours or days, such as 96h')
  .transform((value) => Number.parseInt(value, 10) * (UNIT_MS[value.slice(-1)] ?? NaN));

// Which keys there are. Defaults are written as a person would write them.

/** A map with these keys and no others. `instead` says what to do instead of setting a key that does not exist. */
const section = <Shape extends z.ZodRawShape>(shape: Shape, instead: Readonly<Record<string, string>> = {}) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((name) => instead[name] ?? refuseKey(name, Object.keys(shape))).join('\n')
        : `must be a map with keys of ${Object.keys(shape).join(', ')}`,
  });

const list = <Schema extends z.ZodType>(entry: Schema) => z.array(entry, 'must be a list');
const optional = <Schema extends z.ZodType>(schema: Schema) => schema.nullable().default(null);

const match = section({
  labels: z.record(key, text, 'must be a map from label to value').optional(),
  names: list(namePattern).optional(),
}) satisfies z.ZodType<NamespaceMatch>;

const schedule = section({
  cron: without(cronFault).default('0 8 * * 1'),
  timeZone: without(timeZoneFault).default('America/Vancouver'),
  catchUpHours: whole(0, 168).default(48),
}).transform(({ catchUpHours, ...timer }) => ({ ...timer, catchUpMs: catchUpHours * 3_600_000 }));

const namespaces = section({
  selector: labelSelector.prefault(''),
  exclude: list(namePattern).default(['kube-*', 'openshift-*', 'openshift', 'default']),
}).transform(({ selector, exclude }): NamespaceSelection => ({ selects: selector, exclude }));

const extraUse = section({ resource: customResource, jsonPath }).transform(({ resource, ...where }) => {
  const [plural = '', ...group] = resource.split('.');
  return { plural, group: group.join('.'), ...where };
});

const advice = section({
  maxTags: whole(1).default(100),
  maxLayer: quantity.prefault('500Mi'),
  maxImported: quantity.prefault('10Gi'),
}) satisfies z.ZodType<AdviceLimits>;

const labelValue = text.regex(
  /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/,
  'must be the value of a label, such as prod',
);
const plan = section({ productionEnvironments: list(labelValue).default([...PRODUCTION_ENVIRONMENTS]) });

const quotaAnnotation = section({ enabled: flag.default(false), max: quantity.optional() })
  .refine(({ enabled, max }) => !enabled || max !== undefined, {
    path: ['max'],
    error: 'must be set when teams may set their own limit; unlimited is allowed',
  })
  .transform(({ enabled, max = null }) => ({ enabled, max }));

const quota = section({
  default: quantity.prefault('50Gi'),
  warnPercent: percent.default(80),
  clearPercent: percent.default(95),
  annotation: quotaAnnotation.prefault({}),
  rules: list(section({ match, limit: quantity })).default([]),
}) satisfies z.ZodType<QuotaRules>;

const override = section({ match, replace: list(address).optional(), add: list(address).optional() })
  .refine(
    ({ replace, add }) => (replace === undefined) !== (add === undefined),
    'must have either replace or add',
  )
  .transform(({ match, replace, add = [] }) => (replace === undefined ? { match, add } : { match, replace }));

const recipients = section({
  annotations: section({
    contacts: key.default('contacts'),
    addresses: list(key).default(['product-owner', 'technical-lead', 'owner']),
  }).prefault({}),
  roles: z.record(z.string(), line, 'must be a map from roles to what mails call them').default({}),
  overrides: list(override).default([]),
  fallback: optional(address),
}) satisfies z.ZodType<Omit<RecipientRules, 'allowedDomains'>>;

/** The delivery's id is added before the @, and that part may have at most 64 characters (RFC 5321). */
const bounceAddress = address.refine(
  (value) => value.indexOf('@') <= 31,
  'must have at most 31 characters before the @, because a + and 32 characters are added to them',
);

const dkim = section({ domain: exactDomain, selector: dkimSelector, keyFile: line });

const mail = section({
  from: optional(sender),
  replyTo: optional(sender),
  subjectCluster: flag.default(false),
  bounces: optional(bounceAddress),
  dkim: optional(dkim),
  allowedDomains: list(domain).default([]),
  levels: list(z.enum(LEVELS, `must be one of ${LEVELS.join(', ')}`)).default(['over']),
  perSecond: z.number('must be a number above 0').positive('must be a number above 0').default(5),
  help: optional(section({ text: line, url: optional(httpsUrl) })),
  docs: optional(section({ url: httpsUrl })),
});

const paragraph = line.max(500, 'must be at most 500 characters');
/** An invalid colour stops here, so that its contrast is not checked. */
const color = text.toLowerCase().regex(/^#[0-9a-f]{6}$/, {
  error: 'must be a colour such as #2f6db5; put it in quotes',
  abort: true,
});
const { colors: COLORS, ...BRAND } = DEFAULT_BRANDING;

const branding = section({
  productName: text
    .regex(
      /^[!-~]([ -~]{0,38}[!-~])?$/,
      'must be at most 40 characters of plain ASCII, because it is part of every subject',
    )
    .default(BRAND.productName),
  logoText: optional(line.max(60, 'must be at most 60 characters')),
  colors: section({
    accent: color.default(COLORS.accent),
    alert: color.default(COLORS.alert),
    link: color.default(COLORS.link),
    dark: section({
      accent: color.default(COLORS.dark.accent),
      alert: color.default(COLORS.dark.alert),
      link: color.default(COLORS.dark.link),
    }).prefault({}),
  })
    .superRefine((colors, context) => {
      for (const { path, message } of findContrastFaults(colors)) {
        context.addIssue({ code: 'custom', path: [...path], message });
      }
    })
    .prefault({}),
  paragraphs: section({
    before: list(paragraph).default([]),
    after: list(paragraph).default([]),
  }).prefault({}),
}) satisfies z.ZodType<Branding>;

const SMTP_PASSWORD_INSTEAD =
  'unknown key; set SMTP_PASSWORD in the environment, or SMTP_PASSWORD_FILE to the path of a file that holds it';

const smtp = section(
  {
    host: optional(host),
    port: whole(1, 65_535).optional(),
    secure: flag.default(false),
    user: optional(line),
  },
  { password: SMTP_PASSWORD_INSTEAD, pass: SMTP_PASSWORD_INSTEAD },
).transform(({ port, ...server }) => ({ ...server, port: port ?? (server.secure ? 465 : 587) }));

const retention = section({
  source: z.enum(['config', 'imagepruner'], 'must be config or imagepruner').default('config'),
  keepTagRevisions: whole(0).default(3),
  keepYoungerThan: durationMs.prefault('96h'),
}).transform(({ keepYoungerThan, ...rule }) => ({ ...rule, keepYoungerThanMs: keepYoungerThan }));

const redis = section({
  url: optional(
    without((url) => {
      const parsed = parseRedisUrl(url);
      if ('fault' in parsed) return parsed.fault;
      return parsed.address.password === null ? null : 'must not contain a password; set REDIS_URL instead';
    }),
  ),
});

const file = section({
  cluster: section({ name: optional(line), apiUrl: optional(apiUrl) }).prefault({}),
  schedule: schedule.prefault({}),
  namespaces: namespaces.prefault({}),
  environmentLabel: key.default('environment'),
  teams: section({ groupByLabel: optional(key) }).prefault({}),
  charge: section({ imported: flag.default(false) }).prefault({}),
  inUse: section({ extra: list(extraUse).default([]) }).prefault({}),
  advice: advice.prefault({}),
  plan: plan.prefault({}),
  quota: quota.prefault({}),
  recipients: recipients.prefault({}),
  mail: mail.prefault({}),
  branding: branding.prefault({}),
  templates: section({ dir: optional(line) }).prefault({}),
  smtp: smtp.prefault({}),
  retention: retention.prefault({}),
  reminders: section({ count: whole(1).default(3), consequence: optional(line) }).prefault({}),
  summary: section({ to: optional(address) }).prefault({}),
  redis: redis.prefault({}),
  workers: section({ sizer: whole(1).default(2), mailer: whole(1).default(2) }).prefault({}),
  dataDir: line.default('.quotagram'),
});

/** Parses the configuration file. Sizes become bytes and durations milliseconds. */
export const configSchema = file
  .superRefine(
    (config, context) => {
      const domains = config.mail.allowedDomains;
      const stated = domains.length === 0 ? 'which is empty' : `which holds ${domains.join(', ')}`;
      for (const { path, address } of listMailboxes(config)) {
        if (address === null || isDomainAllowed(address.split('@').at(-1) ?? '', domains)) continue;
        const message = `must be in a domain of mail.allowedDomains, ${stated}`;
        context.addIssue({ code: 'custom', path, message });
      }
    },
    // Runs when these sections are valid, even if others are not, so that all faults are reported at once.
    {
      when: ({ issues }) =>
        issues.every(({ code, path: [section] = [] }) =>
          section === undefined ? code === 'unrecognized_keys' : !MAILBOX_SECTIONS.has(section),
        ),
    },
  )
  .transform((config) => ({
    ...config,
    recipients: { ...config.recipients, allowedDomains: config.mail.allowedDomains },
  }));

const MAILBOX_SECTIONS: ReadonlySet<PropertyKey> = new Set(['mail', 'recipients', 'summary']);

/** Every address that the file sends mail to; null where it names none. */
const listMailboxes = ({ recipients, summary }: z.output<typeof file>): readonly Mailbox[] => [
  { path: ['summary', 'to'], address: summary.to },
  { path: ['recipients', 'fallback'], address: recipients.fallback },
  ...recipients.overrides.flatMap((override, index) =>
    (['replace', 'add'] as const).flatMap((way) =>
      (override[way] ?? []).map((address, place) => ({
        path: ['recipients', 'overrides', index, way, place],
        address,
      })),
    ),
  ),
];

type Mailbox = { readonly path: (string | number)[]; readonly address: string | null };

const refuseKey = (name: string, known: readonly string[]): string => {
  const [nearest] = known
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= Math.ceil(name.length / 3))
    .toSorted((a, b) => a.distance - b.distance);
  return nearest === undefined
    ? `unknown key; known here: ${known.join(', ')}`
    : `unknown key; did you mean ${nearest.candidate}?`;
};

/** How many letters must be added, dropped or changed to turn one word into the other. */
const editDistance = (from: string, to: string): number => {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...from].entries()) {
    const row = [index + 1];
    for (const [column, other] of [...to].entries()) {
      const change = (above[column] ?? 0) + (letter === other ? 0 : 1);
      row.push(Math.min(change, (above[column + 1] ?? 0) + 1, (row[column] ?? 0) + 1));
    }
    above = row;
  }
  return above.at(-1) ?? 0;
};
