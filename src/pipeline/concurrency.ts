/** How many requests we make to a cluster or a registry at the same time. */
const MAX_CONCURRENT = 4;

/**
 * Maps at most four inputs at the same time and returns the results in the order of the inputs. After a failure no
 * further input is started; the error is thrown once those already under way have ended, so none runs on unnoticed.
 */
export const mapConcurrently = async <In, Out>(
  inputs: readonly In[],
  map: (input: In) => Promise<Out>,
): Promise<readonly Out[]> => {
  const waiting = inputs.entries();
  const results: Out[] = [];
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const [position, input] of waiting) {
      if (failed) return;
      try {
        results[position] = await map(input);
      } catch (thrown) {
        failed = true;
        throw thrown;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: MAX_CONCURRENT }, worker));
  for (const each of ended) if (each.status === 'rejected') throw each.reason;
  return results;
};
