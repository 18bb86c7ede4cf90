import fc from 'fast-check';
import { test } from 'vitest';
import { reportOnObjects } from '../api-objects.ts';
import { arbitraryImages, arbitraryStreams } from '../arbitrary-objects.ts';

test('API objects of whatever shape weigh what their recomputation from the same objects says', () => {
  const clusters = fc.tuple(arbitraryImages, arbitraryStreams, fc.boolean());
  fc.assert(
    fc.property(clusters, ([someImages, imagestreams, chargeImported]) => {
      reportOnObjects({ images: someImages, imagestreams }, { chargeImported });
    }),
    { numRuns: 1000 },
  );
});
