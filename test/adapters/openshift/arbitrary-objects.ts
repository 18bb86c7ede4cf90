import fc from 'fast-check';
import type { ApiObject } from '../../../sandbox/api-lists.ts';
import { sha256 } from '../../usage/build.ts';
import { HOST } from './api-objects.ts';

/** Shapes of Image and ImageStream objects in every mixture, some of which no API should send. */

const DIGESTS = ['a', 'b', 'c', 'd', 'e'].map(sha256);
const LAYERS = ['1', '2', '3'].map(sha256);
const GONE = sha256('0');
const PLACES = [
  { namespace: 'a-dev', name: 'api' },
  { namespace: 'a-dev', name: 'constructor' },
  { namespace: 'b-dev', name: 'api' },
  { namespace: 'openshift', name: 'base' },
];
const TAGS = ['latest', '__proto__', 'constructor', 'a b', 'V1'];

/** Mostly the usual, now and then one of the odd values. */
const orOdd = (usual: fc.Arbitrary<unknown>, ...odd: readonly unknown[]): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary: usual, weight: 10 }, { arbitrary: fc.constantFrom(...odd), weight: 1 });

const layer = fc.record({
  name: orOdd(fc.constantFrom(...LAYERS), ''),
  size: orOdd(fc.constantFrom(1, 10, 100), 0, 0, -1, 1.5, '7', 2 ** 53, null),
});

const dockerImageMetadata = fc.record({
  Id: orOdd(fc.constantFrom(sha256('7'), sha256('8'), LAYERS[0]), '8'.repeat(64), '', null, undefined),
  Size: orOdd(fc.nat(400), 0, -5, 1.5, 2 ** 60, null, undefined),
});

const dockerImageManifests = fc
  .uniqueArray(fc.constantFrom(...DIGESTS, GONE), { maxLength: 3 })
  .map((digests) => digests.map((digest) => ({ digest, architecture: 'amd64' })));

const imageOf = (name: string): fc.Arbitrary<ApiObject> =>
  fc
    .record({
      managed: orOdd(fc.constant('true'), 'True', 'false', null),
      dockerImageLayers: orOdd(fc.array(layer, { maxLength: 4 }), null, undefined),
      dockerImageMetadata: orOdd(dockerImageMetadata, null, undefined),
      dockerImageManifests: fc.oneof(fc.constantFrom(null, undefined), dockerImageManifests),
    })
    .map(({ managed, ...fields }) => ({
      metadata: { name, annotations: managed === null ? null : { 'openshift.io/image.managed': managed } },
      ...fields,
    }));

/** Some Images, each of another digest. */
export const arbitraryImages = fc
  .subarray(DIGESTS, { minLength: 2 })
  .chain((digests) => fc.tuple(...digests.map(imageOf)));

const tagEvent = fc
  .record({
    image: orOdd(fc.constantFrom(...DIGESTS), GONE, '', null, undefined),
    repository: orOdd(fc.constant(`${HOST}/a/b`), `${HOST.toUpperCase()}/a/b`, 'quay.example.test/a/b', ''),
    created: orOdd(
      fc.constantFrom('2026-11-01T00:00:00Z', '2026-11-01T02:00:00+02:00', '2026-11-01T00:00:00.9Z'),
      '2027-01-01T00:00:00Z',
      null,
      undefined,
    ),
  })
  .map(({ image, repository, created }) => ({
    image,
    created,
    dockerImageReference: `${String(repository)}@${String(image)}`,
  }));

const statusTag = (tag: string) =>
  fc.record({
    tag: fc.constant(tag),
    items: orOdd(fc.array(tagEvent, { maxLength: 4 }), null, undefined),
    conditions: orOdd(fc.constant([]), null, [{ type: 'ImportSuccess', status: 'False' }]),
  });

const specTag = (name: string) =>
  fc.record({ name: fc.constant(name), reference: orOdd(fc.constant(undefined), true, null) });

const someTags = (tagOf: (name: string) => fc.Arbitrary<unknown>) =>
  orOdd(
    fc.subarray(TAGS).chain((names) => fc.tuple(...names.map(tagOf))),
    null,
    undefined,
  );

const arbitraryStream = ({ namespace, name }: (typeof PLACES)[number]): fc.Arbitrary<ApiObject> =>
  fc
    .record({
      specTags: someTags(specTag),
      tags: someTags(statusTag),
      dockerImageRepository: orOdd(fc.constant(`${HOST}/${namespace}/${name}`), '', null, undefined),
    })
    .map(({ specTags, ...status }) => ({
      metadata: { namespace, name },
      spec: { tags: specTags },
      status,
    }));

/** An ImageStream in each of several places. */
export const arbitraryStreams = fc.tuple(...PLACES.map(arbitraryStream));
