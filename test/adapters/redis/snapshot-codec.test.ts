import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeJson,
  decodeSnapshot,
  encodeJson,
  encodeSnapshot,
} from '../../../src/adapters/redis/snapshot-codec.ts';
import { HOW_USED } from '../../../src/usage/model.ts';
import type { Image, ImageReference, ImageStream, Snapshot } from '../../../src/usage/model.ts';

describe('a snapshot', () => {
  test('is the same after the round trip, whatever it holds', async () => {
    await fc.assert(
      fc.asyncProperty(snapshots, async (snapshot) => {
        expect(await decodeSnapshot(await encodeSnapshot(snapshot))).toEqual(snapshot);
      }),
    );
  });

  test('has the same bytes each time', async () => {
    await fc.assert(
      fc.asyncProperty(snapshots, async (snapshot) => {
        expect(await encodeSnapshot(snapshot)).toEqual(await encodeSnapshot(structuredClone(snapshot)));
      }),
      { numRuns: 20 },
    );
  });

  test('takes 900 images on 30 shared layers in a tenth of the room of their JSON', async () => {
    const base = Array.from({ length: 30 }, (_, index) => layerOf(index));
    const images = Array.from({ length: 900 }, (_, index) =>
      imageOf(`sha256:${hex(10_000 + index)}`, [...base, layerOf(1_000 + index)]),
    );
    const bytes = await encodeSnapshot(snapshotOf(images));
    expect(bytes.length).toBeLessThan(JSON.stringify(snapshotOf(images)).length / 10);
  });
});

describe('bytes that are not ours', () => {
  test.each([
    ['no zstd', Buffer.from('{}')],
    ['empty', Buffer.alloc(0)],
  ])('are refused: %s', async (_case, bytes) => {
    await expect(decodeSnapshot(bytes)).rejects.toThrow();
  });

  test.each([
    ['another shape', { snapshot: null }],
    ['a layer that is not in the dictionary', { layers: [], snapshot: packedWith([0]) }],
    ['a field too many', { layers: [], snapshot: { ...packedWith([]), more: 1 } }],
  ])('are refused: %s', async (_case, value) => {
    await expect(decodeSnapshot(await encodeJson(value))).rejects.toThrow();
  });
});

test('any JSON value is the same after the round trip', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      expect(await decodeJson(await encodeJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

const hex = (value: number): string => value.toString(16).padStart(64, '0');
const layerOf = (index: number) => ({ digest: `sha256:${hex(index)}`, sizeBytes: 1_000 + index });

const imageOf = (digest: string, layers: Image['layers']): Image => ({
  digest,
  managed: true,
  layers,
  statedBytes: null,
  configDigest: null,
  architecture: null,
  children: [],
  fault: null,
});

const snapshotOf = (images: readonly Image[]): Snapshot => ({
  cluster: { name: 'test', apiUrl: null },
  takenAt: '2026-11-23T16:00:00Z',
  exact: true,
  lists: [],
  scope: 'cluster',
  unreadableKinds: [],
  namespace: { name: 'a1b2c3-dev', labels: {}, annotations: {} },
  team: { id: 'ns:a1b2c3-dev', displayName: 'a1b2c3-dev', namespaces: ['a1b2c3-dev'], usedBytes: 0 },
  sharedWithTeamBytes: 0,
  streams: [],
  images,
  heldOutside: [],
  uses: { digests: {}, tags: {}, environments: {} },
});

/** As stored: layers are indexes. */
const packedWith = (layers: readonly number[]) => ({
  ...snapshotOf([]),
  images: [{ ...imageOf('sha256:i1', null), layers }],
});

/** Few distinct values, so that digests meet again, also with different sizes. */
const digests = fc.constantFrom('sha256:a', 'sha256:b', 'sha256:c', '1', '');
const bytes = fc.constantFrom(0, 1, 2, Number.MAX_SAFE_INTEGER);
const text = fc.string({ unit: 'binary' });
const names = fc.stringMatching(/^[a-z0-9][a-z0-9./-]{0,20}$/);
const nullable = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: null });
const times = nullable(fc.constant('2026-11-20T10:00:00Z'));

const images: fc.Arbitrary<Image> = fc.record({
  digest: digests,
  managed: fc.boolean(),
  layers: nullable(fc.array(fc.record({ digest: digests, sizeBytes: bytes }))),
  statedBytes: nullable(bytes),
  configDigest: nullable(digests),
  architecture: nullable(text),
  children: fc.array(fc.record({ digest: digests, architecture: nullable(text) })),
  fault: nullable(text),
});

const references: fc.Arbitrary<ImageReference> = fc.oneof(
  fc.record({ type: fc.constant('pullSpec' as const), spec: text }),
  fc.record({ type: fc.constant('tag' as const), namespace: text, stream: text, tag: text }),
  fc.record({ type: fc.constant('digest' as const), digest: digests }),
);

const streams: fc.Arbitrary<ImageStream> = fc.record({
  namespace: names,
  name: text,
  repository: text,
  localLookup: fc.boolean(),
  tags: fc.array(
    fc.record({
      name: text,
      revisions: fc.array(fc.record({ digest: digests, reference: text, created: times })),
      from: nullable(references),
      isReference: fc.boolean(),
      importFailure: nullable(text),
    }),
  ),
});

const users = fc.array(fc.record({ workload: text, how: fc.constantFrom(...HOW_USED) }));

const snapshots: fc.Arbitrary<Snapshot> = fc.record({
  cluster: fc.record({ name: text, apiUrl: nullable(text) }),
  takenAt: fc.constant('2026-11-23T16:00:00Z'),
  exact: fc.boolean(),
  lists: fc.array(fc.record({ kind: names, readAt: text, exact: fc.boolean() })),
  scope: fc.constantFrom('cluster' as const, 'namespaces' as const),
  unreadableKinds: fc.array(names),
  namespace: fc.record({
    name: names,
    labels: fc.dictionary(names, text),
    annotations: fc.dictionary(names, text),
  }),
  team: fc.record({ id: text, displayName: text, namespaces: fc.array(names), usedBytes: bytes }),
  sharedWithTeamBytes: bytes,
  streams: fc.array(streams, { maxLength: 4 }),
  images: fc.array(images),
  heldOutside: fc.array(digests),
  uses: fc.record({
    digests: fc.dictionary(names, users),
    tags: fc.dictionary(names, users),
    environments: fc.dictionary(names, text),
  }),
});
