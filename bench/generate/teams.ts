import { ENVIRONMENTS, listBuilds } from './builds.ts';
import type { Build, Environment, History } from './builds.ts';
import { createChance } from './seeded.ts';

/** A team and its namespaces, `<plate>-<environment>`. */
export type Team = {
  readonly plate: string;
  /** `tools`, and up to three more. */
  readonly environments: readonly Environment[];
  readonly apps: readonly App[];
};

/** What a team builds again and again: an image stream of this name in each of its namespaces. */
export type App = History & {
  readonly name: string;
  /** Newest first. */
  readonly builds: readonly Build[];
};

/** How many namespaces the teams have, and how many images, numbered from `firstOrdinal` on. */
export type TeamsSize = {
  readonly seed: number;
  readonly namespaces: number;
  readonly firstOrdinal: number;
  readonly images: number;
};

/** Most teams have a few images and a few teams have most: the largest has some 20 times the average. */
export const specifyTeams = ({ seed, namespaces, firstOrdinal, images }: TeamsSize): readonly Team[] => {
  const plates = createChance(seed, 'plate');
  const weights = createChance(seed, 'weight');
  const count = Math.ceil(namespaces / ENVIRONMENTS.length);
  const shares = shareOut(
    images,
    Array.from({ length: count }, (_, team) => 1 / (weights.fraction(team) + 0.002) ** 0.7),
  );
  return shares.map(({ start, size }, team) => ({
    plate: plates.hex(team).slice(0, 8),
    environments: ENVIRONMENTS.slice(0, namespaces - team * ENVIRONMENTS.length),
    apps: specifyApps(seed, firstOrdinal + start, size),
  }));
};

const APP_NAMES = [
  'api',
  'web',
  'db',
  'proxy',
  'worker',
  'auth',
  'search',
  'reports',
  'mailer',
  'cache',
  'docs',
  'jobs',
];

/** The more images, the more apps; the first has most of them. */
const specifyApps = (seed: number, firstOrdinal: number, images: number): readonly App[] => {
  const multiArch = createChance(seed, 'multi-arch');
  const names = APP_NAMES.slice(0, 1 + Math.floor(Math.sqrt(images) / 3));
  const shares = shareOut(
    images,
    names.map((_, position) => 1 / (position + 1)),
  );
  return names.flatMap((name, position) => {
    const { start, size } = shares[position] ?? { start: 0, size: 0 };
    const first = firstOrdinal + start;
    const isMultiArch = size >= 3 && multiArch.fraction(first) < 0.07;
    const history = { firstOrdinal: first, images: size, isMultiArch };
    return [{ name, ...history, builds: listBuilds(history) }];
  });
};

/** Whole shares of a whole by weight, one behind the other, so that nothing is lost by rounding. */
const shareOut = (
  whole: number,
  weights: readonly number[],
): readonly { readonly start: number; readonly size: number }[] => {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let reached = 0;
  let start = 0;
  return weights.map((weight) => {
    reached += weight;
    const end = Math.round((whole * reached) / total);
    const share = { start, size: end - start };
    start = end;
    return share;
  });
};
