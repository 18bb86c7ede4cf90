import { daysAgo } from './builds.ts';
import type { PlannedImage, PlannedIndex } from './images.ts';
import { createChance } from './seeded.ts';
import { REGISTRY } from './streams.ts';
import type { App } from './teams.ts';

/** Decides what the images of a cluster are made of. */
export type ImagePlanner = {
  /** A base image of another registry. */
  readonly planImported: (ordinal: number) => PlannedImage;
  /** An image that nothing names any more. */
  readonly planOrphan: (ordinal: number) => PlannedImage;
  /** All images of an app that is built in a namespace. */
  readonly planApp: (app: App, namespace: string) => readonly (PlannedImage | PlannedIndex)[];
};

const SYSTEMS = 40;
const RUNTIMES = 200;
/** How many builds in a row have the same dependencies. */
const BUILDS_PER_UPDATE = 6;

/** Makes the planner; everything follows from the seed. */
export const createImagePlanner = (seed: number): ImagePlanner => {
  const [systems, runtimes] = [
    createChance(seed, 'system of an app'),
    createChance(seed, 'runtime of an app'),
  ];

  /** Bases are built anew every month, and some are more common than others; images of one base share its layers. */
  const baseOf = (key: number, monthsAgo: number) => ({
    system: Math.floor(systems.fraction(key) ** 2 * SYSTEMS) + monthsAgo * SYSTEMS,
    runtime: Math.floor(runtimes.fraction(key) ** 2 * RUNTIMES) + monthsAgo * RUNTIMES,
  });

  const planImported = (ordinal: number): PlannedImage => ({
    ordinal,
    repository: `registry.example.com/base/${ordinal % 8}`,
    created: daysAgo(ordinal % 240),
    managed: false,
    architecture: 'amd64',
    ...baseOf(ordinal, ordinal % 8),
    dependencies: null,
  });

  const planOrphan = (ordinal: number): PlannedImage => ({
    ...planImported(ordinal),
    repository: `${REGISTRY}/gone-tools/gone`,
    managed: true,
    dependencies: ordinal,
  });

  const planApp = (app: App, namespace: string): readonly (PlannedImage | PlannedIndex)[] => {
    const repository = `${REGISTRY}/${namespace}/${app.name}`;
    const built = app.builds.flatMap(({ position, ordinal, created, monthsAgo }) => {
      const image: PlannedImage = {
        ordinal,
        repository,
        created,
        managed: true,
        architecture: 'amd64',
        ...baseOf(app.firstOrdinal, monthsAgo),
        dependencies: app.firstOrdinal + Math.floor(position / BUILDS_PER_UPDATE),
      };
      if (!app.isMultiArch) return [image];
      const children: readonly PlannedImage[] = [
        { ...image, ordinal: ordinal + 1 },
        { ...image, ordinal: ordinal + 2, architecture: 'arm64' },
      ];
      return [{ ordinal, repository, created, children }, ...children];
    });
    const left = Array.from({ length: app.images - built.length }, (_, position) =>
      planOrphan(app.firstOrdinal + built.length + position),
    );
    return [...built, ...left];
  };

  return { planImported, planOrphan, planApp };
};
