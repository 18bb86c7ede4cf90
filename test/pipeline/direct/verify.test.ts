import { describe, expect, test } from 'vitest';
import { craftLayer } from '../../../sandbox/registry-images.ts';
import type { RunEvent } from '../../../src/pipeline/events.ts';
import { AUTO, verifyNamespaces } from '../../../src/pipeline/direct/verify.ts';
import type { RegistryAccess } from '../../../src/pipeline/direct/verify.ts';
import type { Registry } from '../../../src/pipeline/ports.ts';
import type { BlobStat } from '../../../src/usage/verify/registry-verdict.ts';

import { createFakeCluster, createFakeRegistry } from '../../fakes.ts';
import {
  image,
  imported,
  inventory,
  NAMESPACE,
  namespace,
  rules,
  sha256,
  stream,
} from '../../usage/build.ts';
import { describeRegistry } from '../registry-contract.ts';
import type { ListedInventory } from '../../listed-inventory.ts';

describeRegistry('in memory', async (repository, blobs) =>
  createFakeRegistry(
    Object.fromEntries(
      blobs.map(({ digest, bytes }) => [
        `${repository}@${digest}`,
        { outcome: 'present', sizeBytes: bytes.length },
      ]),
    ),
  ),
);

const LAYER = sha256('1');
const CONFIG = sha256('2');
const OTHER = sha256('3');

/** A registry that is reached at any address. */
const at = (address: string, registry: Registry): RegistryAccess => ({ address, open: () => registry });

const verify = async (
  given: ListedInventory,
  answers: Readonly<Record<string, BlobStat>> | null,
  groupByLabel: string | null = null,
) => {
  const events: RunEvent[] = [];
  const registry = answers === null ? null : createFakeRegistry(answers);
  const [verification] = await verifyNamespaces(
    {
      cluster: createFakeCluster(given),
      registry: registry && at('registry.example.test', registry),
      observe: (event) => events.push(event),
    },
    { ...rules(), isReported: () => true, groupByLabel },
    [NAMESPACE],
  );
  if (verification === undefined) throw new Error('nothing was verified');
  return { verification, events, asked: registry?.asked ?? [] };
};

const present = (sizeBytes: number): BlobStat => ({ outcome: 'present', sizeBytes });

/** One image of a layer of 500 bytes and a config of 20, under the streams of these names. */
const cluster = (...names: readonly string[]): ListedInventory =>
  inventory({
    streams: names.map((name) => stream(name, { latest: [sha256('a')] })),
    images: [image(sha256('a'), { layers: { [LAYER]: 500 }, configBytes: 20, configDigest: CONFIG })],
  });

test('without a registry only the figures are checked', async () => {
  const { verification } = await verify(cluster('api'), null);
  expect(verification).toMatchObject({
    namespace: NAMESPACE,
    usedBytes: 520,
    agrees: true,
    registry: null,
    scope: 'cluster',
  });
});

test('several namespaces are verified in the order they are named, of one reading', async () => {
  const images = [
    image(sha256('a'), { layers: { [LAYER]: 500 } }),
    image(sha256('b'), { layers: { [OTHER]: 70 } }),
  ];
  const streams = [
    stream('api', { latest: [sha256('a')] }, { namespace: 'shop' }),
    stream('api', { latest: [sha256('b')] }, { namespace: 'blog' }),
  ];
  const cluster = createFakeCluster(
    inventory({ namespaces: [namespace('shop'), namespace('blog')], streams, images }),
  );
  let readings = 0;
  const readInventory: typeof cluster.readInventory = (request) => {
    readings += 1;
    return cluster.readInventory(request);
  };
  const verifications = await verifyNamespaces(
    { cluster: { readInventory }, registry: null, observe: () => {} },
    { ...rules(), isReported: () => true, groupByLabel: null },
    ['shop', 'blog'],
  );
  expect(verifications).toMatchObject([
    { namespace: 'shop', usedBytes: 500, agrees: true },
    { namespace: 'blog', usedBytes: 70, agrees: true },
  ]);
  expect(readings).toBe(1);
});

test('what the team uses is compared, too, and findings are counted', async () => {
  const given = inventory({
    streams: [stream('api', { latest: [sha256('a'), sha256('f')] })],
    images: cluster('api').images,
  });
  const { verification } = await verify(given, null);
  expect(verification.figures).toContainEqual({ figure: 'teamUsedBytes', compared: 1, differences: [] });
  expect(verification.findings).toBe(1);
});

test('what a team shares that a label names is unknown, not agreed on, where other namespaces were not read', async () => {
  const part: ListedInventory = {
    ...cluster('api'),
    scope: 'namespaces',
    namespaces: [namespace(NAMESPACE, { labels: { team: 'wally' } })],
  };
  for (const [groupByLabel, compared] of [
    ['team', 0],
    [null, 1],
  ] as const) {
    const { verification } = await verify(part, null, groupByLabel);
    const figures = verification.figures.filter(({ figure }) => /team/i.test(figure));
    expect(figures).toMatchObject([
      { figure: 'teamUsedBytes', compared, differences: [] },
      { figure: 'sharedWithTeamBytes', compared, differences: [] },
    ]);
  }
});

test('every charged blob is asked for under its image stream, and answers that agree settle it', async () => {
  const { verification, asked, events } = await verify(cluster('api'), {
    [`${NAMESPACE}/api@${LAYER}`]: present(500),
    [`${NAMESPACE}/api@${CONFIG}`]: present(20),
  });
  expect(asked.toSorted()).toEqual([`${NAMESPACE}/api@${LAYER}`, `${NAMESPACE}/api@${CONFIG}`]);
  expect(verification.registry).toMatchObject({ asked: 2, agreed: 2, differences: [], storedBytes: 520 });
  expect(verification.agrees).toBe(true);
  expect(events).toEqual([
    { type: 'blobs-asked', asked: 1, of: 2 },
    { type: 'blobs-asked', asked: 2, of: 2 },
  ]);
});

test.each<{ readonly name: string; readonly answer: BlobStat; readonly verdict: string }>([
  { name: 'another size', answer: present(499), verdict: 'size differs' },
  { name: 'no such blob', answer: { outcome: 'absent' }, verdict: 'absent' },
  { name: 'a refusal', answer: { outcome: 'refused', reason: 'no' }, verdict: 'refused' },
  { name: 'a failure', answer: { outcome: 'failing', reason: 'HTTP 500' }, verdict: 'failing' },
])('$name settles nothing', async ({ answer, verdict }) => {
  const { verification } = await verify(cluster('api'), {
    [`${NAMESPACE}/api@${LAYER}`]: answer,
    [`${NAMESPACE}/api@${CONFIG}`]: present(20),
  });
  expect(verification.agrees).toBe(false);
  expect(verification.registry).toMatchObject({
    asked: 2,
    agreed: 1,
    differences: [{ digest: LAYER, verdict, tags: ['api:latest'] }],
  });
});

test('a blob that the registry does not know under one stream may be there under another', async () => {
  const { verification, asked } = await verify(cluster('api', 'web'), {
    [`${NAMESPACE}/web@${LAYER}`]: present(500),
    [`${NAMESPACE}/api@${CONFIG}`]: present(20),
  });
  expect(verification.agrees).toBe(true);
  expect(asked.filter((name) => name.endsWith(LAYER))).toEqual([
    `${NAMESPACE}/api@${LAYER}`,
    `${NAMESPACE}/web@${LAYER}`,
  ]);
});

describe('a blob that only imported images hold', () => {
  const given = inventory({
    streams: [stream('api', { latest: [sha256('a')], upstream: [imported(sha256('b'))] })],
    images: [
      image(sha256('a'), { layers: { [LAYER]: 500 }, configDigest: CONFIG }),
      image(sha256('b'), { layers: { [LAYER]: 500, [OTHER]: 70 }, configDigest: CONFIG }),
    ],
  });
  const answers = {
    [`${NAMESPACE}/api@${LAYER}`]: present(500),
    [`${NAMESPACE}/api@${CONFIG}`]: present(0),
  };

  test('is not charged, so it is not asked for', async () => {
    const { verification, asked } = await verify(given, answers);
    expect(asked).toHaveLength(2);
    expect(verification.registry).toMatchObject({ agreed: 2, notAsked: [] });
  });

  test('is not asked for either where imported images are charged, and that is said', async () => {
    const registry = createFakeRegistry(answers);
    const [verification] = await verifyNamespaces(
      {
        cluster: createFakeCluster(given),
        registry: at('registry.example.test', registry),
        observe: () => {},
      },
      { ...rules({ chargeImported: true }), isReported: () => true, groupByLabel: null },
      [NAMESPACE],
    );
    expect(registry.asked).toHaveLength(2);
    expect(verification).toMatchObject({
      usedBytes: 570,
      agrees: true,
      registry: { notAsked: [{ blobs: 1, bytes: 70, reason: expect.stringContaining('imported') }] },
    });
  });
});

test.each([
  { name: 'fails', stat: { outcome: 'failing', reason: 'HTTP 503' }, told: '8 failures in a row' },
  { name: 'refuses', stat: { outcome: 'refused', reason: 'no' }, told: '8 refusals in a row' },
] as const)('a registry that only $name is not asked for everything', async ({ stat, told }) => {
  const layers = Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [craftLayer(String(index), 20).digest, 10] as const),
  );
  const digests = Object.keys(layers);
  const given = inventory({
    streams: [stream('api', { latest: [sha256('a')] })],
    images: [image(sha256('a'), { layers, configDigest: CONFIG })],
  });
  const { verification, asked } = await verify(
    given,
    Object.fromEntries([...digests, CONFIG].map((digest) => [`${NAMESPACE}/api@${digest}`, stat])),
  );
  expect(asked.length).toBeLessThan(20);
  expect(verification.registry).toMatchObject({ asked: 101, agreed: 0 });
  const { differences } = verification.registry ?? { differences: [] };
  expect(new Set(differences.map(({ verdict }) => verdict))).toEqual(new Set([stat.outcome]));
  expect(new Set(differences.map(({ reason }) => reason))).toEqual(
    new Set([stat.reason, `not asked any more after ${told}`]),
  );
});

describe('the registry that image streams name', () => {
  const ADDRESS = 'registry.apps.example.test';

  const verifyAuto = async (publicHosts: readonly string[]) => {
    const opened: string[] = [];
    const open = (address: string): Registry => {
      opened.push(address);
      return createFakeRegistry({
        [`${NAMESPACE}/api-0@${LAYER}`]: present(500),
        [`${NAMESPACE}/api-0@${CONFIG}`]: present(20),
      });
    };
    const given = inventory({
      streams: publicHosts.map((host, position) =>
        stream(
          `api-${String(position)}`,
          { latest: [sha256('a')] },
          { publicRepository: host === '' ? '' : `${host}/${NAMESPACE}/api-${String(position)}` },
        ),
      ),
      images: cluster('api').images,
    });
    const verifying = verifyNamespaces(
      {
        cluster: createFakeCluster(given),
        registry: { address: AUTO, open },
        observe: () => {},
      },
      { ...rules(), isReported: () => true, groupByLabel: null },
      [NAMESPACE],
    );
    return { opened, verifying };
  };

  test('is asked, and said to be it', async () => {
    const { opened, verifying } = await verifyAuto([ADDRESS, '', ADDRESS]);
    expect(await verifying).toMatchObject([
      { registryAddress: ADDRESS, registry: { asked: 2, agreed: 2 }, agrees: true },
    ]);
    expect(opened).toEqual([ADDRESS]);
  });

  test('is missed where none has a public address, with what to do', async () => {
    const { opened, verifying } = await verifyAuto(['']);
    await expect(verifying).rejects.toMatchObject({
      code: 'not_found',
      message: 'No image stream that was read states a public address of the registry',
      hint: expect.stringContaining('--registry URL'),
    });
    expect(opened).toEqual([]);
  });

  test('is not guessed where they name several: credentials are sent there', async () => {
    const { opened, verifying } = await verifyAuto([ADDRESS, 'b.example.test']);
    await expect(verifying).rejects.toMatchObject({
      code: 'conflict',
      message: `The image streams state several public registries: b.example.test, ${ADDRESS}`,
    });
    expect(opened).toEqual([]);
  });
});

test('an address that is none is refused before the cluster is read', async () => {
  let readings = 0;
  const cluster = createFakeCluster(inventory({}));
  const refusal = new Error('no address');
  const verifying = verifyNamespaces(
    {
      cluster: {
        readInventory: (request) => {
          readings += 1;
          return cluster.readInventory(request);
        },
      },
      registry: {
        address: 'no address',
        open: () => {
          throw refusal;
        },
      },
      observe: () => {},
    },
    { ...rules(), isReported: () => true, groupByLabel: null },
    [NAMESPACE],
  );
  await expect(verifying).rejects.toBe(refusal);
  expect(readings).toBe(0);
});
