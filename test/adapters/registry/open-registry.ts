import { onTestFinished } from 'vitest';
import { HTPASSWD_LOGIN, hasRegistryServer, startRegistryServer } from '../../../sandbox/registry-server.ts';
import type { RegistryDoor, RegistryServer } from '../../../sandbox/registry-server.ts';
import { createRegistry } from '../../../src/adapters/registry/registry.ts';
import type { RegistryOptions } from '../../../src/adapters/registry/registry.ts';
import type { RunEvent } from '../../../src/pipeline/events.ts';

/** The name of a suite that takes a real registry, with what is missing where there is none. */
export const withRegistry = (name: string): string =>
  hasRegistryServer ? name : `${name}, which takes docker-registry (apt-get install docker-registry)`;

/** A real registry that is gone after the test. */
export const startRealRegistry = async (door?: RegistryDoor): Promise<RegistryServer> => {
  const server = await startRegistryServer(door);
  onTestFinished(() => server.close());
  return server;
};

/** `HTPASSWD_LOGIN` as a header. */
export const BASIC = `Basic ${btoa(`${HTPASSWD_LOGIN.user}:${HTPASSWD_LOGIN.password}`)}`;

/** The real adapter, with waits of a millisecond or so, and the events it gave. */
export const openRegistry = (url: string, options: Partial<RegistryOptions> = {}) => {
  const events: RunEvent[] = [];
  const registry = createRegistry(
    { url, credentials: null, now: () => new Date(), retryBaseMs: 1, ...options },
    (event) => events.push(event),
  );
  onTestFinished(() => registry[Symbol.asyncDispose]());
  return { registry, events };
};
