import { pipeline } from 'node:stream';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { request } from 'undici';
import type { Dispatcher } from 'undici';
import { AppError } from '../../errors.ts';
import { readSilence } from './silence.ts';
import type { Silence } from './silence.ts';

/** What to ask of whom. */
export type HttpRequest<Body> = {
  readonly method: 'GET' | 'HEAD';
  readonly url: string;
  /** Without `accept-encoding` the server may compress what it answers. */
  readonly headers: Readonly<Record<string, string>>;
  /** Reads the body while it arrives, already decompressed. */
  readonly read: (body: Readable, status: number) => Promise<Body>;
};

/** A whole answer. Header names are in lower case; values of a repeated header are joined with commas. */
export type HttpReply<Body> = {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Body;
};

/** Sockets that requests share. */
export type Connections = {
  /**
   * Sends one request and waits half a minute for its whole answer. It follows no redirect.
   * @throws the reason of `stop`, and any AppError that `read` throws
   */
  readonly send: <Body>(question: HttpRequest<Body>) => Promise<HttpReply<Body> | Silence>;
  readonly close: () => Promise<void>;
};

const TIMEOUT_MS = 30_000;

/**
 * Opens connections, over `dispatcher` where one is given (it is closed with them) or else over those that Node keeps.
 * `stop` ends what is under way.
 */
export const openConnections = (stop: AbortSignal, dispatcher?: Dispatcher): Connections => ({
  send: async ({ method, url, headers, read }) => {
    stop.throwIfAborted();
    const timeout = new AbortController();
    const timer = setTimeout(
      () => timeout.abort(new Error(`no answer within ${String(TIMEOUT_MS / 1000)} s`)),
      TIMEOUT_MS,
    );
    try {
      const response = await request(url, {
        method,
        headers: { 'accept-encoding': 'gzip', 'user-agent': 'quotagram', ...headers },
        signal: AbortSignal.any([stop, timeout.signal]),
        ...(dispatcher && { dispatcher }),
      });
      // To HEAD the headers describe a body that does not come.
      const body = method === 'HEAD' ? response.body : openBody(response);
      return {
        status: response.statusCode,
        headers: joinHeaders(response.headers),
        body: await read(body, response.statusCode),
      };
    } catch (thrown) {
      stop.throwIfAborted();
      if (thrown instanceof AppError) throw thrown;
      return readSilence(thrown);
    } finally {
      clearTimeout(timer);
    }
  },
  close: async () => dispatcher?.destroy(),
});

/** A Kubernetes API compresses what is longer than 128 KiB (APIResponseCompression). */
const openBody = ({ headers, body }: Dispatcher.ResponseData): Readable => {
  const encoding = String(headers['content-encoding'] ?? 'identity').toLowerCase();
  switch (encoding) {
    case 'identity':
      return body;
    case 'gzip':
    case 'x-gzip':
      // Whoever reads it hears of what goes wrong.
      return pipeline(body, createGunzip(), () => {});
    default:
      body.on('error', () => {}).destroy();
      throw new Error(`it answers in an encoding that was not asked for (${encoding})`);
  }
};

const joinHeaders = (headers: Dispatcher.ResponseData['headers']): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] as const],
    ),
  );
