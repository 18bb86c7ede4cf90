import { createDigestTable, digestAt } from '../cluster/digest-table.ts';
import { findStream, findTag } from '../cluster/find-streams.ts';
import { createRelatives } from '../cluster/index-images.ts';
import { HOW_USED } from '../model.ts';
import type { Holdings, HowUsed, ImageReference, Inventory, User } from '../model.ts';
import { compareText } from '../text-order.ts';

/** Who uses what, over the whole cluster, by numbers of its holdings. */
export type ClusterUses = {
  /** By digest of an image: who references it, an index above it or an image below it. */
  readonly digests: UsersByNumber;
  /** By tag: who names it. */
  readonly tags: UsersByNumber;
};

/** A workload that uses something in several ways appears several times; `uniteUsers` removes the repeats. */
type UsersByNumber = ReadonlyMap<number, readonly User[]>;

/** A Succeeded or Failed pod counts as using its images for a day. */
const ENDED_POD_MS = 24 * 60 * 60 * 1000;

/** Resolves every workload reference to the digests and tags it uses, through tags, aliases and indexes. */
export const findUses = ({ holdings, references, readAt }: Inventory): ClusterUses => {
  const direct = new Map<number, User[]>();
  const tags = new Map<number, User[]>();
  const resolve = createResolver(holdings);
  const readAtMs = Date.parse(readAt);
  const running = new Set(references.flatMap(({ how, workload }) => (how === 'running' ? [workload] : [])));
  for (const { workload, namespace, reference, endedPodCreated, ...given } of references) {
    if (endedPodCreated !== null && readAtMs - Date.parse(endedPodCreated) >= ENDED_POD_MS) continue;
    const isOld = given.how === 'scaled-to-0' && given.controller !== null && running.has(given.controller);
    const user: User = { workload, how: isOld ? 'old-rollout' : given.how };
    const used = resolve(reference, namespace);
    for (const digest of used.digests) addTo(direct, digest, user);
    for (const tag of used.tags) addTo(tags, tag, user);
  }
  return { digests: spreadOverIndexes(direct, holdings), tags };
};

/** Each workload once, with its strongest use, in the order of first appearance. */
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

/** The namespace of a workload, `ns/Kind/name`. */
export const namespaceOf = (workload: string): string => workload.slice(0, workload.indexOf('/'));

/** The parts of a pull spec. A bare digest, or a name of more than three parts, names no image stream. */
export type PullSpec = {
  readonly namespace: string | null;
  readonly stream: string | null;
  /** Null if the spec is only a digest or names no stream; `latest` if it has neither tag nor digest. */
  readonly tag: string | null;
  readonly digest: string | null;
};

/**
 * Splits a pull spec or a status imageID: `[scheme://][host/]ns/name[:tag][@digest]`, `name[:tag]`, `sha256:…`, or 64
 * hexadecimal digits alone, which cannot be a name (distribution/reference `ParseAnyReference`).
 * It ignores the host, as the image pruner does, so that every host name of the registry counts.
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

/** Some runtimes write only the digits, and so does `dockerImageMetadata.Id` of a schema 1 image. */
const withAlgorithm = (digest: string): string =>
  /^[0-9a-f]{64}$/.test(digest) ? `sha256:${digest}` : digest;

const withoutAlgorithm = (digest: string): string => digest.replace(/^sha256:/, '');

/** A reference, and the namespace in which its names are resolved. */
type Step = { readonly reference: ImageReference; readonly namespace: string };
/** Numbers of digests and tags. */
type Used = { readonly digests: Set<number>; readonly tags: Set<number> };

const createResolver = (holdings: Holdings): ((reference: ImageReference, namespace: string) => Used) => {
  const { find } = createDigestTable(holdings.digests);
  const imagesOfConfig = indexConfigs(holdings);

  const useImage = (digest: number, used: Used): void => {
    if (digest >= 0) used.digests.add(digest);
  };

  /** A digest may be that of an image or that of its config. */
  const useDigest = (digest: string, used: Used): void => {
    useImage(find(digest), used);
    for (const config of [digest, withoutAlgorithm(digest)])
      for (const image of imagesOfConfig(find(config))) useImage(image, used);
  };

  const useTag = (namespace: string, stream: string, name: string, used: Used): Step | null => {
    const found = findStream(holdings, namespace, stream);
    const number = found === undefined ? -1 : findTag(holdings, found, name);
    const tag = holdings.tags[number];
    if (tag === undefined || used.tags.has(number)) return null;
    used.tags.add(number);
    const current =
      tag.revisionsFrom < tag.revisionsTo ? (holdings.revisions.digests[tag.revisionsFrom] ?? -1) : -1;
    if (current >= 0) useDigest(digestAt(holdings.digests, current), used);
    return tag.from === null ? null : { reference: tag.from, namespace };
  };

  const usePullSpec = (text: string, base: string, used: Used): Step | null => {
    const spec = parsePullSpec(text);
    if (spec.digest !== null) useDigest(spec.digest, used);
    if (spec.stream === null || spec.tag === null) return null;
    const isStream = spec.namespace !== null || findStream(holdings, base, spec.stream)?.localLookup === true;
    return isStream ? useTag(spec.namespace ?? base, spec.stream, spec.tag, used) : null;
  };

  /** Marks what a reference names. Returns the next step where a tag follows another tag. */
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
    const used: Used = { digests: new Set(), tags: new Set() };
    let step: Step | null = { reference, namespace };
    while (step !== null) step = use(step, used);
    return used;
  };
};

/** By number of a config's digest the digests of the images that have it: those of one config form a chain. */
const indexConfigs = ({ digests, images, imageOf }: Holdings): ((config: number) => readonly number[]) => {
  const first = new Int32Array(digests.count).fill(-1);
  const next = new Int32Array(images.digests.length);
  images.configs.forEach((config, position) => {
    if (config < 0 || imageOf[images.digests[position] ?? -1] !== position) return;
    next[position] = first[config] ?? -1;
    first[config] = position;
  });
  return (config) => {
    const found: number[] = [];
    for (let position = first[config] ?? -1; position >= 0; position = next[position] ?? -1)
      found.push(images.digests[position] ?? -1);
    return found;
  };
};

/** Using an index uses the images below it. Using an image uses the indexes above it, but not their other children. */
const spreadOverIndexes = (direct: UsersByNumber, holdings: Holdings): UsersByNumber => {
  const relativesOf = createRelatives(holdings);
  const alone = new Map<number, readonly User[]>();
  const spread = new Map<number, User[]>();
  for (const [digest, users] of direct) {
    const relatives = relativesOf(digest);
    if (relatives.size === 1) alone.set(digest, users);
    else for (const related of relatives) for (const user of users) addTo(spread, related, user);
  }
  return new Map([...alone, ...spread]);
};

const addTo = (users: Map<number, User[]>, number: number, user: User): void => {
  const known = users.get(number);
  if (known === undefined) users.set(number, [user]);
  else if (known.at(-1) !== user) known.push(user);
};
