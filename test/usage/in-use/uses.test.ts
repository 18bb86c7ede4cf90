import { createDigestTable, digestAt } from '../../../src/usage/cluster/digest-table.ts';
import { describe, expect, test } from 'vitest';
import { findUses, parsePullSpec, uniteUsers } from '../../../src/usage/in-use/uses.ts';
import { HOW_USED } from '../../../src/usage/model.ts';
import type { User } from '../../../src/usage/model.ts';
import { ago, HOST, image, index, inventory, NAMESPACE, sha256, stream, uses } from '../build.ts';
import { gather } from '../../listed-inventory.ts';
import type { ListedInventory } from '../../listed-inventory.ts';

const [current, older, other, config] = [sha256('1'), sha256('2'), sha256('3'), sha256('c')] as const;
const POD = `${NAMESPACE}/Pod/api-1`;

const usesOf = (
  given: Partial<ListedInventory>,
): {
  readonly digests: Record<string, readonly string[]>;
  readonly tags: Record<string, readonly string[]>;
} => {
  const read = gather(inventory({ ...given, streams: [...(given.streams ?? []), EVERY_DIGEST] }));
  const { streams, tags, digests } = read.holdings;
  const found = findUses(read);
  const list = (used: ReadonlyMap<number, readonly User[]>, nameOf: (number: number) => string) =>
    Object.fromEntries(
      [...used].map(([number, users]) => [
        nameOf(number),
        uniteUsers(users)
          .map(({ workload }) => workload)
          .toSorted(),
      ]),
    );
  const nameTag = (tag: number): string => {
    const stream = streams.find(({ tagsFrom, tagsTo }) => tag >= tagsFrom && tag < tagsTo);
    return `${stream?.namespace}/${stream?.name}:${tags[tag]?.name}`;
  };
  return {
    digests: list(found.digests, (digest) => digestAt(digests, digest)),
    tags: list(found.tags, nameTag),
  };
};

/** So that the cluster knows every digest that a test names. */
const EVERY_DIGEST = stream(
  'every-digest',
  Object.fromEntries([current, older, other, config].map((digest, at) => [`t${at}`, [digest]])),
  { namespace: 'elsewhere' },
);

const byWorkload = (users: readonly User[] = []): Readonly<Record<string, string>> =>
  Object.fromEntries(uniteUsers(users).map(({ workload, how }) => [workload, how]));

describe('a pull spec', () => {
  const none = { namespace: null, stream: null, tag: null, digest: null };
  const d = sha256('d');

  test.each([
    { spec: `${HOST}/ns/api:v1`, is: { ...none, namespace: 'ns', stream: 'api', tag: 'v1' } },
    { spec: `${HOST}/ns/api`, is: { ...none, namespace: 'ns', stream: 'api', tag: 'latest' } },
    { spec: `${HOST}/ns/api@${d}`, is: { ...none, namespace: 'ns', stream: 'api', digest: d } },
    {
      spec: `${HOST}/ns/api:v1@${d}`,
      is: { namespace: 'ns', stream: 'api', tag: 'v1', digest: d },
    },
    { spec: 'ns/api:v1', is: { ...none, namespace: 'ns', stream: 'api', tag: 'v1' } },
    { spec: 'ns/api', is: { ...none, namespace: 'ns', stream: 'api', tag: 'latest' } },
    { spec: `ns/api@${d}`, is: { ...none, namespace: 'ns', stream: 'api', digest: d } },
    { spec: 'api', is: { ...none, stream: 'api', tag: 'latest' } },
    { spec: 'api:v1', is: { ...none, stream: 'api', tag: 'v1' } },
    { spec: `api@${d}`, is: { ...none, stream: 'api', digest: d } },
    { spec: d, is: { ...none, digest: d } },
    { spec: 'd'.repeat(64), is: { ...none, digest: d } },
    { spec: `docker://${d}`, is: { ...none, digest: d } },
    {
      spec: `docker-pullable://${HOST}/ns/api@${d}`,
      is: { ...none, namespace: 'ns', stream: 'api', digest: d },
    },
    { spec: 'localhost:5000/api:v1', is: { ...none, namespace: 'localhost:5000', stream: 'api', tag: 'v1' } },
    { spec: `api:${'d'.repeat(64)}`, is: { ...none, stream: 'api', tag: 'd'.repeat(64) } },
    { spec: 'registry.example.com/a/b/c:v1', is: none },
    { spec: `registry.example.com/a/b/c@${d}`, is: { ...none, digest: d } },
    { spec: '', is: none },
    { spec: 'ns/', is: none },
  ])('$spec is taken apart', ({ spec, is }) => {
    expect(parsePullSpec(spec)).toEqual(is);
  });
});

describe('a workload uses the current image of a tag and the tag', () => {
  const scene = { streams: [stream('api', { v1: [current, older], latest: [other] })] };

  test.each([
    { name: 'by host, namespace, name and tag', spec: `${HOST}/${NAMESPACE}/api:v1` },
    { name: 'by another host name of the registry', spec: `registry.apps.example.test/${NAMESPACE}/api:v1` },
    { name: 'by a host without a port', spec: `registry/${NAMESPACE}/api:v1` },
    { name: 'by namespace, name and tag without a host', spec: `${NAMESPACE}/api:v1` },
    { name: 'with the scheme of a container status', spec: `docker-pullable://${HOST}/${NAMESPACE}/api:v1` },
  ])('$name', ({ spec }) => {
    expect(usesOf({ ...scene, references: [uses(POD, spec)] })).toEqual({
      digests: { [current]: [POD] },
      tags: { [`${NAMESPACE}/api:v1`]: [POD] },
    });
  });

  test('as an ImageStreamTag object', () => {
    const reference = { type: 'tag', namespace: NAMESPACE, stream: 'api', tag: 'v1' } as const;
    expect(usesOf({ ...scene, references: [uses(POD, reference)] })).toEqual({
      digests: { [current]: [POD] },
      tags: { [`${NAMESPACE}/api:v1`]: [POD] },
    });
  });

  test('called latest where it names none', () => {
    expect(usesOf({ ...scene, references: [uses(POD, `${HOST}/${NAMESPACE}/api`)] })).toEqual({
      digests: { [other]: [POD] },
      tags: { [`${NAMESPACE}/api:latest`]: [POD] },
    });
  });

  test('from another namespace', () => {
    const far = 'a1b2c3-prod/Deployment/api';
    expect(usesOf({ ...scene, references: [uses(far, `${HOST}/${NAMESPACE}/api:v1`)] })).toEqual({
      digests: { [current]: [far] },
      tags: { [`${NAMESPACE}/api:v1`]: [far] },
    });
  });

  test('and only the tag where the tag has no revisions', () => {
    const streams = [stream('api', { v1: [] })];
    expect(usesOf({ streams, references: [uses(POD, `${NAMESPACE}/api:v1`)] })).toEqual({
      digests: {},
      tags: { [`${NAMESPACE}/api:v1`]: [POD] },
    });
  });

  test('and only the tag where the current revision names no image', () => {
    const streams = [stream('api', { v1: ['', older] })];
    expect(usesOf({ streams, references: [uses(POD, `${NAMESPACE}/api:v1`)] }).digests).toEqual({});
  });
});

describe('a workload uses an image', () => {
  test.each([
    { name: 'by namespace, name and digest', spec: `${HOST}/${NAMESPACE}/api@${older}` },
    { name: 'by a digest under a name that no stream has', spec: `quay.example.com/far/away/app@${older}` },
    { name: 'by a digest alone', spec: older },
    { name: 'by a digest behind a scheme', spec: `docker://${older}` },
    { name: 'by the digits of a digest alone', spec: older.replace('sha256:', '') },
    { name: 'by a short name and digest, whatever local lookup says', spec: `api@${older}` },
  ])('$name', ({ spec }) => {
    const streams = [stream('api', { v1: [current, older] })];
    expect(usesOf({ streams, references: [uses(POD, spec)] })).toEqual({
      digests: { [older]: [POD] },
      tags: {},
    });
  });

  test('as an ImageStreamImage object', () => {
    const reference = { type: 'digest', digest: older } as const;
    expect(usesOf({ references: [uses(POD, reference)] }).digests).toEqual({ [older]: [POD] });
  });

  test('by tag and digest, and names the tag as well', () => {
    const streams = [stream('api', { v1: [current, older] })];
    const found = usesOf({ streams, references: [uses(POD, `${HOST}/${NAMESPACE}/api:v1@${older}`)] });
    expect(found.digests[older]).toEqual([POD]);
    expect(found.tags).toEqual({ [`${NAMESPACE}/api:v1`]: [POD] });
  });

  test('by an imageID that is the digest of its config', () => {
    const images = [image(current, { configDigest: config }), image(older, { configDigest: config })];
    expect(usesOf({ images, references: [uses(POD, config)] }).digests).toMatchObject({
      [current]: [POD],
      [older]: [POD],
    });
  });

  test('by an imageID that is the digest of a config whose name lacks the algorithm', () => {
    const images = [image(current, { configDigest: 'c'.repeat(64) })];
    expect(usesOf({ images, references: [uses(POD, config)] }).digests[current]).toEqual([POD]);
  });

  test('that an index has as a child, by the child’s config', () => {
    const images = [index('all', [current]), image(current, { configDigest: config })];
    expect(usesOf({ images, references: [uses(POD, config)] }).digests['all']).toEqual([POD]);
  });

  test('only where a digest is given', () => {
    expect(usesOf({ streams: [stream('api', { v1: [''] })], references: [uses(POD, 'api@')] })).toEqual({
      digests: {},
      tags: {},
    });
  });

  test('once, however many of its containers name it', () => {
    const references = [uses(POD, current), uses(POD, current), uses(`${NAMESPACE}/Job/once`, current)];
    expect(usesOf({ references }).digests).toEqual({ [current]: [`${NAMESPACE}/Job/once`, POD] });
  });
});

describe('a name without a namespace', () => {
  const lookedUp = stream('api', { v1: [current] }, { localLookup: true });

  test('is the stream of the workload’s namespace that has local lookup', () => {
    expect(usesOf({ streams: [lookedUp], references: [uses(POD, 'api:v1')] })).toEqual({
      digests: { [current]: [POD] },
      tags: { [`${NAMESPACE}/api:v1`]: [POD] },
    });
  });

  test('is an image from elsewhere where the stream has no local lookup', () => {
    const streams = [stream('api', { v1: [current] })];
    expect(usesOf({ streams, references: [uses(POD, 'api:v1')] })).toEqual({ digests: {}, tags: {} });
  });

  test('is never a stream of another namespace', () => {
    const references = [uses('other/Pod/api', 'api:v1')];
    expect(usesOf({ streams: [lookedUp], references })).toEqual({ digests: {}, tags: {} });
  });

  test('may have a tag that looks like the digits of a digest', () => {
    const tag = 'e'.repeat(64);
    const streams = [stream('api', { [tag]: [current] }, { localLookup: true })];
    expect(usesOf({ streams, references: [uses(POD, `api:${tag}`)] }).digests).toEqual({ [current]: [POD] });
  });
});

describe('a tag that follows another', () => {
  const follow = (tag: string, streamName = 'api', namespace = NAMESPACE) =>
    ({ type: 'tag', namespace, stream: streamName, tag }) as const;

  test('passes the use on, through every link of the chain', () => {
    const streams = [
      stream('api', {
        prod: { from: follow('test'), revisions: [older] },
        test: { from: follow('dev', 'web', 'elsewhere') },
      }),
      stream('web', { dev: [current, other] }, { namespace: 'elsewhere' }),
    ];
    expect(usesOf({ streams, references: [uses(POD, `${NAMESPACE}/api:prod`)] })).toEqual({
      digests: { [older]: [POD], [current]: [POD] },
      tags: {
        [`${NAMESPACE}/api:prod`]: [POD],
        [`${NAMESPACE}/api:test`]: [POD],
        'elsewhere/web:dev': [POD],
      },
    });
  });

  test('does not pass it back to the tags that follow it', () => {
    const streams = [stream('api', { prod: { from: follow('dev'), revisions: [older] }, dev: [current] })];
    expect(usesOf({ streams, references: [uses(POD, `${NAMESPACE}/api:dev`)] })).toEqual({
      digests: { [current]: [POD] },
      tags: { [`${NAMESPACE}/api:dev`]: [POD] },
    });
  });

  test('passes it on to an image that it follows by digest', () => {
    const streams = [stream('api', { prod: { from: { type: 'digest', digest: other } } })];
    expect(usesOf({ streams, references: [uses(POD, `${NAMESPACE}/api:prod`)] }).digests).toEqual({
      [other]: [POD],
    });
  });

  test('passes it on to a pull spec, whose names resolve against the stream’s namespace', () => {
    const streams = [
      stream('api', { prod: { from: { type: 'pullSpec', spec: 'web:v1' } } }, { namespace: 'tools' }),
      stream('web', { v1: [current] }, { namespace: 'tools', localLookup: true }),
      stream('web', { v1: [other] }, { localLookup: true }),
    ];
    expect(usesOf({ streams, references: [uses(POD, 'tools/api:prod')] }).digests).toEqual({
      [current]: [POD],
    });
  });

  test('in a circle ends', () => {
    const streams = [stream('api', { a: { from: follow('b') }, b: { from: follow('a') } })];
    expect(Object.keys(usesOf({ streams, references: [uses(POD, `${NAMESPACE}/api:a`)] }).tags)).toEqual([
      `${NAMESPACE}/api:a`,
      `${NAMESPACE}/api:b`,
    ]);
  });

  test('itself ends', () => {
    const streams = [stream('api', { a: { from: follow('a'), revisions: [current] } })];
    expect(usesOf({ streams, references: [uses(POD, `${NAMESPACE}/api:a`)] }).digests).toEqual({
      [current]: [POD],
    });
  });

  test('may be the first of 20,000', () => {
    const tags = Array.from({ length: 20_000 }, (_, position) => [
      `t${position}`,
      { from: follow(`t${position + 1}`) },
    ]);
    const streams = [stream('api', { ...Object.fromEntries(tags), t20000: [current] })];
    expect(usesOf({ streams, references: [uses(POD, `${NAMESPACE}/api:t0`)] }).digests).toEqual({
      [current]: [POD],
    });
  });
});

describe('the use of an index', () => {
  const images = [index('all', [current, older]), index('both', [older]), image(current), image(older)];

  test('is a use of its children', () => {
    expect(usesOf({ images, references: [uses(POD, { type: 'digest', digest: 'all' })] }).digests).toEqual({
      all: [POD],
      [current]: [POD],
      [older]: [POD],
    });
  });

  test('comes from its child, and does not reach the other children', () => {
    expect(usesOf({ images, references: [uses(POD, current)] }).digests).toEqual({
      [current]: [POD],
      all: [POD],
    });
  });

  test('comes from a child to every index above it', () => {
    expect(usesOf({ images, references: [uses(POD, older)] }).digests).toEqual({
      [older]: [POD],
      all: [POD],
      both: [POD],
    });
  });

  test('unites the workloads that name it and its children', () => {
    const job = `${NAMESPACE}/Job/once`;
    const references = [uses(POD, { type: 'digest', digest: 'all' }), uses(job, current)];
    expect(usesOf({ images, references }).digests).toEqual({
      all: [job, POD],
      [current]: [job, POD],
      [older]: [POD],
    });
  });

  test('is one of everything below it and comes from everything below it, whatever lies between', () => {
    const nested = [
      index('top', ['middle', other]),
      index('middle', [current, older]),
      image(current),
      image(older),
      image(other),
    ];
    const used = (digest: string) =>
      Object.keys(usesOf({ images: nested, references: [uses(POD, { type: 'digest', digest })] }).digests);
    expect(new Set(used('top'))).toEqual(new Set(['top', 'middle', current, older, other]));
    expect(new Set(used('middle'))).toEqual(new Set(['top', 'middle', current, older]));
    expect(new Set(used(current))).toEqual(new Set(['top', 'middle', current]));
  });

  test('ends where indexes are below each other in a circle', () => {
    const circle = [index('one', ['two', current]), index('two', ['one', older])];
    const { digests } = usesOf({
      images: circle,
      references: [uses(POD, { type: 'digest', digest: 'one' }), uses(`${NAMESPACE}/Job/once`, older)],
    });
    const both = [`${NAMESPACE}/Job/once`, POD];
    expect(digests).toEqual({ one: both, two: both, [older]: both, [current]: [POD] });
  });

  test('may pass through 20,000 others', () => {
    const chain = Array.from({ length: 20_000 }, (_, depth) => index(`i${depth}`, [`i${depth + 1}`]));
    const { digests } = usesOf({ images: chain, references: [uses(POD, { type: 'digest', digest: 'i9' })] });
    expect(Object.keys(digests)).toHaveLength(20_001);
  });
});

describe('how a workload uses an image', () => {
  const scaledTo0 = (workload: string, controller: string | null = null) =>
    uses(workload, current, { how: 'scaled-to-0', controller });
  const [deployment, replicaSet] = [`${NAMESPACE}/Deployment/api`, `${NAMESPACE}/ReplicaSet/api-1`];
  const waysOf = (given: Partial<ListedInventory>, digest = current) => {
    const read = gather(inventory({ ...given, streams: [...(given.streams ?? []), EVERY_DIGEST] }));
    return byWorkload(findUses(read).digests.get(createDigestTable(read.holdings.digests).find(digest)));
  };

  test('is as its object shows it', () => {
    const references = HOW_USED.filter((how) => how !== 'old-rollout').map((how) =>
      uses(`${NAMESPACE}/Any/${how}`, current, { how }),
    );
    expect(Object.values(waysOf({ references }))).toEqual(HOW_USED.filter((how) => how !== 'old-rollout'));
  });

  test('is an old rollout at 0 replicas under something that runs', () => {
    const references = [scaledTo0(replicaSet, deployment), uses(deployment, older)];
    expect(waysOf({ references })).toEqual({ [replicaSet]: 'old-rollout' });
  });

  test('is being scaled to 0 under something that is scaled to 0, is gone, or is nothing', () => {
    for (const references of [
      [scaledTo0(replicaSet, deployment), scaledTo0(deployment)],
      [scaledTo0(replicaSet, deployment)],
      [scaledTo0(replicaSet)],
    ])
      expect(waysOf({ references })[replicaSet]).toBe('scaled-to-0');
  });

  test('is an old rollout for a ReplicationController of a DeploymentConfig, too', () => {
    const [config, controller] = [
      `${NAMESPACE}/DeploymentConfig/api`,
      `${NAMESPACE}/ReplicationController/api-1`,
    ];
    const references = [scaledTo0(controller, config), uses(config, older)];
    expect(waysOf({ references })).toEqual({ [controller]: 'old-rollout' });
  });

  test('is the strongest of the ways in which it names it', () => {
    const streams = [stream('api', { latest: [current] })];
    const references = [
      uses(deployment, `${NAMESPACE}/api:latest`, { how: 'trigger' }),
      uses(deployment, current),
      uses(deployment, `${NAMESPACE}/api`, { how: 'trigger' }),
    ];
    expect(waysOf({ streams, references })).toEqual({ [deployment]: 'running' });
    const { tags } = findUses(gather(inventory({ streams, references })));
    expect(byWorkload(tags.get(0))).toEqual({ [deployment]: 'trigger' });
  });

  test('reaches an index above it, a child below it and the tags that it follows', () => {
    const images = [index('all', [current])];
    expect(waysOf({ images, references: [scaledTo0(deployment)] }, 'all')).toEqual({
      [deployment]: 'scaled-to-0',
    });
    const streams = [
      stream('api', {
        prod: { from: { type: 'tag', namespace: NAMESPACE, stream: 'api', tag: 'dev' } },
        dev: [current],
      }),
    ];
    const references = [uses(deployment, `${NAMESPACE}/api:prod`, { how: 'suspended' })];
    expect(waysOf({ streams, references })).toEqual({ [deployment]: 'suspended' });
  });
});

describe('a pod that has ended', () => {
  test.each([
    {
      name: 'still uses its image one second before it is a day old',
      created: '2026-11-22T08:00:01Z',
      isUse: true,
    },
    { name: 'uses nothing once it is a day old', created: ago(24), isUse: false },
    { name: 'uses nothing after a week', created: ago(7 * 24), isUse: false },
    { name: 'uses its image when it was created after the reading began', created: ago(-1), isUse: true },
  ])('$name', ({ created, isUse }) => {
    const found = usesOf({ references: [uses(POD, current, { endedPodCreated: created })] });
    expect(found.digests).toEqual(isUse ? { [current]: [POD] } : {});
  });
});
