import { describe, expect, test } from 'vitest';
import type { ApiObject } from '../../../../sandbox/api-lists.ts';
import type { NamespaceReport } from '../../../../src/usage/report/report.ts';
import { sha256 } from '../../../usage/build.ts';
import {
  HOST,
  apiImage,
  apiLayers,
  apiStream,
  indexImage,
  namespaceIn,
  pushedImage,
  reportOnObjects,
} from '../api-objects.ts';

/** Every shape of Image object that the API is known to send, or may: from the object to figures and findings. */

const [A, B, C, D, GONE] = [sha256('a'), sha256('b'), sha256('c'), sha256('d'), sha256('0')] as const;
/** What a finding of an unknown size ends with. */
const UNKNOWN = 'so its size is unknown and the usage is a lower bound.';

/** `api:latest` is the image A, among others that are in no tag. */
const reportOnTag = (images: readonly ApiObject[]): NamespaceReport =>
  namespaceIn(reportOnObjects({ imagestreams: [apiStream('api', { latest: [A] })], images }));

const revisionOf = ({ streams }: NamespaceReport) => streams[0]?.tags[0]?.revisions[0];

const messagesOf = ({ findings }: NamespaceReport): readonly string[] =>
  findings.map(({ code, subject, message }) => `${code} ${subject}: ${message}`);

const two = apiLayers({ base: 100, app: 20 });

describe('an image weighs', () => {
  test.each([
    {
      name: 'its layers and, for the rest of its Size, its config',
      fields: { dockerImageLayers: two, dockerImageMetadata: { Id: 'config', Size: 123 } },
      bytes: 123,
    },
    {
      name: 'a layer that it names three times once',
      fields: {
        dockerImageLayers: [...two, ...two, ...two],
        dockerImageMetadata: { Id: 'config', Size: 123 },
      },
      bytes: 123,
    },
    {
      name: 'its layers where these are all of its Size',
      fields: { dockerImageLayers: two, dockerImageMetadata: { Id: 'config', Size: 120 } },
      bytes: 120,
    },
    {
      name: 'its Size where it has no Id, no layers and is only a config',
      fields: { dockerImageLayers: [], dockerImageMetadata: { Size: 7 } },
      bytes: 7,
    },
    {
      name: 'its layers, some of no bytes beside others',
      fields: {
        dockerImageLayers: apiLayers({ empty: 0, base: 100 }),
        dockerImageMetadata: { Id: 'config', Size: 103 },
      },
      bytes: 103,
    },
    {
      name: 'its layers of schema 1, whose Id is digits alone',
      fields: { dockerImageLayers: two, dockerImageMetadata: { Id: 'c'.repeat(64), Size: 120 } },
      bytes: 120,
    },
    {
      name: 'the empty layer of an OCI artifact, which is its config, too, once',
      fields: { dockerImageLayers: apiLayers({ empty: 2 }), dockerImageMetadata: { Id: 'empty', Size: 2 } },
      bytes: 2,
    },
    {
      name: 'an empty list of children as if there were none',
      fields: {
        dockerImageManifests: [],
        dockerImageLayers: two,
        dockerImageMetadata: { Id: 'config', Size: 123 },
      },
      bytes: 123,
    },
  ])('$name', ({ fields, bytes }) => {
    const report = reportOnTag([apiImage(A, fields)]);
    expect(report).toMatchObject({ usedBytes: bytes, importedBytes: 0, unknownRevisions: 0, findings: [] });
    expect(revisionOf(report)).toMatchObject({ sizeBytes: bytes, countedBytes: bytes, charged: true });
  });

  const LEFT_OUT = 'so size and usage leave its config out.';
  test.each([
    { name: 'has no metadata', metadata: undefined, what: 'The Image object states no usable Size' },
    { name: 'has metadata of null', metadata: null, what: 'The Image object states no usable Size' },
    { name: 'has no Size', metadata: { Id: 'x' }, what: 'The Image object states no usable Size' },
    { name: 'has a negative Size', metadata: { Size: -1 }, what: 'The Image object states no usable Size' },
    {
      name: 'has a Size one byte below its layers',
      metadata: { Id: 'x', Size: 119 },
      what: 'The stated Size is below the sum of the layers',
    },
  ])('its layers alone where it $name, which is a finding', ({ metadata, what }) => {
    const report = reportOnTag([apiImage(A, { dockerImageLayers: two, dockerImageMetadata: metadata })]);
    expect(report).toMatchObject({ usedBytes: 120, unknownRevisions: 0 });
    expect(messagesOf(report)).toEqual([`config-size-negative api:latest@${A}: ${what}, ${LEFT_OUT}`]);
  });

  test('the larger of two sizes that it states for one layer, which is a finding', () => {
    const dockerImageLayers = [...apiLayers({ base: 100 }), ...apiLayers({ base: 130 })];
    const report = reportOnTag([apiImage(A, { dockerImageLayers, dockerImageMetadata: { Size: 133 } })]);
    expect(report).toMatchObject({ usedBytes: 133, unknownRevisions: 0 });
    expect(messagesOf(report)).toEqual([
      'blob-size-conflict base: Images state different sizes for this blob, that of api:latest among them: it is weighed as 130 B (a layer’s size before a config’s, then the largest).',
    ]);
  });

  test('a config that is one of its layers as that layer, which is a finding', () => {
    const dockerImageMetadata = { Id: 'app', Size: 129 };
    const report = reportOnTag([apiImage(A, { dockerImageLayers: two, dockerImageMetadata })]);
    expect(report).toMatchObject({ usedBytes: 120, unknownRevisions: 0 });
    expect(messagesOf(report)).toEqual([expect.stringMatching(/^blob-size-conflict app: .* as 20 B /)]);
  });

  test('the same under a digest of another algorithm', () => {
    const digest = `sha512:${'a'.repeat(128)}`;
    const report = namespaceIn(
      reportOnObjects({
        imagestreams: [apiStream('api', { latest: [digest] })],
        images: [pushedImage(digest, { [`sha512:${'b'.repeat(128)}`]: 100 })],
      }),
    );
    expect(report).toMatchObject({ usedBytes: 103, unknownRevisions: 0, findings: [] });
  });
});

describe('an image is of unknown size, is not charged and is a finding', () => {
  test.each([
    { name: 'when its object is gone', images: [], code: 'image-missing', what: 'is gone' },
    {
      name: 'when it has no layers, whatever its Size',
      images: [apiImage(A, { dockerImageMetadata: { Id: 'config', Size: 123 } })],
      code: 'size-unknown',
      what: 'lists no layers',
    },
    {
      name: 'when its layers are null',
      images: [apiImage(A, { dockerImageLayers: null, dockerImageMetadata: { Size: 123 } })],
      code: 'size-unknown',
      what: 'lists no layers',
    },
    {
      name: 'when it is of schema 1 and every layer has no bytes, whatever its Size',
      images: [
        apiImage(A, {
          dockerImageManifestMediaType: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
          dockerImageLayers: apiLayers({ base: 0, app: 0 }),
          dockerImageMetadata: { Id: 'c'.repeat(64), Size: 50 },
        }),
      ],
      code: 'size-unknown',
      what: 'states no sizes',
    },
    {
      name: 'when its list of layers is empty and it has no Size',
      images: [apiImage(A, { dockerImageLayers: [], dockerImageMetadata: { Id: 'config' } })],
      code: 'size-unknown',
      what: 'states no sizes',
    },
    {
      name: 'when its list of layers is empty and its Size 0',
      images: [apiImage(A, { dockerImageLayers: [], dockerImageMetadata: { Id: 'config', Size: 0 } })],
      code: 'size-unknown',
      what: 'states no sizes',
    },
    {
      name: 'when its list of layers is empty and its Size negative',
      images: [apiImage(A, { dockerImageLayers: [], dockerImageMetadata: { Size: -7 } })],
      code: 'size-unknown',
      what: 'states no sizes',
    },
  ])('$name', ({ images, code, what }) => {
    const report = reportOnTag(images);
    expect(report).toMatchObject({ usedBytes: 0, importedBytes: 0, unknownRevisions: 1 });
    expect(revisionOf(report)).toMatchObject({ sizeBytes: null, countedBytes: 0, charged: false });
    expect(messagesOf(report)).toEqual([`${code} api:latest@${A}: The Image object ${what}, ${UNKNOWN}`]);
  });

  test.each([
    {
      name: 'a layer of a negative size',
      fields: { dockerImageLayers: [{ name: 'x', size: -1 }] },
      path: 'dockerImageLayers[0].size',
    },
    {
      name: 'a layer of half a byte',
      fields: { dockerImageLayers: [{ name: 'x', size: 0.5 }] },
      path: 'dockerImageLayers[0].size',
    },
    {
      name: 'a layer of 2^53 bytes',
      fields: { dockerImageLayers: [{ name: 'x', size: 2 ** 53 }] },
      path: 'dockerImageLayers[0].size',
    },
    {
      name: 'a layer whose size is a text',
      fields: { dockerImageLayers: [{ name: 'x', size: '9' }] },
      path: 'dockerImageLayers[0].size',
    },
    {
      name: 'a layer without a size',
      fields: { dockerImageLayers: [{ name: 'x' }] },
      path: 'dockerImageLayers[0].size',
    },
    {
      name: 'a layer with an empty digest',
      fields: { dockerImageLayers: [{ name: '', size: 9 }] },
      path: 'dockerImageLayers[0].name',
    },
    {
      name: 'a Size that is a text',
      fields: { dockerImageLayers: two, dockerImageMetadata: { Size: '123' } },
      path: 'dockerImageMetadata.Size',
    },
    {
      name: 'a Size of 2^60',
      fields: { dockerImageLayers: two, dockerImageMetadata: { Size: 2 ** 60 } },
      path: 'dockerImageMetadata.Size',
    },
  ])('when it has $name', ({ fields, path }) => {
    const report = reportOnTag([apiImage(A, fields)]);
    expect(report).toMatchObject({ usedBytes: 0, importedBytes: 0, unknownRevisions: 1 });
    expect(messagesOf(report)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^image-unreadable api:latest@${A}: The Image object cannot be read \\(${RegExp.escape(path)}: .+\\), ${UNKNOWN}$`,
        ),
      ),
    ]);
  });

  test('and what it shares with others is not promised back to the registry', () => {
    const mine = (images: readonly ApiObject[]) =>
      namespaceIn(
        reportOnObjects({
          imagestreams: [
            apiStream('api', { latest: [A] }),
            apiStream('api', { latest: [B] }, { namespace: 'd4e5f6-dev' }),
          ],
          images: [pushedImage(A, { base: 100, app: 20 }), ...images],
        }),
      ).streams[0];
    const faulty = apiImage(B, { dockerImageLayers: [...apiLayers({ base: 100 }), { name: 'x', size: -1 }] });
    const sizeless = apiImage(C, { dockerImageLayers: apiLayers({ base: 0 }) });
    expect(mine([])).toMatchObject({ freesBytes: 123, reclaimsBytes: 123 });
    expect(mine([faulty])).toMatchObject({ freesBytes: 123, reclaimsBytes: 23 });
    expect(mine([indexImage(B, { [C]: 'amd64' }), sizeless])).toMatchObject({ reclaimsBytes: 23 });
  });
});

describe('a multi-arch image that cannot be read', () => {
  const child = pushedImage(B, { base: 100 });
  const faulty = apiImage(A, {
    dockerImageManifests: [{ digest: B, architecture: 'amd64' }],
    dockerImageMetadata: { Id: '', Size: '1' },
  });

  test('is in use where a pod runs one of its children', () => {
    const pod = {
      metadata: { namespace: 'd4e5f6-prod', name: 'web' },
      spec: { containers: [{ image: 'web' }] },
      status: { phase: 'Running', containerStatuses: [{ imageID: `${HOST}/a1b2c3-dev/api@${B}` }] },
    };
    const imagestreams = [apiStream('api', { old: [A] })];
    const report = namespaceIn(reportOnObjects({ imagestreams, images: [faulty, child], pods: [pod] }));
    expect(report).toMatchObject({ usedBytes: 0, unknownRevisions: 1 });
    expect(report.streams[0]).toMatchObject({ inUse: true, tags: [{ inUseBy: ['d4e5f6-prod/Pod/web'] }] });
  });

  test('holds what its children weigh, so that nobody is promised that back', () => {
    const imagestreams = [
      apiStream('api', { latest: [A] }),
      apiStream('web', { latest: [B] }, { namespace: 'd4e5f6-prod' }),
    ];
    const report = reportOnObjects({ imagestreams, images: [faulty, child] });
    expect(namespaceIn(report, 'd4e5f6-prod').streams[0]).toMatchObject({
      freesBytes: 103,
      reclaimsBytes: 0,
    });
    expect(namespaceIn(report).findings).toMatchObject([{ code: 'image-unreadable' }]);
  });

  test('leaves no orphans behind', () => {
    const imagestreams = [apiStream('api', { latest: [A] })];
    expect(reportOnObjects({ imagestreams, images: [faulty, child] }).snapshot.findings).toEqual([]);
  });
});

describe('a multi-arch image', () => {
  const amd = pushedImage(B, { shared: 100, amd: 20 });
  const arm = pushedImage(C, { shared: 100, arm: 40 });
  const both = indexImage(A, { [B]: 'amd64', [C]: 'arm64' });
  const lacking = (child: string, what: string): string =>
    `index-child-missing api:latest@${A}: Its child image ${child} ${what}, so that part of its size is unknown and the usage is a lower bound.`;
  const NONE = `size-unknown api:latest@${A}: None of its child images can be read, ${UNKNOWN}`;

  test.each([
    {
      name: 'with all of its children weighs what they hold, what they share once',
      images: [both, amd, arm],
      bytes: 166,
      unknown: 0,
      architectures: ['amd64', 'arm64'],
      findings: [],
    },
    {
      name: 'with an attestation weighs it, too, which is no architecture',
      images: [
        indexImage(A, { [B]: 'amd64', [D]: 'unknown' }),
        amd,
        apiImage(D, {
          dockerImageLayers: apiLayers({ proof: 4 }),
          dockerImageMetadata: { Id: 'd', Size: 6 },
        }),
      ],
      bytes: 129,
      unknown: 0,
      architectures: ['amd64'],
      findings: [],
    },
    {
      name: 'with some of its children weighs these, and that is a lower bound',
      images: [both, arm],
      bytes: 143,
      unknown: 1,
      architectures: ['amd64', 'arm64'],
      findings: [lacking(B, 'is gone')],
    },
    {
      name: 'with a child that states no sizes weighs the others, and that is a lower bound',
      images: [both, amd, apiImage(C, { dockerImageLayers: apiLayers({ shared: 0, arm: 0 }) })],
      bytes: 123,
      unknown: 1,
      architectures: ['amd64', 'arm64'],
      findings: [lacking(C, 'states no sizes')],
    },
    {
      name: 'with a child that is an index weighs what is below that',
      images: [indexImage(A, { [B]: 'amd64', [D]: '' }), indexImage(D, { [C]: 'arm64' }), amd, arm],
      bytes: 166,
      unknown: 0,
      architectures: ['amd64', 'arm64'],
      findings: [],
    },
    {
      name: 'with none of its children is of unknown size',
      images: [both],
      bytes: null,
      unknown: 1,
      architectures: ['amd64', 'arm64'],
      findings: [lacking(B, 'is gone'), lacking(C, 'is gone'), NONE],
    },
    {
      name: 'that is its own only child is of unknown size',
      images: [indexImage(A, { [A]: 'amd64' })],
      bytes: null,
      unknown: 1,
      architectures: ['amd64'],
      findings: [NONE],
    },
  ])('$name', ({ images, bytes, unknown, architectures, findings }) => {
    const report = reportOnTag(images);
    expect(report).toMatchObject({ usedBytes: bytes ?? 0, unknownRevisions: unknown });
    expect(report.streams[0]).toMatchObject({ sizeBytes: bytes ?? 0, unknownRevisions: unknown });
    expect(revisionOf(report)).toMatchObject({ sizeBytes: bytes, charged: bytes !== null, architectures });
    expect(messagesOf(report)).toEqual(findings);
  });

  test('passes on what is odd about a child', () => {
    const odd = apiImage(B, { dockerImageLayers: apiLayers({ shared: 100 }) });
    expect(messagesOf(reportOnTag([both, odd, arm]))).toEqual([
      `config-size-negative api:latest@${A}: In its child image ${B}: The Image object states no usable Size, so size and usage leave its config out.`,
    ]);
  });

  test('adds nothing where its children have tags of their own', () => {
    const imagestreams = [apiStream('api', { latest: [A], amd: [B], arm: [C] })];
    const report = namespaceIn(reportOnObjects({ imagestreams, images: [both, amd, arm] }));
    expect(report).toMatchObject({ usedBytes: 166, totals: { images: 3, blobs: 5 } });
    expect(report.streams[0]?.tags.map(({ freesBytes }) => freesBytes)).toEqual([0, 0, 0]);
  });

  test('that is gone leaves its children in no stream, with their bytes in no total', () => {
    const report = reportOnObjects({
      imagestreams: [apiStream('api', { latest: [GONE] })],
      images: [both, amd, apiImage(C, { dockerImageLayers: null })],
    });
    expect(report.cluster).toMatchObject({ usedBytes: 0, sumOfNamespacesBytes: 0 });
    expect(report.snapshot.findings).toEqual([
      {
        code: 'orphan-images',
        subject: 'images',
        message:
          '3 images in no image stream hold at least 123 B that no stream holds; no namespace is charged with them.',
      },
    ]);
  });
});
