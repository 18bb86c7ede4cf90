import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sumUpAdvice } from '../../../src/usage/policy/advice.ts';
import type { Advice } from '../../../src/usage/policy/advice.ts';
import { takeSnapshots } from '../../../src/usage/snapshots.ts';

import type { ReportRules } from '../../../src/usage/report/report.ts';
import { arbitraryInventory } from '../arbitrary-inventory.ts';
import {
  image,
  imported,
  index,
  NAMESPACE,
  namespace,
  rules,
  selection,
  snapshot,
  stream,
  uses,
  reportOf,
} from '../build.ts';
import { gather } from '../../listed-inventory.ts';
import type { ListedInventory } from '../../listed-inventory.ts';

const NEVER = { maxTags: 100, maxLayer: null, maxImported: null } as const;

/** The advice on a cluster's namespace `NAMESPACE`. */
const adviceOn = (
  given: Partial<ListedInventory>,
  limits: Partial<ReportRules['advice']> = {},
  chargeImported = false,
): readonly Advice[] =>
  reportOf(
    snapshot(given, NAMESPACE, { chargeImported }),
    rules({ advice: { ...NEVER, ...limits }, chargeImported }),
  ).advice;

describe('latest in production', () => {
  const inProd = (name: string) => namespace(name, { labels: { environment: 'prod' } });
  const streams = [stream('api', { latest: ['a'], v1: ['a'] })];
  const namespaces = [
    namespace(),
    inProd('wally-prod'),
    namespace('wally-dev', { labels: { environment: 'dev' } }),
  ];
  const named = (workload: string, rest?: Parameters<typeof uses>[2]) =>
    uses(workload, `${NAMESPACE}/api:latest`, rest);

  test('is what workloads of a production namespace take, wherever the stream is', () => {
    const references = [named('wally-prod/Deployment/a'), named('wally-prod/Deployment/b')];
    expect(adviceOn({ namespaces, streams, references })).toEqual([
      {
        code: 'latest-in-prod',
        subject: 'api:latest',
        message:
          '2 workloads in production run whatever is pushed as latest: promote the image to a tag for production instead.',
        amount: 2,
      },
    ]);
    const own = { namespaces: [inProd(NAMESPACE)], streams, references: [named(`${NAMESPACE}/CronJob/x`)] };
    expect(adviceOn(own)).toMatchObject([{ subject: 'api:latest', amount: 1 }]);
  });

  test.each([
    { environment: 'production', productionEnvironments: ['prod', 'production'], count: 1 },
    { environment: 'live', productionEnvironments: ['live'], count: 1 },
    { environment: 'prod', productionEnvironments: ['live'], count: 0 },
  ])(
    'is what $environment takes where production is $productionEnvironments: $count',
    ({ environment, productionEnvironments, count }) => {
      const running = [namespace(), namespace('wally-prod', { labels: { environment } })];
      const taken = snapshot({
        namespaces: running,
        streams,
        references: [named('wally-prod/Deployment/a')],
      });
      expect(reportOf(taken, rules({ productionEnvironments })).advice).toHaveLength(count);
    },
  );

  test.each(['running', 'scheduled', 'trigger', 'named'] as const)('is what is %s', (how) => {
    const references = [named('wally-prod/Any/a', { how })];
    expect(adviceOn({ namespaces, streams, references })).toHaveLength(1);
  });

  test.each([
    ['from dev', named('wally-dev/Deployment/a')],
    ['for a build', named('wally-prod/BuildConfig/a', { how: 'build-input' })],
    ['by a build that has finished', named('wally-prod/Build/a', { how: 'finished' })],
    ['at 0 replicas', named('wally-prod/Deployment/a', { how: 'scaled-to-0' })],
    ['under another tag', uses('wally-prod/Deployment/a', `${NAMESPACE}/api:v1`)],
    ['by its digest', uses('wally-prod/Deployment/a', { type: 'digest', digest: 'a' })],
  ])('is not what is used %s', (_name, reference) => {
    expect(adviceOn({ namespaces, streams, references: [reference] })).toEqual([]);
  });

  test('is told without a word about whose workloads it is', () => {
    const [advice] = adviceOn({ namespaces, streams, references: [named('wally-prod/Deployment/a')] });
    expect(JSON.stringify(advice)).not.toContain('wally');
  });
});

test('many tags are more in one image stream than the limit, empty ones included', () => {
  const tags = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, position) => [`pr-${position}`, []]));
  const streams = [stream('enough', tags(5)), stream('many', tags(6)), stream('more', tags(7))];
  expect(adviceOn({ streams }, { maxTags: 5 })).toEqual([
    {
      code: 'many-tags',
      subject: 'more',
      message:
        '7 tags, more than 5: a prune always keeps a tag’s last revisions, so delete old tags by hand.',
      amount: 7,
    },
    expect.objectContaining({ code: 'many-tags', subject: 'many', amount: 6 }),
  ]);
});

describe('a large layer', () => {
  const images = [
    image('a', { layers: { base: 900, a: 300 } }),
    image('b', { layers: { base: 900, b: 40 } }),
    image('c', { layers: { c: 500 } }),
    image('d', { layers: { d: 2000 } }),
  ];

  test('is the largest of a current image, told once however many tags have it, the largest first', () => {
    const streams = [
      stream('web', { v2: ['b', 'd'], v1: ['a'] }),
      stream('api', { v1: ['c'], v2: ['a'], v3: [] }),
    ];
    expect(adviceOn({ images, streams }, { maxLayer: 499 })).toEqual([
      {
        code: 'large-layer',
        subject: 'api:v2',
        message:
          'The largest layer of its current image is 900 B (also in 2 other tags). Smaller layers are better.',
        amount: 900,
      },
      {
        code: 'large-layer',
        subject: 'api:v1',
        message: 'The largest layer of its current image is 500 B. Smaller layers are better.',
        amount: 500,
      },
    ]);
  });

  test('is above the limit, not at it', () => {
    const streams = [stream('api', { v1: ['c'] })];
    expect(adviceOn({ images, streams }, { maxLayer: 500 })).toEqual([]);
    expect(adviceOn({ images, streams }, { maxLayer: 499 })).toHaveLength(1);
    expect(adviceOn({ images, streams })).toEqual([]);
  });

  test('is looked for in the images below an index', () => {
    const streams = [stream('api', { v1: ['all'] })];
    const given = { images: [...images, index('all', ['b', 'c'])], streams };
    expect(adviceOn(given, { maxLayer: 499 })).toMatchObject([{ subject: 'api:v1', amount: 900 }]);
  });

  test('of an imported image is nothing the team can help, unless imports are charged', () => {
    const given = { images, streams: [stream('api', { v1: [imported('a')] })] };
    expect(adviceOn(given, { maxLayer: 499 })).toEqual([]);
    expect(adviceOn(given, { maxLayer: 499 }, true)).toHaveLength(1);
  });

  test('is told of each one, so that a sum counts them all', () => {
    const many = Array.from({ length: 12 }, (_, position) =>
      image(`i${position}`, { layers: { [`l${position}`]: 1000 + position } }),
    );
    const tags = Object.fromEntries(many.map(({ digest }) => [digest, [digest]]));
    const advice = adviceOn({ images: many, streams: [stream('api', tags)] }, { maxLayer: 1 });
    expect(advice.map(({ amount }) => amount)).toEqual([
      1011, 1010, 1009, 1008, 1007, 1006, 1005, 1004, 1003, 1002, 1001, 1000,
    ]);
    expect(sumUpAdvice([{ name: NAMESPACE, advice }])).toMatchObject([{ code: 'large-layer', count: 12 }]);
  });
});

test('much is imported when it is more than the limit, and nothing once imports are charged', () => {
  const given = {
    images: [image('a', { layers: { a: 2048 } })],
    streams: [stream('api', { v1: [imported('a')] })],
  };
  expect(adviceOn(given, { maxImported: 1024 })).toEqual([
    {
      code: 'imports-much',
      subject: NAMESPACE,
      message: '2 KiB imported, more than 1 KiB. They are not charged, but the registry may hold copies.',
      amount: 2048,
    },
  ]);
  expect(adviceOn(given, { maxImported: 2048 })).toEqual([]);
  expect(adviceOn(given, { maxImported: 1024 }, true)).toEqual([]);
});

test('a sum of advice counts each kind and names the three worst, the gravest kind first', () => {
  const advice = (code: Advice['code'], amount: number): Advice => ({
    code,
    subject: 's',
    message: 'm',
    amount,
  });
  const sum = sumUpAdvice([
    { name: 'a', advice: [advice('large-layer', 1), advice('large-layer', 5)] },
    { name: 'b', advice: [advice('latest-in-prod', 1), advice('large-layer', 5), advice('large-layer', 2)] },
    { name: 'c', advice: [] },
  ]);
  expect(
    sum.map(({ code, count, worst }) => [code, count, worst.map((one) => `${one.namespace} ${one.amount}`)]),
  ).toEqual([
    ['latest-in-prod', 1, ['b 1']],
    ['large-layer', 4, ['a 5', 'b 5', 'b 2']],
  ]);
});

test('advice changes nothing else in a report', () => {
  const limits = fc.record({
    maxTags: fc.integer({ min: 1, max: 3 }),
    maxLayer: fc.constantFrom(0, 100, null),
    maxImported: fc.constantFrom(0, 100, null),
  });
  let advised = 0;
  fc.assert(
    fc.property(arbitraryInventory, limits, fc.boolean(), (inventory, advice, chargeImported) => {
      const taken = takeSnapshots(gather(inventory), selection({ chargeImported }));
      for (const name of taken.names) {
        const one = taken.takeSnapshot(name);
        const some = reportOf(one, rules({ advice, chargeImported }));
        const without = reportOf(one, rules({ advice: { ...NEVER, maxTags: 1000 }, chargeImported }));
        advised += some.advice.length;
        expect({ ...some, advice: [] }).toEqual({ ...without, advice: [] });
      }
    }),
  );
  expect(advised).toBeGreaterThan(0);
});
