import type { Namespace } from '../model.ts';
import { isGlobMatch } from './selector.ts';
import type { LabelSelector } from './selector.ts';

/** Which namespaces are reported (`namespaces` in the configuration). */
export type NamespaceSelection = {
  readonly selects: LabelSelector;
  /** Patterns of names that are left out; `*` stands for any text. */
  readonly exclude: readonly string[];
};

/** Whether a namespace is reported. One that is not still counts as a holder of shared layers. */
export const isReported = (
  { name, labels }: Pick<Namespace, 'name' | 'labels'>,
  { selects, exclude }: NamespaceSelection,
): boolean => !exclude.some((pattern) => isGlobMatch(pattern, name)) && selects(labels);
