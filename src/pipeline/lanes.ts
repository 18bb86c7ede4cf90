/** How many requests a cluster or a registry gets from us at a time. */
const LANES = 4;

/**
 * Maps up to four inputs at a time, results in the order of the inputs. After a failure no other input starts; it is
 * thrown once those under way have ended, so that nothing goes on unseen.
 */
export const mapInLanes = async <In, Out>(
  inputs: readonly In[],
  map: (input: In) => Promise<Out>,
): Promise<readonly Out[]> => {
  const waiting = inputs.entries();
  const results: Out[] = [];
  let failed = false;
  const lane = async (): Promise<void> => {
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
  const lanes = await Promise.allSettled(Array.from({ length: LANES }, lane));
  for (const ended of lanes) if (ended.status === 'rejected') throw ended.reason;
  return results;
};
