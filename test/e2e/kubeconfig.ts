import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** How to log in to a sandbox API server; without a token no credentials are sent. */
export type SandboxLogin = { readonly server: string; readonly token?: string };

/**
 * Writes the file `kubeconfig` into a folder and returns its path: one context, `work`, of the cluster `silver`. A
 * kubeconfig may be JSON.
 */
export const writeKubeconfig = async (folder: string, { server, token }: SandboxLogin): Promise<string> => {
  const path = join(folder, 'kubeconfig');
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'work',
    clusters: [{ name: 'silver', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'robot', user: token === undefined ? {} : { token } }],
    contexts: [{ name: 'work', context: { cluster: 'silver', user: 'robot' } }],
  };
  await writeFile(path, JSON.stringify(kubeconfig, null, 2));
  return path;
};
