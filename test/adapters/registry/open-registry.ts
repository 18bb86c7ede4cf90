import { once } from 'node:events';
import { request } from 'node:http';
import { createServer } from 'node:https';
import { onTestFinished } from 'vitest';
import { makeCertificate } from '../../../sandbox/certificate.ts';
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

/** A public route, as a cluster has it: HTTPS in front of a registry. `host` has its port. */
export const startRoute = async (url: string): Promise<{ readonly host: string; readonly cert: string }> => {
  const { key, cert } = makeCertificate(new Date());
  const server = createServer({ key, cert }, (asked, answer) => {
    const { method, headers } = asked;
    const passedOn = request(new URL(asked.url ?? '/', url), { method, headers }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
    });
    passedOn.on('error', () => answer.destroy());
    asked.pipe(passedOn);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the route has no port');
  return { host: `127.0.0.1:${String(address.port)}`, cert };
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
