import { readFile } from 'node:fs/promises';

/** The kinds the server knows, by the plural in their path. */
const PLURALS = [
  'namespaces',
  'pods',
  'replicationcontrollers',
  'deployments',
  'replicasets',
  'statefulsets',
  'daemonsets',
  'jobs',
  'cronjobs',
  'deploymentconfigs',
  'builds',
  'buildconfigs',
  'imagestreams',
  'images',
] as const;
export type Plural = (typeof PLURALS)[number];

/** An API object; serving it takes no more than its name. */
export type ApiObject = {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
};

/** An object that is made when it is asked for, so that a cluster may be larger than memory. */
export type GeneratedObject = {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  /** The whole object as JSON. */
  readonly write: () => string;
};

/** Objects by plural; a kind that is left out has none. */
export type ApiObjects = { readonly [Key in Plural]?: readonly (ApiObject | GeneratedObject)[] };

/** All objects of one kind, in the API's order (by namespace and name). */
export type ApiList = {
  /** As in its path. */
  readonly plural: string;
  /** Of the list, e.g. `ImageList`. */
  readonly kind: string;
  readonly apiVersion: string;
  readonly objects: readonly (ApiObject | GeneratedObject)[];
};

/** The recorded cluster with its times moved back, or, where objects are given, a cluster of only these. */
export const loadLists = async (
  given: ApiObjects | undefined,
  agedDays: number,
): Promise<readonly ApiList[]> =>
  Promise.all(
    PLURALS.map(async (plural) => {
      const { kind, apiVersion, items } = await readRecorded(plural, agedDays);
      const objects = given === undefined ? items : (given[plural] ?? []);
      return { plural, kind, apiVersion, objects: objects.toSorted(byKey) };
    }),
  );

type RecordedList = {
  readonly kind: string;
  readonly apiVersion: string;
  readonly items: readonly ApiObject[];
};

const readRecorded = async (plural: Plural, agedDays: number): Promise<RecordedList> =>
  JSON.parse(
    await readFile(new URL(`./recorded/${plural}.json`, import.meta.url), 'utf8'),
    (_, value: unknown) =>
      typeof value === 'string' && TIME.test(value) ? moveBack(value, agedDays) : value,
  );

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

const moveBack = (time: string, days: number): string =>
  new Date(Date.parse(time) - days * 86_400_000).toISOString().replace('.000', '');

const byKey = (one: Keyed, other: Keyed): number => (keyOf(one) < keyOf(other) ? -1 : 1);

type Keyed = Pick<GeneratedObject, 'metadata'>;

const keyOf = ({ metadata }: Keyed): string =>
  metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;

/** The object of that name; `namespace` is null for what is in none. */
export const findObject = (
  lists: readonly ApiList[],
  plural: string,
  { namespace, name }: { readonly namespace: string | null; readonly name: string | null },
): ApiObject | undefined => {
  const found = lists
    .find((list) => list.plural === plural)
    ?.objects.find(({ metadata }) => metadata.name === name && (metadata.namespace ?? null) === namespace);
  return found !== undefined && isGenerated(found) ? JSON.parse(found.write()) : found;
};

const isGenerated = (object: ApiObject | GeneratedObject): object is GeneratedObject =>
  typeof object['write'] === 'function';

/** The moment all recorded lists are of, and its mark in a fresh continue token: whatever is now. */
const RESOURCE_VERSION = 1047;
const NOW = -1;

/** What a list request asks for: `namespace: null` is all of them, `limit: 0` everything, `token: ''` the start. */
type PageQuery = { readonly namespace: string | null; readonly limit: number; readonly token: string };

/**
 * One page as the API writes it, in pieces, or null when the continue token is none. The last page has neither
 * `continue` nor `remainingItemCount`.
 */
export const pageOf = (list: ApiList, { namespace, limit, token }: PageQuery): readonly string[] | null => {
  const start = token === '' ? '' : decodeToken(token)?.start;
  if (start === undefined) return null;
  const all =
    namespace === null
      ? list.objects
      : list.objects.filter(({ metadata }) => metadata.namespace === namespace);
  const first = findFirst(all, start);
  const objects = all.slice(first, limit === 0 ? all.length : first + limit);
  const last = objects.at(-1);
  const remaining = all.length - first - objects.length;
  const more =
    last === undefined || remaining === 0
      ? {}
      : { continue: encodeToken(RESOURCE_VERSION, `/${keyOf(last)}\0`), remainingItemCount: remaining };
  const { kind, apiVersion } = list;
  const metadata = { resourceVersion: String(RESOURCE_VERSION), ...more };
  return [
    `${JSON.stringify({ kind, apiVersion, metadata }).slice(0, -1)},"items":[`,
    ...objects.map((object, position) => (position === 0 ? '' : ',') + write(object)),
    ']}',
  ];
};

/** The position of the first object whose key is not before `start`; the objects are in the order of keys. */
const findFirst = (objects: readonly Keyed[], start: string): number => {
  let [low, high] = [0, objects.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const object = objects[middle];
    if (object !== undefined && keyOf(object) < start) low = middle + 1;
    else high = middle;
  }
  return low;
};

const write = (object: ApiObject | GeneratedObject): string =>
  isGenerated(object) ? object.write() : JSON.stringify(object);

/** Whether a continue token asks for the moment its list began at: only these expire. */
export const canExpire = (token: string): boolean => decodeToken(token)?.rv === RESOURCE_VERSION;

/** The token that a 410 carries in place of an expired one: the same place, at whatever moment is now. */
export const refreshToken = (expired: string): string => encodeToken(NOW, decodeToken(expired)?.start ?? '');

const encodeToken = (rv: number, start: string): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv, start })).toString('base64url');

const decodeToken = (token: string): { rv: number; start: string } | null => {
  try {
    const { rv, start } = JSON.parse(Buffer.from(token, 'base64url').toString());
    return { rv: Number(rv), start: String(start).replace(/^\//, '') };
  } catch {
    return null;
  }
};
