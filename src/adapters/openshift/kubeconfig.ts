import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { KubeConfig, loadYaml } from '@kubernetes/client-node';
import type { User } from '@kubernetes/client-node';
import { z } from 'zod';
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
  /** Its host and port, as messages name it. */
  readonly host: string;
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
  const { host } = new URL(server);
  return files.length > 0
    ? { config, clusterName: cluster.name, server, host, publicServer: server }
    : { config, clusterName: 'in-cluster', server, host, publicServer: null };
};

const findFiles = (kubeconfig: string | null): readonly string[] =>
  (kubeconfig === null ? [join(homedir(), '.kube', 'config')] : kubeconfig.split(delimiter)).filter(
    existsSync,
  );

const readFiles = (files: readonly string[]): KubeConfig => {
  const merged = new KubeConfig();
  for (const file of files) {
    try {
      merge(merged, readFile(file));
    } catch (thrown) {
      throw new AppError('invalid', `The kubeconfig ${file} cannot be read: ${firstLine(thrown)}`, {
        hint: 'Write it anew with `oc login`, or name another with --kubeconfig or KUBECONFIG.',
      });
    }
  }
  return merged;
};

const readFile = (file: string): KubeConfig => {
  const text = readFileSync(file, 'utf8');
  const config = new KubeConfig();
  config.loadFromString(text);
  config.makePathsAbsolute(dirname(file));
  const tokenFiles = findTokenFiles(text);
  config.users = config.users.map((user) => {
    const tokenFile = tokenFiles.get(user.name);
    return tokenFile === undefined ? user : withTokenFile(user, resolve(dirname(file), tokenFile));
  });
  return config;
};

/** The vendor drops `tokenFile` (it looks for `token-file`), so the users are looked at once more. */
const findTokenFiles = (text: string): ReadonlyMap<string, string> => {
  const { users } = usersSchema.parse(loadYaml(text));
  return new Map(users.flatMap((entry) => (entry === null ? [] : [[entry.name, entry.user.tokenFile]])));
};

/** What shape the rest has is the vendor's to judge. */
const usersSchema = z
  .object({
    users: z.array(
      z
        .object({ name: z.string(), user: z.object({ tokenFile: z.string().min(1) }) })
        .nullable()
        .catch(null),
    ),
  })
  .catch({ users: [] });

/** The vendor's provider of this name reads the file at use; a token beside it would win, but kubectl prefers the file. */
const withTokenFile = (user: User, tokenFile: string): User => ({
  ...user,
  token: '',
  authProvider: { name: 'tokenFile', config: { tokenFile } },
});

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
  if (names.length === 0) {
    throw new AppError('invalid', 'The kubeconfig has no contexts, so it leads to no cluster', {
      hint: 'Write it anew with `oc login`, or name another with --kubeconfig or KUBECONFIG.',
    });
  }
  if (!names.includes(chosen)) {
    const lacks = chosen ? `no context ${chosen}` : 'no current context';
    throw new AppError('invalid', `The kubeconfig has ${lacks}; it has ${names.join(', ')}`, {
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
  const protocol = URL.parse(cluster.server)?.protocol;
  if (protocol !== 'https:' && protocol !== 'http:') {
    throw new AppError('invalid', `The kubeconfig's server ${cluster.server} is not the URL of an API`, {
      hint: 'It looks like https://api.silver.example.com:6443; `oc login` writes it.',
    });
  }
  if (protocol === 'http:' && !cluster.skipTLSVerify) {
    throw new AppError('invalid', `The kubeconfig's server ${cluster.server} is not encrypted (http)`, {
      hint: 'Use its https address. Only for a test on this machine, set insecure-skip-tls-verify: true for it.',
    });
  }
  return cluster;
};

/** Later lines of a YAML fault quote the file, tokens included; that is why the fault is no `cause`, either. */
const firstLine = (thrown: unknown): string =>
  (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0] ?? '';
