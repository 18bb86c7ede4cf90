import { describe, expect, test } from 'vitest';
import { toImage, toImageStream, toNamespace } from '../../../../src/adapters/openshift/objects/objects.ts';
import type { ImageStreamObject } from '../../../../src/adapters/openshift/objects/objects.ts';

describe('an Image', () => {
  const metadata = { name: 'sha256:a' };

  test('is reduced to its layers, size, config and architecture', () => {
    expect(
      toImage({
        metadata: { ...metadata, annotations: { 'openshift.io/image.managed': 'true' } },
        dockerImageLayers: [
          { name: 'sha256:1', size: 10, mediaType: 'layer' },
          { name: 'sha256:1', size: 10 },
        ],
        dockerImageMetadata: { Id: 'sha256:c', Size: 12, Architecture: 'amd64', Config: { Cmd: ['/run'] } },
        dockerImageManifest: '{}',
      }),
    ).toEqual({
      digest: 'sha256:a',
      managed: true,
      layers: [
        { digest: 'sha256:1', sizeBytes: 10 },
        { digest: 'sha256:1', sizeBytes: 10 },
      ],
      statedBytes: 12,
      configDigest: 'sha256:c',
      architecture: 'amd64',
      children: [],
      fault: null,
    });
  });

  test('of nothing but a name has nothing known', () => {
    expect(toImage({ metadata })).toEqual({
      digest: 'sha256:a',
      managed: false,
      layers: null,
      statedBytes: null,
      configDigest: null,
      architecture: null,
      children: [],
      fault: null,
    });
  });

  test('with null layers is not one without layers', () => {
    expect(toImage({ metadata, dockerImageLayers: null }).layers).toBeNull();
    expect(toImage({ metadata, dockerImageLayers: [] }).layers).toEqual([]);
  });

  test('that is an index names its children', () => {
    const dockerImageManifests = [
      { digest: 'sha256:x', architecture: 'arm64', os: 'linux' },
      { digest: 'sha256:y', architecture: '' },
    ];
    expect(toImage({ metadata, dockerImageManifests }).children).toEqual([
      { digest: 'sha256:x', architecture: 'arm64' },
      { digest: 'sha256:y', architecture: null },
    ]);
  });

  test.each([
    ['a negative size', { dockerImageLayers: [{ name: 'sha256:1', size: -1 }] }, 'dockerImageLayers[0].size'],
    [
      'a size beyond exact integers',
      { dockerImageLayers: [{ name: 'sha256:1', size: 2 ** 53 }] },
      'dockerImageLayers[0].size',
    ],
    ['a size that is text', { dockerImageMetadata: { Size: '12' } }, 'dockerImageMetadata.Size'],
    ['half a byte', { dockerImageMetadata: { Size: 12.5 } }, 'dockerImageMetadata.Size'],
    ['a layer without a size', { dockerImageLayers: [{ name: 'sha256:1' }] }, 'dockerImageLayers[0].size'],
    ['a layer without a digest', { dockerImageLayers: [{ name: '', size: 1 }] }, 'dockerImageLayers[0].name'],
    ['a layer that is a text', { dockerImageLayers: ['sha256:1'] }, 'dockerImageLayers[0]'],
    ['layers that are no list', { dockerImageLayers: {} }, 'dockerImageLayers'],
    ['metadata that is a text', { dockerImageMetadata: 'none' }, 'dockerImageMetadata'],
    ['a child without a digest', { dockerImageManifests: [{}] }, 'dockerImageManifests[0].digest'],
  ])('with %s states the fault and claims no bytes', (_name, part, path) => {
    const { fault, layers, ...rest } = toImage({ metadata, dockerImageLayers: [], ...part });
    expect(rest).toMatchObject({ digest: 'sha256:a', managed: false, statedBytes: null, children: [] });
    expect(layers?.filter(({ sizeBytes }) => sizeBytes !== 0)).toEqual([]);
    expect(fault).toMatch(new RegExp(`^${RegExp.escape(path)}: `));
  });

  test('with a fault still names its layers, which it holds all the same, and its config', () => {
    const dockerImageLayers = [
      { name: 'sha256:1', size: 10 },
      { name: '' },
      7,
      { name: 'sha256:2', size: -1 },
    ];
    expect(toImage({ metadata, dockerImageLayers, dockerImageMetadata: { Id: 'sha256:c' } })).toMatchObject({
      layers: [
        { digest: 'sha256:1', sizeBytes: 0 },
        { digest: 'sha256:2', sizeBytes: 0 },
      ],
      configDigest: 'sha256:c',
    });
  });

  test('that is an index with a fault still names its children, and of odd ones those that have a digest', () => {
    const dockerImageManifests = [
      { digest: 'sha256:x', architecture: 'arm64' },
      {},
      'sha256:z',
      { digest: '' },
    ];
    for (const fields of [
      { dockerImageManifests },
      { dockerImageManifests: dockerImageManifests.slice(0, 1), dockerImageMetadata: { Size: '12' } },
    ]) {
      const image = toImage({ metadata, ...fields });
      expect(image.fault).not.toBeNull();
      expect(image.children).toEqual([{ digest: 'sha256:x', architecture: null }]);
    }
  });

  test('with a negative Size is one without a Size', () => {
    expect(toImage({ metadata, dockerImageMetadata: { Size: -1 } })).toMatchObject({
      statedBytes: null,
      fault: null,
    });
    expect(toImage({ metadata, dockerImageMetadata: { Size: 0 } }).statedBytes).toBe(0);
  });

  test.each(['True', 'false', '1', ''])('is not managed where its annotation says %j', (text) => {
    const annotations = { 'openshift.io/image.managed': text };
    expect(toImage({ metadata: { ...metadata, annotations } }).managed).toBe(false);
  });

  test('without a name is no Image', () => {
    expect(() => toImage({ metadata: {} })).toThrow(
      expect.objectContaining({
        code: 'internal',
        message: expect.stringContaining('One Image cannot be understood'),
      }),
    );
  });
});

describe('an image stream', () => {
  const streamOf = (part: Omit<ImageStreamObject, 'metadata'>) =>
    toImageStream({ metadata: { namespace: 'team-dev', name: 'api', labels: { app: 'api' } }, ...part });
  const tagOf = (tag: object) => streamOf({ spec: { tags: [{ name: 't', ...tag }] } }).tags[0];
  const statusOf = (tag: object) => streamOf({ status: { tags: [{ tag: 't', ...tag }] } }).tags[0];

  test('that nobody pushed to has no tags', () => {
    expect(
      streamOf({
        spec: { lookupPolicy: { local: false } },
        status: { dockerImageRepository: 'r/team-dev/api', publicDockerImageRepository: 'p/team-dev/api' },
      }),
    ).toEqual({
      namespace: 'team-dev',
      name: 'api',
      repository: 'r/team-dev/api',
      publicRepository: 'p/team-dev/api',
      localLookup: false,
      tags: [],
    });
    expect(streamOf({ spec: null, status: null })).toMatchObject({
      repository: '',
      localLookup: false,
      tags: [],
    });
  });

  test('has the tags of its spec and of its status, each once', () => {
    const { tags, localLookup } = streamOf({
      spec: { lookupPolicy: { local: true }, tags: [{ name: 'both' }, { name: 'wanted' }] },
      status: {
        tags: [
          { tag: 'both', items: [{ image: 'sha256:a' }] },
          { tag: 'pushed', items: [{ image: 'sha256:b' }] },
        ],
      },
    });
    expect(localLookup).toBe(true);
    expect(tags.map(({ name, revisions }) => [name, revisions.map(({ digest }) => digest)])).toEqual([
      ['both', ['sha256:a']],
      ['wanted', []],
      ['pushed', ['sha256:b']],
    ]);
  });

  test('keeps the history in order, and times to the second in UTC', () => {
    const items = [
      {
        image: 'sha256:b',
        dockerImageReference: 'r/team-dev/api@sha256:b',
        created: '2026-11-24T04:58:23+02:00',
        generation: 1,
      },
      {
        image: 'sha256:a',
        dockerImageReference: 'r/team-dev/api@sha256:a',
        created: '2026-11-23T02:58:23.987654321Z',
      },
      { image: 'sha256:b', created: null },
      { dockerImageReference: 'quay.example.test/acme/thing:1' },
    ];
    expect(statusOf({ items })?.revisions).toEqual([
      { digest: 'sha256:b', reference: 'r/team-dev/api', created: '2026-11-24T02:58:23Z' },
      { digest: 'sha256:a', reference: 'r/team-dev/api', created: '2026-11-23T02:58:23Z' },
      { digest: 'sha256:b', reference: '', created: null },
      { digest: '', reference: 'quay.example.test/acme/thing:1', created: null },
    ]);
  });

  test('has a tag without revisions where items is null', () => {
    expect(statusOf({ items: null })).toMatchObject({ revisions: [], importFailure: null });
  });

  test.each([
    [
      'ImageStreamTag',
      { name: 'latest' },
      { type: 'tag', namespace: 'team-dev', stream: 'api', tag: 'latest' },
    ],
    ['ImageStreamTag', { name: 'web:v1' }, { type: 'tag', namespace: 'team-dev', stream: 'web', tag: 'v1' }],
    [
      'ImageStreamTag',
      { name: 'api:v1', namespace: 'team-tools' },
      { type: 'tag', namespace: 'team-tools', stream: 'api', tag: 'v1' },
    ],
    [
      'ImageStreamImage',
      { name: 'api@sha256:a', namespace: 'team-tools' },
      { type: 'digest', digest: 'sha256:a' },
    ],
    [
      'DockerImage',
      { name: 'quay.example.test/acme/thing:1' },
      { type: 'pullSpec', spec: 'quay.example.test/acme/thing:1' },
    ],
    ['Secret', { name: 'pull' }, null],
    ['ImageStreamTag', {}, null],
  ])('has a tag that follows a %s %o', (kind, from, expected) => {
    expect(tagOf({ from: { kind, ...from } })?.from).toEqual(expected);
  });

  test('marks references', () => {
    expect(tagOf({ reference: true })?.isReference).toBe(true);
    expect(tagOf({})?.isReference).toBe(false);
  });

  test('says why an import failed', () => {
    const failed = { type: 'ImportSuccess', status: 'False', reason: 'NotFound', message: 'no such image' };
    expect(statusOf({ conditions: [failed] })?.importFailure).toBe('no such image');
    expect(statusOf({ conditions: [{ ...failed, message: '' }] })?.importFailure).toBe('NotFound');
    expect(statusOf({ conditions: [{ ...failed, status: 'True' }] })?.importFailure).toBeNull();
    expect(statusOf({ conditions: [{ ...failed, type: 'Other' }] })?.importFailure).toBeNull();
  });

  test.each([
    ['tags that are no list', { tags: 'none' }, 'status.tags'],
    ['a tag without a name', { tags: [{}] }, 'status.tags[0].tag'],
    [
      'a digest that is no text',
      { tags: [{ tag: 't', items: [{ image: 7 }] }] },
      'status.tags[0].items[0].image',
    ],
    [
      'a time that is none',
      { tags: [{ tag: 't', items: [{ created: 'today' }] }] },
      'status.tags[0].items[0].created',
    ],
  ])('with %s is not weighed as if it were empty', (_name, status, path) => {
    expect(() => toImageStream({ metadata: { namespace: 'team-dev', name: 'api' }, status })).toThrow(
      expect.objectContaining({
        code: 'internal',
        message: expect.stringContaining(`The ImageStream team-dev/api cannot be understood: ${path}: `),
      }),
    );
  });
});

test('a Namespace keeps its labels and annotations', () => {
  const metadata = { name: 'team-dev', labels: { environment: 'dev' }, annotations: null, uid: '1' };
  expect(toNamespace({ metadata, status: { phase: 'Active' } })).toEqual({
    name: 'team-dev',
    labels: { environment: 'dev' },
    annotations: {},
  });
});
