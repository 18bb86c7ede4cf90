import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { loadLogin } from '../../../src/adapters/openshift/kubeconfig.ts';
import { createFolder, kubeconfigOf, writeKubeconfig } from './open-cluster.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

const cluster = (name: string, server: string) => ({ name, cluster: { server } });
const context = (name: string, of: string) => ({ name, context: { cluster: of, user: 'robot' } });
const users = [{ name: 'robot', user: { token: 'sesame' } }];

const load = async (kubeconfig: object | string, name: string | null = null) =>
  loadLogin({ kubeconfig: await writeKubeconfig(kubeconfig), context: name });

describe('the way to the cluster', () => {
  const two = {
    'current-context': 'work',
    clusters: [
      cluster('silver', 'https://silver.example.test:6443/'),
      cluster('gold', 'https://gold.example.test'),
    ],
    contexts: [context('work', 'silver'), context('other', 'gold')],
    users,
  };

  test('is the current context of the kubeconfig', async () => {
    expect(await load(two)).toMatchObject({
      clusterName: 'silver',
      server: 'https://silver.example.test:6443',
      publicServer: 'https://silver.example.test:6443',
    });
  });

  test('is the context asked for', async () => {
    expect(await load(two, 'other')).toMatchObject({
      clusterName: 'gold',
      server: 'https://gold.example.test',
    });
  });

  test.each([
    ['https://[fd00::1]:6443/', 'https://[fd00::1]:6443', '[fd00::1]:6443'],
    [
      'https://silver.example.test/clusters/c-1//',
      'https://silver.example.test/clusters/c-1',
      'silver.example.test',
    ],
    ['HTTPS://silver.example.test', 'HTTPS://silver.example.test', 'silver.example.test'],
  ])('may be %s', async (written, server, host) => {
    const kubeconfig = { ...two, clusters: [cluster('silver', written)] };
    expect(await load(kubeconfig)).toMatchObject({ server, host, publicServer: server });
  });

  test('comes from ~/.kube/config where no kubeconfig is named', async () => {
    const home = await createFolder();
    vi.stubEnv('HOME', home);
    await mkdir(join(home, '.kube'));
    await writeFile(join(home, '.kube', 'config'), JSON.stringify(two));
    expect(loadLogin({ kubeconfig: null, context: null }).clusterName).toBe('silver');
  });

  test('comes from several kubeconfigs, of which the first to state a value wins and missing ones are passed over', async () => {
    const files = [
      join(await createFolder(), 'missing'),
      await writeKubeconfig({ clusters: [cluster('silver', 'https://first.example.test')], users }),
      await writeKubeconfig({ ...two, 'current-context': 'work' }),
      await writeKubeconfig({ 'current-context': 'other' }),
    ];
    expect(loadLogin({ kubeconfig: files.join(delimiter), context: null })).toMatchObject({
      clusterName: 'silver',
      server: 'https://first.example.test',
    });
  });
});

describe('what cannot lead to a cluster says so:', () => {
  test('no kubeconfig at all', async () => {
    vi.stubEnv('HOME', await createFolder());
    expect(() => loadLogin({ kubeconfig: null, context: null })).toThrow(
      expect.objectContaining({
        code: 'invalid',
        message: 'There is no kubeconfig: no ~/.kube/config, nor a service account of a pod',
        hint: 'Log in with `oc login`, or name a file with --kubeconfig or KUBECONFIG.',
      }),
    );
  });

  test('a file that is not there', async () => {
    const missing = join(await createFolder(), 'missing');
    expect(() => loadLogin({ kubeconfig: missing, context: null })).toThrow(
      expect.objectContaining({ code: 'invalid', message: `There is no kubeconfig: no ${missing}` }),
    );
  });

  test('a file that is no YAML, without quoting the token in it', async () => {
    const broken = load('users:\n- name: robot\n  user: {token: sesame\nclusters: [\n');
    await expect(broken).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringMatching(/^The kubeconfig .* cannot be read: /),
    });
    await expect(broken).rejects.not.toMatchObject({ message: expect.stringContaining('sesame') });
    await expect(broken).rejects.not.toHaveProperty('cause');
  });

  test('a context that is not in it, with those that are', async () => {
    await expect(load(kubeconfigOf('https://silver.example.test'), 'wrok')).rejects.toMatchObject({
      code: 'invalid',
      message: 'The kubeconfig has no context wrok; it has work',
    });
  });

  test('no contexts', async () => {
    await expect(load({ contexts: [] })).rejects.toMatchObject({
      code: 'invalid',
      message: 'The kubeconfig has no contexts, so it leads to no cluster',
    });
  });

  test('no current context, with those that are in it', async () => {
    await expect(load({ contexts: [context('work', 'silver')] })).rejects.toMatchObject({
      code: 'invalid',
      message: 'The kubeconfig has no current context; it has work',
    });
  });

  test.each([
    ['cluster', { clusters: [], users }, 'cluster silver'],
    ['user', { clusters: [cluster('silver', 'https://silver.example.test')], users: [] }, 'user robot'],
  ])('a context whose %s is missing', async (_part, rest, missing) => {
    const kubeconfig = { 'current-context': 'work', contexts: [context('work', 'silver')], ...rest };
    await expect(load(kubeconfig)).rejects.toMatchObject({
      code: 'invalid',
      message: `The kubeconfig's context work needs the ${missing}, which is not in it`,
    });
  });

  test('a server without encryption', async () => {
    const kubeconfig = {
      'current-context': 'work',
      contexts: [context('work', 'silver')],
      clusters: [cluster('silver', 'http://silver.example.test')],
      users,
    };
    await expect(load(kubeconfig)).rejects.toMatchObject({
      code: 'invalid',
      message: "The kubeconfig's server http://silver.example.test is not encrypted (http)",
    });
  });

  test.each(['silver.example.test:6443', 'silver.example.test', 'https://', 'ftp://silver.example.test'])(
    'a server that is no URL of an API: %s',
    async (server) => {
      const kubeconfig = {
        'current-context': 'work',
        contexts: [context('work', 'silver')],
        clusters: [cluster('silver', server)],
        users,
      };
      await expect(load(kubeconfig)).rejects.toMatchObject({
        code: 'invalid',
        message: `The kubeconfig's server ${server.replace(/\/$/, '')} is not the URL of an API`,
        hint: expect.stringContaining('oc login'),
      });
    },
  );
});
