import { compareText } from '../text-order.ts';
import type { ImageStream } from '../model.ts';

/**
 * The registry's public hosts as image streams state them (`status.publicDockerImageRepository`, which the API works out
 * anew for every answer), each once and sorted. One on most clusters; none where the registry has no public route.
 */
export const listPublicHosts = (
  streams: readonly Pick<ImageStream, 'publicRepository'>[],
): readonly string[] =>
  [...new Set(streams.map(({ publicRepository }) => publicRepository.split('/')[0] ?? ''))]
    .filter((host) => host !== '')
    .toSorted(compareText);
