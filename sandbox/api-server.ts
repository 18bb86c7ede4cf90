import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { RequestListener, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { gzipSync } from 'node:zlib';
import { json, noSuchPath, refuse, refuseExpired, refuseToken } from './api-answers.ts';
import type { Answer, Subject } from './api-answers.ts';
import { discover } from './api-discovery.ts';
import { readOfStream } from './api-image-streams.ts';
import type { ImageApiVersion } from './api-image-streams.ts';
import { canExpire, findObject, loadLists, pageOf, refreshToken } from './api-lists.ts';
import type { ApiList, ApiObjects } from './api-lists.ts';
import type { Certificate } from './certificate.ts';

/** What the server serves and to whom. */
export type ApiServerOptions = {
  /** What requests must bear; without it everyone may read. */
  readonly token?: string;
  /** Everybody is a viewer of these projects and has no other right; without it everyone may read everything. */
  readonly viewerOf?: readonly string[];
  /** Which OpenShift's image API it answers like; the recorded one unless told. */
  readonly imageApi?: ImageApiVersion;
  /** The cluster's objects by plural; without them the recorded cluster. */
  readonly lists?: ApiObjects;
  /** Kinds that it serves besides, objects by namespace and name; of a group's versions the preferred one first. */
  readonly custom?: readonly ApiList[];
  /** By how many days all times of the recorded cluster lie further back. */
  readonly agedDays?: number;
  /** What it shows to whom speaks TLS to it; without one it speaks plain HTTP. */
  readonly certificate?: Certificate;
  /** Compresses its answers for whoever takes them so, as a real one does with long ones. */
  readonly compresses?: boolean;
  /** Where on the server the API is, as behind some proxies, e.g. `/clusters/silver`. */
  readonly basePath?: string;
};

/** What can go wrong with an answer. `expired` and `cut later` meet only requests for a later page of a list. */
export type Fault =
  /** In the API's own words unless a body is given. */
  | { readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> }
  | 'expired'
  | 'cut'
  | 'cut later'
  | 'truncated'
  | 'html'
  | 'wrong kind'
  | 'hang';

/** A running server. */
export type ApiServer = AsyncDisposable & {
  readonly url: string;
  /** Every request so far, e.g. `GET /api/v1/pods?limit=500`. */
  readonly requests: readonly string[];
  /** How many connections were opened to it so far. */
  connections(): number;
  /** From now on requests must bear this token. */
  requireToken(token: string): void;
  /** The next `times` requests of a path (without query) meet the fault; a path's faults come in the order added. */
  addFault(path: string, fault: Fault, times?: number): void;
  /** Stops, whatever is under way. */
  close(): Promise<void>;
};

/**
 * Serves a cluster's lists on a free port of loopback as an OpenShift API does: pages, single objects, refusals, and
 * faults on request. It cannot be written to.
 */
export const startApiServer = async (options: ApiServerOptions = {}): Promise<ApiServer> => {
  const lists = [...(await loadLists(options.lists, options.agedDays ?? 0)), ...(options.custom ?? [])];
  const version = await readFile(new URL('recorded/version.json', import.meta.url), 'utf8');
  const requests: string[] = [];
  const faults: { readonly path: string; readonly fault: Fault; times: number }[] = [];
  const { certificate, basePath = '', viewerOf, imageApi = '4.22', compresses = false } = options;
  let { token } = options;
  let connections = 0;

  const takeFault = (path: string, continueToken: string): Fault | null => {
    const next = faults.find(
      (entry) =>
        entry.path === path && entry.times > 0 && (!isForLaterPages(entry.fault) || canExpire(continueToken)),
    );
    if (next === undefined) return null;
    next.times -= 1;
    return next.fault;
  };

  const listener: RequestListener = (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://loopback');
    const path = pathname.startsWith(basePath) ? pathname.slice(basePath.length) : '';
    const route = parsePath(path);
    const continueToken = searchParams.get('continue') ?? '';
    const answer = (): Answer => {
      if (token !== undefined && request.headers.authorization !== `Bearer ${token}`)
        return refuse(401, route);
      if (request.method !== 'GET') return refuse(405, route);
      if (path === '/version') return json(200, JSON.parse(version));
      const discovered = discover(lists, path);
      if (discovered !== null) return json(200, discovered);
      if (viewerOf !== undefined && !isVisible(route, viewerOf)) return refuse(403, route);
      const page = { limit: Number(searchParams.get('limit') ?? 0), token: continueToken };
      return readOfStream(lists, route, imageApi) ?? read(lists, route, page);
    };
    const fault = takeFault(path, continueToken);
    const isCompressed = compresses && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
    const shrink = (whole: Answer): Answer => (isCompressed ? compress(whole) : whole);
    if (fault === null) send(response, shrink(answer()));
    else if (fault === 'cut' || fault === 'cut later') sendHalf(response, shrink(answer()));
    else if (fault !== 'hang') send(response, shrink(spoil(fault, answer(), { route, continueToken })));
  };
  const server = certificate === undefined ? createServer(listener) : createTlsServer(certificate, listener);
  server.on('connection', () => (connections += 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const close = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };

  const scheme = certificate === undefined ? 'http' : 'https';
  const address = server.address();
  return {
    url: `${scheme}://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : ''}${basePath}`,
    requests,
    connections: () => connections,
    requireToken: (required) => (token = required),
    addFault: (path, fault, times = 1) => void faults.push({ path, fault, times }),
    close,
    [Symbol.asyncDispose]: close,
  };
};

/** A request's path taken apart; `base` is `/api/v1` or `/apis/<group>/<version>`. */
type Route = Subject & { readonly base: string };

const parsePath = (path: string): Route => {
  const [, base = path, group = '', namespace = null, plural = '', ...object] =
    /^(\/api\/v1|\/apis\/([^/]+)\/[^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(
      path,
    ) ?? [];
  const [name = null, subresource = null] = object.map((part) => part && decodeURIComponent(part));
  return { base, group, namespace, plural, name, subresource };
};

/** Whether who may view these projects may read it: whatever is in them, and themselves. */
const isVisible = ({ namespace, plural, name }: Route, projects: readonly string[]): boolean => {
  const project = plural === 'namespaces' ? name : namespace;
  return project !== null && projects.includes(project);
};

const read = (
  lists: readonly ApiList[],
  route: Route,
  page: { readonly limit: number; readonly token: string },
): Answer => {
  const { namespace, plural, name, subresource } = route;
  const list = lists.find((each) => each.plural === plural && baseOf(each) === route.base);
  if (list === undefined || subresource !== null) return noSuchPath();
  if (name === null) {
    const body = pageOf(list, { namespace, ...page });
    return body === null ? refuseToken() : { status: 200, contentType: 'application/json', body };
  }
  const object = findObject(lists, plural, route);
  if (object === undefined) return refuse(404, route);
  return json(200, { kind: list.kind.replace(/List$/, ''), apiVersion: list.apiVersion, ...object });
};

const baseOf = ({ apiVersion }: ApiList): string =>
  apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;

const isForLaterPages = (fault: Fault): boolean => fault === 'expired' || fault === 'cut later';

const spoil = (
  fault: Exclude<Fault, 'cut' | 'cut later' | 'hang'>,
  answer: Answer,
  { route, continueToken }: { readonly route: Route; readonly continueToken: string },
): Answer => {
  if (typeof fault === 'object') return { ...refuse(fault.status, route), ...fault };
  switch (fault) {
    case 'expired':
      return refuseExpired(refreshToken(continueToken));
    case 'truncated':
      return { ...answer, body: firstHalf(answer) };
    case 'html':
      return { status: 200, contentType: 'text/html', body: '<!doctype html><title>Sign in</title>' };
    case 'wrong kind':
      return { ...answer, body: bodyOf(answer).replace(/"kind":"\w+"/, '"kind":"Table"') };
  }
};

const compress = (answer: Answer): Answer => ({
  ...answer,
  body: gzipSync(bodyOf(answer)).toString('latin1'),
  headers: { ...answer.headers, 'content-encoding': 'gzip' },
  charset: 'latin1',
});

const send = (response: ServerResponse, answer: Answer): void => {
  response.writeHead(answer.status, { 'content-type': answer.contentType, ...answer.headers });
  if (typeof answer.body === 'string') return void response.end(answer.body, answer.charset ?? 'utf8');
  for (const piece of answer.body) response.write(piece);
  response.end();
};

const sendHalf = (response: ServerResponse, answer: Answer): void => {
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': Buffer.byteLength(bodyOf(answer), answer.charset),
    ...answer.headers,
  });
  response.write(firstHalf(answer), answer.charset ?? 'utf8', () => response.destroy());
};

const bodyOf = ({ body }: Answer): string => (typeof body === 'string' ? body : body.join(''));

const firstHalf = (answer: Answer): string => bodyOf(answer).slice(0, bodyOf(answer).length / 2);
