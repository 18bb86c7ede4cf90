import { daysAgo } from './builds.ts';
import type { ImageSpec, IndexSpec } from './images.ts';
import { createChance } from './seeded.ts';
import { REGISTRY } from './streams.ts';
import type { App } from './teams.ts';

/** Decides what the images of a cluster are made of. */
export type ImageSpecs = {
  /** A base image of another registry. */
  readonly specifyImported: (ordinal: number) => ImageSpec;
  /** An image that nothing names any more. */
  readonly specifyOrphan: (ordinal: number) => ImageSpec;
  /** All images of an app that is built in a namespace. */
  readonly specifyApp: (app: App, namespace: string) => readonly (ImageSpec | IndexSpec)[];
};

const SYSTEMS = 40;
const RUNTIMES = 200;
/** How many builds in a row have the same dependencies. */
const BUILDS_PER_UPDATE = 6;

/** Makes the specs; everything follows from the seed. */
export const createImageSpecs = (seed: number): ImageSpecs => {
  const [systems, runtimes] = [
    createChance(seed, 'system of an app'),
    createChance(seed, 'runtime of an app'),
  ];

  /** Bases are built anew every month, and some are more common than others; images of one base share its layers. */
  const baseOf = (key: number, monthsAgo: number) => ({
    system: Math.floor(systems.fraction(key) ** 2 * SYSTEMS) + monthsAgo * SYSTEMS,
    runtime: Math.floor(runtimes.fraction(key) ** 2 * RUNTIMES) + monthsAgo * RUNTIMES,
  });

  const specifyImported = (ordinal: number): ImageSpec => ({
    ordinal,
    repository: `registry.example.com/base/${ordinal % 8}`,
    created: daysAgo(ordinal % 240),
    managed: false,
    architecture: 'amd64',
    ...baseOf(ordinal, ordinal % 8),
    dependencies: null,
  });

  const specifyOrphan = (ordinal: number): ImageSpec => ({
    ...specifyImported(ordinal),
    repository: `${REGISTRY}/gone-tools/gone`,
    managed: true,
    dependencies: ordinal,
  });

  const specifyApp = (app: App, namespace: string): readonly (ImageSpec | IndexSpec)[] => {
    const repository = `${REGISTRY}/${namespace}/${app.name}`;
    const built = app.builds.flatMap(({ position, ordinal, created, monthsAgo }) => {
      const image: ImageSpec = {
        ordinal,
        repository,
        created,
        managed: true,
        architecture: 'amd64',
        ...baseOf(app.firstOrdinal, monthsAgo),
        dependencies: app.firstOrdinal + Math.floor(position / BUILDS_PER_UPDATE),
      };
      if (!app.isMultiArch) return [image];
      const children: readonly ImageSpec[] = [
        { ...image, ordinal: ordinal + 1 },
        { ...image, ordinal: ordinal + 2, architecture: 'arm64' },
      ];
      return [{ ordinal, repository, created, children }, ...children];
    });
    const left = Array.from({ length: app.images - built.length }, (_, position) =>
      specifyOrphan(app.firstOrdinal + built.length + position),
    );
    return [...built, ...left];
  };

  return { specifyImported, specifyOrphan, specifyApp };
};
