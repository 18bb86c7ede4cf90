import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { AppError } from '../../errors.ts';

/** Where the way to the cluster and the credentials come from. */
export type LoginSource = {
  /**
   * A path, or several joined as in `KUBECONFIG`: the first that states a value wins, missing files are passed over.
   * null: `~/.kube/config`, else the service account of the pod we run in.
   */
  readonly kubeconfig: string | null;
  /** A context's name; null for the current one. */
  readonly context: string | null;
};

/** A kubeconfig with a usable current context. */
export type Login = {
  readonly config: KubeConfig;
  /** The cluster's name in the kubeconfig; `in-cluster` with a pod's service account. */
  readonly clusterName: string;
  /** The API's URL, no trailing slash. */
  readonly server: string;
  /** The URL people outside use; null with a pod's service account, which knows only the inner one. */
  readonly publicServer: string | null;
};

/**
 * Loads the way to the cluster. Every call reads the files again, and with them a renewed token.
 * @throws AppError `invalid` when there is no kubeconfig, it cannot be read, or its context is unknown or unusable
 */
export const loadLogin = (source: LoginSource): Login => {
  const files = findFiles(source.kubeconfig);
  const config = files.length > 0 ? readFiles(files) : loadServiceAccount(source.kubeconfig);
  chooseContext(config, source.context);
  const cluster = findCluster(config);
  const server = cluster.server.replace(/\/+$/, '');
  return files.length > 0
    ? { config, clusterName: cluster.name, server, publicServer: server }
    : { config, clusterName: 'in-cluster', server, publicServer: null };
};

const findFiles = (kubeconfig: string | null): readonly string[] =>
  (kubeconfig === null ? [join(homedir(), '.kube', 'config')] : kubeconfig.split(delimiter)).filter(
    existsSync,
  );

const readFiles = (files: readonly string[]): KubeConfig => {
  const merged = new KubeConfig();
  for (const file of files) {
    const config = new KubeConfig();
    try {
      config.loadFromFile(file);
    } catch (thrown) {
      throw new AppError('invalid', `The kubeconfig ${file} cannot be read: ${firstLine(thrown)}`, {
        hint: 'Write it anew with `oc login`, or name another with --kubeconfig or KUBECONFIG.',
      });
    }
    merge(merged, config);
  }
  return merged;
};

const merge = (merged: KubeConfig, config: KubeConfig): void => {
  merged.currentContext ||= config.currentContext;
  for (const cluster of config.clusters) if (!merged.getCluster(cluster.name)) merged.addCluster(cluster);
  for (const user of config.users) if (!merged.getUser(user.name)) merged.addUser(user);
  for (const context of config.contexts)
    if (!merged.getContextObject(context.name)) merged.addContext(context);
};

/** Where a pod finds the token of its service account. */
const POD_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

const loadServiceAccount = (kubeconfig: string | null): KubeConfig => {
  if (kubeconfig !== null || !existsSync(POD_TOKEN)) {
    const looked = kubeconfig === null ? '~/.kube/config, nor a service account of a pod' : kubeconfig;
    throw new AppError('invalid', `There is no kubeconfig: no ${looked}`, {
      hint: 'Log in with `oc login`, or name a file with --kubeconfig or KUBECONFIG.',
    });
  }
  const config = new KubeConfig();
  config.loadFromCluster();
  return config;
};

const chooseContext = (config: KubeConfig, name: string | null): void => {
  const names = config.contexts.map((context) => context.name);
  const chosen = name ?? config.currentContext;
  if (!names.includes(chosen)) {
    const has = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`;
    const lacks = chosen ? `no context ${chosen}` : 'no current context';
    throw new AppError('invalid', `The kubeconfig has ${lacks}; ${has}`, {
      hint: 'Name one with --context, or log in with `oc login`.',
    });
  }
  config.setCurrentContext(chosen);
};

const findCluster = (config: KubeConfig): { readonly name: string; readonly server: string } => {
  const context = config.getContextObject(config.currentContext);
  const cluster = config.getCurrentCluster();
  if (cluster === null || (context?.user && config.getCurrentUser() === null)) {
    const missing = cluster === null ? `cluster ${context?.cluster}` : `user ${context?.user}`;
    throw new AppError(
      'invalid',
      `The kubeconfig's context ${config.currentContext} needs the ${missing}, which is not in it`,
      { hint: 'Name another with --context, or log in with `oc login`.' },
    );
  }
  if (cluster.server.startsWith('http:') && !cluster.skipTLSVerify) {
    throw new AppError('invalid', `The kubeconfig's server ${cluster.server} is not encrypted (http)`, {
      hint: 'Use its https address. Only for a test on this machine, set insecure-skip-tls-verify: true for it.',
    });
  }
  return cluster;
};

/** Later lines of a YAML fault quote the file, tokens included; that is why the fault is no `cause`, either. */
const firstLine = (thrown: unknown): string =>
  (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0] ?? '';
