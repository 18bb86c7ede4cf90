import { describe, expect, test } from 'vitest';
import type { ApiObjects } from '../../../../sandbox/api-lists.ts';
import type { ApiServerOptions } from '../../../../sandbox/api-server.ts';
import { WORKLOAD_KINDS } from '../../../../src/adapters/openshift/workloads/kinds.ts';
import { weighCluster } from '../../../../src/pipeline/direct/weigh.ts';
import type { Image } from '../../../../src/usage/model.ts';
import type { NamespaceReport, Report } from '../../../../src/usage/report/report.ts';
import type { UseReport } from '../../../../src/usage/in-use/use-report.ts';
import { bruteForceInventory } from '../../../brute-force/brute-force.ts';
import type { Figures } from '../../../brute-force/brute-force.ts';
import { pickFigures } from '../../../brute-force/pick-figures.ts';
import { pipelineRules } from '../../../pipeline/build.ts';
import { openCluster, PATHS, startServer } from '../open-cluster.ts';
import { listed } from '../../../listed-inventory.ts';
import type { ListedInventory } from '../../../listed-inventory.ts';

/** What a cluster tells whoever may not read all of it. */

const TOOLS = 'a1b2c3-tools';
const IMPORT = 'a1b2c3-import';

describe('the viewer of one project', () => {
  test(
    'gets the figures of whoever may read everything; what takes the whole cluster is unknown',
    { timeout: 120_000 },
    async () => {
      const whole = await reportWhole();
      const viewed = await openLimited({ viewerOf: [...whole.keys()] });
      expect(whole.size).toBe(33);
      for (const [name, namespace] of whole) {
        const { report } = await weighCluster(viewed, pipelineRules(), [name]);
        expect(namespaceIn(report)).toEqual(asSeenFrom(name, namespace));
        expect(report.cluster).toMatchObject({ usedBytes: null, sumOfNamespacesBytes: null });
        expect(report.snapshot.unreadableKinds).toHaveLength(WORKLOAD_KINDS.length);
      }
    },
  );

  test('gets an index whole, also its children that no tag names', async () => {
    const { report } = await reportAsViewer(TOOLS);
    const { findings, unknownRevisions, streams } = namespaceIn(report);
    expect(findings.filter(({ subject }) => subject.includes('multi'))).toEqual([]);
    expect(unknownRevisions).toBe(0);
    expect(streams.find(({ name }) => name === 'multiarch')?.sizeBytes).toBe(352_324_968);
  });

  test('reads each image once, and nothing outside the project but in vain', async () => {
    const { server, events } = await reportAsViewer(TOOLS);
    const asked = server.requests.filter((request) => request.includes('/imagestreamimages/'));
    expect(asked).toHaveLength(45);
    expect(new Set(asked.map((request) => request.split('%40')[1])).size).toBe(45);
    const elsewhere = server.requests.filter((request) => !request.includes(`/namespaces/${TOOLS}`));
    expect(elsewhere.every((request) => /\/v1\/\w+\?limit=500$/.test(request))).toBe(true);
    expect(events.filter(({ type }) => type === 'list-page-read').slice(-45)).toEqual(
      Array.from({ length: 45 }, () => ({ type: 'list-page-read', kind: 'images', objects: 1 })),
    );
    expect(events.at(-1)).toEqual({ type: 'list-read', kind: 'images', objects: 45, pages: 45 });
  });

  test('is not warned of what the report says anyway', async () => {
    const { events } = await reportAsViewer(TOOLS);
    expect(events.filter(({ type }) => type === 'kind-unreadable')).toEqual([]);
  });

  test('of several reads what they share once', async () => {
    const names = [TOOLS, 'a1b2c3-prod'];
    const { server, cluster } = await openLimited({ viewerOf: names });
    const { scope, namespaces, images } = listed(await cluster.readInventory({ namespaces: names }));
    expect(scope).toBe('namespaces');
    expect(namespaces.map(({ name }) => name)).toEqual(names);
    expect(new Set(images.map(({ digest }) => digest)).size).toBe(images.length);
    expect(server.requests.filter((request) => request.includes('/imagestreamimages/'))).toHaveLength(
      images.length,
    );
  });

  test('may not ask for another one, or for a run', async () => {
    const { cluster } = await openLimited({ viewerOf: [TOOLS] });
    await expect(cluster.readInventory({ namespaces: [TOOLS, 'a1b2c3-dev'] })).rejects.toMatchObject({
      code: 'forbidden',
      message: 'These credentials may not see the namespace a1b2c3-dev, if there is one',
    });
    await expect(cluster.readInventory({ namespaces: null })).rejects.toMatchObject({
      code: 'forbidden',
      message: 'These credentials may not list namespaces at the cluster scope',
    });
  });
});

describe('the children of an index that imagestreamimages does not give', () => {
  test('come from the layers of their stream, without their configs: a lower bound, which is said', async () => {
    const children = await untaggedChildren(TOOLS);
    const { report } = await reportAsViewer(TOOLS, { absent: children.map(({ path }) => path) });
    const withoutConfig = (image: Image): Image => ({ ...image, statedBytes: null, isSizeUnread: true });
    expect(pickFigures(report)).toEqual(await figuresWith(TOOLS, withoutConfig));
    expect(namespaceIn(report).unknownRevisions).toBe(2);
    expect(children).toHaveLength(6);
    expect(namespaceIn(report).findings).toEqual(
      expect.arrayContaining(
        children.map(({ image, index }) => ({
          code: 'index-child-missing',
          subject: index,
          message: `In its child image ${image.digest}: These credentials can read the sizes of its layers, but not that of its config, so size and usage leave that out and are a lower bound.`,
        })),
      ),
    );
  });

  test('are unknown where layers have wrong sizes (before OpenShift 4.17), and the rest counts', async () => {
    const children = await untaggedChildren(TOOLS);
    const { report } = await reportAsViewer(TOOLS, { imageApi: '4.12' });
    expect(pickFigures(report)).toEqual(await figuresWith(TOOLS, () => null));
    expect(namespaceIn(report).unknownRevisions).toBe(2);
    expect(namespaceIn(report).findings).toEqual(
      expect.arrayContaining(
        children.map(({ image, index }) => ({
          code: 'index-child-missing',
          subject: index,
          message: `Its child image ${image.digest} cannot be read (its image stream does not tell its size), so that part of its size is unknown and the usage is a lower bound.`,
        })),
      ),
    );
  });

  test('are unknown where layers may not be read', async () => {
    const forbidden = [`${API}/namespaces/${TOOLS}/imagestreams/multiarch/layers`];
    const { report } = await reportAsViewer(TOOLS, { imageApi: '4.12', forbidden });
    expect(pickFigures(report)).toEqual(await figuresWith(TOOLS, () => null));
  });

  test('are unknown where nothing proves that the sizes of layers are right', async () => {
    const children = await untaggedChildren(IMPORT);
    const { report } = await reportAsViewer(IMPORT, { absent: children.map(({ path }) => path) });
    expect(children.map(({ image }) => image.layers)).toEqual([
      [expect.objectContaining({ sizeBytes: 1_331_892 })],
    ]);
    expect(namespaceIn(report).findings.map(({ code }) => code)).toContain('index-child-missing');
  });

  test('are unknown where the config of one image is a layer of another, whose size is left out', async () => {
    const { report } = await reportAsViewer('a', { imageApi: '4.12', lists: artifactsBesideIndex('a') });
    expect(namespaceIn(report)).toMatchObject({ usedBytes: 160, unknownRevisions: 1 });
    expect(namespaceIn(report).findings).toContainEqual(UNTOLD_CHILD);
  });

  test('are unknown where one of their layers is the config of another image, whose size is left out', async () => {
    const lists = artifactsBesideIndex('a', [layer('empty', 2), layer('large', 9_000)]);
    const absent = [imagePath('a', 'web', 'sha256:child')];
    const { report } = await reportAsViewer('a', { lists, absent });
    expect(namespaceIn(report)).toMatchObject({ usedBytes: 160, unknownRevisions: 1 });
    expect(namespaceIn(report).findings).toContainEqual(UNTOLD_CHILD);
  });

  test('are gone where the layers say so', async () => {
    const { report } = await reportAsViewer('a', {
      imageApi: '4.12',
      lists: clusterOf('a', { index: ['lost'] }),
    });
    expect(namespaceIn(report).findings).toContainEqual(
      expect.objectContaining({ message: expect.stringMatching(/^Its child image sha256:lost is gone/) }),
    );
  });
});

test('indexes below indexes are followed, also in a circle', async () => {
  const lists = clusterOf('a', { index: ['middle'], middle: ['image', 'index'], image: [] });
  const { cluster } = await openLimited({ viewerOf: ['a'], lists });
  const { images } = listed(await cluster.readInventory({ namespaces: ['a'] }));
  expect(images.map(({ digest }) => digest)).toEqual(['sha256:image', 'sha256:index', 'sha256:middle']);
});

describe('rights in between', () => {
  test('to list all but images: the images of the named namespaces are read one by one', async () => {
    const whole = (await reportWhole()).get(TOOLS);
    const { report, server } = await reportWith(TOOLS, { forbidden: [PATHS.images] });
    expect(asSeenFrom('nobody', namespaceIn(report))).toEqual(whole && asSeenFrom('nobody', whole));
    expect(report.cluster.usedBytes).toBe(null);
    expect(report.snapshot.unreadableKinds).toEqual([]);
    expect(
      namespaceIn(report).streams.flatMap(({ inUse, reclaimsBytes }) => [inUse, reclaimsBytes]),
    ).not.toContain(false);
    const asked = server.requests.filter((request) => request.includes('/imagestreamimages/'));
    expect(asked.every((request) => request.includes(`/namespaces/${TOOLS}/`))).toBe(true);
  });

  test.each([
    ['image streams', PATHS.imagestreams],
    ['namespaces', PATHS.namespaces],
  ])('to list all but %s: only the named namespaces are told of, with the images of all', async (_, path) => {
    const { cluster } = await openLimited({ forbidden: [path] });
    const { scope, namespaces, images } = listed(await cluster.readInventory({ namespaces: [TOOLS] }));
    expect(scope).toBe('namespaces');
    expect(namespaces.map(({ name }) => name)).toEqual([TOOLS]);
    expect([...images]).toHaveLength(142);
  });

  test('to view a project, but not its images: the missing right is named', async () => {
    const forbidden = [PATHS.images, imagePath('a', 'web', 'sha256:one')];
    const { cluster } = await openLimited({ lists: clusterOf('a', { one: [] }), forbidden });
    await expect(cluster.readInventory({ namespaces: ['a'] })).rejects.toMatchObject({
      code: 'forbidden',
      message: 'These credentials may not get imagestreamimages (image.openshift.io) in the namespace a',
      hint: expect.stringMatching(/^Grant a Role .*resources: \["imagestreamimages"\]/),
    });
  });
});

/** All recorded namespaces as whoever may read everything sees them. */
const reportWhole = async (): Promise<ReadonlyMap<string, NamespaceReport>> => {
  const { cluster } = await openLimited({});
  const { report } = await weighCluster({ cluster }, pipelineRules(), null);
  return new Map(
    report.reports.flatMap(({ namespaces }) => namespaces.map((namespace) => [namespace.name, namespace])),
  );
};

type Limits = ApiServerOptions & {
  /** Paths that it answers with 403. */
  readonly forbidden?: readonly string[];
  /** Paths that it answers with 404. */
  readonly absent?: readonly string[];
};

/** Opens a server of which not everything may be read. */
const openLimited = async ({ forbidden = [], absent = [], ...options }: Limits) => {
  const server = await startServer(options);
  for (const path of forbidden) server.addFault(path, { status: 403 }, Infinity);
  for (const path of absent) server.addFault(path, { status: 404 }, Infinity);
  return { server, ...(await openCluster(server)) };
};

/** What such a server lets us say of a namespace. */
const reportWith = async (name: string, limits: Limits) => {
  const { server, cluster, events } = await openLimited(limits);
  const { report } = await weighCluster({ cluster }, pipelineRules(), [name]);
  return { report, server, events };
};

const reportAsViewer = (name: string, limits: Limits = {}) =>
  reportWith(name, { ...limits, viewerOf: [name] });

const namespaceIn = (report: Report): NamespaceReport => {
  const [namespace, ...others] = report.reports.flatMap(({ namespaces }) => namespaces);
  if (namespace === undefined || others.length > 0) throw new Error('not a report on one namespace');
  return namespace;
};

/** A namespace as somebody sees it who knows of its own workloads only, and of nothing else in the cluster. */
const asSeenFrom = (name: string, namespace: NamespaceReport): NamespaceReport => ({
  ...namespace,
  streams: namespace.streams.map((stream) => {
    const tags = stream.tags.map((tag) => ({
      ...tag,
      ...usedFrom(name, tag),
      revisions: tag.revisions.map((revision) => ({ ...revision, ...usedFrom(name, revision) })),
    }));
    return { ...stream, reclaimsBytes: null, inUse: tags.some(({ inUse }) => inUse) || null, tags };
  }),
});

const usedFrom = (name: string, { inUseBy, inUseHow }: UseReport): UseReport => {
  const own = inUseBy.flatMap((workload, position) => (workload.startsWith(`${name}/`) ? [position] : []));
  return {
    inUse: own.length > 0 || null,
    inUseBy: own.flatMap((position) => inUseBy[position] ?? []),
    inUseHow: own.flatMap((position) => inUseHow[position] ?? []),
    inUseCount: own.length,
  };
};

const API = '/apis/image.openshift.io/v1';
const imagePath = (namespace: string, stream: string, digest: string): string =>
  `${API}/namespaces/${namespace}/imagestreamimages/${encodeURIComponent(`${stream}@${digest}`)}`;

/** An image below an index that no tag of its own names. */
type Child = {
  readonly image: Image;
  /** The index as findings name it. */
  readonly index: string;
  /** Where the child is asked for. */
  readonly path: string;
};

/** Those of a recorded namespace. */
const untaggedChildren = async (name: string): Promise<readonly Child[]> => {
  const { streams, images } = await readPart(name);
  const held = streams.flatMap((stream) =>
    stream.tags.flatMap((tag) =>
      tag.revisions.map(({ digest }) => ({ stream: stream.name, tag: tag.name, digest })),
    ),
  );
  const tagged = new Set(held.map(({ digest }) => digest));
  return held.flatMap(({ stream, tag, digest: index }) => {
    const below = images.find(({ digest }) => digest === index)?.children.map(({ digest }) => digest);
    return images
      .filter(({ digest }) => below?.includes(digest) && !tagged.has(digest))
      .map((image) => ({
        image,
        index: `${stream}:${tag}@${index}`,
        path: imagePath(name, stream, image.digest),
      }));
  });
};

/** What the independent brute force makes of a recorded namespace alone, with its untagged children altered or (null) gone. */
const figuresWith = async (name: string, alter: (child: Image) => Image | null): Promise<Figures> => {
  const part = await readPart(name);
  const children = new Set((await untaggedChildren(name)).map(({ image }) => image.digest));
  const images = part.images.flatMap((image) =>
    children.has(image.digest) ? (alter(image) ?? []) : [image],
  );
  return bruteForceInventory({ ...part, images });
};

/** What there is to know of a recorded namespace in itself. */
const readPart = async (name: string): Promise<ListedInventory> => {
  const { cluster } = await openLimited({});
  const inventory = listed(await cluster.readInventory({ namespaces: null }));
  const isOwn = ({ namespace }: { readonly namespace: string }): boolean => namespace === name;
  return {
    ...inventory,
    scope: 'namespaces',
    namespaces: inventory.namespaces.filter((namespace) => namespace.name === name),
    streams: inventory.streams.filter(isOwn),
    references: inventory.references.filter(isOwn),
  };
};

/**
 * A cluster of one namespace and one tag of the image `sha256:<first>`, of these images and what is below each; those
 * without anything below them have one layer.
 */
const clusterOf = (name: string, images: Readonly<Record<string, readonly string[]>>): ApiObjects => {
  const [first = ''] = Object.keys(images);
  const repository = `registry.example.test/${name}/web`;
  const items = [{ image: `sha256:${first}`, dockerImageReference: `${repository}@sha256:${first}` }];
  return {
    namespaces: [{ metadata: { name } }],
    imagestreams: [
      {
        metadata: { name: 'web', namespace: name },
        status: { dockerImageRepository: repository, tags: [{ tag: 'latest', items }] },
      },
    ],
    images: Object.entries(images).map(([digest, children]) => ({
      metadata: { name: `sha256:${digest}`, annotations: { 'openshift.io/image.managed': 'true' } },
      ...(children.length > 0
        ? { dockerImageManifests: children.map((child) => ({ digest: `sha256:${child}` })) }
        : {
            dockerImageLayers: [{ name: 'sha256:layer', size: 70, mediaType: 'layer' }],
            dockerImageMetadata: { Id: 'sha256:config', Size: 73 },
          }),
    })),
  };
};

/** That nothing tells the size of the child in `artifactsBesideIndex`. */
const UNTOLD_CHILD = expect.objectContaining({
  code: 'index-child-missing',
  subject: 'web:index@sha256:index',
  message: expect.stringContaining('(its image stream does not tell its size)'),
});

const layer = (digest: string, size: number) => ({ name: `sha256:${digest}`, size, mediaType: 'layer' });

/**
 * A cluster of one namespace with two artifacts and an index. The first artifact has the blob `sha256:empty` as its config,
 * the second has it as a layer; the index has a child of a small layer and a large one unless told.
 */
const artifactsBesideIndex = (
  name: string,
  childLayers = [layer('small', 100), layer('large', 9_000)],
): ApiObjects => {
  const repository = `registry.example.test/${name}/web`;
  const image = (digest: string, fields: object) => ({
    metadata: { name: `sha256:${digest}`, annotations: { 'openshift.io/image.managed': 'true' } },
    dockerImageManifestMediaType: 'application/vnd.oci.image.manifest.v1+json',
    ...fields,
  });
  const made = (layers: readonly object[], Id: string, Size: number) => ({
    dockerImageLayers: layers,
    dockerImageMetadata: { Id, Size },
  });
  return {
    namespaces: [{ metadata: { name } }],
    imagestreams: [
      {
        metadata: { name: 'web', namespace: name },
        status: {
          dockerImageRepository: repository,
          tags: ['first', 'second', 'index'].map((tag) => ({
            tag,
            items: [{ image: `sha256:${tag}`, dockerImageReference: `${repository}@sha256:${tag}` }],
          })),
        },
      },
    ],
    images: [
      image('first', made([layer('a', 50), layer('f', 30)], 'sha256:empty', 82)),
      image('second', made([layer('empty', 2), layer('b', 70)], 'sha256:c', 80)),
      image('index', { dockerImageManifests: [{ digest: 'sha256:child' }] }),
      image('child', made(childLayers, 'sha256:d', 9_110)),
    ],
  };
};
