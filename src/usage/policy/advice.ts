import { formatBytes, formatCount, formatNumber } from '../format.ts';
import { namespaceOf } from '../in-use/uses.ts';
import type { Ledger } from '../weighing/ledger.ts';
import { compareText } from '../text-order.ts';
import type { HowUsed, Snapshot } from '../model.ts';
import { textOf } from '../text-map.ts';
import { isProduction } from './production.ts';

/** Every kind of advice, the most serious first. */
export const ADVICE_CODES = ['latest-in-prod', 'many-tags', 'large-layer', 'imports-much'] as const;
export type AdviceCode = (typeof ADVICE_CODES)[number];

/** Something that could be better. It changes no figure and names no workload. */
export type Advice = {
  readonly code: AdviceCode;
  /** `stream:tag`, a stream, or the namespace. */
  readonly subject: string;
  readonly message: string;
  /** The number of workloads (`latest-in-prod`) or tags (`many-tags`), otherwise bytes. */
  readonly amount: number;
};

/** Advice is given above these limits; null: never. */
export type AdviceLimits = {
  /** Tags of one image stream. */
  readonly maxTags: number;
  /** Bytes of the largest layer of a current image. */
  readonly maxLayer: number | null;
  /** Bytes that a namespace imports. */
  readonly maxImported: number | null;
};

/** What advice depends on: its limits, and which environments are production. */
export type AdviceRules = {
  readonly advice: AdviceLimits;
  readonly productionEnvironments: readonly string[];
};

/** Everything that could be better in a namespace, by code, the worst first. */
export const advise = (
  snapshot: Snapshot,
  ledger: Ledger,
  { advice: { maxTags, maxLayer, maxImported }, productionEnvironments }: AdviceRules,
): readonly Advice[] => [
  ...findLatestInProduction(snapshot, ledger, productionEnvironments),
  ...findManyTags(ledger, maxTags),
  ...findLargeLayers(ledger, maxLayer),
  ...findImports(snapshot, maxImported, ledger.importedBytes),
];

/** Uses where a push to the tag changes what runs, now or later. Builds are not among them: `latest` is meant for them. */
const RUNS: ReadonlySet<HowUsed> = new Set(['running', 'scheduled', 'trigger', 'named']);

const findLatestInProduction = (
  { uses }: Snapshot,
  { streams }: Ledger,
  productionEnvironments: readonly string[],
): readonly Advice[] =>
  streams
    .flatMap(({ name, tags }): readonly Advice[] => {
      const latest = tags.find((tag) => tag.name === 'latest');
      const users = uses.tags.find(({ tag }) => tag === latest?.tag)?.users ?? [];
      const count = users.filter(
        ({ workload, how }) =>
          RUNS.has(how) &&
          isProduction(textOf(uses.environments, namespaceOf(workload)) ?? null, productionEnvironments),
      ).length;
      if (count === 0) return [];
      const message = `${formatCount(count, 'workload')} in production ${count === 1 ? 'runs' : 'run'} whatever is pushed as latest: promote the image to a tag for production instead.`;
      return [{ code: 'latest-in-prod', subject: `${name}:latest`, message, amount: count }];
    })
    .toSorted(byAmount);

const findManyTags = ({ streams }: Ledger, maxTags: number): readonly Advice[] =>
  streams
    .filter(({ tags }) => tags.length > maxTags)
    .map(({ name, tags }): Advice => ({
      code: 'many-tags',
      subject: name,
      message: `${formatCount(tags.length, 'tag')}, more than ${formatNumber(maxTags)}: a prune always keeps a tag’s last revisions, so delete old tags by hand.`,
      amount: tags.length,
    }))
    .toSorted(byAmount);

const findLargeLayers = ({ streams }: Ledger, maxLayer: number | null): readonly Advice[] => {
  if (maxLayer === null) return [];
  const large = streams.flatMap((stream) =>
    stream.tags.flatMap(({ name, largestLayer }) =>
      largestLayer === null || largestLayer.sizeBytes <= maxLayer
        ? []
        : [{ label: `${stream.name}:${name}`, ...largestLayer }],
    ),
  );
  const byLayer = Map.groupBy(large, ({ blob }) => blob);
  return [...byLayer.values()]
    .flatMap((holders): readonly Advice[] => {
      const [first, ...others] = holders.toSorted((a, b) => compareText(a.label, b.label));
      if (first === undefined) return [];
      const also = others.length === 0 ? '' : ` (also in ${formatCount(others.length, 'other tag')})`;
      const message = `The largest layer of its current image is ${formatBytes(first.sizeBytes)}${also}. Smaller layers are better.`;
      return [{ code: 'large-layer', subject: first.label, message, amount: first.sizeBytes }];
    })
    .toSorted(byAmount);
};

const findImports = (
  { namespace }: Snapshot,
  maxImported: number | null,
  importedBytes: number,
): readonly Advice[] =>
  maxImported === null || importedBytes <= maxImported
    ? []
    : [
        {
          code: 'imports-much',
          subject: namespace.name,
          message: `${formatBytes(importedBytes)} imported, more than ${formatBytes(maxImported)}. They are not charged, but the registry may hold copies.`,
          amount: importedBytes,
        },
      ];

/** One kind of advice over several namespaces. */
export type AdviceSummary = {
  readonly code: AdviceCode;
  readonly count: number;
  /** The worst few. */
  readonly worst: readonly (Advice & { readonly namespace: string })[];
};

/** The most that a summary names for each kind. */
const MAX_WORST = 3;

/** Sums up advice by code. Codes without advice are left out. */
export const sumUpAdvice = (
  namespaces: readonly { readonly name: string; readonly advice: readonly Advice[] }[],
): readonly AdviceSummary[] => {
  const all = namespaces.flatMap(({ name, advice }) => advice.map((one) => ({ ...one, namespace: name })));
  return ADVICE_CODES.map((code) => {
    const alike = all.filter((advice) => advice.code === code);
    const worst = alike.toSorted((a, b) => byAmount(a, b) || compareText(a.namespace, b.namespace));
    return { code, count: alike.length, worst: worst.slice(0, MAX_WORST) };
  }).filter(({ count }) => count > 0);
};

const byAmount = (a: Advice, b: Advice): number => b.amount - a.amount || compareText(a.subject, b.subject);
