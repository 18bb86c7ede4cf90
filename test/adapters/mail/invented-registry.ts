import { createHash } from 'node:crypto';
import type { UsageMail } from '../../../src/pipeline/ports.ts';
import { joinWeighed, readAndWeigh } from '../../../src/pipeline/direct/weigh.ts';
import type { Image } from '../../../src/usage/model.ts';
import { createFakeCluster } from '../../fakes.ts';
import { pipelineRules } from '../../pipeline/build.ts';
import { ago, HOST, image, inventory, namespace, stream, uses } from '../../usage/build.ts';
import type { ListedInventory } from '../../listed-inventory.ts';

/** How much an invented namespace holds in all. */
export type Shape = { readonly streams: number; readonly tags: number; readonly revisions: number };

/** An invented namespace; its contacts by address. */
export type Place = {
  readonly name: string;
  readonly shape: Shape;
  readonly contacts?: readonly string[];
  /** Label `team`. */
  readonly team?: string;
  readonly environment?: string;
  /** All of its images are those of other registries, not only some. */
  readonly isImported?: boolean;
  /** No image is gone from the cluster, not even a few. */
  readonly isWhole?: boolean;
};

/**
 * A cluster in which no two figures are alike. Images share layers within a stream and across streams; a few are
 * imported, a few are gone from the cluster, a few streams are in use. The first two tags of every second stream after the
 * first namespace hold, as after `oc tag`, what such tags hold in the first.
 */
export const inventCluster = (...places: readonly Place[]): ListedInventory =>
  inventory({
    namespaces: places.map(({ name, contacts = [], team, environment }) =>
      namespace(name, {
        labels: {
          ...(team === undefined ? {} : { team }),
          ...(environment === undefined ? {} : { environment }),
        },
        annotations: { contacts: JSON.stringify(contacts.map((email) => ({ email, role: 'lead' }))) },
      }),
    ),
    streams: places.flatMap((place) => inventStreams(place, places[0] ?? place)),
    images: places.flatMap(inventImages),
    references: places.flatMap(({ name, shape }) =>
      Array.from({ length: Math.ceil(shape.streams / 4) }, (_, index) =>
        uses(`${name}/Deployment/web-${String(index)}`, {
          type: 'digest',
          digest: digestOf(name, index * 4),
        }),
      ),
    ),
  });

/** The mail about all namespaces of a cluster, weighed as a run weighs them, with the same quota for each. */
export const weighInto = async (
  cluster: ListedInventory,
  limitBytes: number | null,
  change: Partial<UsageMail> = {},
): Promise<UsageMail> => {
  const base = pipelineRules({ groupByLabel: 'team' });
  const rules = { ...base, quota: { ...base.quota, default: limitBytes } };
  const { frame, weighed } = await readAndWeigh({ cluster: createFakeCluster(cluster) }, rules, null);
  return {
    ...joinWeighed(frame, weighed),
    kind: 'usage-report',
    recipient: { roles: ['lead'], rule: 'annotation:contacts' },
    otherRoles: [],
    reportId: 'weekly-2026-11-23',
    ...change,
  };
};

/** Revision r is of tag r modulo all tags, tag t of stream t modulo all streams: the first of each are the newest. */
const inventStreams = ({ name, shape, isImported = false }: Place, first: Place) =>
  Array.from({ length: shape.streams }, (_, index) => {
    const tags = range(index, shape.tags, shape.streams).map((tag, position) => {
      const revisions = range(tag, shape.revisions, shape.tags).map((revision) => ({
        ...(isImported || revision % 11 === 7 ? IMPORTED : {}),
        digest: digestOf(name, revision),
        created: ago(24 * (40 + (revision % 300))),
      }));
      const original = index + position * first.shape.streams;
      const isPromoted =
        name !== first.name && index % 2 === 0 && position < 2 && original < first.shape.tags;
      return [
        position === 0 ? 'latest' : `pr-${String(100 + tag)}`,
        isPromoted
          ? [
              {
                ...revisions[0],
                digest: digestOf(first.name, original),
                reference: `${HOST}/${first.name}/x`,
              },
            ]
          : revisions,
      ] as const;
    });
    return stream(`service-${String(index).padStart(4, '0')}`, Object.fromEntries(tags), { namespace: name });
  });

const IMPORTED = { reference: 'docker.example.com/library/thing' };

const inventImages = ({ name, shape, isWhole = false }: Place): readonly Image[] =>
  Array.from({ length: shape.revisions }, (_, revision) => {
    const home = `${name}/${String((revision % shape.tags) % shape.streams)}`;
    const layers = [`base-${String(revision % 5)}`, `home-${home}`, `own-${name}-${String(revision)}`];
    return image(digestOf(name, revision), {
      layers: Object.fromEntries(layers.map((layer) => [layer, bytesOf(layer)])),
      configBytes: bytesOf(`${name}-${String(revision)}`) % 9_000,
    });
  }).filter((_, revision) => isWhole || revision % 17 !== 3);

const range = (from: number, below: number, step: number): readonly number[] =>
  Array.from({ length: Math.max(0, Math.ceil((below - from) / step)) }, (_, index) => from + index * step);

const digestOf = (name: string, revision: number): string => `sha256:${hash(`${name}#${String(revision)}`)}`;

/** 1 to 269 MB, as good as never round. */
const bytesOf = (layer: string): number => 1_000_003 + Number.parseInt(hash(layer).slice(0, 7), 16);

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
