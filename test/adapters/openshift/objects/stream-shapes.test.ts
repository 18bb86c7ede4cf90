import { describe, expect, test } from 'vitest';
import type { NamespaceReport, TagReport } from '../../../../src/usage/report/report.ts';
import { sha256 } from '../../../usage/build.ts';
import { reportOn } from '../../../usage/report-on.ts';
import {
  apiImage,
  apiLayers,
  apiNamespace,
  apiStream,
  HOST,
  NAMESPACE,
  namespaceIn,
  pushedImage,
  readObjects,
  reportOnObjects,
} from '../api-objects.ts';

/** Every shape of ImageStream object that the API is known to send, or may: from the object to figures and findings. */

const [A, B, GONE] = [sha256('a'), sha256('b'), sha256('0')] as const;
const PROD = 'a1b2c3-prod';
const images = [pushedImage(A, { base: 100, a: 20 }), pushedImage(B, { base: 100, b: 40 })];

const tagIn = ({ streams }: NamespaceReport, label: string): TagReport => {
  const found = streams
    .flatMap((stream) => stream.tags.map((tag) => ({ ...tag, label: `${stream.name}:${tag.name}` })))
    .find((tag) => tag.label === label);
  if (found === undefined) throw new Error(`no tag ${label}`);
  return found;
};

const messagesOf = ({ findings }: NamespaceReport): readonly string[] =>
  findings.map(({ code, subject, message }) => `${code} ${subject}: ${message}`);

/** `stream:tag#position` and the bytes of every revision that some are counted at. */
const counted = ({ streams }: NamespaceReport): Readonly<Record<string, number>> =>
  Object.fromEntries(
    streams.flatMap((stream) =>
      stream.tags.flatMap((tag) =>
        tag.revisions.flatMap(({ countedBytes }, position) =>
          countedBytes > 0 ? [[`${stream.name}:${tag.name}#${position}`, countedBytes] as const] : [],
        ),
      ),
    ),
  );

/** A tag event of a push, at this moment. */
const pushed = (digest: string, created: string | undefined, host = HOST) => ({
  created,
  dockerImageReference: `${host}/${NAMESPACE}/api@${digest}`,
  image: digest,
});

describe('an imported image', () => {
  const from = { kind: 'DockerImage', name: 'docker.example.com/library/thing:1' };
  const imported = {
    created: '2026-11-01T08:00:00Z',
    dockerImageReference: `docker.example.com/library/thing@${B}`,
    image: B,
  };
  const thing = apiImage(
    B,
    {
      dockerImageLayers: apiLayers({ base: 100, b: 40 }),
      dockerImageMetadata: { Id: 'thing-config', Size: 143 },
    },
    null,
  );
  const objects = (policy: string, image = thing) => ({
    imagestreams: [
      apiStream(
        'api',
        { own: [A], thing: [imported] },
        { spec: { tags: [{ name: 'thing', from, referencePolicy: { type: policy } }] } },
      ),
    ],
    images: [pushedImage(A, { base: 100, a: 20 }), image],
  });

  test.each(['Source', 'Local'])('by policy %s is summed apart, without what pushed ones hold', (policy) => {
    const report = namespaceIn(reportOnObjects(objects(policy)));
    expect(report).toMatchObject({
      usedBytes: 123,
      importedBytes: 43,
      unknownRevisions: 0,
      findings: [],
      streams: [{ sizeBytes: 166, countedBytes: 123, freesBytes: 123, reclaimsBytes: 123 }],
    });
    expect(tagIn(report, 'api:thing')).toMatchObject({ sizeBytes: 143, countedBytes: 0, freesBytes: 0 });
    expect(tagIn(report, 'api:thing').revisions).toMatchObject([{ sizeBytes: 143, charged: false }]);
  });

  test.each(['Source', 'Local'])('by policy %s counts like any other where imports are charged', (policy) => {
    const report = namespaceIn(reportOnObjects(objects(policy), { chargeImported: true }));
    expect(report).toMatchObject({ usedBytes: 166, importedBytes: 0, findings: [] });
    expect(tagIn(report, 'api:thing')).toMatchObject({ countedBytes: 43, freesBytes: 43 });
  });

  test('that is managed, because this registry serves it elsewhere, is not charged where it is imported', () => {
    const managed = pushedImage(B, { base: 100, b: 40 });
    expect(namespaceIn(reportOnObjects(objects('Source', managed)))).toMatchObject({
      usedBytes: 123,
      importedBytes: 43,
    });
  });

  test.each(['True', 'false', ''])('is also one whose managed annotation says %j', (text) => {
    const fields = { dockerImageLayers: apiLayers({ base: 100 }), dockerImageMetadata: { Size: 100 } };
    const report = namespaceIn(
      reportOnObjects({
        imagestreams: [apiStream('api', { latest: [A] })],
        images: [apiImage(A, fields, text)],
      }),
    );
    expect(report).toMatchObject({ usedBytes: 0, importedBytes: 100, unknownRevisions: 0 });
  });
});

describe('a revision is of this registry', () => {
  const other = 'default-route.apps.example.test';
  test.each([
    { name: 'by its host and port', host: HOST, repository: `${HOST}/${NAMESPACE}/api`, is: true },
    {
      name: 'by its host in capitals',
      host: HOST.toUpperCase(),
      repository: `${HOST}/${NAMESPACE}/api`,
      is: true,
    },
    {
      name: 'by a host without a port',
      host: other,
      repository: `${other}/${NAMESPACE}/api`,
      is: true,
    },
    {
      name: 'not by another port',
      host: HOST.replace('5000', '443'),
      repository: `${HOST}/${NAMESPACE}/api`,
      is: false,
    },
    {
      name: 'not by a host that the stream does not name',
      host: other,
      repository: `${HOST}/${NAMESPACE}/api`,
      is: false,
    },
    { name: 'not where the stream has no repository', host: HOST, repository: null, is: false },
    { name: 'not where the stream’s repository is empty', host: HOST, repository: '', is: false },
  ])('$name', ({ host, repository, is }) => {
    const stream = apiStream('api', { latest: [pushed(A, '2026-11-01T08:00:00Z', host)] }, { repository });
    const report = namespaceIn(reportOnObjects({ imagestreams: [stream], images }));
    expect(report).toMatchObject({ usedBytes: is ? 123 : 0, importedBytes: is ? 0 : 123, findings: [] });
  });

  test('by the public host that the stream names', () => {
    const stream = apiStream(
      'api',
      { latest: [pushed(A, '2026-11-01T08:00:00Z', other)] },
      { publicRepository: `${other}/${NAMESPACE}/api` },
    );
    const report = namespaceIn(reportOnObjects({ imagestreams: [stream], images }));
    expect(report).toMatchObject({ usedBytes: 123, importedBytes: 0, findings: [] });
  });

  test('not where it says of itself no reference', () => {
    const stream = apiStream('api', { latest: [{ image: A, created: '2026-11-01T08:00:00Z' }] });
    const report = namespaceIn(reportOnObjects({ imagestreams: [stream], images }));
    expect(report).toMatchObject({ usedBytes: 0, importedBytes: 123 });
  });
});

test('an image promoted by oc tag across namespaces counts in each of them and once in their team and the cluster', () => {
  const labels = { name: 'wally' };
  const from = { kind: 'ImageStreamTag', namespace: NAMESPACE, name: 'api:latest' };
  const report = reportOnObjects(
    {
      namespaces: [apiNamespace(NAMESPACE, { labels }), apiNamespace(PROD, { labels })],
      imagestreams: [
        apiStream('api', { latest: [B, A] }),
        apiStream('api', { prod: [A] }, { namespace: PROD, spec: { tags: [{ name: 'prod', from }] } }),
      ],
      images,
    },
    { groupByLabel: 'name' },
  );
  expect(report.cluster).toMatchObject({ usedBytes: 166, sumOfNamespacesBytes: 289 });
  expect(report.reports).toMatchObject([{ team: { id: 'label:wally', usedBytes: 166 } }]);
  expect(namespaceIn(report)).toMatchObject({ usedBytes: 166, sharedWithTeamBytes: 123 });
  expect(namespaceIn(report, PROD)).toMatchObject({ usedBytes: 123, sharedWithTeamBytes: 123 });
  expect(namespaceIn(report).streams[0]).toMatchObject({ freesBytes: 166, reclaimsBytes: 43 });
  expect(namespaceIn(report, PROD).streams[0]).toMatchObject({ freesBytes: 123, reclaimsBytes: 0 });
});

test('an A-B-A history counts each image once, at its current revision, and the tag frees all of it', () => {
  const stream = apiStream('api', { latest: [A, B, A] });
  const report = namespaceIn(reportOnObjects({ imagestreams: [stream], images }));
  expect(report).toMatchObject({ usedBytes: 166, totals: { revisions: 3, images: 2, blobs: 5 } });
  expect(counted(report)).toEqual({ 'api:latest#0': 123, 'api:latest#1': 43 });
  expect(tagIn(report, 'api:latest').freesBytes).toBe(166);
});

test('one image under many tags counts once, and each tag frees nothing alone', () => {
  const stream = apiStream('api', { one: [A], two: [A], three: [A] });
  const report = namespaceIn(reportOnObjects({ imagestreams: [stream], images }));
  expect(report).toMatchObject({ usedBytes: 123, totals: { tags: 3, images: 1 } });
  expect(counted(report)).toEqual({ 'api:one#0': 123 });
  expect(report.streams[0]?.tags.map(({ freesBytes }) => freesBytes)).toEqual([0, 0, 0]);
  expect(report.streams[0]?.freesBytes).toBe(123);
});

test('a digest that two images state with two sizes has the larger one in both, and a finding with the figure', () => {
  const report = namespaceIn(
    reportOnObjects({
      imagestreams: [apiStream('api', { one: [A], two: [B] })],
      images: [pushedImage(A, { base: 100, a: 20 }), pushedImage(B, { base: 130, b: 40 })],
    }),
  );
  expect(report).toMatchObject({ usedBytes: 196, unknownRevisions: 0 });
  expect(tagIn(report, 'api:one').sizeBytes).toBe(153);
  expect(messagesOf(report)).toEqual([
    'blob-size-conflict base: Images state different sizes for this blob, that of api:two among them: it is weighed as 130 B (a layer’s size before a config’s, then the largest).',
  ]);
});

describe('a tag without anything to weigh', () => {
  const notFound = {
    type: 'ImportSuccess',
    status: 'False',
    reason: 'NotFound',
    message: 'thing:1 not found',
    generation: 2,
  };
  const FAILED = 'import-failed api:t: The import failed (thing:1 not found), so';

  test.each([
    { name: 'has items of null', given: { items: null }, state: 'empty', findings: [] },
    { name: 'has no items', given: { items: undefined }, state: 'empty', findings: [] },
    { name: 'has an empty list of them', given: { items: [] }, state: 'empty', findings: [] },
    {
      name: 'never imported anything',
      given: { items: null, conditions: [notFound] },
      state: 'import-failed',
      findings: [`${FAILED} there is nothing to weigh.`],
    },
    {
      name: 'says no reason why',
      given: { items: null, conditions: [{ type: 'ImportSuccess', status: 'False' }] },
      state: 'import-failed',
      findings: ['import-failed api:t: The import failed (no reason given), so there is nothing to weigh.'],
    },
  ])('$name', ({ given, state, findings }) => {
    const report = namespaceIn(reportOnObjects({ imagestreams: [apiStream('api', { t: given })], images }));
    expect(report).toMatchObject({ usedBytes: 0, unknownRevisions: 0, totals: { tags: 1, revisions: 0 } });
    expect(tagIn(report, 'api:t')).toMatchObject({ state, sizeBytes: 0, revisions: [] });
    expect(messagesOf(report)).toEqual(findings);
  });

  test('is only asked for in the spec', () => {
    const spec = { tags: [{ name: 'wanted', from: { kind: 'ImageStreamTag', name: 'other:latest' } }] };
    const report = namespaceIn(reportOnObjects({ imagestreams: [apiStream('api', {}, { spec })], images }));
    expect(report.totals).toMatchObject({ streams: 1, tags: 1, revisions: 0 });
    expect(tagIn(report, 'api:wanted')).toMatchObject({ state: 'empty', revisions: [] });
  });

  test('is a mere reference', () => {
    const from = { kind: 'DockerImage', name: 'docker.example.com/library/thing:1' };
    const spec = { tags: [{ name: 'pointer', from, reference: true }] };
    const report = namespaceIn(reportOnObjects({ imagestreams: [apiStream('api', {}, { spec })] }));
    expect(report).toMatchObject({ usedBytes: 0, unknownRevisions: 0, findings: [] });
    expect(tagIn(report, 'api:pointer')).toMatchObject({ state: 'reference', revisions: [] });
  });

  test('is a mere reference whose event names no image, as `oc tag --reference` leaves it', () => {
    const from = { kind: 'DockerImage', name: 'docker.example.com/library/thing:1' };
    const spec = { tags: [{ name: 'pointer', from, reference: true }] };
    const event = {
      created: '2026-11-01T08:00:00Z',
      dockerImageReference: 'docker.example.com/library/thing:1',
      image: '',
    };
    const stream = apiStream('api', { pointer: [event], latest: [A] }, { spec });
    const report = namespaceIn(reportOnObjects({ imagestreams: [stream], images }));
    expect(report).toMatchObject({ usedBytes: 123, unknownRevisions: 0, findings: [] });
    expect(tagIn(report, 'api:pointer')).toMatchObject({
      state: 'reference',
      revisions: [{ digest: '', sizeBytes: 0, countedBytes: 0, charged: false }],
    });
  });

  test('is in a stream that nobody pushed to, of which there may be nothing but the name', () => {
    const bare = { metadata: { namespace: NAMESPACE, name: 'bare' } };
    const report = namespaceIn(reportOnObjects({ imagestreams: [apiStream('api', {}), bare] }));
    expect(report).toMatchObject({ usedBytes: 0, totals: { streams: 2, tags: 0 }, findings: [] });
  });

  test('may have held something before its import failed, which is weighed', () => {
    const items = [pushed(A, '2026-11-01T08:00:00Z')];
    const stream = apiStream('api', { t: { items, conditions: [notFound] } });
    const report = namespaceIn(reportOnObjects({ imagestreams: [stream], images }));
    expect(report).toMatchObject({ usedBytes: 123, unknownRevisions: 0 });
    expect(tagIn(report, 'api:t')).toMatchObject({ state: 'import-failed', countedBytes: 123 });
    expect(messagesOf(report)).toEqual([`${FAILED} its earlier revisions are weighed.`]);
  });
});

describe('a revision of which nothing is known', () => {
  const UNKNOWN = 'so its size is unknown and the usage is a lower bound.';

  test.each([
    {
      name: 'has an empty image',
      event: { created: '2026-11-01T08:00:00Z', dockerImageReference: 'docker.example.com/x:1', image: '' },
      finding: `image-missing api:t: The revision names no image, ${UNKNOWN}`,
    },
    {
      name: 'has no image',
      event: { created: '2026-11-01T08:00:00Z', dockerImageReference: 'docker.example.com/x:1' },
      finding: `image-missing api:t: The revision names no image, ${UNKNOWN}`,
    },
    {
      name: 'has an image that is gone',
      event: pushed(GONE, '2026-11-01T08:00:00Z'),
      finding: `image-missing api:t@${GONE}: The Image object is gone, ${UNKNOWN}`,
    },
  ])('$name, beside others that are weighed', ({ event, finding }) => {
    const stream = apiStream('api', { t: [event, A] });
    const report = namespaceIn(reportOnObjects({ imagestreams: [stream], images }));
    expect(report).toMatchObject({ usedBytes: 123, unknownRevisions: 1, totals: { revisions: 2 } });
    expect(tagIn(report, 'api:t')).toMatchObject({ state: 'ok', sizeBytes: 123, unknownRevisions: 1 });
    expect(tagIn(report, 'api:t').revisions[0]).toMatchObject({ sizeBytes: null, charged: false });
    expect(messagesOf(report)).toEqual([finding]);
  });
});

describe('a blob that several tags hold is counted', () => {
  test.each([
    {
      name: 'by name where they were created at once',
      first: '2026-11-01T08:00:00Z',
      second: '2026-11-01T08:00:00Z',
      at: 'api:one#0',
    },
    {
      name: 'at the older one, whatever its time zone',
      first: '2026-11-01T08:00:00Z',
      second: '2026-11-01T09:59:59+02:00',
      at: 'api:two#0',
    },
    {
      name: 'at any other one before one from a clock that is ahead',
      first: '2027-11-01T08:00:00Z',
      second: '2026-11-01T08:00:00Z',
      at: 'api:two#0',
    },
    {
      name: 'at one with a time before one without',
      first: undefined,
      second: '2027-11-01T08:00:00Z',
      at: 'api:two#0',
    },
    { name: 'by name where none has a time', first: undefined, second: undefined, at: 'api:one#0' },
  ])('$name', ({ first, second, at }) => {
    const stream = apiStream('api', { one: [pushed(A, first)], two: [pushed(A, second)] });
    expect(counted(namespaceIn(reportOnObjects({ imagestreams: [stream], images })))).toEqual({ [at]: 123 });
  });
});

describe('names', () => {
  test('such as __proto__ and constructor are names of tags and streams like any other', () => {
    const stream = apiStream('constructor', { ['__proto__']: [A], toString: [B] });
    const pod = {
      metadata: { namespace: NAMESPACE, name: 'valueOf' },
      spec: { containers: [{ image: `${HOST}/${NAMESPACE}/constructor:__proto__` }] },
    };
    const report = namespaceIn(reportOnObjects({ imagestreams: [stream], images, pods: [pod] }));
    expect(report).toMatchObject({ usedBytes: 166, findings: [] });
    expect(tagIn(report, 'constructor:__proto__')).toMatchObject({
      inUse: true,
      revisions: [{ inUseBy: [`${NAMESPACE}/Pod/valueOf`] }],
    });
    expect(tagIn(report, 'constructor:toString').inUse).toBe(false);
  });

  test('of labels that are absent are so, though every object has something of that name', () => {
    const report = reportOnObjects(
      { imagestreams: [apiStream('api', { latest: [A] })], images },
      { groupByLabel: 'constructor' },
    );
    expect(report.reports.map(({ team }) => team.id)).toEqual([`ns:${NAMESPACE}`]);
  });

  test('are in the order of their code units, whatever a language says', () => {
    const sorted = ['B', 'a', 'a-b', 'a.b', 'a10', 'a9', 'a_b', 'ab', 'b'];
    const imagestreams = sorted.toReversed().map((name) => apiStream(name, {}));
    const report = namespaceIn(reportOnObjects({ imagestreams }));
    expect(report.streams.map(({ name }) => name)).toEqual(sorted);
  });

  test('outside the API’s grammar are weighed all the same, and get no command', () => {
    const stream = apiStream('api', { 'a b': [A], '-x': [B], 'v1_2.3-RC': [A] });
    const report = namespaceIn(reportOnObjects({ imagestreams: [stream], images }));
    expect(report.usedBytes).toBe(166);
    expect(messagesOf(report)).toEqual(
      ['api:-x', 'api:a b'].map(
        (label) =>
          `name-not-quotable ${label}: The name does not match the API’s grammar, so no command is written for it. It is weighed like any other tag.`,
      ),
    );
  });
});

describe('a stream may be large', () => {
  test('10,000 tags on images of their own count what they share once', () => {
    const digests = Array.from({ length: 10_000 }, (_, at) => `sha256:${String(at).padStart(64, '0')}`);
    const stream = apiStream('api', Object.fromEntries(digests.map((digest, at) => [`pr-${at}`, [digest]])));
    const many = digests.map((digest) => pushedImage(digest, { base: 1000, [`${digest}-own`]: 7 }));
    const report = namespaceIn(reportOn(readObjects({ imagestreams: [stream], images: many })));
    // The layer of 1,000 once; of each image its own layer of 7 and its config of 3.
    expect(report).toMatchObject({ usedBytes: 101_000, totals: { tags: 10_000, blobs: 20_001 } });
    expect(report.streams[0]).toMatchObject({ sizeBytes: 101_000, freesBytes: 101_000 });
    expect(tagIn(report, 'api:pr-0')).toMatchObject({ countedBytes: 1010, freesBytes: 10 });
    expect(tagIn(report, 'api:pr-9999')).toMatchObject({ countedBytes: 10, freesBytes: 10 });
  });

  test('150,000 revisions of one tag are all listed and count each image once', () => {
    const history = Array.from({ length: 150_000 }, (_, at) => (at % 2 === 0 ? A : B));
    const stream = apiStream('api', { latest: history });
    const report = namespaceIn(reportOn(readObjects({ imagestreams: [stream], images })));
    expect(report).toMatchObject({ usedBytes: 166, totals: { tags: 1, revisions: 150_000, images: 2 } });
    expect(counted(report)).toEqual({ 'api:latest#0': 123, 'api:latest#149999': 43 });
  });
});
