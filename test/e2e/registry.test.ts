import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startApiServer } from '../../sandbox/api-server.ts';
import type { ApiObjects } from '../../sandbox/api-lists.ts';
import type { ApiServer } from '../../sandbox/api-server.ts';
import { findFreePort } from '../../sandbox/free-port.ts';
import {
  craftImage,
  craftIndex,
  craftLayer,
  imageStreamObjectOf,
  NO_BYTES,
} from '../../sandbox/registry-images.ts';
import type { CraftedImage, CraftedStream } from '../../sandbox/registry-images.ts';
import { deleteStream, objectsOf, pushStreams } from '../../sandbox/registry-push.ts';
import { HTPASSWD_LOGIN, hasRegistryServer } from '../../sandbox/registry-server.ts';
import type { RegistryDoor, RegistryServer } from '../../sandbox/registry-server.ts';
import { startTokenServer } from '../../sandbox/token-server.ts';
import { weighCluster } from '../../src/pipeline/direct/weigh.ts';
import { formatBytes } from '../../src/usage/format.ts';
import type { NamespaceReport, Report } from '../../src/usage/report/report.ts';
import { openCluster, PATHS } from '../adapters/openshift/open-cluster.ts';
import { BASIC, startRealRegistry, startRoute, withRegistry } from '../adapters/registry/open-registry.ts';
import { rules, selection } from '../usage/build.ts';
import type { Ended } from './command-line.ts';
import { runQuotagram } from './command-line.ts';
import { writeKubeconfig } from './kubeconfig.ts';

/** The figures and `quotagram verify`, held against the bytes of a real registry. */

/** A command takes seconds where others test beside us. */
const PATIENCE = { timeout: 120_000 };

const BASE = craftLayer('base', 40_000);
const RUNTIME = craftLayer('runtime', 20_000);
const NGINX = craftLayer('nginx', 9_000);

const API_1 = craftImage([BASE, RUNTIME, craftLayer('api 1', 3_000)]);
const API_2 = craftImage([BASE, RUNTIME, craftLayer('api 2', 3_500)]);
/** One layer twice and one of no bytes. */
const WEB = craftImage([BASE, NGINX, craftLayer('web', 700), NGINX, NO_BYTES], { format: 'oci' });
const MULTI = craftIndex([
  craftImage([BASE, craftLayer('tool amd64', 1_200)]),
  craftImage([craftLayer('base arm64', 38_000), craftLayer('tool arm64', 1_100)], { architecture: 'arm64' }),
]);
const MULTI_OCI = craftIndex([craftImage([RUNTIME], { format: 'oci' })], 'oci');
const JOB = craftImage([BASE, craftLayer('job', 15_000)]);

const TOOLS: readonly CraftedStream[] = [
  { namespace: 'a1b2c3-tools', name: 'api', tags: { latest: [API_2, API_1], stable: [API_1] } },
  { namespace: 'a1b2c3-tools', name: 'web', tags: { latest: [WEB] } },
  { namespace: 'a1b2c3-tools', name: 'multi', tags: { latest: [MULTI], oci: [MULTI_OCI] } },
];
/** The same API image, promoted; a job of its own; and an old image in two streams of one namespace. */
const DEV: readonly CraftedStream[] = [
  { namespace: 'a1b2c3-dev', name: 'api', tags: { latest: [API_2] } },
  { namespace: 'a1b2c3-dev', name: 'job', tags: { latest: [JOB], old: [API_1] } },
  { namespace: 'a1b2c3-dev', name: 'job-copy', tags: { latest: [JOB] } },
];
const ALL = [...TOOLS, ...DEV];

describe.skipIf(!hasRegistryServer)(withRegistry('the bytes of a real registry'), PATIENCE, () => {
  test.each([
    { namespace: 'a1b2c3-tools', streams: TOOLS },
    { namespace: 'a1b2c3-dev', streams: DEV },
  ])('are what $namespace uses, but for the manifests', async ({ namespace, streams }) => {
    const registry = await startRealRegistry();
    const api = await serve(await pushStreams(registry, streams));
    const { usedBytes } = findNamespace(await report(api), namespace);
    expect(usedBytes).toBe(sum(withoutManifests(await registry.readDisk())));
  });

  test('are what all namespaces use together, though the namespaces add up to more', async () => {
    const registry = await startRealRegistry();
    const api = await serve(await pushStreams(registry, ALL));
    const { cluster } = await report(api);
    expect(cluster.usedBytes).toBe(sum(withoutManifests(await registry.readDisk())));
    expect(cluster.sumOfNamespacesBytes).toBeGreaterThan(cluster.usedBytes ?? Infinity);
  });

  test('that a deleted stream gives back are what garbage collection really frees, but for the manifests', async () => {
    const registry = await startRealRegistry();
    await pushStreams(registry, ALL);
    const outcomes: object[] = [];
    for (const [index, stream] of ALL.entries()) {
      const api = await serve(objectsOf(ALL.slice(index)));
      const { streams } = findNamespace(await report(api), stream.namespace);
      const { reclaimsBytes, sizeBytes, freesBytes } = streams.find(({ name }) => name === stream.name) ?? {};
      const before = await registry.readDisk();
      await deleteStream(registry, stream);
      await registry.collectGarbage();
      const after = await registry.readDisk();
      const freed = new Map([...before].filter(([digest]) => !after.has(digest)));
      expect({ stream: stream.name, reclaimsBytes }).toEqual({
        stream: stream.name,
        reclaimsBytes: sum(withoutManifests(freed)),
      });
      outcomes.push({
        stream: `${stream.namespace}/${stream.name}`,
        isLess: (reclaimsBytes ?? 0) < (sizeBytes ?? 0),
        isNothing: reclaimsBytes === 0,
        freesMore: (freesBytes ?? 0) > (reclaimsBytes ?? 0),
      });
    }
    // Among them: what another namespace holds is freed for the quota and stays in the registry.
    expect(outcomes).toEqual([
      { stream: 'a1b2c3-tools/api', isLess: true, isNothing: true, freesMore: true },
      { stream: 'a1b2c3-tools/web', isLess: true, isNothing: false, freesMore: false },
      { stream: 'a1b2c3-tools/multi', isLess: true, isNothing: false, freesMore: true },
      { stream: 'a1b2c3-dev/api', isLess: true, isNothing: false, freesMore: false },
      { stream: 'a1b2c3-dev/job', isLess: true, isNothing: false, freesMore: false },
      { stream: 'a1b2c3-dev/job-copy', isLess: false, isNothing: false, freesMore: false },
    ]);
    expect(await registry.readDisk()).toEqual(new Map());
  });
});

describe.skipIf(!hasRegistryServer)(withRegistry('quotagram verify'), PATIENCE, () => {
  test('finds that the recount and the registry say what the report says', async () => {
    const { registry, verify } = await open(ALL);
    const { exitCode, stdout, stderr } = await verify(['--registry', registry.url]);
    expect(stdout).toContain(`a1b2c3-tools uses ${formatBytes(sum(distinctBlobs(TOOLS)))} (`);
    expect(stdout).toMatch(/\nAll \d+ figures agree\.\n/);
    expect(stdout).toMatch(new RegExp(`\nThe registry ${registry.url}: 16 blobs asked, 16 agree\\.\n$`));
    expect(stderr).toContain('read 6 imagestreams');
    expect(exitCode).toBe(0);
  });

  test('says the same as JSON', async () => {
    const { registry, verify } = await open(ALL);
    const { exitCode, stdout } = await verify(['--registry', registry.url, '--output', 'json']);
    const blobs = distinctBlobs(TOOLS);
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      namespace: 'a1b2c3-tools',
      agrees: true,
      registry: {
        asked: blobs.size,
        agreed: blobs.size,
        statedBytes: sum(blobs),
        storedBytes: sum(blobs),
        differences: [],
        notAsked: [],
      },
    });
    expect(exitCode).toBe(0);
  });

  test('finds the registry by itself where image streams state its public address', async () => {
    const registry = await startRealRegistry();
    const objects = await pushStreams({ url: registry.url }, ALL);
    const { host, cert } = await startRoute(registry.url);
    const imagestreams = ALL.map(imageStreamObjectOf).map(({ metadata, status }) => ({
      metadata,
      status: {
        ...status,
        publicDockerImageRepository: `${host}/${metadata.namespace}/${metadata.name}`,
      },
    }));
    const { verify, folder } = await openWith({ ...objects, imagestreams });
    const authority = join(folder, 'route.crt');
    await writeFile(authority, cert);
    const { exitCode, stdout } = await verify(['--registry', 'auto'], { NODE_EXTRA_CA_CERTS: authority });
    expect(stdout).toContain(`\nThe registry ${host}: 16 blobs asked, 16 agree.\n`);
    expect(exitCode).toBe(0);
  });

  test('needs no registry for the recount', async () => {
    const { verify } = await open(ALL);
    const { exitCode, stdout } = await verify([]);
    expect(stdout).toMatch(
      /\nAll \d+ figures agree\.\n\nWith --registry auto the cluster’s registry itself is asked, too\.\n$/,
    );
    expect(exitCode).toBe(0);
  });

  test('does so for each namespace that is named', async () => {
    const { registry, verify } = await open(ALL);
    const others = ['-n', 'a1b2c3-dev', '--registry', registry.url];
    const [table, json] = [await verify(others), await verify([...others, '--output', 'json'])];
    expect(table.stdout.match(/^\S+ uses |^All \d+ figures agree|\d+ blobs asked/gm)).toEqual([
      'a1b2c3-tools uses ',
      expect.stringContaining('agree'),
      '16 blobs asked',
      'a1b2c3-dev uses ',
      expect.stringContaining('agree'),
      expect.stringContaining('blobs asked'),
    ]);
    // An object each, one after the other, as jq reads them.
    const [first = '', second = ''] = json.stdout.split(/(?<=^\}\n)(?=\{)/m);
    expect([JSON.parse(first).namespace, JSON.parse(second).namespace]).toEqual([
      'a1b2c3-tools',
      'a1b2c3-dev',
    ]);
    expect([table.exitCode, json.exitCode]).toEqual([0, 0]);
  });

  test('explains each blob that was cut, lost or swapped on disk, and what that does to the figure', async () => {
    const { registry, verify } = await open(ALL);
    const config = WEB.blobs[0];
    if (config === undefined) throw new Error('an image has a config');
    await truncate(registry.fileOf(RUNTIME.digest), 20_000);
    await unlink(registry.fileOf(NGINX.digest));
    await writeFile(registry.fileOf(config.digest), Buffer.alloc(config.bytes.length + 100));
    const { exitCode, stdout } = await verify(['--registry', registry.url]);
    const cut = RUNTIME.bytes.length - 20_000;
    expect(stdout).toContain('16 blobs asked, 13 agree.');
    expect(stdout).toContain(
      lineOf(
        NGINX.digest,
        `The registry does not have the layer of web:latest, though the Image object lists it with ${NGINX.bytes.length.toLocaleString('en')} bytes: the usage is 8.8 KiB too high, and pulling the image fails.`,
      ),
    );
    expect(stdout).toContain(
      lineOf(
        RUNTIME.digest,
        `The registry holds 20,000 bytes for the layer of api:latest, api:stable and multi:oci, but the pushed Image object states ${RUNTIME.bytes.length.toLocaleString('en')} bytes, so the usage is ${String(cut)} B too high.`,
      ),
    );
    expect(stdout).toContain(
      lineOf(
        config.digest,
        `The registry holds ${String(config.bytes.length + 100)} bytes for the config of web:latest, but its size in the Image object (Size minus the layers) is ${String(config.bytes.length)} bytes, so the usage is 100 B too low.`,
      ),
    );
    expect(stdout).toContain('By its own sizes 8.7 KiB (');
    expect(stdout).toMatch(/\nAll \d+ figures agree\.\n/);
    expect(exitCode).toBe(3);
  });

  test('finds out an image whose manifest was pushed with a size that is not true', async () => {
    const liar = craftImage([BASE, NGINX], { claims: { [NGINX.digest]: 1_000_000 } });
    const { registry, verify } = await open([
      { namespace: 'a1b2c3-tools', name: 'liar', tags: { latest: [liar] } },
    ]);
    const { exitCode, stdout } = await verify(['--registry', registry.url, '--output', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({
      agrees: false,
      registry: {
        asked: 3,
        agreed: 2,
        differences: [
          {
            digest: NGINX.digest,
            verdict: 'size differs',
            statedBytes: 1_000_000,
            storedBytes: NGINX.bytes.length,
            tags: ['liar:latest'],
          },
        ],
      },
    });
    expect(exitCode).toBe(3);
  });

  test('works with a project viewer’s rights, and says what it cannot know then', async () => {
    const { api, registry, verify } = await open(ALL);
    for (const path of Object.values(PATHS)) api.addFault(path, { status: 403 }, Infinity);
    const { exitCode, stdout } = await verify(['--registry', registry.url]);
    expect(stdout).toContain('16 blobs asked, 16 agree.');
    expect(stdout).toMatch(/what the registry gets back +0 +unknown: other namespaces could not be read\n/);
    expect(exitCode).toBe(0);
  });

  test('does not ask for what is only imported, and says why', async () => {
    const registry = await startRealRegistry();
    const objects = await pushStreams(registry, TOOLS);
    const images = (objects.images ?? []).map((image) =>
      image.metadata.name === WEB.digest ? { ...image, metadata: { name: WEB.digest } } : image,
    );
    const { verify } = await openWith({ ...objects, images }, 'charge: { imported: true }');
    const { exitCode, stdout } = await verify(['--registry', registry.url]);
    expect(stdout).toContain('12 blobs asked, 12 agree.');
    expect(stdout).toMatch(
      /\nNot asked: 4 blobs \(10\.0 KiB\)\. They are only imported, and the API cannot tell whether the registry mirrored them\.\n$/,
    );
    expect(exitCode).toBe(0);
  });
});

describe.skipIf(!hasRegistryServer)(withRegistry('the credentials of quotagram verify'), PATIENCE, () => {
  const openLocked = () => open(TOOLS, { type: 'htpasswd' });
  const { user, password } = HTPASSWD_LOGIN;

  test('come from the environment or from a file that it names', async () => {
    const { registry, verify, folder } = await openLocked();
    await writeFile(join(folder, 'password'), `${password}\n`);
    for (const env of [
      { REGISTRY_USER: user, REGISTRY_PASSWORD: password },
      { REGISTRY_USER: user, REGISTRY_PASSWORD_FILE: join(folder, 'password') },
    ]) {
      const { exitCode, stdout } = await verify(['--registry', registry.url], env);
      expect(stdout).toContain('16 blobs asked, 16 agree.');
      expect(exitCode).toBe(0);
    }
  });

  test.each([
    {
      name: 'wrong',
      env: { REGISTRY_USER: user, REGISTRY_PASSWORD: 'open barley' },
      exitCode: 1,
      message: 'does not accept these credentials',
    },
    { name: 'missing', env: {}, exitCode: 1, message: 'wants credentials' },
    {
      name: 'half set',
      env: { REGISTRY_USER: user },
      exitCode: 2,
      message: 'set either REGISTRY_TOKEN alone, or both REGISTRY_USER and REGISTRY_PASSWORD',
    },
  ])('that are $name are told apart, and never printed', async ({ env, exitCode, message }) => {
    const { registry, verify } = await openLocked();
    const ended = await verify(['--registry', registry.url], env);
    expect(ended.stderr).toContain(message);
    expect(ended.stderr).toContain('REGISTRY_TOKEN');
    expect(ended.stderr + ended.stdout).not.toMatch(/barley|sesame/);
    expect(ended.stdout).toBe('');
    expect(ended.exitCode).toBe(exitCode);
  });

  test('are changed for tokens where the registry asks for these', async () => {
    await using tokens = await startTokenServer({ login: HTPASSWD_LOGIN });
    const { realm, cert } = tokens;
    const registry = await startRealRegistry({ type: 'token', realm, service: 'registry', cert });
    const repositories = TOOLS.map(({ name }) => `repository:a1b2c3-tools/${name}`);
    const toPush = new URLSearchParams({ service: 'registry' });
    for (const repository of repositories) toPush.append('scope', `${repository}:pull,push`);
    const given = await fetch(`${realm}?${toPush.toString()}`, { headers: { authorization: BASIC } });
    const { token } = JSON.parse(await given.text());
    await pushStreams({ url: registry.url, authorization: `Bearer ${token}` }, TOOLS);

    const { verify } = await openWith(objectsOf(TOOLS));
    const { exitCode, stdout } = await verify(['--registry', registry.url], {
      REGISTRY_USER: user,
      REGISTRY_PASSWORD: password,
    });
    expect(stdout).toContain('16 blobs asked, 16 agree.');
    const scopes = tokens.requests.map(({ query }) => new URLSearchParams(query).get('scope'));
    expect(scopes[1]).toBeNull();
    expect(scopes.slice(2)).toHaveLength(repositories.length);
    expect(new Set(scopes.slice(2))).toEqual(new Set(repositories.map((name) => `${name}:pull`)));
    expect(exitCode).toBe(0);
  });
});

test('quotagram verify says what to do where no image stream states a public address', PATIENCE, async () => {
  const { verify } = await openWith(objectsOf(TOOLS));
  const { exitCode, stdout, stderr } = await verify(['--registry', 'auto']);
  expect(stderr).toContain('error: No image stream that was read states a public address of the registry\n');
  expect(stderr).toContain('Name one with --registry URL.');
  expect(stdout).toBe('');
  expect(exitCode).toBe(1);
});

test('quotagram verify says so when the registry is down', PATIENCE, async () => {
  const host = `127.0.0.1:${String(await findFreePort())}`;
  const { verify } = await openWith(objectsOf(TOOLS));
  const { exitCode, stderr } = await verify(['--registry', `http://${host}`]);
  expect(stderr).toContain('warning: registry: connect ECONNREFUSED');
  expect(stderr).toContain(`error: ${host} does not answer: connect ECONNREFUSED`);
  expect(exitCode).toBe(1);
});

/** Skopeo would make 25 bytes of a layer of none. */
const BY_SKOPEO: readonly CraftedStream[] = [
  { namespace: 'a1b2c3-tools', name: 'api', tags: { latest: [API_1] } },
  {
    namespace: 'a1b2c3-tools',
    name: 'web',
    tags: { latest: [craftImage([BASE, NGINX, RUNTIME, NGINX], { format: 'oci' })] },
  },
];

const SKOPEO = 'skopeo';
const hasSkopeo = spawnSync(SKOPEO, ['--version']).status === 0;

describe.skipIf(!hasRegistryServer || !hasSkopeo)(
  hasSkopeo
    ? withRegistry('images that skopeo pushed')
    : 'images that skopeo pushed, which takes skopeo (apt-get install skopeo)',
  PATIENCE,
  () => {
    test('are weighed to the byte, whoever pushed them', async () => {
      const registry = await startRealRegistry();
      for (const { namespace, name, tags } of BY_SKOPEO) {
        for (const [tag, [image]] of Object.entries(tags))
          if (image !== undefined) await copyWithSkopeo(image, `${registry.url}/${namespace}/${name}:${tag}`);
      }
      const { api, verify } = await openWith(objectsOf(BY_SKOPEO));
      const { usedBytes } = findNamespace(await report(api), 'a1b2c3-tools');
      expect(usedBytes).toBe(sum(withoutManifests(await registry.readDisk())));
      const { exitCode, stdout } = await verify(['--registry', registry.url]);
      expect(stdout).toContain('6 blobs asked, 6 agree.');
      expect(exitCode).toBe(0);
    });
  },
);

/** Writes an image as skopeo's `dir:` has it and lets skopeo push it. */
const copyWithSkopeo = async (image: CraftedImage, target: string): Promise<void> => {
  const folder = await createFolder();
  await writeFile(join(folder, 'version'), 'Directory Transport Version: 1.1\n');
  await writeFile(join(folder, 'manifest.json'), image.bytes);
  for (const { digest, bytes } of image.blobs) await writeFile(join(folder, digest.slice(7)), bytes);
  const place = target.replace('http:', 'docker:');
  const args = ['--insecure-policy', 'copy', '--dest-tls-verify=false', `dir:${folder}`, place];
  await promisify(execFile)(SKOPEO, args);
};

const MANIFESTS: ReadonlySet<string> = new Set(
  [...ALL, ...BY_SKOPEO]
    .flatMap(({ tags }) => Object.values(tags).flat())
    .flatMap((image) => [image, ...image.children])
    .map(({ digest }) => digest),
);

/** The API has no sizes of manifests, so that no figure counts them. */
const withoutManifests = (bytes: ReadonlyMap<string, number>): ReadonlyMap<string, number> =>
  new Map([...bytes].filter(([digest]) => !MANIFESTS.has(digest)));

const sum = (bytes: ReadonlyMap<string, number>): number =>
  [...bytes.values()].reduce((total, one) => total + one, 0);

const distinctBlobs = (streams: readonly CraftedStream[]): ReadonlyMap<string, number> =>
  new Map(
    streams
      .flatMap(({ tags }) => Object.values(tags).flat())
      .flatMap((image) => [image, ...image.children].flatMap(({ blobs }) => blobs))
      .map(({ digest, bytes }) => [digest, bytes.length]),
  );

const createFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'quotagram-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
};

const serve = async (lists: ApiObjects): Promise<ApiServer> => {
  const api = await startApiServer({ lists });
  onTestFinished(() => api.close());
  return api;
};

/** What `quotagram report -A` says. */
const report = async (api: ApiServer): Promise<Report> => {
  const { cluster } = await openCluster(api);
  const weighed = await weighCluster({ cluster }, { ...rules(), ...selection() }, null);
  return weighed.report;
};

const findNamespace = ({ reports }: Report, name: string): NamespaceReport => {
  const found = reports.flatMap(({ namespaces }) => namespaces).find((one) => one.name === name);
  if (found === undefined) throw new Error(`no report of ${name}`);
  return found;
};

type Opened = {
  readonly api: ApiServer;
  readonly folder: string;
  /** Runs `quotagram verify -n a1b2c3-tools`. */
  readonly verify: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<Ended>;
};

/** A cluster whose API says what is pushed to a registry; `config` is the text of quotagram.yaml. */
const openWith = async (objects: ApiObjects, config = ''): Promise<Opened> => {
  const api = await serve(objects);
  const folder = await createFolder();
  const kubeconfig = await writeKubeconfig(folder, { server: api.url });
  await writeFile(join(folder, 'quotagram.yaml'), config);
  return {
    api,
    folder,
    verify: (args, env = {}) =>
      runQuotagram(['verify', '-n', 'a1b2c3-tools', ...args], {
        cwd: folder,
        env: { KUBECONFIG: kubeconfig, ...env },
      }),
  };
};

const open = async (
  streams: readonly CraftedStream[],
  door?: RegistryDoor,
): Promise<Opened & { readonly registry: RegistryServer }> => {
  const registry = await startRealRegistry(door);
  const objects = await pushStreams({ url: registry.url, authorization: BASIC }, streams);
  return { registry, ...(await openWith(objects)) };
};

const lineOf = (digest: string, explanation: string): string => `  ${digest.slice(0, 19)}  ${explanation}\n`;
