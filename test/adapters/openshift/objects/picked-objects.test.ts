import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { generateCluster } from '../../../../bench/cluster.ts';
import type { GeneratedObject } from '../../../../sandbox/api-lists.ts';
import type { WantedFields, Reduction } from '../../../../src/adapters/openshift/json/wanted-fields.ts';
import {
  IMAGE_FIELDS,
  IMAGE_STREAM_FIELDS,
  toImage,
  toImageStream,
} from '../../../../src/adapters/openshift/objects/objects.ts';
import { pickFields } from '../../../../src/adapters/openshift/json/pick-fields.ts';
import { WORKLOAD_KINDS } from '../../../../src/adapters/openshift/workloads/kinds.ts';
import { arbitraryImages, arbitraryStreams } from '../arbitrary-objects.ts';

/** What an object is reduced to, or what is said against it, is the same with all of its fields and with few. */

const IMAGES = { fields: IMAGE_FIELDS, reduce: toImage };
const STREAMS = { fields: IMAGE_STREAM_FIELDS, reduce: toImageStream };
const REDUCTIONS: readonly (Reduction<unknown> & { readonly plural: string })[] = [
  { plural: 'images', ...IMAGES },
  { plural: 'imagestreams', ...STREAMS },
  ...WORKLOAD_KINDS.map(({ plural, fields, findReferences }) => ({
    plural,
    fields,
    reduce: findReferences,
  })),
];

const reduceJson = ({ reduce }: Reduction<unknown>, json: string): unknown => {
  try {
    return reduce(JSON.parse(json));
  } catch (thrown) {
    return String(thrown);
  }
};

const expectSame = (reduction: Reduction<unknown>, json: string): void => {
  const picked = pickFields(json, 0, reduction.fields).json;
  expect(reduceJson(reduction, picked)).toEqual(reduceJson(reduction, json));
};

const GENERATED: Readonly<Record<string, readonly GeneratedObject[] | undefined>> = generateCluster({
  seed: 1,
  namespaces: 40,
  images: 800,
});

describe.each(REDUCTIONS)('$plural', ({ plural, ...reduction }) => {
  test('as they were recorded and as the bench makes them', async () => {
    const file = new URL(`../../../../sandbox/recorded/${plural}.json`, import.meta.url);
    const { items }: { readonly items: readonly object[] } = JSON.parse(await readFile(file, 'utf8'));
    const made = (GENERATED[plural] ?? []).map(({ write }) => write());
    const objects = [...items.map((object) => JSON.stringify(object)), ...made];
    expect(objects.length).toBeGreaterThan(5);
    for (const json of objects) expectSame(reduction, json);
  });

  test('of any shape', () => {
    fc.assert(
      fc.property(arbitraryOf(reduction.fields), (object) => {
        expectSame(reduction, JSON.stringify(object));
      }),
      { numRuns: 200 },
    );
  });
});

test('Images and ImageStreams of the shapes that are weighed', () => {
  fc.assert(
    fc.property(arbitraryImages, arbitraryStreams, (images, streams) => {
      for (const image of images) expectSame(IMAGES, JSON.stringify(image));
      for (const stream of streams) expectSame(STREAMS, JSON.stringify(stream));
    }),
  );
});

test('of the bench’s Images less than a quarter is left', () => {
  const images = (GENERATED['images'] ?? []).map(({ write }) => write());
  const left = images.map((json) => pickFields(json, 0, IMAGE_FIELDS).json);
  expect(left.join('').length / images.join('').length).toBeLessThan(0.25);
});

/** Fields that nobody looks at there, some of which somebody looks at elsewhere. */
const UNWANTED = ['uid', 'namespace', 'kind', 'items', 'status', 'image', 'na\\me'];

const TEXT = fc.constantFrom('a', 'api:latest', 'ImageStreamTag', 'True', 'sha256:1', 'x/y@sha256:1', '');
const TIME = fc.constantFrom('2026-11-01T00:00:00Z', '2026-11-01T02:00:00.5+02:00');
const USUAL: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  annotations: fc.dictionary(fc.constantFrom('openshift.io/image.managed', 'note'), TEXT),
  created: TIME,
  creationTimestamp: TIME,
  controller: fc.boolean(),
  local: fc.boolean(),
  replicas: fc.nat({ max: 1 }),
  reference: fc.boolean(),
  size: fc.nat(),
  Size: fc.nat(),
  suspend: fc.boolean(),
  dockerImageLayers: fc.array(fc.record({ name: TEXT, size: fc.nat(), mediaType: TEXT }), { maxLength: 2 }),
  dockerImageManifests: fc.array(fc.record({ digest: TEXT, architecture: TEXT }), { maxLength: 2 }),
  tags: fc.array(fc.record({ name: TEXT, tag: TEXT, items: fc.constant([]) }), { maxLength: 2 }),
};
const ODD = fc.constantFrom<unknown>(null, -1, 1.5, true, 'odd', [], {}, ['odd'], { name: 1 });

/** Fields that are lists of objects. */
const LISTS =
  /^(.*[cC]ontainers|.*Statuses|volumes|conditions|ownerReferences|triggers|images|buildArgs|triggeredBy|imageChangeTriggers)$/;

/** An object of wanted fields and others; now and then one is odd. */
const arbitraryOf = (fields: WantedFields, name = ''): fc.Arbitrary<unknown> => {
  const odd = { arbitrary: ODD, weight: 1 };
  if (fields === 'all') return fc.oneof({ arbitrary: USUAL[name] ?? TEXT, weight: 50 }, odd);
  const wanted = Object.fromEntries(fields.map((each) => [each.name, arbitraryOf(each.wanted, each.name)]));
  const requiredKeys = Object.keys(wanted).filter((key) => ['metadata', 'name', 'kind'].includes(key));
  const object = fc
    .tuple(
      fc.dictionary(fc.constantFrom(...UNWANTED), TEXT, { maxKeys: 3 }),
      fc.record(wanted, { requiredKeys }),
    )
    .map(([others, ours]) => ({ ...others, ...ours }));
  const usual = LISTS.test(name) ? fc.array(object, { maxLength: 2 }) : object;
  return fc.oneof({ arbitrary: usual, weight: 50 }, odd);
};
