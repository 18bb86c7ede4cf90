import { describe, expect, test } from 'vitest';
import { generateCluster } from '../../bench/cluster.ts';
import type { ClusterSize } from '../../bench/cluster.ts';
import { measure } from '../../bench/measure.ts';
import type { GeneratedObject } from '../../sandbox/api-lists.ts';
import { openCluster, startServer } from '../adapters/openshift/open-cluster.ts';
import { bruteForce } from '../brute-force/brute-force.ts';
import { pickFigures } from '../brute-force/pick-figures.ts';
import { LISTED_RESOURCES } from '../brute-force/read-lists.ts';
import { reportOn } from '../usage/report-on.ts';
import { listed } from '../listed-inventory.ts';

const SMALL: ClusterSize = { seed: 3, namespaces: 8, images: 160 };
const MEDIUM: ClusterSize = { seed: 3, namespaces: 100, images: 2000 };

const parsed = (objects: readonly GeneratedObject[] = []) => objects.map(({ write }) => JSON.parse(write()));

const rawLists = (size: ClusterSize) => {
  const generated = generateCluster(size);
  return Object.fromEntries(LISTED_RESOURCES.map((plural) => [plural, { items: parsed(generated[plural]) }]));
};

describe('a generated cluster', () => {
  test('has as many namespaces and images as were asked for, each of its own name', () => {
    for (const size of [SMALL, { ...SMALL, namespaces: 21, images: 1000 }]) {
      const { namespaces = [], images = [] } = generateCluster(size);
      expect(new Set(namespaces.map(({ metadata }) => metadata.name)).size).toBe(size.namespaces);
      expect(new Set(images.map(({ metadata }) => metadata.name)).size).toBe(size.images);
      expect([namespaces.length, images.length]).toEqual([size.namespaces, size.images]);
    }
  });

  test('is the same for the same seed and another for another', () => {
    expect(rawLists(SMALL)).toEqual(rawLists(SMALL));
    expect(rawLists({ ...SMALL, seed: 4 })).not.toEqual(rawLists(SMALL));
  });

  test('has objects of every kind, which bear the names and namespaces that they are listed under', () => {
    const generated = generateCluster(MEDIUM);
    for (const plural of LISTED_RESOURCES) {
      const listed = generated[plural] ?? [];
      expect([plural, listed.length]).not.toEqual([plural, 0]);
      const places = listed.map(({ metadata: { namespace, name } }) => ({ namespace, name }));
      expect(parsed(listed).map(({ metadata: { namespace, name } }) => ({ namespace, name }))).toEqual(
        places,
      );
    }
  });

  test('is like a real one: images of 12 kB that share layers, some in many tags, some imported, some in no stream', () => {
    const lists = rawLists(MEDIUM);
    const images = lists['images']?.items ?? [];
    const bytes = JSON.stringify(images).length / images.length;
    expect([bytes > 10_000, bytes < 13_000]).toEqual([true, true]);
    const layers = images.flatMap(({ dockerImageLayers }) => dockerImageLayers ?? []);
    const distinct = new Set(layers.map(({ name }) => name)).size;
    expect(layers.length / images.length).toBeGreaterThan(8);
    expect([distinct < layers.length * 0.7, distinct > images.length]).toEqual([true, true]);
    expect(images.filter(({ dockerImageManifests }) => dockerImageManifests).length).toBeGreaterThan(0);
    const tags = (lists['imagestreams']?.items ?? []).flatMap(({ status }) => status.tags);
    const digests = tags.flatMap(({ items }) => items ?? []).map(({ image }) => image);
    expect(digests.length / images.length).toBeGreaterThan(3.5);
    expect(digests.length / images.length).toBeLessThan(4.5);
    const named = new Set(digests);
    expect(images.filter(({ metadata }) => !named.has(metadata.name)).length).toBeGreaterThan(
      images.length * 0.02,
    );
  });

  test('weighs over the API, page by page, what its raw lists do, to the byte', async () => {
    const server = await startServer({ lists: generateCluster(SMALL) });
    const readAt = '2026-11-24T03:00:00Z';
    const { cluster } = await openCluster(server, { pageSize: 30, now: () => new Date(readAt) });
    const figures = pickFigures(reportOn(listed(await cluster.readInventory({ namespaces: null }))));
    expect(figures).toEqual(bruteForce(rawLists(SMALL), { readAt }));
    const { namespaces } = figures;
    expect(namespaces.filter(({ usedBytes }) => usedBytes > 0).length).toBeGreaterThan(4);
    expect(namespaces.some(({ importedBytes }) => importedBytes > 0)).toBe(true);
    expect(namespaces.some(({ streams }) => streams.some(({ inUse }) => inUse === true))).toBe(true);
  });
});

/** Three programs start, each with all of its modules. */
const TIMEOUT_MS = 120_000;

test(
  'the measured programs read the same objects and come to the figures of their lists',
  async () => {
    const { rounds } = await measure(SMALL, { rounds: 1, nodeFlags: [] });
    const figures = bruteForce(rawLists(SMALL), { readAt: '2026-11-24T03:00:00Z' }).namespaces;
    const objects = Object.values(rawLists(SMALL)).flatMap(({ items }) => items).length;
    expect(rounds).toHaveLength(1);
    const [round] = rounds;
    expect(round?.bare.counts['objects']).toBe(objects);
    expect(round?.quotagram.counts).toEqual({
      objects,
      namespaces: SMALL.namespaces,
      revisions: figures.reduce((sum, { totals }) => sum + totals.revisions, 0),
      usedBytes: figures.reduce((sum, { usedBytes }) => sum + usedBytes, 0),
    });
    for (const program of ['bare', 'quotagram', 'report'] as const) {
      expect(round?.[program].reading.peakRssBytes).toBeGreaterThan(1e7);
    }
  },
  TIMEOUT_MS,
);
