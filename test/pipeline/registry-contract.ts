import { describe, expect, test } from 'vitest';
import { craftLayer, NO_BYTES } from '../../sandbox/registry-images.ts';
import type { Content } from '../../sandbox/registry-images.ts';
import type { Registry } from '../../src/pipeline/ports.ts';

/**
 * What every registry must do. `create` gives a registry that holds these blobs under one repository; what it takes to
 * end it is the caller's to arrange.
 */
export const describeRegistry = (
  name: string,
  create: (repository: string, blobs: readonly Content[]) => Promise<Registry>,
): void => {
  describe(`registry: ${name}`, () => {
    const layer = craftLayer('layer', 70_000);
    const repository = 'a1b2c3-dev/api';

    test('tells the size of a blob, and the same again', async () => {
      const registry = await create(repository, [layer]);
      const stat = { outcome: 'present', sizeBytes: layer.bytes.length };
      expect(await registry.statBlob({ repository, digest: layer.digest })).toEqual(stat);
      expect(await registry.statBlob({ repository, digest: layer.digest })).toEqual(stat);
    });

    test('knows a blob of no bytes', async () => {
      const registry = await create(repository, [layer, NO_BYTES]);
      expect(await registry.statBlob({ repository, digest: NO_BYTES.digest })).toEqual({
        outcome: 'present',
        sizeBytes: 0,
      });
    });

    test('says that a blob or a repository it does not have is absent', async () => {
      const registry = await create(repository, [layer]);
      const absent = { outcome: 'absent' };
      const { digest } = craftLayer('another', 10);
      expect(await registry.statBlob({ repository, digest })).toEqual(absent);
      expect(await registry.statBlob({ repository: 'a1b2c3-dev/no_such.stream', digest })).toEqual(absent);
    });
  });
};
