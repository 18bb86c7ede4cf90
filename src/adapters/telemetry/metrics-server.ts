import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { AppError } from '../../errors.ts';
import type { Metrics } from './metrics.ts';

export type MetricsServer = AsyncDisposable & {
  /** Where the metrics can be read. */
  readonly url: string;
};

type MetricsText = Pick<Metrics, 'text' | 'contentType'>;

/**
 * Serves the metrics to anyone who asks `GET /metrics`. `address` is `[host:]port`: this machine only (127.0.0.1)
 * without a host, any free port with port 0.
 * @throws AppError `invalid` (not an address, or none of this machine), `unavailable` (the port is taken)
 */
export const serveMetrics = async (metrics: MetricsText, address: string): Promise<MetricsServer> => {
  const { host, port } = parseAddress(address);
  const server = createServer((request, response) => {
    // A fault of the metrics must not end a process that mails.
    answer(metrics, request, response).catch(() =>
      response.writeHead(500).end('There are no metrics to read.\n'),
    );
  });
  try {
    await once(server.listen(port, host), 'listening');
  } catch (thrown) {
    throw explainFault(address, thrown);
  }
  return { url: urlOf(server), [Symbol.asyncDispose]: () => close(server) };
};

const ADDRESS = /^(?:(?<host>[^\s:[\]/]+|\[[\da-fA-F:.]+\]):)?(?<port>\d{1,5})$/;

const HINT = 'Give --metrics a port, or a host of this machine and a port: 9464, 0.0.0.0:9464 or [::1]:9464.';

const parseAddress = (text: string): { readonly host: string; readonly port: number } => {
  const { host = '127.0.0.1', port = '' } = ADDRESS.exec(text)?.groups ?? {};
  if (port === '' || Number(port) > 65_535) {
    throw new AppError('invalid', `Metrics cannot be served at ${text}: that is no address`, { hint: HINT });
  }
  return { host: host.replaceAll(/[[\]]/g, ''), port: Number(port) };
};

const answer = async (
  metrics: MetricsText,
  { method, url }: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  if (url?.split('?')[0] !== '/metrics') {
    response.writeHead(404).end('There is nothing but /metrics here.\n');
  } else if (method !== 'GET') {
    response.writeHead(405, { Allow: 'GET' }).end('Metrics can only be read.\n');
  } else {
    const text = await metrics.text();
    response.writeHead(200, { 'Content-Type': metrics.contentType }).end(text);
  }
};

const explainFault = (address: string, thrown: unknown): AppError => {
  const fault = thrown instanceof Error ? thrown : new Error(String(thrown));
  return 'code' in fault && fault.code === 'EADDRINUSE'
    ? new AppError('unavailable', `Metrics cannot be served at ${address}: the port is taken`, {
        hint: 'Give --metrics another port, or end what listens there.',
        cause: thrown,
      })
    : new AppError('invalid', `Metrics cannot be served at ${address}: ${fault.message}`, {
        hint: HINT,
        cause: thrown,
      });
};

const urlOf = (server: Server): string => {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new AppError('internal', 'the metrics have no port');
  const host = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  return `http://${host}:${String(bound.port)}/metrics`;
};

/** Does not wait for whoever asked and does not read the answer. */
const close = async (server: Server): Promise<void> => {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
};
