import { describe, expect, test } from 'vitest';
import { recount } from '../../../src/usage/verify/recount.ts';

import { image, imported, index, inventory, NAMESPACE, sha256, stream } from '../build.ts';
import { gather } from '../../listed-inventory.ts';
import type { ListedInventory } from '../../listed-inventory.ts';

const recountDev = (given: Partial<ListedInventory>, chargeImported = false) =>
  recount(gather(inventory(given)), {
    namespace: NAMESPACE,
    team: [NAMESPACE],
    groupByLabel: null,
    chargeImported,
  });

const A = image(sha256('a'), { layers: { base: 100, a: 10 }, configBytes: 3, configDigest: 'config-a' });
const B = image(sha256('b'), { layers: { base: 100, b: 20 }, configBytes: 4, configDigest: 'config-b' });

describe('a recount', () => {
  test('adds up a team’s namespaces, what they share once', () => {
    const given = inventory({
      streams: [
        stream('api', { latest: [A.digest] }),
        stream('api', { latest: [A.digest, B.digest] }, { namespace: 'other' }),
        stream('api', { latest: [sha256('c')] }, { namespace: 'stranger' }),
      ],
      images: [A, B, image(sha256('c'), { layers: { c: 1000 } })],
    });
    const request = {
      namespace: NAMESPACE,
      team: [NAMESPACE, 'other'],
      groupByLabel: null,
      chargeImported: false,
    };
    expect(recount(gather(given), request)).toMatchObject({ usedBytes: 113, teamUsedBytes: 137 });
  });

  test('follows indexes as deep as they lie in each other, and in a circle', () => {
    const depth = 20_000;
    const chain = Array.from({ length: depth }, (_, level) => index(`i${level}`, [`i${level + 1}`, 'i0']));
    const { usedBytes } = recountDev({
      streams: [stream('api', { latest: ['i0'] })],
      images: [...chain, { ...A, digest: `i${depth}` }],
    });
    expect(usedBytes).toBe(113);
  });

  test('counts each blob once, at the current revision before an older one', () => {
    const { usedBytes, streams } = recountDev({
      streams: [stream('api', { latest: [B.digest, A.digest] })],
      images: [A, B],
    });
    expect(usedBytes).toBe(137);
    expect(streams[0]?.tags[0]?.revisions).toEqual([
      { digest: B.digest, sizeBytes: 124, countedBytes: 124 },
      { digest: A.digest, sizeBytes: 113, countedBytes: 13 },
    ]);
  });

  test('says what the quota and what the registry gets back without a stream, with others holding some of it', () => {
    const { streams } = recountDev({
      streams: [
        stream('api', { latest: [A.digest] }),
        stream('web', { latest: [B.digest] }),
        stream('api', { latest: [A.digest] }, { namespace: 'other' }),
      ],
      images: [A, B],
    });
    expect(streams).toMatchObject([
      { name: 'api', sizeBytes: 113, freesBytes: 13, reclaimsBytes: 0 },
      { name: 'web', sizeBytes: 124, freesBytes: 24, reclaimsBytes: 24 },
    ]);
  });

  test('cannot say what the registry gets back where other namespaces were not read', () => {
    const { streams } = recountDev({
      streams: [stream('api', { latest: [A.digest] })],
      images: [A],
      scope: 'namespaces',
    });
    expect(streams).toMatchObject([{ name: 'api', freesBytes: 113, reclaimsBytes: null }]);
  });

  test('ends on indexes that name each other', () => {
    const { usedBytes, unknownRevisions } = recountDev({
      streams: [stream('api', { latest: [sha256('c')], lost: [sha256('e')] })],
      images: [A, index(sha256('c'), [sha256('d'), A.digest]), index(sha256('d'), [sha256('c')])],
    });
    expect({ usedBytes, unknownRevisions }).toEqual({ usedBytes: 113, unknownRevisions: 1 });
  });
});

describe('a charged blob', () => {
  test('is named with its kind, its streams and the tags that are charged with it', () => {
    const { chargedBlobs } = recountDev({
      streams: [
        stream('web', { latest: [B.digest] }),
        stream('api', { v2: [A.digest], v1: [A.digest], old: [imported(B.digest)] }),
        stream('api', { latest: [A.digest] }, { namespace: 'other' }),
      ],
      images: [A, B],
    });
    const api = { repositories: [`${NAMESPACE}/api`], tags: ['api:v1', 'api:v2'] };
    const web = { repositories: [`${NAMESPACE}/web`], tags: ['web:latest'] };
    expect(chargedBlobs.toSorted((one, other) => (one.digest < other.digest ? -1 : 1))).toEqual([
      { digest: 'a', sizeBytes: 10, kind: 'layer', ...api },
      { digest: 'b', sizeBytes: 20, kind: 'layer', ...web },
      {
        digest: 'base',
        sizeBytes: 100,
        kind: 'layer',
        repositories: [`${NAMESPACE}/api`, `${NAMESPACE}/web`],
        tags: ['api:v1', 'api:v2', 'web:latest'],
      },
      { digest: 'config-a', sizeBytes: 3, kind: 'config', ...api },
      { digest: 'config-b', sizeBytes: 4, kind: 'config', ...web },
    ]);
  });

  test('is under no stream where only imported images hold it', () => {
    const { chargedBlobs } = recountDev(
      { streams: [stream('api', { latest: [imported(A.digest)] })], images: [A] },
      true,
    );
    expect(chargedBlobs.map(({ repositories, tags }) => ({ repositories, tags }))).toEqual(
      Array.from({ length: 3 }, () => ({ repositories: [], tags: ['api:latest'] })),
    );
  });
});
