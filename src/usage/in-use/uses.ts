import { toImageTable } from '../cluster/image-table.ts';
import type { ImageTable } from '../cluster/image-table.ts';
import { createRelatives } from '../cluster/index-images.ts';
import { HOW_USED } from '../model.ts';
import type { HowUsed, Image, ImageReference, Inventory, User } from '../model.ts';
import { toStreamTable } from '../cluster/stream-table.ts';
import type { StreamTable } from '../cluster/stream-table.ts';
import { compareText } from '../text-order.ts';

/** Who uses what, over the whole cluster. */
export type ClusterUses = {
  /** By image digest: who references it, an index above it or an image below it. */
  readonly digests: UsersByKey;
  /** By `ns/stream` and then by tag: who names the tag. */
  readonly tags: ReadonlyMap<string, UsersByKey>;
};

/** A workload that uses something in several ways is there several times: `uniteUsers`. */
type UsersByKey = ReadonlyMap<string, readonly User[]>;

/** A Succeeded or Failed pod counts as using its images for a day. */
const ENDED_POD_MS = 24 * 60 * 60 * 1000;

/** Resolves every workload reference to the digests and tags it uses, through tags, aliases and indexes. */
export const findUses = (inventory: Inventory): ClusterUses => {
  const images = toImageTable(inventory.images);
  const direct = new Map<string, User[]>();
  const tags = new Map<string, Map<string, User[]>>();
  const tagsOf = (stream: string): Map<string, User[]> => {
    const known = tags.get(stream) ?? new Map<string, User[]>();
    tags.set(stream, known);
    return known;
  };
  const resolve = createResolver(toStreamTable(inventory.streams), images);
  const readAtMs = Date.parse(inventory.readAt);
  const running = new Set(
    inventory.references.flatMap(({ how, workload }) => (how === 'running' ? [workload] : [])),
  );
  for (const { workload, namespace, reference, endedPodCreated, ...given } of inventory.references) {
    if (endedPodCreated !== null && readAtMs - Date.parse(endedPodCreated) >= ENDED_POD_MS) continue;
    const isOld = given.how === 'scaled-to-0' && given.controller !== null && running.has(given.controller);
    const user: User = { workload, how: isOld ? 'old-rollout' : given.how };
    const used = resolve(reference, namespace);
    for (const digest of used.digests) addTo(direct, digest, user);
    for (const { stream, tag } of used.tags.values()) addTo(tagsOf(stream), tag, user);
  }
  return { digests: spreadOverIndexes(direct, images.listIndexes()), tags };
};

/** Each workload once, with its strongest use, in the order in which they first come. */
export const uniteUsers = (users: readonly User[]): readonly User[] => {
  if (users.length === 1) return users;
  const united = new Map<string, HowUsed>();
  for (const { workload, how } of users) united.set(workload, strongerUse(united.get(workload) ?? how, how));
  return [...united].map(([workload, how]) => ({ workload, how }));
};

const strongerUse = (a: HowUsed, b: HowUsed): HowUsed => (HOW_USED.indexOf(a) <= HOW_USED.indexOf(b) ? a : b);

/** Strongest use first, then by workload. */
export const byStrength = (a: User, b: User): number =>
  HOW_USED.indexOf(a.how) - HOW_USED.indexOf(b.how) || compareText(a.workload, b.workload);

/** The key of a stream in `ClusterUses.tags`. */
export const streamKey = (namespace: string, stream: string): string => `${namespace}/${stream}`;

/** The namespace of a workload, `ns/Kind/name`. */
export const namespaceOf = (workload: string): string => workload.slice(0, workload.indexOf('/'));

/** The parts of a pull spec; a name of more than three parts, or a bare digest, names no image stream. */
export type PullSpec = {
  readonly namespace: string | null;
  readonly stream: string | null;
  /** Null where a digest stands alone or nothing names a stream; `latest` where neither tag nor digest is given. */
  readonly tag: string | null;
  readonly digest: string | null;
};

/**
 * Takes a pull spec or a status imageID apart: `[scheme://][host/]ns/name[:tag][@digest]`, `name[:tag]`, `sha256:…`,
 * or the 64 digits alone, which no name may consist of (distribution/reference `ParseAnyReference`).
 * The host is ignored, as the image pruner does, so that every host name of the registry counts.
 */
export const parsePullSpec = (spec: string): PullSpec => {
  const [name = '', digest = null] = spec.replace(/^[a-z][a-z0-9+.-]*:\/\//, '').split('@');
  const alone = withAlgorithm(name);
  if (digest === null && /^sha256:[0-9a-f]{64}$/.test(alone)) {
    return { namespace: null, stream: null, tag: null, digest: alone };
  }
  const parts = name.split('/');
  const [stream = '', tag = null] = (parts.at(-1) ?? '').split(':');
  if (parts.length > 3 || stream === '') return { namespace: null, stream: null, tag: null, digest };
  return { namespace: parts.at(-2) ?? null, stream, tag: tag ?? (digest === null ? 'latest' : null), digest };
};

/** Some runtimes write the digits alone, and so does `dockerImageMetadata.Id` of a schema 1 image. */
const withAlgorithm = (digest: string): string =>
  /^[0-9a-f]{64}$/.test(digest) ? `sha256:${digest}` : digest;

const withoutAlgorithm = (digest: string): string => digest.replace(/^sha256:/, '');

/** A reference and the namespace that its names resolve against. */
type Step = { readonly reference: ImageReference; readonly namespace: string };
type Used = {
  readonly digests: Set<string>;
  /** By `ns/stream:tag`. */
  readonly tags: Map<string, { readonly stream: string; readonly tag: string }>;
};

const createResolver = (
  streams: StreamTable,
  images: ImageTable,
): ((reference: ImageReference, namespace: string) => Used) => {
  const useDigest = (digest: string, used: Used): void => {
    if (digest === '') return;
    used.digests.add(digest);
    for (const config of [digest, withoutAlgorithm(digest)])
      for (const image of images.ofConfig(config)) used.digests.add(image);
  };

  const useTag = (namespace: string, stream: string, name: string, used: Used): Step | null => {
    const inStream = streamKey(namespace, stream);
    const key = `${inStream}:${name}`;
    if (used.tags.has(key)) return null;
    used.tags.set(key, { stream: inStream, tag: name });
    const tag = streams.findStream(namespace, stream)?.findTag(name) ?? null;
    useDigest(tag?.digest ?? '', used);
    const followed = tag?.from ?? null;
    return followed === null ? null : { reference: followed, namespace };
  };

  const usePullSpec = (text: string, base: string, used: Used): Step | null => {
    const spec = parsePullSpec(text);
    if (spec.digest !== null) useDigest(spec.digest, used);
    if (spec.stream === null || spec.tag === null) return null;
    const isStream = spec.namespace !== null || streams.findStream(base, spec.stream)?.localLookup === true;
    return isStream ? useTag(spec.namespace ?? base, spec.stream, spec.tag, used) : null;
  };

  /** Marks what a reference names; the step after it is where a tag follows another one. */
  const use = ({ reference, namespace }: Step, used: Used): Step | null => {
    switch (reference.type) {
      case 'tag':
        return useTag(reference.namespace, reference.stream, reference.tag, used);
      case 'digest':
        useDigest(reference.digest, used);
        return null;
      case 'pullSpec':
        return usePullSpec(reference.spec, namespace, used);
    }
  };

  return (reference, namespace) => {
    const used: Used = { digests: new Set(), tags: new Map() };
    let step: Step | null = { reference, namespace };
    while (step !== null) step = use(step, used);
    return used;
  };
};

/** Who uses an index uses the images below it, and who uses an image uses the indexes above it; not their other children. */
const spreadOverIndexes = (direct: UsersByKey, indexes: readonly Image[]): UsersByKey => {
  const relativesOf = createRelatives(indexes);
  const alone = new Map<string, readonly User[]>();
  const spread = new Map<string, User[]>();
  for (const [digest, users] of direct) {
    const relatives = relativesOf(digest);
    if (relatives.size === 1) alone.set(digest, users);
    else for (const related of relatives) for (const user of users) addTo(spread, related, user);
  }
  return new Map([...alone, ...spread]);
};

const addTo = (users: Map<string, User[]>, key: string, user: User): void => {
  const known = users.get(key);
  if (known === undefined) users.set(key, [user]);
  else if (known.at(-1) !== user) known.push(user);
};
