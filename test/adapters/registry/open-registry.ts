import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
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

/** A server that answers as told, on a free port of loopback; it stops after the test. `seen` are its requests. */
export const serve = async (answer: (request: IncomingMessage, response: ServerResponse) => void) => {
  const seen: { readonly line: string; readonly authorization: string | null }[] = [];
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    seen.push({ line: `${method} ${url}`, authorization: headers.authorization ?? null });
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return { url: `http://127.0.0.1:${String(port)}`, seen };
};
