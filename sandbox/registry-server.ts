import { execFile, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findFreePort } from './free-port.ts';

/** Whom a registry lets in. */
export type RegistryDoor =
  | { readonly type: 'open' }
  /** Basic, for `HTPASSWD_LOGIN`. */
  | { readonly type: 'htpasswd' }
  /** Bearer tokens that whoever holds the certificate's key gives out at `realm` (distribution's token specification). */
  | { readonly type: 'token'; readonly realm: string; readonly service: string; readonly cert: string };

/** Who may come in where the door is `htpasswd`. */
export const HTPASSWD_LOGIN = { user: 'robot', password: 'open sesame' } as const;
/** The token specification's name for who signs the tokens. */
export const TOKEN_ISSUER = 'sandbox';

/** A running registry and its bytes. */
export type RegistryServer = AsyncDisposable & {
  readonly url: string;
  /** Sizes in bytes of all that is stored, by digest: layers, configs and manifests. */
  readonly readDisk: () => Promise<ReadonlyMap<string, number>>;
  /** Where the bytes of a blob lie. */
  readonly fileOf: (digest: string) => string;
  /** What its administrators run: deletes every blob that no manifest names any more. */
  readonly collectGarbage: () => Promise<void>;
  /** Ends it and deletes its data. */
  readonly close: () => Promise<void>;
};

/** Starts Debian's `docker-registry` on a free port of loopback, its data in a temporary folder. */
export const startRegistryServer = async (door: RegistryDoor = { type: 'open' }): Promise<RegistryServer> => {
  const folder = await mkdtemp(join(tmpdir(), 'quotagram-registry-'));
  const config = join(folder, 'config.yml');
  const port = await findFreePort();
  const url = `http://127.0.0.1:${String(port)}`;
  await writeFile(join(folder, 'htpasswd'), HTPASSWD);
  if (door.type === 'token') await writeFile(join(folder, 'tokens.crt'), door.cert);
  // JSON is YAML.
  await writeFile(config, JSON.stringify(configOf(folder, port, door)));
  const server = await start(config, url);
  const killOnExit = (): boolean => server.kill('SIGKILL');
  process.once('exit', killOnExit);

  const close = async (): Promise<void> => {
    process.off('exit', killOnExit);
    if (server.exitCode === null && server.signalCode === null) {
      const exit = once(server, 'exit');
      server.ref();
      server.kill('SIGKILL');
      await exit;
    }
    await rm(folder, { recursive: true, force: true });
  };
  const blobs = join(folder, 'data/docker/registry/v2/blobs');
  const fileOf = (digest: string): string => {
    const [algorithm = '', hex = ''] = digest.split(':');
    return join(blobs, algorithm, hex.slice(0, 2), hex, 'data');
  };
  return {
    url,
    fileOf,
    readDisk: async () => {
      const files = await readdir(blobs, { recursive: true }).catch(() => []);
      const digests = files.flatMap(
        (file) => /^(\w+)\/\w+\/(\w+)\/data$/.exec(file)?.slice(1).join(':') ?? [],
      );
      return new Map(
        await Promise.all(
          digests.map(async (digest) => [digest, (await stat(fileOf(digest))).size] as const),
        ),
      );
    },
    collectGarbage: async () => {
      await promisify(execFile)(PROGRAM, ['garbage-collect', config]);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
};

const PROGRAM = 'docker-registry';

/** Whether `startRegistryServer` can work. */
export const hasRegistryServer = spawnSync(PROGRAM, ['--version']).status === 0;

/** `HTPASSWD_LOGIN` under bcrypt, the one way of hashing that the registry takes. */
const HTPASSWD = 'robot:$2b$04$MBzJiIU6bJZe0iiGkLzijeGsgkpuhhFLx/w1mqusMEJVAhbrNVIJq\n';

const configOf = (folder: string, port: number, door: RegistryDoor): object => ({
  version: 0.1,
  log: { level: 'error', accesslog: { disabled: true } },
  storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
  http: { addr: `127.0.0.1:${String(port)}`, secret: 'of the sandbox' },
  ...authOf(folder, door),
});

const authOf = (folder: string, door: RegistryDoor): object => {
  switch (door.type) {
    case 'open':
      return {};
    case 'htpasswd':
      return { auth: { htpasswd: { realm: 'sandbox', path: join(folder, 'htpasswd') } } };
    case 'token':
      return {
        auth: {
          token: {
            realm: door.realm,
            service: door.service,
            issuer: TOKEN_ISSUER,
            rootcertbundle: join(folder, 'tokens.crt'),
          },
        },
      };
  }
};

const start = async (config: string, url: string): Promise<ChildProcess> => {
  const server = spawn(PROGRAM, ['serve', config], { stdio: 'ignore' });
  server.unref();
  await once(server, 'spawn');
  while (!(await isAnswering(url))) {
    if (server.exitCode !== null)
      throw new Error(`${PROGRAM} ended with exit code ${String(server.exitCode)}`);
    await sleep(20);
  }
  return server;
};

const isAnswering = (url: string): Promise<boolean> =>
  fetch(`${url}/v2/`).then(
    (response) => response.text().then(() => response.status < 500),
    () => false,
  );
