/** A team's namespaces, `<plate>-tools` and so on: images are built in the first and built to the others. */
export const ENVIRONMENTS = ['tools', 'dev', 'test', 'prod'] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

/** The images that builds of an app have left, by number; each build has its own. */
export type History = {
  readonly firstOrdinal: number;
  readonly images: number;
  /** Each build is an index and its two children; where images are left over, nothing names them. */
  readonly isMultiArch: boolean;
};

/** One build of an app. */
export type Build = {
  /** 0 is the oldest. */
  readonly position: number;
  /** Number of the image that tags name: the build's only one, or its index. */
  readonly ordinal: number;
  /** ISO 8601. */
  readonly created: string;
  readonly monthsAgo: number;
};

/** A tag of an app's stream in one of its team's namespaces; builds newest first. */
export type BuildTag = { readonly name: string; readonly builds: readonly Build[] };

const NEWEST = Date.parse('2026-11-20T12:00:00Z');
const DAY_MS = 86_400_000;
/** The oldest build of every app is about that old. */
const HISTORY_DAYS = 240;

/** The time so many days before the newest build, ISO 8601. */
export const daysAgo = (days: number): string =>
  new Date(NEWEST - Math.round(days * DAY_MS)).toISOString().replace(/\.\d+Z/, 'Z');

/** Everything that was built of so many images, newest first. */
export const listBuilds = ({ firstOrdinal, images, isMultiArch }: History): readonly Build[] => {
  const perBuild = isMultiArch ? 3 : 1;
  const count = Math.floor(images / perBuild);
  return Array.from({ length: count }, (_, age) => {
    const position = count - 1 - age;
    const days = (HISTORY_DAYS * age) / count;
    return {
      position,
      ordinal: firstOrdinal + position * perBuild,
      created: daysAgo(days),
      monthsAgo: Math.floor(days / 30),
    };
  });
};

/**
 * The tags of an app in an environment: in `tools` each build has a tag of its own besides `latest`; all are built to
 * dev, every second one goes on to test and every third to prod, where the one before stays as `rollback`.
 */
export const listTags = (builds: readonly Build[], environment: Environment): readonly BuildTag[] => {
  switch (environment) {
    case 'tools':
      return [
        { name: 'latest', builds },
        ...builds.map((build) => ({
          name: build.position % 2 === 0 ? `1.${build.position}.0` : `pr-${build.position}`,
          builds: [build],
        })),
      ];
    case 'dev':
      return [{ name: 'dev', builds }];
    case 'test':
      return [{ name: 'test', builds: builds.filter(({ position }) => position % 2 === 0) }];
    case 'prod': {
      const inProd = builds.filter(({ position }) => position % 3 === 0);
      return [
        { name: 'prod', builds: inProd },
        ...(inProd.length > 1 ? [{ name: 'rollback', builds: inProd.slice(1) }] : []),
      ];
    }
  }
};
