import { weigh } from '../../../src/usage/weighing/ledger.ts';
import { describe, expect, test } from 'vitest';

import { listObstacles, planDeletions } from '../../../src/usage/cleanup/plan.ts';
import type { DeletionPlan } from '../../../src/usage/cleanup/plan.ts';
import {
  ago,
  image,
  imported,
  namespace,
  NAMESPACE,
  rules,
  snapshot,
  stream,
  uses,
  reportOf,
} from '../build.ts';
import type { ListedInventory } from '../../listed-inventory.ts';

const DAY = 24;
const old = (digest: string) => ({ digest, created: ago(15 * DAY) });

const plan = (given: Partial<ListedInventory>, by = rules()): DeletionPlan | null => {
  const taken = snapshot(given);
  return planDeletions(
    reportOf(taken, by),
    { takenAt: taken.takenAt, weighing: weigh(taken, by.chargeImported) },
    by,
  );
};

const proposed = (given: Partial<ListedInventory>): readonly string[] =>
  (plan(given)?.deletions ?? []).map(({ stream: name, tag }) => `${name}:${tag}`);

const images = [
  image('a', { layers: { base: 1000, a: 10 } }),
  image('b', { layers: { base: 1000, b: 20 } }),
  image('c', { layers: { base: 1000, c: 30 } }),
];

test('a plan names whole tags, largest first, and the exact figures for all of them', () => {
  expect(plan({ images, streams: [stream('api', { 'pr-1': [old('a')], 'pr-2': [old('b')] })] })).toEqual({
    deletions: [
      { stream: 'api', tag: 'pr-2', freesBytes: 20 },
      { stream: 'api', tag: 'pr-1', freesBytes: 10 },
    ],
    freesBytes: 1030,
    reclaimsBytes: 1030,
    usedAfterBytes: 0,
  });
});

test('a plan lowers usage by what is left of it, and the registry gets back less where others hold it', () => {
  const given = {
    images,
    streams: [
      stream('api', { 'pr-1': [old('a')], latest: [old('c')] }),
      stream('api', { latest: [old('a')] }, { namespace: 'other' }),
    ],
  };
  expect(plan(given)).toMatchObject({ freesBytes: 10, reclaimsBytes: 0, usedAfterBytes: 1030 });
});

test('a plan cannot say what the registry gets back where only a part was read, and then has no plan', () => {
  const given = { images, streams: [stream('api', { 'pr-1': [old('a')] })], scope: 'namespaces' } as const;
  expect(plan(given)).toBeNull();
});

test('a plan has five tags at most, equal ones by stream and tag', () => {
  const some = ['1', '2', '3', '4', '5', '6', '7'];
  const given = {
    images: some.map((name) => image(name, { layers: { [`l${name}`]: name === '7' ? 9 : 5 } })),
    streams: [
      stream('web', { 'pr-1': [old('1')], 'pr-7': [old('7')] }),
      stream('api', { d: [old('2')], c: [old('3')], b: [old('4')], a: [old('5')], e: [old('6')] }),
    ],
  };
  expect(proposed(given)).toEqual(['web:pr-7', 'api:a', 'api:b', 'api:c', 'api:d']);
});

test('a plan has no tag without which the usage would be higher, because another image says more of the same blob', () => {
  const given = {
    images: [
      image('whole', { layers: { base: 1000 }, configBytes: 500, configDigest: 'shared' }),
      image('part', { layers: { shared: 10 } }),
    ],
    streams: [stream('api', { latest: [old('whole')], 'pr-1': [old('part')] })],
  };
  const [api] = reportOf(snapshot(given), rules()).streams;
  expect(api?.tags.find(({ name }) => name === 'pr-1')?.freesBytes).toBe(-490);
  expect(plan(given)).toBeNull();
});

test('a plan counts imported bytes where they are charged', () => {
  const given = {
    images: [image('far', { layers: { far: 7 } })],
    streams: [
      stream('api', { 'pr-1': { revisions: [{ ...old('far'), reference: 'docker.example.com/x@far' }] } }),
    ],
  };
  expect(plan(given)).toBeNull();
  expect(plan(given, rules({ chargeImported: true }))).toMatchObject({ freesBytes: 7, usedAfterBytes: 0 });
});

describe('a tag is not proposed', () => {
  const others = { images, streams: [stream('api', { 'pr-1': [old('a')], 'pr-2': [old('b')] })] };

  test('while a workload uses an image in its history', () => {
    const streams = [stream('api', { x: [old('a'), old('b')], y: [old('c')], z: [old('a')] })];
    const references = [uses(`${NAMESPACE}/Pod/p`, { type: 'digest', digest: 'b' })];
    expect(proposed({ images, streams, references })).not.toContain('api:x');
  });

  test('while a workload names it', () => {
    const streams = [
      stream('api', { keep1: [{ digest: 'b', created: ago(14 * DAY) }], keep2: [old('c')], x: [old('a')] }),
    ];
    const given = { images, streams };
    const references = [uses('other/Pod/p', `${NAMESPACE}/api:x`)];
    expect(proposed(given)).toContain('api:x');
    expect(proposed({ ...given, references })).toEqual([]);
  });

  test('while it is unknown whether anything uses it', () => {
    const streams = [stream('api', { 'pr-1': [old('a')], 'pr-2': [old('b')], 'pr-3': [old('c')] })];
    expect(proposed({ images, streams })).toEqual(['api:pr-3', 'api:pr-2', 'api:pr-1']);
    expect(plan({ images, streams, unreadableKinds: ['pods'] })).toBeNull();
  });

  test.each([
    { environment: 'prod', productionEnvironments: ['prod', 'production'], isProposed: false },
    { environment: 'production', productionEnvironments: ['prod', 'production'], isProposed: false },
    { environment: 'test', productionEnvironments: ['prod', 'production'], isProposed: true },
    { environment: 'live', productionEnvironments: ['live'], isProposed: false },
    { environment: 'prod', productionEnvironments: ['live'], isProposed: true },
    { environment: 'prod', productionEnvironments: [], isProposed: true },
  ])(
    'in production: $environment where that is $productionEnvironments',
    ({ environment, productionEnvironments, isProposed }) => {
      const namespaces = [namespace(NAMESPACE, { labels: { environment } })];
      const planned = plan({ ...others, namespaces }, rules({ productionEnvironments }));
      expect(planned?.deletions.length ?? null).toBe(isProposed ? 2 : null);
    },
  );

  test.each([
    { name: 'at exactly 14 days', created: ago(14 * DAY), is: false },
    { name: 'at a second more than 14 days', created: '2026-11-09T07:59:59Z', is: true },
    { name: 'at 13 days', created: ago(13 * DAY), is: false },
    { name: 'without a date', created: null, is: false },
  ])('unless it is older than 14 days: $name', ({ created, is }) => {
    const streams = [stream('api', { 'pr-1': [{ digest: 'a', created }] })];
    expect(proposed({ images, streams })).toEqual(is ? ['api:pr-1'] : []);
  });

  test('while any of its revisions is younger than 14 days', () => {
    const streams = [stream('api', { 'pr-1': [old('a'), { digest: 'b', created: ago(1) }] })];
    expect(proposed({ images, streams })).toEqual([]);
  });

  test('while any of its 150,000 revisions is younger than 14 days', () => {
    const history = Array.from({ length: 150_000 }, () => old('a'));
    const planned = (young: number) =>
      proposed({
        images,
        streams: [stream('api', { 'pr-1': [...history, { digest: 'b', created: ago(young * DAY) }] })],
      });
    expect(planned(13)).toEqual([]);
    expect(planned(15)).toEqual(['api:pr-1']);
  });

  test('while one of its revisions is of a clock that is ahead', () => {
    const streams = [stream('api', { 'pr-1': [old('a'), { digest: 'b', created: ago(-30 * DAY) }] })];
    expect(proposed({ images, streams })).toEqual([]);
  });

  test.each([
    'latest',
    'dev',
    'test',
    'prod',
    'stable',
    'rollback',
    'previous',
    'release',
    'release-7',
    'main',
    'master',
    'v1',
    'vnext',
    '1.2.3',
    '1.2.3-rc.1',
    '1.2.3+build',
    `sha256-${'a'.repeat(64)}`,
    `sha256-${'a'.repeat(64)}.sig`,
    `sha256-${'a'.repeat(64)}.att`,
    `sha256-${'a'.repeat(64)}.sbom`,
  ])('while it is protected by its name: %s', (tag) => {
    expect(proposed({ images, streams: [stream('api', { [tag]: [old('a')] })] })).toEqual([]);
  });

  test.each([
    'pr-1',
    'latest-1',
    'develop',
    'testing',
    'my-release',
    '1.2',
    '1.2.3.4',
    '1.2.3rc',
    'sha256-ab',
  ])('unless its name is only like a protected one: %s', (tag) => {
    expect(proposed({ images, streams: [stream('api', { [tag]: [old('a')] })] })).toEqual([`api:${tag}`]);
  });

  test('while it frees nothing alone', () => {
    const streams = [stream('api', { 'pr-1': [old('a')], 'pr-2': [old('a')] })];
    expect(plan({ images, streams })).toBeNull();
  });

  test('while it holds only imported images', () => {
    expect(plan({ images, streams: [stream('api', { 'pr-1': [imported('a')] })] })).toBeNull();
  });

  test('while it is a mere pointer', () => {
    const streams = [stream('api', { 'pr-1': { isReference: true, revisions: [old('a')] } })];
    expect(plan({ images, streams })).toBeNull();
  });

  test('while no command can be written for it', () => {
    const streams = [stream('api', { 'pr 1': [old('a')], 'pr-2': [old('b')] })];
    expect(proposed({ images, streams })).toEqual(['api:pr-2']);
  });

  test('while it is empty', () => {
    expect(plan({ streams: [stream('api', { 'pr-1': [] })] })).toBeNull();
  });
});

describe('the way back of a stream in use', () => {
  const at = (digest: string, days: number) => ({ digest, created: ago(days * DAY) });
  const all = ['1', '2', '3', '4', '5'].map((name) => image(name, { layers: { [`l${name}`]: 5 } }));
  const streams = [
    stream('api', { one: [at('1', 40)], two: [at('2', 30)], three: [at('3', 20)], four: [at('4', 50)] }),
    stream('web', { one: [at('5', 30)] }),
  ];
  const references = [uses(`${NAMESPACE}/Pod/p`, { type: 'digest', digest: '4' })];

  test('is its newest two tags, which are kept', () => {
    expect(proposed({ images: all, streams, references })).toEqual(['api:one', 'web:one']);
  });

  test('is not kept where nothing uses the stream', () => {
    expect(proposed({ images: all, streams })).toEqual([
      'api:four',
      'api:one',
      'api:three',
      'api:two',
      'web:one',
    ]);
  });

  test('is by the newest revision of a tag, the first by name where they are equal', () => {
    const equal = [
      stream('api', { b: [at('1', 30)], a: [at('2', 30)], c: [at('3', 30)], used: [at('4', 50)] }),
    ];
    expect(proposed({ images: all, streams: equal, references })).toEqual(['api:c']);
  });

  test('counts tags without a date as the newest, and none that are empty', () => {
    const undated = [
      stream('api', {
        a: [{ digest: '1', created: null }],
        b: [{ digest: '2', created: null }],
        c: [at('3', 20)],
        empty: [],
        used: [at('4', 50)],
      }),
    ];
    expect(proposed({ images: all, streams: undated, references })).toEqual(['api:c']);
  });
});

describe('what stands against tags', () => {
  const obstacles = (given: Partial<ListedInventory>): readonly string[] => {
    const taken = snapshot(given);
    return [...listObstacles(reportOf(taken, rules()), taken.takenAt)].toSorted();
  };
  const inUse = [uses(`${NAMESPACE}/Pod/p`, { type: 'digest', digest: 'a' })];

  test.each([
    { name: 'nothing', tags: { x: [old('a')] }, expected: [] },
    { name: 'only that it is in use', tags: { x: [old('a')] }, references: inUse, expected: ['in-use'] },
    {
      name: 'that the stream is in use, so that the newest are kept for a way back',
      tags: { x: [old('a')], y: [old('b')] },
      references: inUse,
      expected: ['in-use', 'way-back'],
    },
    { name: 'its name', tags: { latest: [old('a')] }, expected: ['name-kept'] },
    { name: 'its age', tags: { x: [{ digest: 'a', created: ago(DAY) }] }, expected: ['young'] },
    {
      name: 'that nobody knows its age',
      tags: { x: [{ digest: 'a', created: null }] },
      expected: ['undated'],
    },
    { name: 'that it holds nothing', tags: { x: [] }, expected: ['frees-nothing'] },
    {
      name: 'that another holds the same',
      tags: { x: [old('a')], y: [old('a')] },
      expected: ['frees-nothing'],
    },
    {
      name: 'that its use is unknown',
      tags: { x: [old('a')] },
      unreadableKinds: ['pods'],
      expected: ['use-unknown'],
    },
  ])('is $name', ({ tags, references = [], unreadableKinds = [], expected }) => {
    expect(obstacles({ images, streams: [stream('api', tags)], references, unreadableKinds })).toEqual(
      expected,
    );
  });
});
