import { createIsStored } from '../../../src/usage/weighing/rules.ts';
import { describe, expect, test } from 'vitest';
import type {
  Ledger,
  WeighedRevision,
  WeighedStream,
  WeighedTag,
} from '../../../src/usage/weighing/ledger.ts';
import { holdings, HOST, image, imported, index, stream, ledgerOf, weighTogether } from '../build.ts';

const streamIn = (ledger: Ledger, name: string): WeighedStream => {
  const found = ledger.streams.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no stream ${name}`);
  return found;
};

const tagIn = (ledger: Ledger, label: string): WeighedTag => {
  const [streamName = '', tagName = ''] = label.split(':');
  const found = streamIn(ledger, streamName).tags.find((one) => one.name === tagName);
  if (found === undefined) throw new Error(`no tag ${label}`);
  return found;
};

const revisionIn = (ledger: Ledger, label: string, position: number): WeighedRevision => {
  const found = tagIn(ledger, label).revisions[position];
  if (found === undefined) throw new Error(`no revision ${position} of ${label}`);
  return found;
};

/** `stream:tag#position` of every revision that bytes are counted at. */
const counters = (ledger: Ledger): readonly string[] =>
  ledger.streams.flatMap((one) =>
    one.tags.flatMap((tag) =>
      tag.revisions.flatMap(({ countedBytes }, position) =>
        countedBytes > 0 ? [`${one.name}:${tag.name}#${position}`] : [],
      ),
    ),
  );

describe('used bytes', () => {
  test('count a layer shared by two tags once', () => {
    const ledger = ledgerOf(
      holdings({
        images: [image('a', { layers: { base: 100, a: 1 } }), image('b', { layers: { base: 100, b: 2 } })],
        streams: [stream('api', { one: ['a'], two: ['b'] })],
      }),
      false,
    );
    expect(ledger.usedBytes).toBe(103);
  });

  test('count a layer shared by two streams once', () => {
    const ledger = ledgerOf(
      holdings({
        images: [image('a', { layers: { base: 100, a: 1 } }), image('b', { layers: { base: 100, b: 2 } })],
        streams: [stream('api', { latest: ['a'] }), stream('web', { latest: ['b'] })],
      }),
      false,
    );
    expect(ledger.usedBytes).toBe(103);
  });

  test('count the history of a tag, too, and an A-B-A history once each', () => {
    const ledger = ledgerOf(
      holdings({
        images: [image('a', { layers: { a: 10 } }), image('b', { layers: { b: 20 } })],
        streams: [stream('api', { latest: ['a', 'b', 'a'] })],
      }),
      false,
    );
    expect(ledger.usedBytes).toBe(30);
    expect(ledger.totals).toEqual({ streams: 1, tags: 1, revisions: 3, images: 2, blobs: 4 });
  });

  test('do not grow when another tag is put on an image', () => {
    const images = [image('a', { layers: { a: 10 }, configBytes: 1 })];
    const before = ledgerOf(holdings({ images, streams: [stream('api', { one: ['a'] })] }), false);
    const after = ledgerOf(holdings({ images, streams: [stream('api', { one: ['a'], two: ['a'] })] }), false);
    expect(before.usedBytes).toBe(11);
    expect(after.usedBytes).toBe(11);
  });

  test('hold the config, so that the size of one image is its stated Size', () => {
    const ledger = ledgerOf(
      holdings({
        images: [image('a', { layers: { base: 100 }, statedBytes: 107 })],
        streams: [stream('api', { latest: ['a'] })],
      }),
      false,
    );
    expect(ledger.usedBytes).toBe(107);
    expect(revisionIn(ledger, 'api:latest', 0).sizeBytes).toBe(107);
  });

  test('of an empty namespace are 0', () => {
    expect(ledgerOf(holdings({}), false)).toEqual({
      usedBytes: 0,
      importedBytes: 0,
      unknownRevisions: 0,
      totals: { streams: 0, tags: 0, revisions: 0, images: 0, blobs: 0 },
      streams: [],
      faults: [],
    });
  });

  test('count an index and its children that have tags of their own once', () => {
    const ledger = ledgerOf(
      holdings({
        images: [
          index('all', ['amd', 'arm']),
          image('amd', { layers: { amd: 10 } }),
          image('arm', { layers: { arm: 20 } }),
        ],
        streams: [stream('api', { latest: ['all'], amd: ['amd'] })],
      }),
      false,
    );
    expect(ledger.usedBytes).toBe(30);
    expect(tagIn(ledger, 'api:latest').sizeBytes).toBe(30);
    expect(ledger.totals.images).toBe(2);
  });
});

describe('a revision is charged', () => {
  const reference = `${HOST}/ns/api@a`;
  const managed = image('a', { layers: { a: 10 } });

  test.each([
    { name: 'when it is managed and under its stream’s host', reference, image: managed, charged: true },
    {
      name: 'under its stream’s host whatever the path, as after a promotion',
      reference: `${HOST}/other/thing:tag`,
      image: managed,
      charged: true,
    },
    {
      name: 'not when its image is not managed',
      reference,
      image: { ...managed, managed: false },
      charged: false,
    },
    { name: 'not when its image is gone', reference, image: undefined, charged: false },
    {
      name: 'when its host is written in capitals',
      reference: `${HOST.toUpperCase()}/ns/api@a`,
      image: managed,
      charged: true,
    },
    {
      name: 'not when another host serves it',
      reference: 'docker.example.com/ns/api@a',
      image: managed,
      charged: false,
    },
    {
      name: 'not when the host has another port',
      reference: 'registry.example.test:443/ns/api@a',
      image: managed,
      charged: false,
    },
    { name: 'not when its reference names no host', reference: 'a', image: managed, charged: false },
    { name: 'not when it has no reference', reference: '', image: managed, charged: false },
  ])('$name', ({ charged, ...given }) => {
    const ledger = ledgerOf(
      holdings({
        images: given.image === undefined ? [] : [given.image],
        streams: [stream('api', { latest: [{ digest: 'a', reference: given.reference }] })],
      }),
      false,
    );
    expect(revisionIn(ledger, 'api:latest', 0).charged).toBe(charged);
  });

  test.each([
    { repository: '', reference: '/ns/api@a' },
    { repository: '', reference: '' },
    { repository: 'registry', reference: 'registry' },
  ])('not when its stream names no host but $repository', ({ repository, reference: written }) => {
    expect(createIsStored({ repository, publicRepository: '' })(written)).toBe(false);
  });
});

describe('imported images', () => {
  const scene = holdings({
    images: [
      image('own', { layers: { base: 100, own: 1 } }),
      image('far', { layers: { base: 100, far: 20 }, configBytes: 3 }),
    ],
    streams: [stream('api', { latest: ['own'], mirror: [imported('far')] })],
  });

  test('are summed apart, without what charged ones hold', () => {
    expect(ledgerOf(scene, false)).toMatchObject({ usedBytes: 101, importedBytes: 23 });
  });

  test('show their size but count and free nothing', () => {
    const tag = tagIn(ledgerOf(scene, false), 'api:mirror');
    expect(tag).toMatchObject({ sizeBytes: 123, countedBytes: 0, freesBytes: 0, unknownRevisions: 0 });
    expect(tag.revisions).toMatchObject([{ sizeBytes: 123, countedBytes: 0, charged: false }]);
  });

  test('are part of the size of their stream', () => {
    expect(streamIn(ledgerOf(scene, false), 'api')).toMatchObject({ sizeBytes: 124, countedBytes: 101 });
  });

  test('count like all others where imports are charged, and nothing is left apart', () => {
    const ledger = ledgerOf(scene, true);
    expect(ledger).toMatchObject({ usedBytes: 124, importedBytes: 0 });
    expect(tagIn(ledger, 'api:mirror')).toMatchObject({ countedBytes: 23, freesBytes: 23 });
  });

  test('stay uncounted where their size is unknown, even where imports are charged', () => {
    const ledger = ledgerOf(holdings({ streams: [stream('api', { latest: [imported('gone')] })] }), true);
    expect(ledger).toMatchObject({ usedBytes: 0, importedBytes: 0, unknownRevisions: 1 });
    expect(revisionIn(ledger, 'api:latest', 0).charged).toBe(false);
  });

  test('are not counted as blobs of the namespace', () => {
    expect(ledgerOf(scene, false).totals).toMatchObject({ images: 2, blobs: 3 });
  });
});

describe('a blob is counted at', () => {
  const images = [image('a', { layers: { base: 100 } }), image('b', { layers: { base: 100, b: 0 } })];
  const at = (digest: string, created: string | null) => ({ digest, created });
  const early = '2026-01-01T00:00:00Z';
  const late = '2026-02-01T00:00:00Z';

  test.each([
    {
      name: 'a current revision before an older one, whenever they were created',
      streams: [stream('api', { aa: [at('b', late), at('a', early)], zz: [at('a', late)] })],
      counter: 'api:aa#0',
    },
    {
      name: 'a current revision of a later stream before history of an earlier one',
      streams: [
        stream('api', { tag: [at('none', late), at('a', early)] }),
        stream('web', { tag: [at('a', late)] }),
      ],
      counter: 'web:tag#0',
    },
    {
      name: 'the oldest of several current revisions',
      streams: [stream('api', { aa: [at('a', late)], zz: [at('a', early)] })],
      counter: 'api:zz#0',
    },
    {
      name: 'the oldest of several history revisions',
      streams: [
        stream('api', { aa: [at('none', late), at('a', late)], zz: [at('none', late), at('a', early)] }),
      ],
      counter: 'api:zz#1',
    },
    {
      name: 'a revision with a date before one without',
      streams: [stream('api', { aa: [at('a', null)], zz: [at('a', late)] })],
      counter: 'api:zz#0',
    },
    {
      name: 'the first stream by name where dates are equal',
      streams: [stream('web', { aa: [at('a', early)] }), stream('api', { zz: [at('a', early)] })],
      counter: 'api:zz#0',
    },
    {
      name: 'the first tag by name where dates and streams are equal',
      streams: [stream('api', { two: [at('a', early)], one: [at('a', early)] })],
      counter: 'api:one#0',
    },
    {
      name: 'names in the order of their code units, not of a language',
      streams: [stream('api', { a10: [at('a', early)], a9: [at('a', early)], Z: [at('a', early)] })],
      counter: 'api:Z#0',
    },
    {
      name: 'the first tag where neither has a date',
      streams: [stream('api', { two: [at('a', null)], one: [at('a', null)] })],
      counter: 'api:one#0',
    },
    {
      name: 'the oldest end of one tag’s history where all dates are equal',
      streams: [stream('api', { tag: [at('none', early), at('a', early), at('a', early), at('a', early)] })],
      counter: 'api:tag#3',
    },
  ])('$name', ({ streams, counter }) => {
    expect(counters(ledgerOf(holdings({ images, streams }), false))).toEqual([counter]);
    expect(counters(ledgerOf(holdings({ images, streams: streams.toReversed() }), false))).toEqual([counter]);
  });

  test('a charged revision, though an imported one is older', () => {
    const ledger = ledgerOf(
      holdings({
        images,
        streams: [stream('api', { aa: [imported('a')], zz: [at('a', late)] })],
      }),
      false,
    );
    expect(counters(ledger)).toEqual(['api:zz#0']);
  });
});

describe('counted bytes', () => {
  test('add up from revisions over tags and streams to the used bytes', () => {
    const ledger = ledgerOf(
      holdings({
        images: [
          image('a', { layers: { base: 100, a: 10 }, configBytes: 1 }),
          image('b', { layers: { base: 100, b: 20 }, configBytes: 2 }),
          image('c', { layers: { base: 100, c: 40 }, configBytes: 4 }),
        ],
        streams: [stream('api', { latest: ['b', 'a'], old: ['a'] }), stream('web', { latest: ['c'] })],
      }),
      false,
    );
    expect(ledger.usedBytes).toBe(177);
    expect(ledger.streams).toMatchObject([
      {
        name: 'api',
        countedBytes: 133,
        tags: [
          { name: 'latest', countedBytes: 122, revisions: [{ countedBytes: 122 }, { countedBytes: 0 }] },
          { name: 'old', countedBytes: 11, revisions: [{ countedBytes: 11 }] },
        ],
      },
      { name: 'web', countedBytes: 44, tags: [{ name: 'latest', countedBytes: 44 }] },
    ]);
  });
});

describe('the bytes that a deletion frees', () => {
  test('are the blobs that nothing else charged holds', () => {
    const ledger = ledgerOf(
      holdings({
        images: [
          image('a', { layers: { base: 100, a: 10 }, configBytes: 1 }),
          image('b', { layers: { base: 100, b: 20 }, configBytes: 2 }),
        ],
        streams: [stream('api', { one: ['a'], two: ['b'] })],
      }),
      false,
    );
    expect(tagIn(ledger, 'api:one').freesBytes).toBe(11);
    expect(tagIn(ledger, 'api:two').freesBytes).toBe(22);
    expect(streamIn(ledger, 'api').freesBytes).toBe(133);
  });

  test('are none for two tags on one image alone, and all for their stream', () => {
    const ledger = ledgerOf(
      holdings({
        images: [image('a', { layers: { a: 10 } })],
        streams: [stream('api', { one: ['a'], two: ['a'] })],
      }),
      false,
    );
    expect(tagIn(ledger, 'api:one').freesBytes).toBe(0);
    expect(tagIn(ledger, 'api:two').freesBytes).toBe(0);
    expect(streamIn(ledger, 'api').freesBytes).toBe(10);
  });

  test('hold the whole history of a tag', () => {
    const ledger = ledgerOf(
      holdings({
        images: [image('a', { layers: { a: 10 } }), image('b', { layers: { b: 20 } })],
        streams: [stream('api', { latest: ['a', 'b', 'a'] })],
      }),
      false,
    );
    expect(tagIn(ledger, 'api:latest').freesBytes).toBe(30);
  });

  test('hold what an imported revision elsewhere in the namespace holds, too', () => {
    const ledger = ledgerOf(
      holdings({
        images: [image('a', { layers: { a: 10 } })],
        streams: [stream('api', { own: ['a'], mirror: [imported('a')] })],
      }),
      false,
    );
    expect(tagIn(ledger, 'api:own').freesBytes).toBe(10);
    expect(tagIn(ledger, 'api:mirror').freesBytes).toBe(0);
  });

  test('are none for a blob that three streams hold', () => {
    const ledger = ledgerOf(
      holdings({
        images: [image('a', { layers: { a: 10 } })],
        streams: [stream('x', { t: ['a'] }), stream('y', { t: ['a'] }), stream('z', { t: ['a'] })],
      }),
      false,
    );
    expect(ledger.streams.map(({ freesBytes }) => freesBytes)).toEqual([0, 0, 0]);
  });
});

describe('the bytes that the registry gets back', () => {
  const images = [
    image('a', { layers: { base: 100, a: 10 }, configBytes: 1 }),
    image('b', { layers: { base: 100, b: 20 }, configBytes: 2 }),
  ];

  test('are the blobs that no other stream and no other namespace holds', () => {
    const ledger = ledgerOf(
      holdings({
        images,
        streams: [stream('api', { latest: ['a'] }), stream('web', { latest: ['b'] })],
        heldOutside: ['b-config'],
      }),
      false,
    );
    expect(streamIn(ledger, 'api').reclaimsBytes).toBe(11);
    expect(streamIn(ledger, 'web').reclaimsBytes).toBe(20);
  });

  test('are less than a deletion frees where another namespace holds a blob', () => {
    const ledger = ledgerOf(
      holdings({ images, streams: [stream('api', { latest: ['a'] })], heldOutside: ['base'] }),
      false,
    );
    expect(streamIn(ledger, 'api')).toMatchObject({ freesBytes: 111, reclaimsBytes: 11 });
  });

  test('are less than a deletion frees where another stream has imported a blob', () => {
    const ledger = ledgerOf(
      holdings({
        images,
        streams: [stream('api', { latest: ['a'] }), stream('mirror', { latest: [imported('a')] })],
      }),
      false,
    );
    expect(streamIn(ledger, 'api')).toMatchObject({ freesBytes: 111, reclaimsBytes: 0 });
    expect(streamIn(ledger, 'mirror')).toMatchObject({ freesBytes: 0, reclaimsBytes: 0 });
  });

  test('are none of what a stream has only imported', () => {
    const ledger = ledgerOf(
      holdings({ images, streams: [stream('mirror', { latest: [imported('a')] })] }),
      false,
    );
    expect(streamIn(ledger, 'mirror')).toMatchObject({ sizeBytes: 111, reclaimsBytes: 0 });
  });

  test('hold no blob of an image of unknown size in another stream', () => {
    const ledger = ledgerOf(
      holdings({
        images: [
          image('a', { layers: { base: 100, a: 10 } }),
          image('odd', { layers: [{ digest: 'base', sizeBytes: 0 }] }),
        ],
        streams: [stream('api', { latest: ['a'] }), stream('odd', { latest: ['odd'] })],
      }),
      false,
    );
    expect(streamIn(ledger, 'api')).toMatchObject({ freesBytes: 110, reclaimsBytes: 10 });
  });

  test('hold no blob of an unreadable child of an index in another stream', () => {
    const ledger = ledgerOf(
      holdings({
        images: [...images, index('all', ['odd', 'gone']), image('odd', { layers: { base: 0 } })],
        streams: [stream('api', { latest: ['a'] }), stream('odd', { latest: ['all'] })],
      }),
      false,
    );
    expect(streamIn(ledger, 'api')).toMatchObject({ freesBytes: 111, reclaimsBytes: 11 });
  });

  test('are unknown where only a part of the cluster was read', () => {
    const ledger = ledgerOf(
      holdings({ images, streams: [stream('api', { latest: ['a'] })], scope: 'namespaces' }),
      false,
    );
    expect(streamIn(ledger, 'api')).toMatchObject({ freesBytes: 111, reclaimsBytes: null });
  });
});

describe('one blob that is stated with two sizes', () => {
  test('has the largest one at every level, counts once and is a finding', () => {
    const ledger = ledgerOf(
      holdings({
        images: [image('a', { layers: { base: 100, a: 1 } }), image('b', { layers: { base: 130, b: 2 } })],
        streams: [stream('api', { one: ['a'], two: ['b'] })],
      }),
      false,
    );
    expect(ledger.usedBytes).toBe(133);
    expect(revisionIn(ledger, 'api:one', 0).sizeBytes).toBe(131);
    expect(tagIn(ledger, 'api:one')).toMatchObject({ sizeBytes: 131, countedBytes: 131 });
    expect(ledger.faults).toEqual([
      {
        code: 'blob-size-conflict',
        subject: 'base',
        message:
          'Images state different sizes for this blob, that of api:two among them: it is weighed as 130 B (a layer’s size before a config’s, then the largest).',
      },
    ]);
  });

  test('is a finding that names the first revision to differ, by name', () => {
    const ledger = ledgerOf(
      holdings({
        images: [120, 130, 140].map((size) => image(`i${size}`, { layers: { base: size } })),
        streams: [stream('api', { c: ['i140'], b: ['i130'], a: ['i120'] })],
      }),
      false,
    );
    expect(ledger.faults).toMatchObject([
      { message: expect.stringMatching(/ that of api:b among them: it is weighed as 140 B /) },
    ]);
  });

  test('weighs less without the revision that states the larger one', () => {
    const ledger = ledgerOf(
      holdings({
        images: [image('a', { layers: { base: 100 } }), image('b', { layers: { base: 130 } })],
        streams: [stream('api', { one: ['a'], two: ['b'] })],
      }),
      false,
    );
    expect(tagIn(ledger, 'api:one').freesBytes).toBe(0);
    expect(tagIn(ledger, 'api:two').freesBytes).toBe(30);
    expect(streamIn(ledger, 'api').freesBytes).toBe(130);
  });

  test('has its layer’s size, though a config’s is larger', () => {
    const ledger = ledgerOf(
      holdings({
        images: [
          image('a', { layers: { base: 100, odd: 5 } }),
          image('b', { layers: { b: 2 }, configBytes: 50, configDigest: 'odd' }),
        ],
        streams: [stream('api', { one: ['b'], two: ['a'] })],
      }),
      false,
    );
    expect(ledger.usedBytes).toBe(107);
    expect(revisionIn(ledger, 'api:one', 0).sizeBytes).toBe(7);
    expect(ledger.faults).toMatchObject([{ code: 'blob-size-conflict', subject: 'odd' }]);
  });

  test('takes the size that an imported image states, too', () => {
    const ledger = ledgerOf(
      holdings({
        images: [image('a', { layers: { base: 100 } }), image('far', { layers: { base: 130 } })],
        streams: [stream('api', { one: ['a'], two: [imported('far')] })],
      }),
      false,
    );
    expect(ledger).toMatchObject({ usedBytes: 130, importedBytes: 0 });
  });

  test('is no finding where all state the same, nor where an unknown image states none', () => {
    const ledger = ledgerOf(
      holdings({
        images: [
          image('a', { layers: { base: 100 } }),
          image('b', { layers: { base: 100, b: 2 } }),
          image('odd', { layers: { base: 0 } }),
        ],
        streams: [stream('api', { one: ['a'], two: ['b'], three: ['odd'] })],
      }),
      false,
    );
    expect(ledger.usedBytes).toBe(102);
    expect(ledger.faults).toMatchObject([{ code: 'size-unknown' }]);
  });

  test('is a finding where one image contradicts itself', () => {
    const ledger = ledgerOf(
      holdings({
        images: [
          image('a', {
            layers: [
              { digest: 'base', sizeBytes: 100 },
              { digest: 'base', sizeBytes: 130 },
            ],
            statedBytes: 130,
          }),
        ],
        streams: [stream('api', { latest: ['a'] })],
      }),
      false,
    );
    expect(ledger.usedBytes).toBe(130);
    expect(ledger.faults).toMatchObject([{ code: 'blob-size-conflict', subject: 'base' }]);
  });

  test('is a finding where the children of one index contradict each other', () => {
    const ledger = ledgerOf(
      holdings({
        images: [
          index('all', ['amd', 'arm']),
          image('amd', { layers: { base: 100 } }),
          image('arm', { layers: { base: 130 } }),
        ],
        streams: [stream('api', { latest: ['all'] })],
      }),
      false,
    );
    expect(ledger.usedBytes).toBe(130);
    expect(ledger.faults).toMatchObject([{ code: 'blob-size-conflict', subject: 'base' }]);
  });

  test('are findings in the order of their digests', () => {
    const ledger = ledgerOf(
      holdings({
        images: [image('a', { layers: { z: 1, m: 1, b: 1 } }), image('b', { layers: { z: 2, m: 2, b: 2 } })],
        streams: [stream('api', { one: ['a'], two: ['b'] })],
      }),
      false,
    );
    expect(ledger.faults.map(({ subject }) => subject)).toEqual(['b', 'm', 'z']);
  });
});

describe('revisions of unknown size', () => {
  test('have no size, count nothing and are counted at every level', () => {
    const ledger = ledgerOf(
      holdings({
        images: [image('a', { layers: { a: 10 } })],
        streams: [stream('api', { latest: ['a', 'gone'], odd: ['lost', 'gone'] }), stream('web')],
      }),
      false,
    );
    expect(ledger).toMatchObject({ usedBytes: 10, unknownRevisions: 3 });
    expect(ledger.streams).toMatchObject([
      { name: 'api', sizeBytes: 10, unknownRevisions: 3 },
      { name: 'web', sizeBytes: 0, unknownRevisions: 0 },
    ]);
    expect(tagIn(ledger, 'api:latest').unknownRevisions).toBe(1);
    expect(tagIn(ledger, 'api:odd')).toMatchObject({ sizeBytes: 0, countedBytes: 0, unknownRevisions: 2 });
    expect(revisionIn(ledger, 'api:odd', 0)).toMatchObject({ sizeBytes: null, charged: false });
  });

  test('are also those of which a part is unknown, which have the size of the rest', () => {
    const ledger = ledgerOf(
      holdings({
        images: [index('all', ['amd', 'gone']), image('amd', { layers: { amd: 10 } })],
        streams: [stream('api', { latest: ['all', 'amd'] })],
      }),
      false,
    );
    expect(ledger).toMatchObject({ usedBytes: 10, unknownRevisions: 1 });
    expect(streamIn(ledger, 'api')).toMatchObject({ sizeBytes: 10, unknownRevisions: 1 });
    expect(tagIn(ledger, 'api:latest')).toMatchObject({ countedBytes: 10, unknownRevisions: 1 });
    expect(revisionIn(ledger, 'api:latest', 0)).toMatchObject({ sizeBytes: 10, charged: true });
    expect(ledger.faults.map(({ code }) => code)).toEqual(['index-child-missing']);
  });

  test('have one finding an image, at its first revision by name', () => {
    const ledger = ledgerOf(
      holdings({ streams: [stream('web', { a: ['gone'] }), stream('api', { b: ['gone'], a: ['gone'] })] }),
      false,
    );
    expect(ledger.faults).toMatchObject([{ code: 'image-missing', subject: 'api:a@gone' }]);
  });

  test('have a finding each where they name no image', () => {
    const ledger = ledgerOf(holdings({ streams: [stream('api', { a: [''], b: ['', ''] })] }), false);
    expect(ledger).toMatchObject({ usedBytes: 0, unknownRevisions: 3, totals: { revisions: 3, images: 0 } });
    expect(ledger.faults).toMatchObject([
      { code: 'image-missing', subject: 'api:a' },
      { code: 'image-missing', subject: 'api:b' },
    ]);
  });

  test('have a finding each where a tag’s label is written like the digest of another', () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const ledger = ledgerOf(
      holdings({
        streams: [stream('api', { latest: [digest] }), stream('sha256', { ['a'.repeat(64)]: [''] })],
      }),
      false,
    );
    expect(ledger.faults.map(({ subject }) => subject)).toEqual([`api:latest@${digest}`, digest]);
  });

  test('do not take the layers they name from the used bytes of others', () => {
    const ledger = ledgerOf(
      holdings({
        images: [image('a', { layers: { base: 100 } }), image('odd', { layers: { base: 0 } })],
        streams: [stream('api', { one: ['odd'], two: ['a'] })],
      }),
      false,
    );
    expect(ledger.usedBytes).toBe(100);
    expect(tagIn(ledger, 'api:two')).toMatchObject({ countedBytes: 100, freesBytes: 100 });
  });
});

describe('the order of the ledger', () => {
  test('is streams and tags by name and revisions by history, whatever the input’s', () => {
    const images = [image('a', { layers: { a: 10 } })];
    const streams = [stream('web', { z: ['a'], B: ['gone', 'a'] }), stream('api')];
    const ledger = ledgerOf(holdings({ images, streams }), false);
    expect(ledger.streams.map(({ name }) => name)).toEqual(['api', 'web']);
    expect(streamIn(ledger, 'web').tags.map(({ name }) => name)).toEqual(['B', 'z']);
    expect(tagIn(ledger, 'web:B').revisions.map(({ digest }) => digest)).toEqual(['gone', 'a']);
    expect(ledgerOf(holdings({ images, streams: streams.toReversed() }), false)).toEqual(ledger);
  });

  test('counts streams and tags that hold nothing', () => {
    const ledger = ledgerOf(holdings({ streams: [stream('api', { empty: [] }), stream('web')] }), false);
    expect(ledger.totals).toEqual({ streams: 2, tags: 1, revisions: 0, images: 0, blobs: 0 });
    expect(tagIn(ledger, 'api:empty')).toMatchObject({ sizeBytes: 0, countedBytes: 0, revisions: [] });
  });

  test('is not disturbed by names such as __proto__ and constructor', () => {
    const ledger = ledgerOf(
      holdings({
        images: [image('__proto__', { layers: { constructor: 10 } })],
        streams: [stream('constructor', { toString: ['__proto__'] })],
      }),
      false,
    );
    expect(ledger).toMatchObject({ usedBytes: 10, unknownRevisions: 0 });
  });
});

test('sizes beyond what can be counted stay at the largest number that can be stored', () => {
  const largest = Number.MAX_SAFE_INTEGER;
  const ledger = ledgerOf(
    holdings({
      images: [image('a', { layers: { x: largest, y: largest }, statedBytes: null })],
      streams: [stream('api', { latest: ['a'], mirror: [imported('a')] })],
    }),
    false,
  );
  expect(ledger).toMatchObject({ usedBytes: largest });
  expect(streamIn(ledger, 'api')).toMatchObject({
    sizeBytes: largest,
    countedBytes: largest,
    freesBytes: largest,
    reclaimsBytes: largest,
  });
  expect(revisionIn(ledger, 'api:latest', 0)).toMatchObject({ sizeBytes: largest, countedBytes: largest });
});

describe('several tags together', () => {
  const scene = holdings({
    images: [
      image('a', { layers: { base: 100, a: 10 } }),
      image('b', { layers: { base: 100, b: 20 } }),
      image('c', { layers: { c: 40 } }),
    ],
    streams: [stream('api', { one: ['a'], two: ['a', 'b'] }), stream('web', { one: ['b'], keep: ['c'] })],
    heldOutside: ['a'],
  });
  const among =
    (...labels: readonly string[]) =>
    (streamName: string, tagName: string) =>
      labels.includes(`${streamName}:${tagName}`);

  test('free what none of them frees alone', () => {
    const ledger = ledgerOf(scene, false);
    expect(tagIn(ledger, 'api:one').freesBytes + tagIn(ledger, 'api:two').freesBytes).toBe(0);
    expect(weighTogether(scene, false, among('api:one', 'api:two'))).toEqual({
      freesBytes: 10,
      reclaimsBytes: 0,
    });
  });

  test('free shared layers across streams when all holders are among them', () => {
    const together = weighTogether(scene, false, among('api:one', 'api:two', 'web:one'));
    expect(together).toEqual({ freesBytes: 130, reclaimsBytes: 120 });
  });

  test('free as much as the tag alone where there is one', () => {
    const alone = tagIn(ledgerOf(scene, false), 'web:keep').freesBytes;
    expect(weighTogether(scene, false, among('web:keep'))).toEqual({
      freesBytes: alone,
      reclaimsBytes: 40,
    });
  });

  test('free nothing where there are none', () => {
    expect(weighTogether(scene, false, () => false)).toEqual({ freesBytes: 0, reclaimsBytes: 0 });
  });

  test('free everything where all are among them', () => {
    expect(weighTogether(scene, false, () => true)).toEqual({ freesBytes: 170, reclaimsBytes: 160 });
  });

  test('give back an unknown amount where only a part of the cluster was read', () => {
    const part = { ...scene, scope: 'namespaces' } as const;
    expect(weighTogether(part, false, () => true)).toEqual({ freesBytes: 170, reclaimsBytes: null });
  });
});
