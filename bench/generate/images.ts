import { createChance } from './seeded.ts';
import { createTemplate } from './template.ts';
import type { Template } from './template.ts';

/** An image before it is written. Numbers stand for its layers; images with the same number share these layers. */
export type ImageSpec = {
  /** Its own number; digest, config and own layers come from it. */
  readonly ordinal: number;
  /** Where it was pushed to or comes from, host included, e.g. `registry.example.com/base/web`. */
  readonly repository: string;
  /** ISO 8601. */
  readonly created: string;
  /** Pushed to the registry; else imported. */
  readonly managed: boolean;
  readonly architecture: 'amd64' | 'arm64';
  /** The layers of its operating system. */
  readonly system: number;
  /** The layers of its language. */
  readonly runtime: number;
  /** The layers that builds of the same stream share until their dependencies change; null for a base image. */
  readonly dependencies: number | null;
};

/** An index: children and no layers. */
export type IndexSpec = Pick<ImageSpec, 'ordinal' | 'repository' | 'created'> & {
  readonly children: readonly ImageSpec[];
};

/** Writes the Image objects of one cluster. */
export type ImageWriter = {
  readonly digestOf: (ordinal: number) => string;
  readonly writeImage: (image: ImageSpec) => string;
  readonly writeIndex: (index: IndexSpec) => string;
};

/** The empty layer that a Dockerfile's ENV or CMD used to leave: the same everywhere, and often twice in one image. */
const EMPTY_LAYER = 'sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4';
const EMPTY_LAYER_BYTES = 32;

/** Makes the writer; everything about an image follows from the seed and its spec. */
export const createImageWriter = (seed: number): ImageWriter => {
  const chance = (purpose: string) => createChance(seed, purpose);
  const [digests, configs, uids, ages] = [chance('image'), chance('config'), chance('uid'), chance('age')];
  const system = { layers: chance('system'), sizes: chance('system size'), least: 2e6, most: 8e7 };
  const runtime = { layers: chance('runtime'), sizes: chance('runtime size'), least: 1e6, most: 1.5e8 };
  const dependencies = { layers: chance('library'), sizes: chance('library size'), least: 1e6, most: 2e8 };
  const own = { layers: chance('own'), sizes: chance('own size'), least: 200, most: 4e7 };

  const listLayers = (image: ImageSpec): readonly Layer[] => {
    const isOther = image.architecture === 'arm64' ? 2 ** 31 : 0;
    const base = [
      ...layersOf(system, isOther + image.system * 4, 2 + (image.system % 2)),
      ...layersOf(runtime, isOther + image.runtime * 8, 2 + (image.runtime % 4)),
    ];
    if (image.dependencies === null) return base;
    const empty = ages.fraction(image.ordinal) < 0.1 ? [EMPTY, EMPTY] : [];
    const ownCount = ages.whole(image.ordinal, 3, 9);
    return [
      ...base,
      ...layersOf(dependencies, isOther + image.dependencies * 2, 2),
      ...empty,
      ...layersOf(own, image.ordinal * 16, ownCount),
    ];
  };

  const describe = ({ ordinal, repository, created }: Omit<IndexSpec, 'children'>) => ({
    digest: digests.digest(ordinal),
    uid: uids
      .hex(ordinal)
      .slice(0, 32)
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    version: String(100_000 + ordinal),
    created,
    repository,
  });

  return {
    digestOf: digests.digest,
    writeImage: (image) => {
      const layers = listLayers(image);
      const distinct = new Map(layers.map((layer) => [layer.digest, layer.sizeBytes]));
      const configBytes = configs.whole(image.ordinal, 5_000, 14_000);
      const written = image.managed ? PUSHED[image.runtime % PUSHED.length] : IMPORTED;
      if (written === undefined) throw new Error('there is no such kind of image');
      return written({
        ...describe(image),
        config: configs.digest(image.ordinal),
        architecture: image.architecture,
        commit: uids.hex(image.ordinal).slice(0, 40),
        size: String([...distinct.values()].reduce((sum, bytes) => sum + bytes, configBytes)),
        layers: `[${layers.map(writeLayer).join()}]`,
      });
    },
    writeIndex: (index) =>
      INDEX({
        ...describe(index),
        children: JSON.stringify(
          index.children.map(({ ordinal, architecture }) => ({
            digest: digests.digest(ordinal),
            mediaType: 'application/vnd.oci.image.manifest.v1+json',
            manifestSize: 1837,
            architecture,
            os: 'linux',
          })),
        ),
      }),
  };
};

type Layer = { readonly digest: string; readonly sizeBytes: number };
type LayerSource = {
  readonly layers: ReturnType<typeof createChance>;
  readonly sizes: ReturnType<typeof createChance>;
  readonly least: number;
  readonly most: number;
};

const EMPTY: Layer = { digest: EMPTY_LAYER, sizeBytes: EMPTY_LAYER_BYTES };

const layersOf = ({ layers, sizes, least, most }: LayerSource, first: number, count: number): Layer[] =>
  Array.from({ length: count }, (_, position) => ({
    digest: layers.digest(first + position),
    // Most layers are small and a few are huge.
    sizeBytes: Math.floor(least * (most / least) ** sizes.fraction(first + position)),
  }));

const writeLayer = ({ digest, sizeBytes }: Layer): string =>
  `{"name":"${digest}","size":${sizeBytes},"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip"}`;

const LABEL_TEXT =
  'Base image of the platform with the tools that applications need to be built and run, made anew every month with ' +
  'all security fixes. It holds the language, its package manager, a compiler for native modules, a web server for ' +
  'static files and the scripts that assemble and run an application from its sources. See the documentation of the ' +
  'platform for the versions that are kept.';

/** What bases and builders leave in an image: most of its 12 kB. */
const labelsOf = (language: string): Readonly<Record<string, string>> => ({
  architecture: 'x86_64',
  'build-date': '2026-09-01T04:12:33',
  'com.example.component': `${language}-container`,
  'com.example.license_terms': 'https://docs.example.com/licences/base-images#terms-of-use',
  'com.example.build-host': 'builder-07.build.example.com',
  description: `${language}: ${LABEL_TEXT}`,
  'distribution-scope': 'public',
  'io.buildah.version': '1.39.0-dev',
  'io.k8s.description': `${language}: ${LABEL_TEXT}`,
  'io.k8s.display-name': `${language} on the platform base`,
  'io.openshift.build.commit.author': 'Somebody <somebody@example.test>',
  'io.openshift.build.commit.date': 'Tue Sep 1 10:11:12 2026 +0000',
  'io.openshift.build.commit.id': '{commit}',
  'io.openshift.build.commit.message': 'Merge the change that mends what the one before it broke',
  'io.openshift.build.commit.ref': 'main',
  'io.openshift.build.name': 'app-{version}',
  'io.openshift.build.source-location': 'https://git.example.test/team/app.git',
  'io.openshift.expose-services': '8080:http',
  'io.openshift.s2i.assemble-input-files': '/opt/app-root/src',
  'io.openshift.s2i.scripts-url': 'image:///usr/libexec/s2i',
  'io.openshift.tags': `builder,${language}`,
  'io.s2i.scripts-url': 'image:///usr/libexec/s2i',
  maintainer: 'Platform <platform@example.test>',
  name: `base/${language}`,
  release: '1756699953',
  summary: LABEL_TEXT,
  url: `https://catalog.example.com/base/${language}/images/9.6-1756699953`,
  usage: `podman run -ti --rm registry.example.com/base/${language} --help`,
  'vcs-ref': '{commit}',
  'vcs-type': 'git',
  vendor: 'Example',
  version: '9.6',
});

const environmentOf = (language: string): readonly string[] => [
  'PATH=/opt/app-root/src/bin:/opt/app-root/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  `SUMMARY=${language}: ${LABEL_TEXT}`,
  `DESCRIPTION=${language}: ${LABEL_TEXT}`,
  'STI_SCRIPTS_URL=image:///usr/libexec/s2i',
  'STI_SCRIPTS_PATH=/usr/libexec/s2i',
  'APP_ROOT=/opt/app-root',
  'HOME=/opt/app-root/src',
  'PLATFORM=el9',
  'container=oci',
  'BASH_ENV=/opt/app-root/etc/scl_enable',
  'ENV=/opt/app-root/etc/scl_enable',
  'PROMPT_COMMAND=. /opt/app-root/etc/scl_enable',
  'OPENSHIFT_BUILD_NAME=app-{version}',
  'OPENSHIFT_BUILD_SOURCE=https://git.example.test/team/app.git',
  'OPENSHIFT_BUILD_COMMIT={commit}',
  'LANG=C.UTF-8',
  'TZ=UTC',
];

const configOf = (language: string): object => ({
  User: '1001',
  ExposedPorts: { '8080/tcp': {} },
  Env: environmentOf(language),
  Entrypoint: ['container-entrypoint'],
  Cmd: ['/bin/sh', '-c', '/usr/libexec/s2i/run'],
  WorkingDir: '/opt/app-root/src',
  Labels: labelsOf(language),
});

const imageShape = (language: string, annotations: Readonly<Record<string, string>>): object => ({
  metadata: {
    name: '{digest}',
    uid: '{uid}',
    resourceVersion: '{version}',
    creationTimestamp: '{created}',
    annotations,
  },
  dockerImageReference: '{repository}@{digest}',
  dockerImageMetadata: {
    kind: 'DockerImage',
    apiVersion: 'image.openshift.io/1.0',
    Id: '{config}',
    Created: '{created}',
    ContainerConfig: configOf(language),
    Config: configOf(language),
    Architecture: '{architecture}',
    Size: '=size',
  },
  dockerImageMetadataVersion: '1.0',
  dockerImageLayers: '=layers',
  dockerImageManifestMediaType: 'application/vnd.docker.distribution.manifest.v2+json',
});

const STORED = { 'image.openshift.io/dockerLayersOrder': 'ascending' };
const LANGUAGES = [
  'nodejs-22',
  'python-312',
  'openjdk-21',
  'dotnet-90',
  'go-toolset',
  'php-83',
  'ruby-33',
  'nginx-126',
];
const PUSHED: readonly Template[] = LANGUAGES.map((language) =>
  createTemplate(
    imageShape(language, {
      ...STORED,
      'image.openshift.io/manifestBlobStored': 'true',
      'openshift.io/image.managed': 'true',
    }),
  ),
);
const IMPORTED = createTemplate(imageShape('base', STORED));

const INDEX = createTemplate({
  metadata: {
    name: '{digest}',
    uid: '{uid}',
    resourceVersion: '{version}',
    creationTimestamp: '{created}',
    annotations: {
      'image.openshift.io/dockerLayersOrder': 'ascending',
      'image.openshift.io/manifestBlobStored': 'true',
      'openshift.io/image.managed': 'true',
    },
  },
  dockerImageReference: '{repository}@{digest}',
  dockerImageMetadata: {
    kind: 'DockerImage',
    apiVersion: 'image.openshift.io/1.0',
    Id: '{digest}',
    Created: '{created}',
    ContainerConfig: {},
  },
  dockerImageMetadataVersion: '1.0',
  dockerImageManifestMediaType: 'application/vnd.oci.image.index.v1+json',
  dockerImageManifests: '=children',
});
