import fc from 'fast-check';
import { HOW_USED } from '../../src/usage/model.ts';
import type {
  HowUsed,
  Image,
  ImageReference,
  ImageStream,
  Namespace,
  Revision,
  Tag,
  WorkloadReference,
} from '../../src/usage/model.ts';
import type { ListedInventory } from '../listed-inventory.ts';

/** When an arbitrary inventory was read. */
const READ_AT = '2026-11-24T03:00:00Z';

const sha = (digit: string): string => `sha256:${digit.repeat(64)}`;

/** Every pool is tiny, so that whatever can coincide does. */
const NAMESPACES = ['a-dev', 'a-prod', 'b-dev', 'openshift'];
const STREAMS = ['B', 'a', 'ab'];
const TAGS = ['latest', 'v1', 'V2', 'v10'];
/** Every `stream:tag` that a namespace may have. */
export const TAG_LABELS = STREAMS.flatMap((stream) => TAGS.map((tag) => `${stream}:${tag}`));
const LAYERS = ['1', '2', '3', '4', '5'].map(sha);
const CONFIGS = [...['6', '7'].map(sha), '8'.repeat(64)];
const IMAGES = ['a', 'b', 'c', 'd'].map(sha);
const INDEXES = ['e', 'f', '9'].map(sha);
/** Named here and there, and no Image object. */
const GONE = sha('0');
const HOST = 'registry.example.test:5000';
const PUBLIC_HOST = 'public.example.test';
const FOREIGN_HOST = 'quay.example.test';
/** The last one by a clock that is ahead of the reader's. */
const CREATED = [
  '2026-11-01T00:00:00Z',
  '2026-11-02T00:00:00Z',
  '2026-11-10T00:00:00Z',
  '2027-01-01T00:00:00Z',
];
/** One second inside the day that an ended pod counts, exactly at its end, and long gone. */
const ENDED = ['2026-11-23T03:00:01Z', '2026-11-23T03:00:00Z', '2026-11-01T00:00:00Z'];

/** Mostly the first choice, now and then another one. */
const mostly = <T>(usual: fc.Arbitrary<T>, ...others: readonly fc.Arbitrary<T>[]): fc.Arbitrary<T> =>
  fc.oneof(
    { arbitrary: usual, weight: 6 * others.length },
    ...others.map((arbitrary) => ({ arbitrary, weight: 1 })),
  );

const anyOf = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

/** A layer has one size, as in life, but for some that are stated as 0 or as something else. */
const layer = anyOf(LAYERS.map((digest, position) => ({ digest, sizeBytes: 10 ** position }))).chain(
  (usual) =>
    mostly(
      fc.constant(usual),
      fc.constant({ ...usual, sizeBytes: 0 }),
      fc.constant({ ...usual, sizeBytes: 7 }),
    ),
);

/** As of an image whose sizes the API never learned. */
const layersWithoutSizes = fc
  .uniqueArray(anyOf(LAYERS), { minLength: 1, maxLength: 3 })
  .map((digests) => digests.map((digest) => ({ digest, sizeBytes: 0 })));

const imageOf = (digest: string): fc.Arbitrary<Image> =>
  fc
    .record({
      managed: mostly(fc.constant(true), fc.constant(false)),
      layers: mostly<Image['layers']>(
        fc.array(layer, { maxLength: 4 }),
        fc.constant(null),
        layersWithoutSizes,
      ),
      /** What `dockerImageMetadata.Size` adds to the layers; null: it is absent. */
      configBytes: mostly<number | null>(
        fc.constant(3),
        fc.constant(0),
        fc.constant(5),
        fc.constant(-1),
        fc.constant(null),
      ),
      configDigest: mostly<string | null>(anyOf(CONFIGS), fc.constant(null), anyOf(LAYERS)),
      isSizeUnread: mostly(fc.constant(false), fc.constant(true)),
    })
    .map(({ managed, layers, configBytes, configDigest, isSizeUnread }) => {
      const distinct = new Map((layers ?? []).map((one) => [one.digest, one.sizeBytes]));
      const layerBytes = [...distinct.values()].reduce((total, size) => total + size, 0);
      return {
        digest,
        managed,
        layers,
        ...(isSizeUnread
          ? { statedBytes: null, isSizeUnread }
          : { statedBytes: configBytes === null ? null : Math.max(0, layerBytes + configBytes) }),
        configDigest,
        architecture: 'amd64',
        children: [],
        fault: null,
      };
    });

const indexOf = (digest: string): fc.Arbitrary<Image> =>
  fc
    .record({
      managed: mostly(fc.constant(true), fc.constant(false)),
      // Indexes among them, of which one may be itself or have this one among its own.
      children: fc.uniqueArray(mostly(anyOf([...IMAGES, ...INDEXES]), fc.constant(GONE)), {
        minLength: 1,
        maxLength: 3,
      }),
    })
    .map(({ managed, children }) => ({
      digest,
      managed,
      layers: null,
      statedBytes: null,
      configDigest: digest,
      architecture: null,
      children: children.map((child) => ({ digest: child, architecture: 'arm64' })),
      fault: null,
    }));

/** What is left of an Image object that cannot be understood: what it names, and sizes that mean nothing. */
const faulty = (digest: string): fc.Arbitrary<Image> =>
  fc
    .record({
      layers: fc.oneof(fc.constant(null), fc.array(layer, { maxLength: 3 })),
      children: mostly<readonly string[]>(
        fc.constant([]),
        fc.array(anyOf([...IMAGES, ...INDEXES, GONE]), { maxLength: 3 }),
      ),
    })
    .map(({ layers, children }) => ({
      digest,
      managed: true,
      layers,
      statedBytes: null,
      configDigest: null,
      architecture: null,
      children: children.map((child) => ({ digest: child, architecture: null })),
      fault: 'dockerImageLayers[3].size: missing',
    }));

const orFaulty =
  (soundOne: (digest: string) => fc.Arbitrary<Image>) =>
  (digest: string): fc.Arbitrary<Image> =>
    fc.oneof({ arbitrary: soundOne(digest), weight: 12 }, { arbitrary: faulty(digest), weight: 1 });

/** Images that exist: most of those that can be named. Their digests are content, so no two differ. */
const images: fc.Arbitrary<readonly Image[]> = fc
  .tuple(fc.subarray(IMAGES, { minLength: 3 }), fc.subarray(INDEXES, { minLength: 1 }))
  .chain(([single, indexes]) =>
    fc.tuple(...single.map(orFaulty(imageOf)), ...indexes.map(orFaulty(indexOf))),
  );

const revisionIn = (namespace: string, stream: string): fc.Arbitrary<Revision> =>
  fc
    .record({
      digest: mostly(mostly(anyOf(IMAGES), anyOf(INDEXES)), anyOf([GONE, ''])),
      host: mostly<string | null>(
        fc.constant(HOST),
        fc.constant(HOST.toUpperCase()),
        fc.constant(PUBLIC_HOST),
        fc.constant(FOREIGN_HOST),
        fc.constant(null),
      ),
      created: mostly<string | null>(anyOf(CREATED), fc.constant(null)),
    })
    .map(({ digest, host, created }) => ({
      digest,
      reference: digest === '' || host === null ? digest : `${host}/${namespace}/${stream}@${digest}`,
      created,
    }));

const pullSpec: fc.Arbitrary<string> = fc.oneof(
  fc
    .record({
      host: anyOf(['', `${HOST}/`, 'docker-pullable://elsewhere.example.test/', 'h.example.test/deeper/']),
      namespace: anyOf([...NAMESPACES.map((name) => `${name}/`), '']),
      stream: anyOf(STREAMS),
      tag: anyOf(['', ...TAGS.map((tag) => `:${tag}`)]),
      digest: mostly(
        fc.constant(''),
        anyOf([...IMAGES, ...INDEXES, CONFIGS[0] ?? ''].map((digest) => `@${digest}`)),
      ),
    })
    .map(({ host, namespace, stream, tag, digest }) => `${host}${namespace}${stream}${tag}${digest}`),
  anyOf([...IMAGES, ...INDEXES, ...CONFIGS, GONE]),
);

const reference: fc.Arbitrary<ImageReference> = fc.oneof(
  pullSpec.map((spec) => ({ type: 'pullSpec' as const, spec })),
  fc.record({
    type: fc.constant('tag' as const),
    namespace: anyOf(NAMESPACES),
    stream: anyOf(STREAMS),
    tag: anyOf(TAGS),
  }),
  anyOf([...IMAGES, ...INDEXES, GONE]).map((digest) => ({ type: 'digest' as const, digest })),
);

const tagIn = (namespace: string, stream: string, name: string): fc.Arbitrary<Tag> =>
  fc.record({
    name: fc.constant(name),
    revisions: fc.array(revisionIn(namespace, stream), { maxLength: 4 }),
    from: mostly<ImageReference | null>(fc.constant(null), reference, reference, reference),
    isReference: mostly(fc.constant(false), fc.constant(true)),
    importFailure: mostly<string | null>(fc.constant(null), fc.constant('not found')),
  });

const streamIn = (namespace: string, name: string): fc.Arbitrary<ImageStream> =>
  fc
    .record({
      repository: mostly(
        fc.constant(`${HOST}/${namespace}/${name}`),
        fc.constant(''),
        fc.constant(`${FOREIGN_HOST}/${namespace}/${name}`),
      ),
      publicRepository: mostly(fc.constant(''), fc.constant(`${PUBLIC_HOST}/${namespace}/${name}`)),
      localLookup: fc.boolean(),
      tags: fc.subarray(TAGS).chain((names) => fc.tuple(...names.map((tag) => tagIn(namespace, name, tag)))),
    })
    .map((rest) => ({ namespace, name, ...rest }));

const namespace = (name: string): fc.Arbitrary<Namespace> =>
  anyOf<Namespace['labels']>([{ team: 'a' }, { team: 'a' }, { team: 'b' }, { team: '' }, {}]).map(
    (labels) => ({
      name,
      labels,
      annotations: {},
    }),
  );

const workloadReference: fc.Arbitrary<WorkloadReference> = fc
  .record({
    namespace: anyOf(NAMESPACES),
    name: anyOf(['Pod/x', 'Pod/y', 'Deployment/x', 'ReplicaSet/x-1']),
    reference,
    how: mostly<HowUsed>(
      anyOf(['running', 'scaled-to-0']),
      anyOf(HOW_USED.filter((how) => how !== 'old-rollout')),
    ),
    isControlled: fc.boolean(),
    endedPodCreated: mostly<string | null>(fc.constant(null), anyOf(ENDED)),
  })
  .map(({ name, isControlled, ...rest }) => ({
    ...rest,
    workload: `${rest.namespace}/${name}`,
    controller: isControlled ? `${rest.namespace}/Deployment/x` : null,
  }));

/** A small and nasty cluster: nothing in it is likely, all of it is possible. */
export const arbitraryInventory: fc.Arbitrary<ListedInventory> = fc.record({
  cluster: fc.constant({ name: 'silver', apiUrl: null }),
  readAt: fc.constant(READ_AT),
  exact: fc.constant(true),
  lists: fc.constant([]),
  scope: mostly<ListedInventory['scope']>(fc.constant('cluster'), fc.constant('namespaces')),
  unreadableKinds: mostly<readonly string[]>(fc.constant([]), fc.constant(['jobs', 'pods'])),
  namespaces: fc.tuple(...NAMESPACES.map(namespace)),
  streams: fc
    .uniqueArray(fc.tuple(anyOf(NAMESPACES), anyOf(STREAMS)), {
      selector: String,
      minLength: 2,
      maxLength: 7,
    })
    .chain((places) => fc.tuple(...places.map(([place, name]) => streamIn(place, name)))),
  images,
  references: fc.array(workloadReference, { maxLength: 8 }),
});

/** The same cluster listed in another order. */
export const shuffledLists = (inventory: ListedInventory): fc.Arbitrary<ListedInventory> =>
  fc
    .tuple(
      shuffled(inventory.namespaces),
      shuffled(inventory.streams),
      shuffled(inventory.images),
      shuffled(inventory.references),
    )
    .map(([namespaces, streams, images, references]) => ({
      ...inventory,
      namespaces,
      streams,
      images,
      references,
    }));

/** The same with tags, layers and children in another order, too; a tag's history keeps its own: that is what it says. */
export const shuffledThroughout = (inventory: ListedInventory): fc.Arbitrary<ListedInventory> => {
  const streams = inventory.streams.map((stream) =>
    shuffled(stream.tags).map((tags) => ({ ...stream, tags })),
  );
  const images = inventory.images.map((image) =>
    fc
      .tuple(shuffled(image.layers ?? []), shuffled(image.children))
      .map(([layers, children]) => ({ ...image, layers: image.layers === null ? null : layers, children })),
  );
  return fc
    .tuple(fc.tuple(...streams), fc.tuple(...images))
    .chain(([mixedStreams, mixedImages]) =>
      shuffledLists({ ...inventory, streams: mixedStreams, images: mixedImages }),
    );
};

const shuffled = <T>(list: readonly T[]): fc.Arbitrary<readonly T[]> =>
  fc.shuffledSubarray([...list], { minLength: list.length });
