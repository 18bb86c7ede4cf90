import type { Image, ImageReference, ImageStream, Inventory, Tag } from './registry.ts';

/** Workloads (`ns/Kind/name`) by what they use, over the whole cluster. */
export type ClusterUses = {
  /** By image digest: who references it, an index above it or a child below it. */
  readonly digests: ReadonlyMap<string, ReadonlySet<string>>;
  /** By `ns/stream:tag`: who names the tag. */
  readonly tags: ReadonlyMap<string, ReadonlySet<string>>;
};

/** A Succeeded or Failed pod counts as using its images for a day. */
const ENDED_POD_MS = 24 * 60 * 60 * 1000;

/** Resolves every workload reference to the digests and tags it uses, through tags, aliases and indexes. */
export const findUses = (inventory: Inventory): ClusterUses => {
  const direct = new Map<string, Set<string>>();
  const tags = new Map<string, Set<string>>();
  const resolve = createResolver(inventory);
  const readAtMs = Date.parse(inventory.readAt);
  for (const { workload, namespace, reference, endedPodCreated } of inventory.references) {
    if (endedPodCreated !== null && readAtMs - Date.parse(endedPodCreated) >= ENDED_POD_MS) continue;
    const used = resolve(reference, namespace);
    for (const digest of used.digests) addTo(direct, digest, workload);
    for (const tag of used.tags) addTo(tags, tag, workload);
  }
  return { digests: spreadOverIndexes(direct, inventory.images), tags };
};

/** The key of a tag in `ClusterUses.tags`. */
export const tagKey = (namespace: string, stream: string, tag: string): string =>
  `${namespace}/${stream}:${tag}`;

/** The parts of a pull spec; a name of more than three parts, or a bare digest, names no image stream. */
export type PullSpec = {
  readonly namespace: string | null;
  readonly stream: string | null;
  /** Null where a digest stands alone or nothing names a stream; `latest` where neither tag nor digest is given. */
  readonly tag: string | null;
  readonly digest: string | null;
};

/**
 * Takes a pull spec or a status imageID apart: `[scheme://][host/]ns/name[:tag][@digest]`, `name[:tag]`, `sha256:…`.
 * The host is ignored, as the image pruner does, so that every host name of the registry counts.
 */
export const parsePullSpec = (spec: string): PullSpec => {
  const [name = '', digest = null] = spec.replace(/^[a-z][a-z0-9+.-]*:\/\//, '').split('@');
  if (digest === null && /^[a-z0-9]+:[0-9a-f]{64}$/.test(name)) {
    return { namespace: null, stream: null, tag: null, digest: name };
  }
  const parts = name.split('/');
  const [stream = '', tag = null] = (parts.at(-1) ?? '').split(':');
  return {
    namespace: parts.length === 2 || parts.length === 3 ? (parts.at(-2) ?? null) : null,
    stream: parts.length <= 3 && stream !== '' ? stream : null,
    tag: tag ?? (digest === null ? 'latest' : null),
    digest,
  };
};

type Used = { readonly digests: Set<string>; readonly tags: Set<string> };

const createResolver = (inventory: Inventory): ((reference: ImageReference, namespace: string) => Used) => {
  const streams = new Map<string, ImageStream>();
  for (const stream of inventory.streams) streams.set(`${stream.namespace}/${stream.name}`, stream);
  const tagsOf = new Map<ImageStream, ReadonlyMap<string, Tag>>();
  const imagesByConfig = Map.groupBy(inventory.images, (image) => image.configDigest);

  const findTag = (namespace: string, streamName: string, name: string): Tag | null => {
    const stream = streams.get(`${namespace}/${streamName}`);
    if (stream === undefined) return null;
    const tags = tagsOf.get(stream) ?? new Map(stream.tags.map((tag) => [tag.name, tag]));
    tagsOf.set(stream, tags);
    return tags.get(name) ?? null;
  };

  const useTag = (namespace: string, stream: string, name: string, used: Used): void => {
    const key = tagKey(namespace, stream, name);
    if (used.tags.has(key)) return;
    used.tags.add(key);
    const tag = findTag(namespace, stream, name);
    const current = tag?.revisions[0];
    if (current !== undefined) used.digests.add(current.digest);
    if (tag?.from != null) use(tag.from, namespace, used);
  };

  const useDigest = (digest: string, used: Used): void => {
    used.digests.add(digest);
    for (const image of imagesByConfig.get(digest) ?? []) used.digests.add(image.digest);
  };

  const usePullSpec = (text: string, base: string, used: Used): void => {
    const spec = parsePullSpec(text);
    if (spec.digest !== null) useDigest(spec.digest, used);
    if (spec.stream === null || spec.tag === null) return;
    if (spec.namespace !== null) useTag(spec.namespace, spec.stream, spec.tag, used);
    else if (streams.get(`${base}/${spec.stream}`)?.localLookup === true)
      useTag(base, spec.stream, spec.tag, used);
  };

  const use = (reference: ImageReference, base: string, used: Used): void => {
    switch (reference.type) {
      case 'tag':
        return useTag(reference.namespace, reference.stream, reference.tag, used);
      case 'digest':
        return useDigest(reference.digest, used);
      case 'pullSpec':
        return usePullSpec(reference.spec, base, used);
    }
  };

  return (reference, namespace) => {
    const used: Used = { digests: new Set(), tags: new Set() };
    use(reference, namespace, used);
    return used;
  };
};

/** Who uses an index uses its children, and who uses a child uses the indexes above it; not the other children. */
const spreadOverIndexes = (
  direct: ReadonlyMap<string, ReadonlySet<string>>,
  images: readonly Image[],
): ReadonlyMap<string, ReadonlySet<string>> => {
  const spread = new Map([...direct].map(([digest, workloads]) => [digest, new Set(workloads)]));
  for (const index of images) {
    for (const child of index.children) {
      for (const workload of direct.get(index.digest) ?? []) addTo(spread, child.digest, workload);
      for (const workload of direct.get(child.digest) ?? []) addTo(spread, index.digest, workload);
    }
  }
  return spread;
};

const addTo = (users: Map<string, Set<string>>, key: string, workload: string): void => {
  const known = users.get(key);
  if (known === undefined) users.set(key, new Set([workload]));
  else known.add(workload);
};
