import type { NamespaceMatch } from './selector.ts';

/** How a namespace's usage relates to its limit; *over* when used > limit. */
export type Level = 'ok' | 'warning' | 'over';
export const LEVELS = ['ok', 'warning', 'over'] as const satisfies readonly Level[];

/** A limit in bytes; null is `unlimited`. */
export type LimitBytes = number | null;

/** The configured part of quota resolution (product.md §5). */
export type QuotaRules = {
  readonly default: LimitBytes;
  /** Share of the limit, in percent, from which the level is `warning`. */
  readonly warnPercent: number;
  /** Whether teams may set their own limit by annotation, and up to which. */
  readonly annotation: { readonly enabled: boolean; readonly max: LimitBytes };
  readonly rules: readonly { readonly match: NamespaceMatch; readonly limit: LimitBytes }[];
};

