import { formatLimit } from '../format.ts';
import type { Finding, FindingCode, Namespace } from '../model.ts';
import { isNamespaceMatch } from './selector.ts';
import type { NamespaceMatch } from './selector.ts';

/** How a namespace's usage relates to its limit; *over* when used > limit. */
export type Level = 'ok' | 'warning' | 'over';
export const LEVELS = ['ok', 'warning', 'over'] as const satisfies readonly Level[];

/** A limit in bytes; null is `unlimited`. */
export type LimitBytes = number | null;

/** The configured part of quota resolution (docs/figures.md). */
export type QuotaRules = {
  readonly default: LimitBytes;
  /** The whole percentage of the limit at which the level becomes `warning`. */
  readonly warnPercent: number;
  /** Whether teams may set their own limit by annotation, and the highest one allowed. */
  readonly annotation: { readonly enabled: boolean; readonly max: LimitBytes };
  readonly rules: readonly { readonly match: NamespaceMatch; readonly limit: LimitBytes }[];
};

/** A limit that an admin set for one namespace. */
export type QuotaOverride = {
  readonly limit: LimitBytes;
  readonly reason: string;
  readonly actor: string;
  /** ISO 8601; null: until it is revoked. */
  readonly expiresAt: string | null;
};

/** The limit of a namespace and which rule gave it: `override`, `annotation`, `rules[0]`, … or `default`. */
export type ResolvedLimit = {
  readonly limitBytes: LimitBytes;
  readonly source: string;
  readonly findings: readonly Finding[];
};

/** The annotation in which a team sets its own limit. */
export const QUOTA_ANNOTATION = 'quotagram.io/registry-quota';

/** Finds the limit of a namespace: override > annotation > first matching rule > default. `at` is ISO 8601. */
export const resolveLimit = (
  namespace: Namespace,
  rules: QuotaRules,
  override: QuotaOverride | null,
  at: string,
): ResolvedLimit => {
  if (override !== null && (override.expiresAt === null || Date.parse(override.expiresAt) > Date.parse(at))) {
    return { limitBytes: override.limit, source: 'override', findings: [] };
  }
  const annotated = readAnnotation(namespace, rules);
  if (annotated !== null && 'bytes' in annotated)
    return { limitBytes: annotated.bytes, source: 'annotation', findings: [] };
  const index = rules.rules.findIndex((rule) => isNamespaceMatch(rule.match, namespace));
  const rule = rules.rules[index];
  const limitBytes = rule === undefined ? rules.default : rule.limit;
  const source = rule === undefined ? 'default' : `rules[${String(index)}]`;
  if (annotated === null) return { limitBytes, source, findings: [] };
  const message = `The annotation is ignored, because ${annotated.fault}. The limit is ${formatLimit(limitBytes)} (${source}).`;
  return { limitBytes, source, findings: [{ code: annotated.code, subject: QUOTA_ANNOTATION, message }] };
};

/** A namespace's usage against its limit. */
export type QuotaStatus = {
  readonly level: Level;
  /**
   * One decimal, rounded half up; more decimals where one would make it 0 or 100, so that only nothing is 0 and only
   * the limit itself is 100. Null without a limit or with a limit of 0.
   */
  readonly usedPercent: number | null;
  readonly overBytes: number;
};

/** Compares usage with a limit; exact, in integers. */
export const compareToLimit = (usedBytes: number, limit: LimitBytes, warnPercent: number): QuotaStatus => {
  if (limit === null) return { level: 'ok', usedPercent: null, overBytes: 0 };
  const isOver = usedBytes > limit;
  const isWarning = !isOver && limit > 0 && BigInt(usedBytes) * 100n >= BigInt(limit) * BigInt(warnPercent);
  return {
    level: isOver ? 'over' : isWarning ? 'warning' : 'ok',
    usedPercent: percentOfLimit(usedBytes, limit),
    overBytes: Math.max(0, usedBytes - limit),
  };
};

/**
 * Reads a Kubernetes quantity (`50Gi`, `1500M`, `2e9`) or `unlimited` exactly. Fractions of a byte round up, as in
 * Kubernetes' `Quantity.Value()`.
 */
export const parseQuantity = (text: string): { readonly bytes: LimitBytes } | { readonly fault: string } => {
  if (text === 'unlimited') return { bytes: null };
  const match = /^\+?([0-9]+)?(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3})|([EPTGMK]i|[numkMGTPE]))?$/.exec(text);
  const [, whole = '', fraction = '', exponent = '0', suffix = ''] = match ?? [];
  if (match === null || whole + fraction === '') {
    return { fault: 'not a quantity such as 50Gi, 1500M, 2e9 or unlimited' };
  }
  const digits = BigInt(whole + fraction) * 2n ** (BINARY_EXPONENT[suffix] ?? 0n);
  const tenth = Number(exponent) + (DECIMAL_EXPONENT[suffix] ?? 0) - fraction.length;
  const bytes = tenth >= 0 ? digits * 10n ** BigInt(tenth) : ceilDivide(digits, 10n ** BigInt(-tenth));
  return bytes > BigInt(Number.MAX_SAFE_INTEGER)
    ? { fault: 'too large (8Pi or more); write unlimited instead' }
    : { bytes: Number(bytes) };
};

const BINARY_EXPONENT: Readonly<Record<string, bigint>> = {
  Ki: 10n,
  Mi: 20n,
  Gi: 30n,
  Ti: 40n,
  Pi: 50n,
  Ei: 60n,
};

const DECIMAL_EXPONENT: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};

type AnnotatedLimit = { readonly bytes: LimitBytes } | { readonly code: FindingCode; readonly fault: string };

/** Null if the namespace has no such annotation. */
const readAnnotation = (namespace: Namespace, rules: QuotaRules): AnnotatedLimit | null => {
  const text = namespace.annotations[QUOTA_ANNOTATION];
  if (text === undefined) return null;
  if (!rules.annotation.enabled)
    return { code: 'quota-annotation-off', fault: 'quota.annotation is not enabled' };
  const quantity = parseQuantity(text);
  if ('fault' in quantity) return { code: 'quota-annotation-invalid', fault: `it is ${quantity.fault}` };
  return isAbove(quantity.bytes, rules.annotation.max)
    ? { code: 'quota-annotation-invalid', fault: 'it is above quota.annotation.max' }
    : quantity;
};

const isAbove = (limit: LimitBytes, max: LimitBytes): boolean =>
  max !== null && (limit === null || limit > max);

/** `usedPercent` of a standing. */
export const percentOfLimit = (usedBytes: number, limit: LimitBytes): number | null =>
  limit === null || limit === 0 ? null : percentOf(BigInt(usedBytes), BigInt(limit));

/** Sizes that a number can hold exactly differ from their limit in the 14th decimal at the latest. */
const MAX_DECIMALS = 14;

const percentOf = (used: bigint, limit: bigint, decimals = 1): number => {
  const rounded = (used * 200n * 10n ** BigInt(decimals) + limit) / (limit * 2n);
  const percent = Number(`${String(rounded)}e-${String(decimals)}`);
  const isMisleading = (percent === 0 && used > 0n) || (percent === 100 && used !== limit);
  return isMisleading && decimals < MAX_DECIMALS ? percentOf(used, limit, decimals + 1) : percent;
};

const ceilDivide = (dividend: bigint, divisor: bigint): bigint => (dividend + divisor - 1n) / divisor;
