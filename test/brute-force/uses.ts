import type {
  HowUsed,
  Image,
  ImageReference,
  ImageStream,
  WorkloadReference,
} from '../../src/usage/model.ts';
import type { ListedInventory } from '../listed-inventory.ts';

/** Who uses what, by the definitions of docs/figures.md, worked out anew for each question. Workloads are `ns/Kind/name`, with the gravest way. */
export type Uses = {
  readonly usersOfDigest: (digest: string) => ReadonlyMap<string, HowUsed>;
  readonly usersOfTag: (namespace: string, stream: string, tag: string) => ReadonlyMap<string, HowUsed>;
};

type Meaning = { readonly digests: ReadonlySet<string>; readonly tags: ReadonlySet<string> };

const DAY_MS = 24 * 60 * 60 * 1000;

/** Answers by looking through every reference of every workload each time. */
export const createUses = (inventory: ListedInventory): Uses => {
  const images = [...inventory.images];
  const meanings = inventory.references
    .filter(
      ({ endedPodCreated }) =>
        endedPodCreated === null || Date.parse(inventory.readAt) - Date.parse(endedPodCreated) < DAY_MS,
    )
    .map((reference) => ({
      workload: reference.workload,
      how: howOf(reference, inventory),
      meaning: meaningOf(reference.reference, reference.namespace, inventory),
    }));
  return {
    usersOfDigest: (digest) =>
      gravest(
        meanings.filter(({ meaning }) =>
          [...meaning.digests].some(
            (meant) => meant === digest || isAbove(meant, digest, images) || isAbove(digest, meant, images),
          ),
        ),
      ),
    usersOfTag: (namespace, stream, tag) =>
      gravest(meanings.filter(({ meaning }) => meaning.tags.has(tagKey(namespace, stream, tag)))),
  };
};

/** From what keeps an image needed now to what only mentions it (docs/decisions/0012). */
const GRAVITY: readonly HowUsed[] = [
  'running',
  'scheduled',
  'suspended',
  'scaled-to-0',
  'old-rollout',
  'finished',
  'build-input',
  'trigger',
  'named',
];

/** Each workload with the gravest of its ways, the gravest workloads first, then by name. */
export const gravest = (
  uses: readonly { readonly workload: string; readonly how: HowUsed }[],
): ReadonlyMap<string, HowUsed> => {
  const inOrder = GRAVITY.flatMap((how) =>
    uses
      .filter((use) => use.how === how)
      .map(({ workload }) => workload)
      .toSorted(),
  );
  const waysOf = (name: string) => uses.filter(({ workload }) => workload === name).map(({ how }) => how);
  return new Map(
    [...new Set(inOrder)].map((name) => [name, GRAVITY.find((how) => waysOf(name).includes(how)) ?? 'named']),
  );
};

/** At 0 replicas under something that runs is an old rollout; at 0 with it, or alone, is scaled to 0. */
const howOf = (given: WorkloadReference, { references }: ListedInventory): HowUsed =>
  given.how === 'scaled-to-0' &&
  references.some(({ workload, how }) => workload === given.controller && how === 'running')
    ? 'old-rollout'
    : given.how;

const tagKey = (namespace: string, stream: string, tag: string): string => `${namespace}/${stream}:${tag}`;

const meaningOf = (reference: ImageReference, namespace: string, inventory: ListedInventory): Meaning => {
  const digests = new Set<string>();
  const tags = new Set<string>();

  const addImageId = (id: string): void => {
    digests.add(id);
    // Schema 1 images and some runtimes write the 64 digits alone.
    const digitsOf = (digest: string): string => digest.replace(/^sha256:/, '');
    for (const image of inventory.images) {
      const names = [image.digest, image.configDigest ?? image.digest].map(digitsOf);
      if (names.includes(digitsOf(id))) digests.add(image.digest);
    }
  };
  const addTag = (place: ImageStream | undefined, name: string): void => {
    const tag = place?.tags.find((candidate) => candidate.name === name);
    if (place === undefined || tag === undefined) return;
    const key = tagKey(place.namespace, place.name, name);
    if (tags.has(key)) return;
    tags.add(key);
    const current = tag.revisions[0]?.digest ?? '';
    if (current !== '') digests.add(current);
    // Following `from` names the tags behind it, too: the safe reading of "a workload names the tag".
    if (tag.from !== null) add(tag.from, place.namespace);
  };
  const add = (named: ImageReference, from: string): void => {
    if (named.type === 'digest') addImageId(named.digest);
    else if (named.type === 'tag') addTag(findStream(inventory, named.namespace, named.stream), named.tag);
    else {
      const spec = named.spec.replace(/^[a-z-]+:\/\//, '');
      const [name = '', digest] = spec.split('@');
      addImageId(digest ?? spec);
      const path = name.split('/');
      const [stream = '', tag] = (path.at(-1) ?? '').split(':');
      const place = findStream(inventory, path.at(-2) ?? from, stream);
      if (path.length > 3 || (path.length === 1 && place?.localLookup !== true)) return;
      // A tag beside a digest is named, too, though the digest decides what is pulled: the safe reading.
      if (tag !== undefined || digest === undefined) addTag(place, tag ?? 'latest');
    }
  };

  add(reference, namespace);
  return { digests, tags };
};

const findStream = (inventory: ListedInventory, namespace: string, name: string): ImageStream | undefined =>
  [...inventory.streams].find((stream) => stream.namespace === namespace && stream.name === name);

/** True where `index` is an index image that has `digest` among its children, or theirs. */
const isAbove = (
  index: string,
  digest: string,
  images: readonly Image[],
  passed: readonly string[] = [],
): boolean =>
  !passed.includes(index) &&
  (images.find((image) => image.digest === index)?.children ?? []).some(
    (child) => child.digest === digest || isAbove(child.digest, digest, images, [...passed, index]),
  );
