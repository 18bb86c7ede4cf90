import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { makeCertificate } from '../../../sandbox/certificate.ts';
import { createFolder, kubeconfigOf, openCluster, startServer, writeKubeconfig } from './open-cluster.ts';

/** How we reach an API and are let in. */

const wholeCluster = { namespaces: null };
const lists = { images: [1, 2, 3, 4, 5].map((digit) => ({ metadata: { name: `sha256:${digit}` } })) };

const hostOf = (server: { readonly url: string }) => new URL(server.url).host;
const base64 = (text: string) => Buffer.from(text).toString('base64');

test('an API below a path of its server is read there, whether the kubeconfig ends it with a slash or not', async () => {
  const server = await startServer({ lists, basePath: '/clusters/silver' });
  for (const url of [server.url, `${server.url}/`]) {
    const { cluster } = await openCluster({ url });
    const inventory = await cluster.readInventory(wholeCluster);
    expect(inventory.holdings.images.digests).toHaveLength(5);
    expect(inventory.cluster.apiUrl).toBe(server.url);
  }
});

describe('the certificate of the API', () => {
  const certificate = makeCertificate(new Date());
  const other = makeCertificate(new Date());
  const strangers = makeCertificate(new Date(), 'a stranger');
  const expired = makeCertificate(new Date('2020-01-01T00:00:00Z'));
  const future = makeCertificate(new Date(Date.now() + 2 * 86_400_000));

  test('is trusted when the authority in the kubeconfig signed it', async () => {
    const server = await startServer({ lists, certificate });
    const { cluster } = await openCluster(server, {
      trust: { 'certificate-authority-data': base64(certificate.cert) },
    });
    expect((await cluster.readInventory(wholeCluster)).holdings.images.digests).toHaveLength(5);
  });

  test.each([
    {
      name: 'that signed itself',
      shown: certificate,
      trust: { 'certificate-authority-data': base64(other.cert) },
      reason: 'self-signed certificate',
    },
    {
      name: 'that an unknown authority signed',
      shown: strangers,
      trust: { 'certificate-authority-data': base64(other.cert) },
      reason: 'unable to verify the first certificate',
    },
    {
      name: 'that has expired',
      shown: expired,
      trust: { 'certificate-authority-data': base64(expired.cert) },
      reason: 'certificate has expired',
    },
    {
      name: 'whose time is still to come',
      shown: future,
      trust: { 'certificate-authority-data': base64(future.cert) },
      reason: 'certificate is not yet valid',
    },
    {
      name: 'of another host name',
      shown: certificate,
      trust: {
        'certificate-authority-data': base64(certificate.cert),
        'tls-server-name': 'api.silver.example.test',
      },
      reason: expect.stringContaining('api.silver.example.test'),
    },
    {
      name: 'for which the kubeconfig’s authority is no certificate',
      shown: certificate,
      trust: { 'certificate-authority-data': base64('nonsense') },
      reason: 'self-signed certificate',
    },
  ])('$name ends the reading at once', async ({ shown, trust, reason }) => {
    const server = await startServer({ lists, certificate: shown });
    const { cluster, events } = await openCluster(server, { trust });
    const told = await cluster.readInventory(wholeCluster).catch((thrown) => thrown);
    expect(told).toMatchObject({ code: 'invalid', hint: expect.stringContaining('certificate-authority') });
    const [sentence, why] = told.message.split(' cannot be trusted: ');
    expect(sentence).toBe(`The certificate of the API at ${hostOf(server)}`);
    expect(why).toEqual(reason);
    expect(events).toEqual([]);
    expect(server.requests).toEqual([]);
  });

  test('is trusted from when its authority was put in the file that the kubeconfig names', async () => {
    const file = join(await createFolder(), 'ca.crt');
    await writeFile(file, other.cert);
    const server = await startServer({ lists, certificate });
    const { cluster } = await openCluster(server, { trust: { 'certificate-authority': file } });
    await expect(cluster.readInventory(wholeCluster)).rejects.toMatchObject({ code: 'invalid' });
    await writeFile(file, certificate.cert);
    expect((await cluster.readInventory(wholeCluster)).holdings.images.digests).toHaveLength(5);
  });
});

describe('credentials', () => {
  test('that are not accepted end the reading at once', async () => {
    const server = await startServer({ token: 'sesame', lists });
    const { cluster, events } = await openCluster(server, { user: { token: 'other' } });
    await expect(cluster.readInventory(wholeCluster)).rejects.toMatchObject({
      code: 'forbidden',
      message: `The API at ${hostOf(server)} does not accept these credentials`,
      hint: expect.stringContaining('oc login'),
    });
    expect(events).toEqual([]);
  });

  test.each([
    ['tokenFile', (tokenFile: string) => ({ tokenFile })],
    ['tokenFile beside an outdated token', (tokenFile: string) => ({ tokenFile, token: 'outdated' })],
    [
      'auth-provider of that name',
      (tokenFile: string) => ({ 'auth-provider': { name: 'tokenFile', config: { tokenFile } } }),
    ],
  ])('in the file of a %s are read again when they were renewed', async (_name, userOf) => {
    const tokenFile = join(await createFolder(), 'token');
    await writeFile(tokenFile, 'first\n');
    const server = await startServer({ token: 'first', lists });
    const { cluster } = await openCluster(server, { user: userOf(tokenFile) });
    await cluster.readInventory(wholeCluster);
    await writeFile(tokenFile, 'second\n');
    server.requireToken('second');
    expect((await cluster.readInventory(wholeCluster)).holdings.images.digests).toHaveLength(5);
  });

  test('in a tokenFile beside the kubeconfig are found by a relative path', async () => {
    const server = await startServer({ token: 'sesame', lists });
    const kubeconfig = await writeKubeconfig(kubeconfigOf(server.url, { tokenFile: 'token' }));
    await writeFile(join(dirname(kubeconfig), 'token'), 'sesame');
    const { cluster } = await openCluster(server, { kubeconfig });
    expect((await cluster.readInventory(wholeCluster)).holdings.images.digests).toHaveLength(5);
  });

  test.each([
    ['token', (missing: string) => ({ tokenFile: missing })],
    [
      'client certificate',
      (missing: string) => ({ 'client-certificate': missing, 'client-key-data': base64('key') }),
    ],
    [
      'client key',
      (missing: string) => ({ 'client-certificate-data': base64('cert'), 'client-key': missing }),
    ],
    ['plugin', (missing: string) => ({ exec: { apiVersion: 'v1', command: missing } })],
  ])('whose %s is not there name it', async (_name, userOf) => {
    const server = await startServer({ lists });
    const missing = join(await createFolder(), 'missing');
    const { cluster, events } = await openCluster(server, { user: userOf(missing) });
    await expect(cluster.readInventory(wholeCluster)).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringMatching(
        new RegExp(`^The kubeconfig's credentials cannot be used: .*${RegExp.escape(missing)}`),
      ),
      hint: expect.stringContaining('oc login'),
    });
    expect(events).toEqual([]);
  });

  const print = (text: string) => ({
    exec: {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: process.execPath,
      args: ['-e', `process.stdout.write(${JSON.stringify(text)})`],
    },
  });
  test.each([
    ['a line break', { token: 'sha256~sesame\nbarley' }],
    ['a control character', { token: 'sha256~sesame\u0001barley' }],
    ['a letter beyond ASCII', { token: 'sha256~sesame\u2026barley' }],
    ['a line break in a plugin’s token', print('{"status":{"token":"sesame\\nbarley"}}')],
    ['no JSON around a plugin’s token', print('sesame barley')],
  ])('with %s are of no use, and neither the error nor an event shows them', async (_name, user) => {
    const server = await startServer({ lists });
    const { cluster, events } = await openCluster(server, { user });
    const thrown = await cluster.readInventory(wholeCluster).catch((error: unknown) => error);
    expect(thrown).toMatchObject({
      code: 'invalid',
      message: expect.stringMatching(
        /^The kubeconfig's credentials cannot be used: the (token|credential plugin)/,
      ),
      hint: expect.stringContaining('oc login'),
    });
    expect(inspect(thrown, { depth: null })).not.toMatch(/sesame|barley/);
    expect(events).toEqual([]);
    expect(server.requests).toEqual([]);
  });

  test('whose certificate is none are said to be of no use', async () => {
    const server = await startServer({ lists, certificate: makeCertificate(new Date()) });
    const { cluster, events } = await openCluster(server, {
      user: { 'client-certificate-data': base64('nonsense'), 'client-key-data': base64('nonsense') },
    });
    await expect(cluster.readInventory(wholeCluster)).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringMatching(/^The kubeconfig's credentials cannot be used: .*no start line/),
    });
    expect(events).toEqual([]);
  });

  test('are renewed for the cluster that the reading began with, whatever the current context has become', async () => {
    const silver = await startServer({ token: 'first', lists });
    const gold = await startServer({ token: 'second', lists: { images: [] } });
    const kubeconfig = await writeKubeconfig(kubeconfigOf(silver.url, { token: 'first' }));
    const { cluster } = await openCluster(silver, { kubeconfig });
    await cluster.readInventory(wholeCluster);
    await writeFile(
      kubeconfig,
      JSON.stringify(withContext(kubeconfigOf(silver.url, { token: 'second' }), gold.url)),
    );
    silver.requireToken('second');
    expect((await cluster.readInventory(wholeCluster)).holdings.images.digests).toHaveLength(5);
    expect(gold.requests).toEqual([]);
  });
});

/** The same kubeconfig after somebody went on to another cluster with the same user. */
const withContext = (kubeconfig: ReturnType<typeof kubeconfigOf>, server: string) => ({
  ...kubeconfig,
  'current-context': 'other',
  clusters: [...kubeconfig.clusters, { name: 'gold', cluster: { server, 'insecure-skip-tls-verify': true } }],
  contexts: [...kubeconfig.contexts, { name: 'other', context: { cluster: 'gold', user: 'robot' } }],
});
