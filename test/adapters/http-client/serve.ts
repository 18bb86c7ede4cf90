import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';

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
