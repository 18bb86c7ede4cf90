import type { ApiObject } from '../../sandbox/api-lists.ts';

const MIB = 1024 ** 2;
const HALF_A_DAY_MS = 43_200_000;
/** When this file was loaded, less half a day: no age turns from one run to the next. */
const LATELY = Date.now() - HALF_A_DAY_MS;

/** A path of the API as a run asks for it. */
export const PATHS = {
  images: '/apis/image.openshift.io/v1/images',
  imagestreams: '/apis/image.openshift.io/v1/imagestreams',
  namespaces: '/api/v1/namespaces',
  deployments: '/apis/apps/v1/deployments',
} as const;

/** The API lists 500 objects a page. */
export const PAGE_OBJECTS = 500;

/** The objects of a cluster whose images take three pages. */
export type PagedCluster = Readonly<
  Record<'namespaces' | 'pods' | 'deployments' | 'imagestreams' | 'images', readonly ApiObject[]>
>;

/**
 * Two teams with 900 MiB each, one image on every page of the list, and an archive that holds the other 1,244 of a
 * MiB each. A Pod runs the newest image of the shop, a Deployment names that of the blog.
 */
export const pagedCluster = (): PagedCluster => ({
  namespaces: [
    { metadata: { name: 'archive-tools' } },
    namespaceOf('blog-dev', 'blog@example.test'),
    namespaceOf('shop-dev', 'shop@example.test'),
  ],
  pods: [
    { metadata: { namespace: 'shop-dev', name: 'web-1' }, spec: { containers: [{ image: pullSpec(1) }] } },
  ],
  deployments: [
    {
      metadata: { namespace: 'blog-dev', name: 'web' },
      spec: { replicas: 1, template: { spec: { containers: [{ image: pullSpec(2) }] } } },
    },
  ],
  imagestreams: [
    streamOf('archive-tools', { kept: NUMBERS.filter((number) => !TEAMS.has(number)) }),
    streamOf('blog-dev', { 'build-1': [1202], 'build-2': [602], 'build-3': [2] }),
    streamOf('shop-dev', { 'build-1': [1201], 'build-2': [601], 'build-3': [1] }),
  ],
  images: NUMBERS.map((number) => imageOf(number, TEAMS.has(number) ? 300 * MIB : MIB)),
});

const NUMBERS = Array.from({ length: 1_250 }, (_, position) => position + 1);
const TEAMS: ReadonlySet<number> = new Set([1, 2, 601, 602, 1201, 1202]);

/** The name of the nth image in the list's order. */
export const digestOf = (number: number): string =>
  `sha256:${String(number).padStart(5, '0').padEnd(64, '0')}`;

const pullSpec = (number: number): string => `registry.example.test/any/web@${digestOf(number)}`;

const namespaceOf = (name: string, email: string): ApiObject => ({
  metadata: { name, annotations: { contacts: JSON.stringify([{ email, role: 'Lead' }]) } },
});

/** A stream `web` of these tags; the first tag is the oldest, ten days older than the next. */
const streamOf = (namespace: string, tags: Readonly<Record<string, readonly number[]>>): ApiObject => ({
  metadata: { namespace, name: 'web' },
  status: {
    dockerImageRepository: `registry.example.test/${namespace}/web`,
    tags: Object.entries(tags).map(([tag, numbers], position) => ({
      tag,
      items: numbers.map((number) => ({
        image: digestOf(number),
        dockerImageReference: `registry.example.test/${namespace}/web@${digestOf(number)}`,
        created: new Date(LATELY - (60 - 10 * position) * 86_400_000).toISOString(),
      })),
    })),
  },
});

const imageOf = (number: number, sizeBytes: number): ApiObject => ({
  metadata: { name: digestOf(number), annotations: { 'openshift.io/image.managed': 'true' } },
  dockerImageLayers: [{ name: digestOf(10_000 + number), size: sizeBytes, mediaType: 'layer' }],
  dockerImageMetadata: { Id: digestOf(20_000 + number), Size: sizeBytes },
});
