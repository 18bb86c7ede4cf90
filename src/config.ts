import { parseDocument } from 'yaml';
import type { YAMLParseError } from 'yaml';
import type { z } from 'zod';
import { configSchema } from './config-schema.ts';
import { parseRedisUrl } from './redis-address.ts';
import { AppError } from './errors.ts';

/** Everything that can be set (quotagram.example.yaml), frozen: sizes in bytes, durations in milliseconds, null where unset. */
export type Config = Frozen<z.output<typeof configSchema>>;

/** Values that must never be printed, frozen. */
export type Secrets = {
  /** The password of `smtp.user`, from SMTP_PASSWORD or from the file that SMTP_PASSWORD_FILE names. */
  readonly smtpPassword: string | null;
  /** REDIS_URL, which overrides `redis.url` and may hold a password. */
  readonly redisUrl: string | null;
};

/**
 * Reads the text of a configuration file (null: no file, all defaults) and the secrets in the environment.
 * @throws AppError `invalid` with one line for each fault: path, given value, what is allowed
 */
export const loadConfig = (
  text: string | null,
  env: Environment,
  readFile: ReadFile,
): { readonly config: Config; readonly secrets: Secrets } => {
  const written = text === null ? {} : parseYaml(text);
  const parsed = configSchema.safeParse(written);
  const { secrets, faults: secretFaults } = readSecrets(env, readFile);
  const faults = [
    ...(parsed.error?.issues ?? []).flatMap((issue) => describeIssue(issue, written)),
    ...secretFaults,
  ];
  if (!parsed.success || faults.length > 0) throw toError(faults);
  deepFreeze(parsed.data);
  return { config: parsed.data, secrets: Object.freeze(secrets) };
};

/** Credentials for a registry: a user and password, or a token. Never printed. */
export type RegistryCredentials =
  { readonly user: string; readonly password: string } | { readonly token: string };

/**
 * Reads the credentials for a registry: REGISTRY_TOKEN, or REGISTRY_USER and REGISTRY_PASSWORD. A variable with `_FILE`
 * names a file that holds the secret. Returns null when none are set.
 * @throws AppError `invalid` with every fault
 */
export const loadRegistryCredentials = (env: Environment, readFile: ReadFile): RegistryCredentials | null => {
  const token = readSecret('REGISTRY_TOKEN', env, readFile);
  const password = readSecret('REGISTRY_PASSWORD', env, readFile);
  const user = env['REGISTRY_USER'] || null;
  const faults = [...token.faults, ...password.faults];
  if (faults.length === 0) {
    if (token.text === null && password.text === null && user === null) return null;
    if (token.text !== null && password.text === null && user === null) return { token: token.text };
    if (token.text === null && password.text !== null && user !== null) {
      return { user, password: password.text };
    }
    faults.push('set either REGISTRY_TOKEN alone, or both REGISTRY_USER and REGISTRY_PASSWORD');
  }
  throw new AppError('invalid', ['the credentials for the registry:', ...faults].join('\n  '));
};

/** Reads IMAP_PASSWORD, or the file that IMAP_PASSWORD_FILE names. Null when neither is set. @throws AppError `invalid` */
export const loadImapPassword = (env: Environment, readFile: ReadFile): string | null => {
  const { text, faults } = readSecret('IMAP_PASSWORD', env, readFile);
  if (faults.length > 0) throw new AppError('invalid', faults.join('\n  '));
  return text;
};

type Environment = Readonly<Record<string, string | undefined>>;
type ReadFile = (path: string) => string;

/** Read-only at every level; functions stay unchanged. */
type Frozen<T> = T extends (...args: never[]) => unknown
  ? T
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

/** Parses YAML. A key without a value counts as absent. */
const parseYaml = (text: string): unknown => {
  const document = parseDocument(text, { version: '1.2', stringKeys: true, uniqueKeys: true, merge: true });
  if (document.errors.length > 0) throw toError(document.errors.map(describeYamlError));
  try {
    const written: unknown = document.toJS({ reviver: (_, value: unknown) => value ?? undefined });
    return withoutExtensions(written ?? {});
  } catch (thrown) {
    if (thrown instanceof RangeError)
      throw toError(['an alias must not be inside the value that it repeats']);
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    throw toError([
      message.startsWith('Excessive alias count')
        ? 'an alias must not repeat too many values, or the value that it is in'
        : message,
    ]);
  }
};

/** Top-level keys that begin with `x-` are a place for anchors and mean nothing by themselves, as in Compose files. */
const withoutExtensions = (written: unknown): unknown =>
  typeof written === 'object' && written !== null && !Array.isArray(written)
    ? Object.fromEntries(Object.entries(written).filter(([name]) => !name.startsWith('x-')))
    : written;

/** Only the message's first line, which names line and column. The rest quotes the file, which may hold a secret. */
const describeYamlError = ({ code, message, linePos }: YAMLParseError): string =>
  code === 'MULTIPLE_DOCS'
    ? `only one document is allowed, but another begins at line ${String(linePos?.[0].line)}`
    : (message.split(/:?\n/, 1)[0] ?? message);

const describeIssue = (issue: z.core.$ZodIssue, written: unknown): readonly string[] => {
  const path = issue.path.reduce<string>(joinPath, '');
  if (issue.code === 'unrecognized_keys') {
    const suggestions = issue.message.split('\n');
    return issue.keys.map((key, index) => `${joinPath(path, key)}: ${suggestions[index] ?? 'unknown key'}`);
  }
  const value = issue.path.reduce<unknown>(valueAt, written);
  const shown = value === undefined ? 'is missing' : `is ${showValue(value)}`;
  return [`${path || 'the file'} ${shown}: ${issue.message}`];
};

const joinPath = (path: string, key: PropertyKey): string =>
  typeof key === 'number' ? `${path}[${String(key)}]` : path === '' ? String(key) : `${path}.${String(key)}`;

const valueAt = (value: unknown, key: PropertyKey): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? Reflect.get(value, key)
    : undefined;

/** The value as JSON, shortened, without user and password of a URL. */
const showValue = (value: unknown): string => {
  const json = (JSON.stringify(value) ?? String(value))
    .replace(/:\/\/[^"]*@/g, '://…@')
    .replace(/(:\/\/[^"?]*\?)[^"]*/g, '$1…');
  return json.length > 80 ? `${json.slice(0, 79)}…` : json;
};

const readSecrets = (
  env: Environment,
  readFile: ReadFile,
): { secrets: Secrets; faults: readonly string[] } => {
  const { REDIS_URL: url } = env;
  const password = readSecret('SMTP_PASSWORD', env, readFile);
  const parsed = url ? parseRedisUrl(url) : null;
  const urlFaults = parsed !== null && 'fault' in parsed ? [`REDIS_URL: ${parsed.fault}`] : [];
  return {
    secrets: { smtpPassword: password.text, redisUrl: url || null },
    faults: [...password.faults, ...urlFaults],
  };
};

/** Reads a secret from this variable, or from the file that the variable with `_FILE` names. Null when neither is set. */
const readSecret = (
  name: string,
  env: Environment,
  readFile: ReadFile,
): { readonly text: string | null; readonly faults: readonly string[] } => {
  const text = env[name] || null;
  const file = env[`${name}_FILE`];
  if (!file) return { text, faults: [] };
  const both = text === null ? [] : [`${name} and ${name}_FILE are both set: only one is allowed`];
  const read = tryRead(file, readFile);
  if ('text' in read) return { text: text ?? read.text, faults: both };
  return { text, faults: [...both, `${name}_FILE is ${showValue(file)}: ${read.fault}`] };
};

/** A file's text without the final line break that editors add. */
const tryRead = (
  path: string,
  readFile: ReadFile,
): { readonly text: string } | { readonly fault: string } => {
  try {
    return { text: readFile(path).replace(/\r?\n$/, '') };
  } catch (thrown) {
    return {
      fault: `must be a file that can be read (${thrown instanceof Error ? thrown.message : String(thrown)})`,
    };
  }
};

const toError = (faults: readonly string[]): AppError =>
  new AppError(
    'invalid',
    [
      `the configuration has ${faults.length === 1 ? 'a fault' : `${String(faults.length)} faults`}:`,
      ...faults,
    ].join('\n  '),
    { hint: 'quotagram.example.yaml explains every key.' },
  );

const deepFreeze = (value: unknown): void => {
  if (typeof value !== 'object' || value === null) return;
  for (const part of Object.values(value)) deepFreeze(part);
  Object.freeze(value);
};
