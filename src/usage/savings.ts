/** One tag that a team can delete, with what it alone frees. */
export type Deletion = { readonly stream: string; readonly tag: string; readonly freesBytes: number };

/** Tags to delete first, largest first, and the exact figures for all of them together. */
export type DeletionPlan = {
  readonly deletions: readonly Deletion[];
  /** How much less the namespace would use without all of them. */
  readonly freesBytes: number;
  /** What the registry gets back at a later prune; null when only part of the cluster was read. */
  readonly reclaimsBytes: number | null;
  /** Usage after them, in bytes. */
  readonly usedAfterBytes: number;
};
