import { compareText, figuresOfNamespace } from './figures.ts';
import type { NamespaceFigures } from './figures.ts';
import { freesBytesOf, listHeld, reclaimsBytesOf, sum, usedBytesOf } from './held.ts';
import { readLists } from './read-lists.ts';
import type { Lists } from './read-lists.ts';
import { createUses } from './uses.ts';
import type { ListedInventory } from '../listed-inventory.ts';

/** The figures of a report; null where only part of the cluster was read. */
export type Figures = {
  readonly cluster: { readonly usedBytes: number | null; readonly sumOfNamespacesBytes: number | null };
  /** Sorted by name. */
  readonly namespaces: readonly NamespaceFigures[];
};

/** What a report is asked to be. */
export type FigureOptions = {
  /** Names that are not reported; `*` at the end stands for anything. */
  readonly exclude?: readonly string[];
  readonly chargeImported?: boolean;
  readonly groupByLabel?: string | null;
};

/**
 * Every figure of docs/figures.md from raw API lists, by recomputation with plain sets: slow, and it shares
 * nothing with src but types. `readAt` is the report's `generatedAt`; `pickFigures` brings a report into this shape.
 */
export const bruteForce = (lists: Lists, options: FigureOptions & { readonly readAt: string }): Figures =>
  bruteForceInventory(readLists(lists, options.readAt), options);

/** The same of an inventory. */
export const bruteForceInventory = (inventory: ListedInventory, options: FigureOptions = {}): Figures => {
  const exclude = options.exclude ?? ['kube-*', 'openshift-*', 'openshift', 'default'];
  const isExcluded = (name: string): boolean =>
    exclude.some((pattern) =>
      pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
    );
  const reported = inventory.namespaces.filter(({ name }) => !isExcluded(name));
  const names = reported.map(({ name }) => name).toSorted(compareText);
  const teamOf = (name: string): string => {
    const label = reported.find((one) => one.name === name)?.labels[options.groupByLabel ?? ''];
    return label ? `label:${label}` : `ns:${name}`;
  };
  const held = listHeld(inventory, options.chargeImported === true);
  const uses = createUses(inventory);
  const namespaces = names.map((name) => {
    const team = names.filter((other) => teamOf(other) === teamOf(name));
    const isTeamSeen = inventory.scope === 'cluster' || teamOf(name).startsWith('ns:');
    return figuresOfNamespace({ name, team, isTeamSeen, held, inventory, uses });
  });
  const isWhole = inventory.scope === 'cluster';
  return {
    cluster: {
      usedBytes: isWhole ? usedBytesOf(held.filter(({ namespace }) => names.includes(namespace))) : null,
      sumOfNamespacesBytes: isWhole ? sum(namespaces.map(({ usedBytes }) => usedBytes)) : null,
    },
    namespaces,
  };
};

/** What some of a namespace's tags free and give back together. */
export const bruteForceTogether = (
  inventory: ListedInventory,
  options: FigureOptions & {
    readonly namespace: string;
    readonly isMember: (stream: string, tag: string) => boolean;
  },
): { readonly freesBytes: number; readonly reclaimsBytes: number | null } => {
  const held = listHeld(inventory, options.chargeImported === true);
  const own = held.filter(({ namespace }) => namespace === options.namespace);
  const some = own.filter(({ stream, tag }) => options.isMember(stream, tag));
  return {
    freesBytes: freesBytesOf(some, own),
    reclaimsBytes: inventory.scope === 'cluster' ? reclaimsBytesOf(some, own, held) : null,
  };
};
