/** Where a charged revision stands among those of its namespace. */
export type Place = {
  /** Of its tag, in the order of stream and tag names by code unit. */
  readonly tag: number;
  /** In its tag's history; 0 is the current one. */
  readonly position: number;
  /** As revisions state it, so that the order of texts is that of times; null where the API states none. */
  readonly created: string | null;
};

/**
 * Which of two revisions that hold a blob it is counted at (docs/figures.md): a current one before an older one, then
 * the oldest, then the first by name, then the one nearest to the oldest end of the history.
 */
export const countsBefore = (a: Place, b: Place): boolean => {
  if ((a.position === 0) !== (b.position === 0)) return a.position === 0;
  if (a.created !== b.created) return a.created !== null && (b.created === null || a.created < b.created);
  return a.tag === b.tag ? a.position > b.position : a.tag < b.tag;
};
