import { describe, expect, test } from 'vitest';
import { digestAt } from '../../../src/usage/cluster/digest-table.ts';
import type { Image } from '../../../src/usage/model.ts';
import {
  architecturesOf,
  contentOf as numbered,
  contentOfRevision,
  createIsStored,
  winsOver,
} from '../../../src/usage/weighing/rules.ts';
import type { ImageContent, Size } from '../../../src/usage/weighing/rules.ts';
import { gather } from '../../listed-inventory.ts';
import { image, index, inventory, stream } from '../build.ts';

/** The content of an image with digests in place of numbers. */
type NamedContent = Pick<ImageContent, 'isSizeKnown' | 'isWhole' | 'faults'> & {
  readonly blobs: readonly {
    readonly digest: string;
    readonly sizeBytes: number;
    readonly isLayer: boolean;
  }[];
  readonly unsized: readonly string[];
  readonly conflicts: readonly string[];
  readonly architectures: readonly string[];
};

const contentOf = (digest: string, images: readonly Image[]): NamedContent => {
  const { holdings } = gather(inventory({ images, streams: [stream('api', { v1: [digest] })] }));
  const number = holdings.revisions.digests[0] ?? -1;
  const { blobs, bytes, layerCount, unsized, conflicts, ...rest } = numbered(holdings, number);
  const nameOf = (one: number): string => digestAt(holdings.digests, one);
  return {
    ...rest,
    blobs: blobs.map((blob, at) => ({
      digest: nameOf(blob),
      sizeBytes: bytes[at] ?? -1,
      isLayer: at < layerCount,
    })),
    unsized: unsized.map(nameOf),
    conflicts: conflicts.map(nameOf),
    architectures: architecturesOf(holdings, number),
  };
};

const sizes = ({ blobs }: NamedContent): Record<string, number> =>
  Object.fromEntries(blobs.map(({ digest, sizeBytes }) => [digest, sizeBytes]));

/** The finding of a child image of unknown size. */
const lacking = (child: string, lack: string) => ({
  code: 'index-child-missing',
  message: `Its child image ${child} ${lack}, so that part of its size is unknown and the usage is a lower bound.`,
});

const codes = ({ faults }: NamedContent): readonly string[] => faults.map(({ code }) => code);

describe('an image of known size', () => {
  test('is made of its layers and, for the rest of its Size, of its config', () => {
    const content = contentOf('api', [
      image('api', { layers: { base: 100, app: 20 }, statedBytes: 123, configDigest: 'settings' }),
    ]);
    expect(content).toEqual({
      blobs: [
        { digest: 'base', sizeBytes: 100, isLayer: true },
        { digest: 'app', sizeBytes: 20, isLayer: true },
        { digest: 'settings', sizeBytes: 3, isLayer: false },
      ],
      unsized: [],
      conflicts: [],
      isSizeKnown: true,
      isWhole: true,
      architectures: ['amd64'],
      faults: [],
    });
  });

  test('counts a layer that it names three times once', () => {
    const layer = { digest: 'base', sizeBytes: 100 };
    const content = contentOf('api', [image('api', { layers: [layer, layer, layer], configBytes: 3 })]);
    expect(sizes(content)).toEqual({ base: 100, 'api-config': 3 });
  });

  test('has a config of no bytes where the layers are all of its Size', () => {
    const content = contentOf('api', [image('api', { layers: { base: 100 }, statedBytes: 100 })]);
    expect(sizes(content)).toEqual({ base: 100, 'api-config': 0 });
    expect(content.faults).toEqual([]);
  });

  test('keeps its config under its own digest where the API names none', () => {
    const content = contentOf('api', [
      image('api', { layers: { base: 100 }, configBytes: 3, configDigest: null }),
    ]);
    expect(sizes(content)).toEqual({ base: 100, api: 3 });
  });

  test('is only a config where it has no layers but a Size', () => {
    expect(sizes(contentOf('api', [image('api', { layers: [], statedBytes: 7 })]))).toEqual({
      'api-config': 7,
    });
  });

  test('keeps layers of no bytes beside others', () => {
    const content = contentOf('api', [image('api', { layers: { empty: 0, base: 100 }, configBytes: 3 })]);
    expect(sizes(content)).toEqual({ empty: 0, base: 100, 'api-config': 3 });
    expect(content.isSizeKnown).toBe(true);
  });

  test('counts a config that is one of its layers as that layer, and the other size is a conflict', () => {
    const content = contentOf('api', [
      image('api', { layers: { base: 100, settings: 5 }, statedBytes: 112, configDigest: 'settings' }),
    ]);
    expect(sizes(content)).toEqual({ base: 100, settings: 5 });
    expect(content.conflicts).toEqual(['settings']);
  });

  test('states no second size where its config is one of its layers, which its Size counts once', () => {
    const content = contentOf('artifact', [
      image('artifact', { layers: { empty: 2 }, statedBytes: 2, configDigest: 'empty' }),
    ]);
    expect(sizes(content)).toEqual({ empty: 2 });
    expect(content).toMatchObject({ conflicts: [], faults: [] });
  });

  test('has no config and a finding where its Size is absent', () => {
    const content = contentOf('api', [image('api', { layers: { base: 100 }, statedBytes: null })]);
    expect(sizes(content)).toEqual({ base: 100 });
    expect(content.isSizeKnown).toBe(true);
    expect(content.faults).toEqual([
      {
        code: 'config-size-negative',
        message: 'The Image object states no usable Size, so size and usage leave its config out.',
      },
    ]);
  });

  test('has no config and a finding where its Size is below its layers by one byte', () => {
    const content = contentOf('api', [image('api', { layers: { base: 100 }, statedBytes: 99 })]);
    expect(sizes(content)).toEqual({ base: 100 });
    expect(content.faults).toEqual([
      {
        code: 'config-size-negative',
        message: 'The stated Size is below the sum of the layers, so size and usage leave its config out.',
      },
    ]);
  });
});

describe('an image of unknown size', () => {
  test.each([
    {
      name: 'is one that no revision names',
      digest: '',
      images: [],
      code: 'image-missing',
      what: 'The revision names no image',
    },
    {
      name: 'is one whose object is gone',
      digest: 'api',
      images: [],
      code: 'image-missing',
      what: 'The Image object is gone',
    },
    {
      name: 'is one whose object cannot be read',
      digest: 'api',
      images: [image('api', { layers: { base: 100 }, fault: 'layers is a text' })],
      code: 'image-unreadable',
      what: 'The Image object cannot be read (layers is a text)',
    },
    {
      name: 'is one without layers and children, whatever its Size',
      digest: 'api',
      images: [image('api', { layers: null, statedBytes: 100 })],
      code: 'size-unknown',
      what: 'The Image object lists no layers',
    },
    {
      name: 'is one of which every layer has no bytes, whatever its Size',
      digest: 'api',
      images: [image('api', { layers: { base: 0, app: 0 }, statedBytes: 100 })],
      code: 'size-unknown',
      what: 'The Image object states no sizes',
    },
    {
      name: 'is one with an empty list of layers and no Size',
      digest: 'api',
      images: [image('api', { layers: [], statedBytes: null })],
      code: 'size-unknown',
      what: 'The Image object states no sizes',
    },
    {
      name: 'is one with an empty list of layers and a Size of 0',
      digest: 'api',
      images: [image('api', { layers: [], statedBytes: 0 })],
      code: 'size-unknown',
      what: 'The Image object states no sizes',
    },
  ])('$name, and it has one finding', ({ digest, images, code, what }) => {
    const content = contentOf(digest, images);
    expect(content).toMatchObject({ blobs: [], isSizeKnown: false, isWhole: false });
    expect(content.faults).toEqual([
      { code, message: `${what}, so its size is unknown and the usage is a lower bound.` },
    ]);
  });

  test('still names its layers, so that it is known to hold them', () => {
    for (const fault of [null, 'layers[1].size is a text']) {
      const content = contentOf('api', [image('api', { layers: { base: 0, app: 0 }, fault })]);
      expect(content.unsized).toEqual(['base', 'app']);
    }
  });

  test('that is an index which cannot be read holds all that is below it', () => {
    const faulty = index('all', ['amd', 'inner', 'gone'], { fault: 'Size is a text' });
    const content = contentOf('all', [
      faulty,
      image('amd', { layers: { base: 100 }, configBytes: 3 }),
      index('inner', ['arm', 'all']),
      image('arm', { layers: { base: 100, arm: 0 }, fault: 'Size is a text' }),
    ]);
    expect(content).toMatchObject({ blobs: [], isSizeKnown: false, isWhole: false });
    expect(new Set(content.unsized)).toEqual(new Set(['base', 'amd-config', 'arm']));
    expect(codes(content)).toEqual(['image-unreadable']);
  });

  test('still names its architecture', () => {
    const content = contentOf('api', [image('api', { layers: null, architecture: 'arm64' })]);
    expect(content.architectures).toEqual(['arm64']);
  });
});

describe('an index image', () => {
  const amd = image('amd', { layers: { shared: 100, amd: 10 }, configBytes: 1 });
  const arm = image('arm', { layers: { shared: 100, arm: 20 }, configBytes: 2 });

  test('is the union of its children, a layer that they share once', () => {
    const content = contentOf('all', [index('all', ['amd', 'arm']), amd, arm]);
    expect(sizes(content)).toEqual({
      shared: 100,
      amd: 10,
      'amd-config': 1,
      arm: 20,
      'arm-config': 2,
    });
    expect(content).toMatchObject({ isSizeKnown: true, isWhole: true, faults: [] });
  });

  test('counts a child that it names twice once, and reports a missing one once', () => {
    const content = contentOf('all', [index('all', ['amd', 'amd', 'gone', 'gone']), amd]);
    expect(sizes(content)).toEqual({ shared: 100, amd: 10, 'amd-config': 1 });
    expect(codes(content)).toEqual(['index-child-missing']);
  });

  test('is a lower bound with a finding where a child is gone', () => {
    const content = contentOf('all', [index('all', ['amd', 'arm']), amd]);
    expect(sizes(content)).toEqual({ shared: 100, amd: 10, 'amd-config': 1 });
    expect(content).toMatchObject({ isSizeKnown: true, isWhole: false });
    expect(content.faults).toEqual([lacking('arm', 'is gone')]);
  });

  test.each([
    { name: 'that lists no layers', child: { layers: null }, lack: 'lists no layers', names: [] },
    { name: 'that states no sizes', child: { layers: { arm: 0 } }, lack: 'states no sizes', names: ['arm'] },
    {
      name: 'that cannot be read',
      child: { layers: { arm: 9 }, fault: 'Size is a text' },
      lack: 'cannot be read (Size is a text)',
      names: ['arm'],
    },
  ])(
    'is a lower bound with a finding beside a child $name, whose layers it holds',
    ({ child, lack, names }) => {
      const content = contentOf('all', [index('all', ['amd', 'arm']), amd, image('arm', child)]);
      expect(sizes(content)).toEqual({ shared: 100, amd: 10, 'amd-config': 1 });
      expect(content).toMatchObject({ isSizeKnown: true, isWhole: false, unsized: names });
      expect(content.faults).toEqual([lacking('arm', lack)]);
    },
  );

  test('is of unknown size with a finding where every child is gone', () => {
    const content = contentOf('all', [index('all', ['amd', 'arm'])]);
    expect(content).toMatchObject({ isSizeKnown: false, isWhole: false, blobs: [] });
    expect(content.faults).toEqual([
      lacking('amd', 'is gone'),
      lacking('arm', 'is gone'),
      {
        code: 'size-unknown',
        message:
          'None of its child images can be read, so its size is unknown and the usage is a lower bound.',
      },
    ]);
  });

  test('counts the bytes of attestation children but does not list their architecture', () => {
    const attestation = image('proof', { layers: { statement: 4 }, architecture: 'unknown' });
    const all = index('all', [], {
      children: [
        { digest: 'arm', architecture: 'arm64' },
        { digest: 'amd', architecture: 'amd64' },
        { digest: 'amd', architecture: 'amd64' },
        { digest: 'proof', architecture: 'unknown' },
        { digest: 'gone', architecture: null },
      ],
    });
    const content = contentOf('all', [all, amd, arm, attestation]);
    expect(sizes(content)).toMatchObject({ statement: 4 });
    expect(content.architectures).toEqual(['amd64', 'arm64']);
  });

  test('passes on what is odd about its children', () => {
    const odd = image('odd', { layers: { base: 100 }, statedBytes: 99 });
    expect(contentOf('all', [index('all', ['amd', 'odd']), amd, odd]).faults).toEqual([
      {
        code: 'config-size-negative',
        message:
          'In its child image odd: The stated Size is below the sum of the layers, so size and usage leave its config out.',
      },
    ]);
  });

  test('is a lower bound with a finding where the config of a child is of unread size', () => {
    const unread: Image = { ...arm, statedBytes: null, isSizeUnread: true };
    const content = contentOf('all', [index('all', ['amd', 'arm']), amd, unread]);
    expect(sizes(content)).toEqual({ shared: 100, amd: 10, 'amd-config': 1, arm: 20 });
    expect(content).toMatchObject({ isSizeKnown: true, isWhole: false });
    expect(content.faults).toEqual([
      {
        code: 'index-child-missing',
        message:
          'In its child image arm: These credentials can read the sizes of its layers, but not that of its config, so size and usage leave that out and are a lower bound.',
      },
    ]);
  });

  test('that is its own child is of unknown size, and nothing hangs', () => {
    expect(contentOf('all', [index('all', ['all'])])).toMatchObject({ isSizeKnown: false, isWhole: false });
  });

  test('may have 200,000 children', () => {
    const children = Array.from({ length: 200_000 }, () => 'amd');
    expect(sizes(contentOf('all', [index('all', children), amd]))).toEqual({
      shared: 100,
      amd: 10,
      'amd-config': 1,
    });
  });
});

describe('an index that has an index as a child', () => {
  const amd = image('amd', { layers: { shared: 100, amd: 10 } });
  const arm = image('arm', { layers: { shared: 100, arm: 20 } });
  const inner = index('inner', [], { children: [{ digest: 'arm', architecture: 'arm64' }] });
  const all = index('all', [], {
    children: [
      { digest: 'inner', architecture: null },
      { digest: 'amd', architecture: 'amd64' },
    ],
  });

  test('is the union of the images below both, and of their architectures', () => {
    const content = contentOf('all', [all, inner, amd, arm]);
    expect(sizes(content)).toEqual({ shared: 100, amd: 10, 'amd-config': 0, arm: 20, 'arm-config': 0 });
    expect(content).toMatchObject({ isWhole: true, architectures: ['amd64', 'arm64'], faults: [] });
  });

  test('is a lower bound where an image below the inner one is gone, and of unknown size where all are', () => {
    const some = contentOf('all', [all, inner, amd]);
    expect(some).toMatchObject({ isSizeKnown: true, isWhole: false });
    expect(some.faults).toEqual([lacking('arm', 'is gone')]);
    const none = contentOf('all', [all, inner]);
    expect(none.isSizeKnown).toBe(false);
    expect(codes(none)).toEqual(['index-child-missing', 'index-child-missing', 'size-unknown']);
  });

  test('is a lower bound where the inner one cannot be read, and holds what is below that', () => {
    const content = contentOf('all', [all, { ...inner, fault: 'Size is a text' }, amd, arm]);
    expect(sizes(content)).toEqual({ shared: 100, amd: 10, 'amd-config': 0 });
    expect(content).toMatchObject({ isSizeKnown: true, isWhole: false });
    expect(content.unsized).toEqual(['shared', 'arm', 'arm-config']);
    expect(content.faults).toEqual([lacking('inner', 'cannot be read (Size is a text)')]);
  });

  test('is a lower bound where the inner one is gone', () => {
    const content = contentOf('all', [all, amd, arm]);
    expect(sizes(content)).toEqual({ shared: 100, amd: 10, 'amd-config': 0 });
    expect(content.isWhole).toBe(false);
    expect(codes(content)).toEqual(['index-child-missing']);
  });

  test('may be one of its own children, which adds nothing', () => {
    const [one, other] = [index('one', ['other', 'amd']), index('other', ['one', 'arm'])];
    for (const digest of ['one', 'other']) {
      const content = contentOf(digest, [one, other, amd, arm]);
      expect(Object.keys(sizes(content)).toSorted()).toEqual([
        'amd',
        'amd-config',
        'arm',
        'arm-config',
        'shared',
      ]);
      expect(content).toMatchObject({ isWhole: true, faults: [] });
    }
    expect(codes(contentOf('self', [index('self', ['self'])]))).toEqual(['size-unknown']);
  });

  test('may be the first of 20,000', () => {
    const chain = Array.from({ length: 20_000 }, (_, depth) => index(`i${depth}`, [`i${depth + 1}`]));
    expect(sizes(contentOf('i0', [...chain, image('i20000', { layers: { base: 7 } })]))).toMatchObject({
      base: 7,
    });
  });
});

describe('of two sizes of one blob', () => {
  const layer = (bytes: number): Size => ({ bytes, isLayer: true });
  const config = (bytes: number): Size => ({ bytes, isLayer: false });

  test.each([
    { name: 'the larger layer wins', wins: layer(9), loses: layer(5) },
    { name: 'the larger config wins', wins: config(9), loses: config(5) },
    { name: 'a layer beats a larger config', wins: layer(5), loses: config(9) },
  ])('$name, in either order', ({ wins, loses }) => {
    expect(winsOver(wins, loses)).toBe(true);
    expect(winsOver(loses, wins)).toBe(false);
  });

  test('neither wins where they are the same', () => {
    expect(winsOver(layer(5), layer(5))).toBe(false);
  });
});

test('an image that names one layer with two sizes has the larger one, which is a conflict', () => {
  const content = contentOf('api', [
    image('api', {
      layers: [
        { digest: 'base', sizeBytes: 100 },
        { digest: 'base', sizeBytes: 130 },
      ],
      statedBytes: 133,
    }),
  ]);
  expect(sizes(content)).toEqual({ base: 130, 'api-config': 3 });
  expect(content.conflicts).toEqual(['base']);
});

test.each([
  { name: 'a few', count: 3 },
  { name: 'hundreds of', count: 300 },
])('an image that lists $name layers twice has each once', ({ count }) => {
  const layers = Array.from({ length: count }, (_, position) => ({ digest: `l${position}`, sizeBytes: 2 }));
  const content = contentOf('api', [image('api', { layers: [...layers, ...layers], configBytes: 1 })]);
  expect(content.blobs).toHaveLength(count + 1);
  expect(content.conflicts).toEqual([]);
});

describe('a revision without an image', () => {
  const { holdings } = gather(inventory({}));

  test('stores nothing where its tag is a reference', () => {
    expect(contentOfRevision(holdings, { isReference: true }, -1)).toMatchObject({
      blobs: [],
      isSizeKnown: true,
      isWhole: true,
      faults: [],
    });
  });

  test('is of unknown size in any other tag', () => {
    const content = contentOfRevision(holdings, { isReference: false }, -1);
    expect(content).toMatchObject({ isSizeKnown: false, isWhole: false });
    expect(content.faults.map(({ code }) => code)).toEqual(['image-missing']);
  });
});

describe('a revision is stored by the registry itself', () => {
  const of = {
    repository: 'registry.svc:5000/ns/api',
    publicRepository: 'registry.apps.example.test/ns/api',
  };

  test.each([
    { name: 'under the internal host', reference: 'registry.svc:5000/ns/api', is: true },
    { name: 'under the public host', reference: 'registry.apps.example.test/other/web', is: true },
    { name: 'under the host in capitals', reference: 'REGISTRY.SVC:5000/ns/api', is: true },
    { name: 'but not under another port', reference: 'registry.svc/ns/api', is: false },
    { name: 'but not under another host', reference: 'quay.example.test/ns/api', is: false },
    { name: 'but not without a host', reference: 'api', is: false },
    { name: 'but not without a reference', reference: '', is: false },
  ])('$name', ({ reference, is }) => {
    expect(createIsStored(of)(reference)).toBe(is);
  });

  test('never where the stream names no host', () => {
    expect(createIsStored({ repository: '', publicRepository: '' })('')).toBe(false);
    expect(createIsStored({ repository: 'api', publicRepository: '' })('web')).toBe(false);
  });
});
