import { describe, expect, test } from 'vitest';
import { QUOTA_ANNOTATION } from '../../../src/usage/policy/quota.ts';
import type { QuotaOverride } from '../../../src/usage/policy/quota.ts';

import { assembleReport, redactWorkloads } from '../../../src/usage/report/report.ts';
import type { NamespaceReport, StreamReport, TagReport } from '../../../src/usage/report/report.ts';
import {
  ago,
  image,
  imported,
  index,
  namespace,
  NAMESPACE,
  NOW,
  rules,
  snapshot,
  stream,
  uses,
  reportOf,
} from '../build.ts';
import type { ListedInventory } from '../../listed-inventory.ts';

const OTHER = 'd4e5f6-prod';
const POD = `${NAMESPACE}/Pod/api-1`;

const report = (given: Partial<ListedInventory>, by = rules()): NamespaceReport =>
  reportOf(snapshot(given), by);

const streamIn = (from: NamespaceReport, name: string): StreamReport => {
  const found = from.streams.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no stream ${name}`);
  return found;
};

const tagIn = (from: NamespaceReport, label: string): TagReport => {
  const [streamName = '', tagName = ''] = label.split(':');
  const found = streamIn(from, streamName).tags.find((one) => one.name === tagName);
  if (found === undefined) throw new Error(`no tag ${label}`);
  return found;
};

test('a report says everything of a namespace', () => {
  const given = report({
    namespaces: [
      namespace(NAMESPACE, {
        labels: { environment: 'dev' },
        annotations: {
          'openshift.io/display-name': 'Wally (dev)',
          contacts: '[{"email":"ann@example.test","role":"Lead"}]',
        },
      }),
    ],
    streams: [
      stream('api', {
        latest: [
          { digest: 'b', created: ago(1) },
          { digest: 'a', created: ago(48) },
        ],
      }),
    ],
    images: [
      image('a', { layers: { base: 500, a: 300 }, configBytes: 10 }),
      image('b', { layers: { base: 500, b: 400 }, configBytes: 20, architecture: 'arm64' }),
    ],
    references: [uses(POD, `${NAMESPACE}/api:latest`)],
  });
  expect(given).toEqual({
    name: NAMESPACE,
    displayName: 'Wally (dev)',
    environment: 'dev',
    quota: { limitBytes: 1000, source: 'default', level: 'over', usedPercent: 123, overBytes: 230 },
    usedBytes: 1230,
    importedBytes: 0,
    sharedWithTeamBytes: 0,
    unknownRevisions: 0,
    totals: { streams: 1, tags: 1, revisions: 2, images: 2, blobs: 5 },
    recipients: [{ address: 'ann@example.test', roles: ['Lead'], rule: 'annotation:contacts' }],
    noRecipientReason: null,
    streams: [
      {
        name: 'api',
        sizeBytes: 1230,
        countedBytes: 1230,
        freesBytes: 1230,
        reclaimsBytes: 1230,
        inUse: true,
        unknownRevisions: 0,
        tags: [
          {
            name: 'latest',
            sizeBytes: 1230,
            countedBytes: 1230,
            freesBytes: 1230,
            inUse: true,
            inUseBy: [POD],
            inUseHow: ['running'],
            inUseCount: 1,
            unknownRevisions: 0,
            sameImageAs: [],
            state: 'ok',
            revisions: [
              {
                digest: 'b',
                created: ago(1),
                sizeBytes: 920,
                countedBytes: 920,
                charged: true,
                architectures: ['arm64'],
                inUse: true,
                inUseBy: [POD],
                inUseHow: ['running'],
                inUseCount: 1,
              },
              {
                digest: 'a',
                created: ago(48),
                sizeBytes: 810,
                countedBytes: 310,
                charged: true,
                architectures: ['amd64'],
                inUse: false,
                inUseBy: [],
                inUseHow: [],
                inUseCount: 0,
              },
            ],
          },
        ],
      },
    ],
    findings: [],
    advice: [],
  });
});

test('a report of an empty namespace is there, and within its quota', () => {
  expect(report({ namespaces: [namespace()] })).toMatchObject({
    environment: null,
    quota: { level: 'ok', usedPercent: 0, overBytes: 0 },
    usedBytes: 0,
    streams: [],
  });
});

test('two reports of one snapshot are byte-identical', () => {
  const taken = snapshot({
    streams: [stream('web', { latest: ['a'] }), stream('api', { one: ['a', 'gone'], two: ['a'] })],
    images: [image('a', { layers: { a: 10 } })],
  });
  expect(JSON.stringify(reportOf(taken, rules()))).toBe(JSON.stringify(reportOf(taken, rules())));
});

describe('the order of a report', () => {
  test('is streams and tags by counted bytes, largest first, then by name, and revisions by history', () => {
    const given = report({
      streams: [
        stream('a', { latest: ['small'] }),
        stream('z', { b: ['medium'], a: ['large'], y: [], B: [], x: ['old1', 'old2'] }),
        stream('empty2'),
        stream('Empty'),
        stream('empty1'),
      ],
      images: [
        image('small', { layers: { small: 1 } }),
        image('medium', { layers: { medium: 10 } }),
        image('large', { layers: { large: 100 } }),
      ],
    });
    expect(given.streams.map(({ name }) => name)).toEqual(['z', 'a', 'Empty', 'empty1', 'empty2']);
    expect(streamIn(given, 'z').tags.map(({ name }) => name)).toEqual(['a', 'b', 'B', 'x', 'y']);
    expect(tagIn(given, 'z:x').revisions.map(({ digest }) => digest)).toEqual(['old1', 'old2']);
  });

  test('is teams by id and namespaces by name', () => {
    const of = (name: string): NamespaceReport => ({ ...report({ namespaces: [namespace()] }), name });
    const team = (id: string) => ({ id, displayName: `the ${id}`, namespaces: [], usedBytes: 7 });
    const assembled = assembleReport(
      {
        generatedAt: NOW,
        cluster: { name: 'silver', apiUrl: null, usedBytes: 9, sumOfNamespacesBytes: 11 },
        snapshot: { id: null, exact: true, lists: [], unreadableKinds: [], findings: [] },
      },
      [
        { team: team('ns:z'), report: of('z') },
        { team: team('label:b'), report: of('b-prod') },
        { team: team('label:B'), report: of('x') },
        { team: team('label:b'), report: of('b-dev') },
      ],
    );
    expect(assembled).toMatchObject({
      schemaVersion: 1,
      generatedAt: NOW,
      cluster: { usedBytes: 9, sumOfNamespacesBytes: 11 },
      snapshot: { exact: true },
    });
    expect(assembled.reports.map((one) => [one.team, one.namespaces.map(({ name }) => name)])).toEqual([
      [{ id: 'label:B', displayName: 'the label:B', usedBytes: 7 }, ['x']],
      [{ id: 'label:b', displayName: 'the label:b', usedBytes: 7 }, ['b-dev', 'b-prod']],
      [{ id: 'ns:z', displayName: 'the ns:z', usedBytes: 7 }, ['z']],
    ]);
  });
});

describe('the state of a tag', () => {
  const given = report({
    streams: [
      stream('api', {
        sound: ['a'],
        empty: { revisions: [] },
        failed: { importFailure: 'denied' },
        'failed-since': { importFailure: 'denied', revisions: ['a'] },
        pointer: { isReference: true, revisions: [imported('far')] },
        'failed-pointer': { isReference: true, importFailure: 'denied' },
      }),
    ],
    images: [image('a')],
  });

  test.each([
    ['sound', 'ok'],
    ['empty', 'empty'],
    ['failed', 'import-failed'],
    ['failed-since', 'import-failed'],
    ['pointer', 'reference'],
    ['failed-pointer', 'reference'],
  ])('%s is %s', (tag, state) => {
    expect(tagIn(given, `api:${tag}`).state).toBe(state);
  });

  test('that failed to import is a finding with the reason', () => {
    expect(given.findings.filter(({ code }) => code === 'import-failed')).toEqual([
      {
        code: 'import-failed',
        subject: 'api:failed',
        message: 'The import failed (denied), so there is nothing to weigh.',
      },
      {
        code: 'import-failed',
        subject: 'api:failed-pointer',
        message: 'The import failed (denied), so there is nothing to weigh.',
      },
      {
        code: 'import-failed',
        subject: 'api:failed-since',
        message: 'The import failed (denied), so its earlier revisions are weighed.',
      },
    ]);
  });
});

describe('tags on the same image', () => {
  test('name each other, sorted, across streams, by their current revision only', () => {
    const given = report({
      streams: [
        stream('web', { latest: ['a'], old: ['b', 'a'] }),
        stream('api', { two: ['a'], one: ['a'], three: ['b'] }),
      ],
      images: [image('a'), image('b')],
    });
    expect(tagIn(given, 'api:one').sameImageAs).toEqual(['api:two', 'web:latest']);
    expect(tagIn(given, 'web:latest').sameImageAs).toEqual(['api:one', 'api:two']);
    expect(tagIn(given, 'web:old').sameImageAs).toEqual(['api:three']);
  });

  test('name ten of many: the first by name, never themselves', () => {
    const tags = Array.from({ length: 2000 }, (_, position) => `t${String(position).padStart(4, '0')}`);
    const given = report({
      streams: [stream('api', Object.fromEntries(tags.map((tag) => [tag, ['a']])))],
      images: [image('a')],
    });
    const named = (...positions: readonly number[]) => positions.map((position) => `api:${tags[position]}`);
    expect(tagIn(given, 'api:t0000').sameImageAs).toEqual(named(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
    expect(tagIn(given, 'api:t0010').sameImageAs).toEqual(named(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
    expect(tagIn(given, 'api:t1999').sameImageAs).toEqual(named(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
    const all = given.streams.flatMap((one) => one.tags.flatMap(({ sameImageAs }) => sameImageAs));
    expect(all).toHaveLength(2000 * 10);
  });

  test('are none where a tag is empty or names no image', () => {
    const given = report({
      streams: [stream('api', { one: [], two: [], three: [''], four: [''] })],
    });
    expect(given.streams[0]?.tags.map(({ sameImageAs }) => sameImageAs)).toEqual([[], [], [], []]);
  });

  test('are those of an image that is gone, too', () => {
    const given = report({ streams: [stream('api', { one: ['gone'], two: ['gone'] })] });
    expect(tagIn(given, 'api:one').sameImageAs).toEqual(['api:two']);
  });
});

describe('in use', () => {
  const images = [image('a'), image('b'), image('c')];

  test('is a revision whose image is used, a tag with it in its history, and their stream', () => {
    const given = report({
      images,
      streams: [stream('api', { latest: ['a', 'b'], other: ['c'] }), stream('web', { latest: ['c'] })],
      references: [uses(POD, { type: 'digest', digest: 'b' })],
    });
    expect(tagIn(given, 'api:latest').revisions.map(({ inUse }) => inUse)).toEqual([false, true]);
    expect(tagIn(given, 'api:latest').inUse).toBe(true);
    expect(tagIn(given, 'api:other').inUse).toBe(false);
    expect(streamIn(given, 'api').inUse).toBe(true);
    expect(streamIn(given, 'web').inUse).toBe(false);
  });

  test('is a tag that a workload names, even one without revisions, and its stream', () => {
    const given = report({
      streams: [stream('api', { v1: [], v2: [] })],
      references: [uses(POD, `${NAMESPACE}/api:v1`)],
    });
    expect(tagIn(given, 'api:v1').inUse).toBe(true);
    expect(tagIn(given, 'api:v2').inUse).toBe(false);
    expect(streamIn(given, 'api').inUse).toBe(true);
  });

  test('is not a stream of which a workload names a tag that is not there', () => {
    const given = report({
      streams: [stream('api', { v1: [] })],
      references: [uses(POD, `${NAMESPACE}/api:v2`)],
    });
    expect(streamIn(given, 'api').inUse).toBe(false);
  });

  test('is an image that only another namespace’s workload uses', () => {
    const given = report({
      images,
      streams: [stream('api', { v1: ['a'] })],
      references: [uses(`${OTHER}/Deployment/api`, `${NAMESPACE}/api:v1`)],
    });
    expect(tagIn(given, 'api:v1').revisions[0]).toMatchObject({
      inUse: true,
      inUseBy: [`${OTHER}/Deployment/api`],
      inUseCount: 1,
    });
  });

  test('is an index whose child is used', () => {
    const given = report({
      images: [index('all', ['a', 'b']), ...images],
      streams: [stream('api', { all: ['all'], a: ['a'], b: ['b'] })],
      references: [uses(POD, { type: 'digest', digest: 'a' })],
    });
    expect(tagIn(given, 'api:all').inUse).toBe(true);
    expect(tagIn(given, 'api:a').inUse).toBe(true);
    expect(tagIn(given, 'api:b').inUse).toBe(false);
  });

  test.each([
    { name: 'a kind could not be read', seen: { unreadableKinds: ['pods'] } },
    { name: 'only some namespaces were read', seen: { scope: 'namespaces' } as const },
  ])('is unknown where $name, but a use that was found is one', ({ seen }) => {
    const given = report({
      ...seen,
      images,
      streams: [stream('api', { v1: ['a', 'b'], v2: ['c'], v3: [] }), stream('web', { v1: ['c'] })],
      references: [uses(POD, { type: 'digest', digest: 'b' })],
    });
    expect(tagIn(given, 'api:v1').revisions.map(({ inUse }) => inUse)).toEqual([null, true]);
    expect(tagIn(given, 'api:v1').inUse).toBe(true);
    expect(tagIn(given, 'api:v2').inUse).toBeNull();
    expect(tagIn(given, 'api:v3').inUse).toBeNull();
    expect(streamIn(given, 'api').inUse).toBe(true);
    expect(streamIn(given, 'web').inUse).toBeNull();
  });

  const crowd = (workloadNamespace: string, size: number) =>
    Array.from({ length: size }, (_, position) =>
      uses(`${workloadNamespace}/Pod/p${String(position).padStart(2, '0')}`, { type: 'digest', digest: 'a' }),
    );

  test('names the team’s own workloads first, 10 at most, and counts all', () => {
    const given = report({
      images,
      namespaces: [namespace()],
      streams: [stream('api', { v1: ['a'] })],
      references: [...crowd('a-first', 9), ...crowd(NAMESPACE, 3)],
    });
    expect(tagIn(given, 'api:v1').revisions[0]).toMatchObject({
      inUseBy: [
        ...['00', '01', '02'].map((name) => `${NAMESPACE}/Pod/p${name}`),
        ...['00', '01', '02', '03', '04', '05', '06'].map((name) => `a-first/Pod/p${name}`),
      ],
      inUseCount: 12,
    });
  });

  test('names after the team’s own the strongest uses first, and says how each uses it', () => {
    const given = report({
      images,
      namespaces: [namespace()],
      streams: [stream('api', { v1: ['a'] })],
      references: [
        uses(
          'b/ReplicaSet/a',
          { type: 'digest', digest: 'a' },
          { how: 'scaled-to-0', controller: 'b/Deployment/a' },
        ),
        uses('b/Deployment/a', { type: 'digest', digest: 'b' }),
        uses('c/Pod/z', { type: 'digest', digest: 'a' }),
        uses(`${NAMESPACE}/Build/api-1`, { type: 'digest', digest: 'a' }, { how: 'finished' }),
      ],
    });
    expect(tagIn(given, 'api:v1').revisions[0]).toMatchObject({
      inUseBy: [`${NAMESPACE}/Build/api-1`, 'c/Pod/z', 'b/ReplicaSet/a'],
      inUseHow: ['finished', 'running', 'old-rollout'],
      inUseCount: 3,
    });
  });

  test('names with a tag whoever uses any of its revisions, each once by its strongest use', () => {
    const [job, cronJob] = [`${NAMESPACE}/Job/once`, `${NAMESPACE}/CronJob/nightly`];
    const given = report({
      images,
      streams: [stream('api', { v1: ['a', 'b', 'a'] })],
      references: [
        uses(POD, { type: 'digest', digest: 'a' }, { how: 'finished' }),
        uses(POD, { type: 'digest', digest: 'b' }),
        uses(job, { type: 'digest', digest: 'b' }, { how: 'suspended' }),
        uses(cronJob, `${NAMESPACE}/api:v1`, { how: 'scheduled' }),
      ],
    });
    expect(tagIn(given, 'api:v1')).toMatchObject({
      inUseBy: [POD, cronJob, job],
      inUseHow: ['running', 'scheduled', 'suspended'],
      inUseCount: 3,
    });
  });

  test('names with a tag without revisions, or without a current image, whoever names it', () => {
    const given = report({
      images,
      streams: [stream('api', { none: [], lost: ['', 'a'] })],
      references: [
        uses(POD, `${NAMESPACE}/api:none`),
        uses(POD, `${NAMESPACE}/api:lost`, { how: 'trigger' }),
        uses('other/Pod/x', { type: 'digest', digest: 'a' }),
      ],
    });
    expect(tagIn(given, 'api:none')).toMatchObject({ inUse: true, inUseBy: [POD], inUseHow: ['running'] });
    expect(tagIn(given, 'api:lost')).toMatchObject({
      inUse: true,
      inUseBy: [POD, 'other/Pod/x'],
      inUseHow: ['trigger', 'running'],
      inUseCount: 2,
    });
  });

  test('counts workloads of all the team’s namespaces as its own', () => {
    const team = { labels: { name: 'wally' } };
    const taken = snapshot(
      {
        images,
        namespaces: [namespace(NAMESPACE, team), namespace('z-prod', team)],
        streams: [stream('api', { v1: ['a'] })],
        references: [...crowd('b-other', 1), ...crowd('z-prod', 1)],
      },
      NAMESPACE,
      { groupByLabel: 'name' },
    );
    expect(tagIn(reportOf(taken, rules()), 'api:v1').revisions[0]?.inUseBy).toEqual([
      'z-prod/Pod/p00',
      'b-other/Pod/p00',
    ]);
  });

  test('names nobody else’s workloads once redacted, and still counts them', () => {
    const given = report({
      images,
      namespaces: [namespace()],
      streams: [stream('api', { v1: ['a'], v2: ['b'] })],
      references: [
        ...crowd('other', 2),
        ...crowd(NAMESPACE, 1),
        ...crowd(`${NAMESPACE}2`, 1),
        uses('other/Pod/x', { type: 'digest', digest: 'b' }),
      ],
    });
    const redacted = redactWorkloads(given, [NAMESPACE]);
    const own = { inUse: true, inUseBy: [`${NAMESPACE}/Pod/p00`], inUseHow: ['running'], inUseCount: 4 };
    expect(tagIn(redacted, 'api:v1')).toMatchObject({ ...own, revisions: [own] });
    const others = { inUse: true, inUseBy: [], inUseHow: [], inUseCount: 1 };
    expect(tagIn(redacted, 'api:v2')).toMatchObject({ ...others, revisions: [others] });
    expect(JSON.stringify(redacted)).not.toContain('other/');
    expect(tagIn(given, 'api:v1').revisions[0]?.inUseBy).toHaveLength(4);
  });

  test('is not disturbed by images called as what every object has', () => {
    const given = report({
      images: [image('constructor'), image('__proto__')],
      streams: [stream('api', { one: ['constructor'], two: ['__proto__'] })],
      references: [uses(POD, { type: 'digest', digest: '__proto__' })],
    });
    expect(tagIn(given, 'api:one').inUse).toBe(false);
    expect(tagIn(given, 'api:two').inUse).toBe(true);
  });
});

describe('the quota of a report', () => {
  const over = {
    namespaces: [namespace(NAMESPACE, { annotations: { [QUOTA_ANNOTATION]: '1' } })],
    streams: [stream('api', { latest: ['a'] })],
    images: [image('a', { layers: { a: 850 } })],
  };
  const override: QuotaOverride = { limit: 100, reason: 'trial', actor: 'admin', expiresAt: ago(-1) };

  test('is a warning from the configured percentage', () => {
    expect(report(over).quota).toMatchObject({ level: 'warning', usedPercent: 85 });
    const quota = { ...rules().quota, warnPercent: 86 };
    expect(report(over, rules({ quota })).quota).toMatchObject({ level: 'ok', usedPercent: 85 });
  });

  test('has its findings among the report’s', () => {
    expect(report(over).findings).toMatchObject([{ code: 'quota-annotation-off' }, { code: 'no-recipient' }]);
  });

  test('names an admin’s override, as of the snapshot’s moment', () => {
    const taken = snapshot(over);
    expect(reportOf(taken, rules(), override).quota).toMatchObject({
      limitBytes: 100,
      source: 'override',
      level: 'over',
      overBytes: 750,
    });
    expect(reportOf(taken, rules(), { ...override, expiresAt: NOW }).quota.source).toBe('default');
  });
});

describe('the environment of a namespace', () => {
  test.each([
    { name: 'is the label’s value', labels: { environment: 'prod', tier: 'gold' }, by: 'tier', is: 'gold' },
    { name: 'is none where the label is missing', labels: {}, by: 'environment', is: null },
    { name: 'is none where the label is empty', labels: { environment: '' }, by: 'environment', is: null },
    { name: 'is none where every object has something of its name', labels: {}, by: 'constructor', is: null },
  ])('$name', ({ labels, by, is }) => {
    const given = report({ namespaces: [namespace(NAMESPACE, { labels })] }, rules({ environmentLabel: by }));
    expect(given.environment).toBe(is);
  });
});

describe('findings of a report', () => {
  test('name a tag for which no command is written, once each, by subject', () => {
    const given = report({
      streams: [
        stream('Web', { latest: [] }),
        stream('api', { '-x': [], ok: [], 'a b': [] }),
        stream('my_app'),
      ],
    });
    expect(given.findings.filter(({ code }) => code === 'name-not-quotable')).toEqual(
      ['Web:latest', 'api:-x', 'api:a b'].map((subject) => ({
        code: 'name-not-quotable',
        subject,
        message:
          'The name does not match the API’s grammar, so no command is written for it. It is weighed like any other tag.',
      })),
    );
  });

  test('begin with what is odd about images and end with the recipients', () => {
    const given = report({
      streams: [stream('api', { latest: ['gone'], failed: { importFailure: 'denied' } })],
    });
    expect(given.findings.map(({ code }) => code)).toEqual([
      'image-missing',
      'import-failed',
      'no-recipient',
    ]);
  });
});

test('imported bytes are charged where the rules say so', () => {
  const given = {
    streams: [stream('api', { latest: ['a'], mirror: [imported('far')] })],
    images: [image('a', { layers: { a: 10 } }), image('far', { layers: { far: 20 } })],
  };
  expect(report(given)).toMatchObject({ usedBytes: 10, importedBytes: 20 });
  expect(report(given, rules({ chargeImported: true }))).toMatchObject({ usedBytes: 30, importedBytes: 0 });
});
