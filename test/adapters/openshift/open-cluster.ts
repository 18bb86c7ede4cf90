import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startApiServer } from '../../../sandbox/api-server.ts';
import type { ApiServer, ApiServerOptions } from '../../../sandbox/api-server.ts';
import { createCluster } from '../../../src/adapters/openshift/cluster.ts';
import type { ClusterOptions } from '../../../src/adapters/openshift/cluster.ts';
import type { RunEvent } from '../../../src/pipeline/events.ts';

/** An empty folder that is gone after the test. */
export const createFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'quotagram-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
};

/** An API server that stops after the test. */
export const startServer = async (options: ApiServerOptions = {}): Promise<ApiServer> => {
  const server = await startApiServer(options);
  onTestFinished(() => server.close());
  return server;
};

/**
 * A kubeconfig of one context, `work`, of the cluster `silver`; a kubeconfig may be JSON. `trust` is what the cluster
 * says of certificates.
 */
export const kubeconfigOf = (
  server: string,
  user: object = {},
  trust: object = { 'insecure-skip-tls-verify': true },
) => ({
  'current-context': 'work',
  clusters: [{ name: 'silver', cluster: { server, ...trust } }],
  users: [{ name: 'robot', user }],
  contexts: [{ name: 'work', context: { cluster: 'silver', user: 'robot' } }],
});

/** Writes a kubeconfig into a folder of its own. */
export const writeKubeconfig = async (kubeconfig: object | string): Promise<string> => {
  const path = join(await createFolder(), 'kubeconfig');
  await writeFile(path, typeof kubeconfig === 'string' ? kubeconfig : JSON.stringify(kubeconfig));
  return path;
};

/** The real adapter on a server, with waits of a millisecond or so, and the events it gave. */
export const openCluster = async (
  server: { readonly url: string },
  options: Partial<ClusterOptions> & { readonly user?: object; readonly trust?: object } = {},
) => {
  const events: RunEvent[] = [];
  const { user, trust, ...rest } = options;
  const cluster = createCluster(
    {
      kubeconfig: await writeKubeconfig(kubeconfigOf(server.url, user, trust)),
      context: null,
      name: null,
      apiUrl: null,
      now: () => new Date('2026-11-24T03:00:00.900Z'),
      retryBaseMs: 1,
      ...rest,
    },
    (event) => events.push(event),
  );
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return { cluster, events };
};

/** Lets the event loop turn until something has happened; the test's own time limit ends a wait in vain. */
export const until = async (hasHappened: () => boolean): Promise<void> => {
  while (!hasHappened()) await new Promise(setImmediate);
};

/** A path of the API as the adapter asks for it. */
export const PATHS = {
  images: '/apis/image.openshift.io/v1/images',
  imagestreams: '/apis/image.openshift.io/v1/imagestreams',
  namespaces: '/api/v1/namespaces',
  pods: '/api/v1/pods',
  builds: '/apis/build.openshift.io/v1/builds',
} as const;
