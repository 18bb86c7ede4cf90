import { digestAt } from '../cluster/digest-table.ts';
import { imageAt } from '../cluster/images.ts';
import { follow, withImagesBelow } from '../cluster/index-images.ts';
import type { FindingCode, Holdings, NumberedImage, NumberedStream, NumberedTag } from '../model.ts';
import { compareText } from '../text-order.ts';

/**
 * The rules of weighing (docs/figures.md), each of them once: what an image is made of, which of two sizes wins, what is
 * charged, where a blob is counted. The ledger, the team totals and the plan call them; only the recount has its own.
 */

/** What an image is made of. Blobs are numbers of digests. */
export type ImageContent = {
  /** Each blob once, the layers before the configs; empty where the size is unknown. */
  readonly blobs: readonly number[];
  /** Their sizes, in the same order. */
  readonly bytes: readonly number[];
  /** How many of the blobs are layers; the sizes of the others, the configs, are derived. */
  readonly layerCount: number;
  /** Blobs that the image names without a reliable size: it holds them all the same. */
  readonly unsized: readonly number[];
  /** Blobs that the image itself states with different sizes. */
  readonly conflicts: readonly number[];
  /** Whether `bytes` tells its size, at least as a lower bound. */
  readonly isSizeKnown: boolean;
  /** Whether `bytes` tells all of its size; false, too, for an index with a child of unknown size. */
  readonly isWhole: boolean;
  readonly faults: readonly ContentFault[];
};

/** What is odd about an image and what that does to its size. */
export type ContentFault = { readonly code: FindingCode; readonly message: string };

/** What the image of a digest is made of; -1 is the digest of a revision that names no image. */
export const contentOf = (holdings: Holdings, digest: number): ImageContent => {
  const image = imageAt(holdings, digest);
  if (image !== undefined && isIndex(image)) return contentOfIndex(holdings, image);
  const read = contentOfSingle(holdings, image);
  if (!('lack' in read)) return read;
  const what = digest < 0 ? 'The revision names no image' : `The Image object ${read.lack}`;
  return {
    ...NOTHING,
    unsized: listUnsized(holdings, digest),
    isSizeKnown: false,
    isWhole: false,
    faults: [{ code: read.code, message: `${what}, so its size is unknown and the usage is a lower bound.` }],
  };
};

/** What a revision stores: a reference tag that was never imported (`oc tag --reference`) stores nothing. */
export const contentOfRevision = (
  holdings: Holdings,
  { isReference }: Pick<NumberedTag, 'isReference'>,
  digest: number,
): ImageContent => (isReference && digest < 0 ? NOTHING : contentOf(holdings, digest));

const NOTHING: ImageContent = {
  blobs: [],
  bytes: [],
  layerCount: 0,
  unsized: [],
  conflicts: [],
  isSizeKnown: true,
  isWhole: true,
  faults: [],
};

/** One statement of a blob's size: a layer's is stated by the API, a config's is derived. */
export type Size = { readonly bytes: number; readonly isLayer: boolean };

/** Whether one statement of a blob's size wins over another: a layer's beats a config's, then the larger one wins. */
export const winsOver = (one: Size, other: Size): boolean =>
  one.isLayer === other.isLayer ? one.bytes > other.bytes : one.isLayer;

/** A config's size: the Size of the image less its distinct layers; null where that is not stated or negative. */
const configBytesOf = (statedBytes: number | null, layerBytes: number): number | null =>
  statedBytes === null || statedBytes < layerBytes ? null : statedBytes - layerBytes;

/**
 * Whether revisions of a stream are stored by the registry itself: their pull specs name a host of the stream, be it the
 * internal or the public one.
 */
export const createIsStored = ({
  repository,
  publicRepository,
}: Pick<NumberedStream, 'repository' | 'publicRepository'>): ((reference: string) => boolean) => {
  const hosts = [repository, publicRepository].map(hostOf).filter((host) => host !== '');
  // Nearly all revisions of a stream have the same reference.
  let last = { reference: '', isStored: false };
  return (reference) => {
    if (reference !== last.reference) last = { reference, isStored: hosts.includes(hostOf(reference)) };
    return last.isStored;
  };
};

/** What precedes the first slash, port included; hosts ignore case (RFC 3986). */
const hostOf = (reference: string): string =>
  reference.slice(0, Math.max(0, reference.indexOf('/'))).toLowerCase();

/** Whether a namespace is charged for a revision whose size is known. */
export const isCharged = (
  image: Pick<NumberedImage, 'managed'> | undefined,
  isStored: boolean,
  chargeImported: boolean,
): boolean => image !== undefined && (chargeImported || (image.managed && isStored));

/** A charged revision's place among those of its namespace. */
export type Place = {
  /** Of its tag, in the order of stream and tag names by code unit. */
  readonly tag: number;
  /** In its tag's history; 0 is the current one. */
  readonly position: number;
  /** ISO 8601 in one form, so that the order of strings is that of times; null where the API states none. */
  readonly created: string | null;
};

/**
 * Which of two revisions that hold a blob it is counted at: a current one before an older one, then the oldest, then the
 * first by name, then the one nearest to the oldest end of the history.
 */
export const countsBefore = (a: Place, b: Place): boolean => {
  if ((a.position === 0) !== (b.position === 0)) return a.position === 0;
  if (a.created !== b.created) return a.created !== null && (b.created === null || a.created < b.created);
  return a.tag === b.tag ? a.position > b.position : a.tag < b.tag;
};

/**
 * Adds sizes in bytes. A sum stops at 2^53 - 1: sizes are what the pusher of an image states, and one absurd size must not
 * make a total that cannot be stored.
 */
export const addBytes = (a: number, b: number): number => Math.min(a + b, Number.MAX_SAFE_INTEGER);

/** Architectures of an image, or of an index's entries: sorted, each once. Attestations call theirs `unknown`. */
export const architecturesOf = (holdings: Holdings, digest: number): readonly string[] => {
  const image = imageAt(holdings, digest);
  const described = image === undefined ? [] : isIndex(image) ? listEntries(holdings, image) : [image];
  const names = new Set<string>();
  for (const { architecture } of described)
    if (architecture !== null && architecture !== '' && architecture !== 'unknown') names.add(architecture);
  return [...names].toSorted();
};

const listEntries = (
  holdings: Holdings,
  index: NumberedImage,
): readonly NumberedImage['children'][number][] =>
  [...withSoundIndexesBelow(holdings, index)].flatMap((digest) => {
    const image = imageAt(holdings, digest);
    return image !== undefined && isIndex(image) ? image.children : [];
  });

/** Whether an image adds nothing but what is below it. The children of one with a fault do not tell its size. */
const isIndex = ({ fault, children }: NumberedImage): boolean => fault === null && children.length > 0;

const withSoundIndexesBelow = (holdings: Holdings, index: NumberedImage): ReadonlySet<number> =>
  follow([index.digest], (digest) => {
    const image = imageAt(holdings, digest);
    return image !== undefined && isIndex(image) ? image.children.map((child) => child.digest) : [];
  });

/** What an image of unknown size keeps in the registry all the same: the layers it names, and all that is below it. */
const listUnsized = (holdings: Holdings, digest: number): readonly number[] =>
  digest < 0
    ? []
    : [...withImagesBelow(holdings, [digest])].flatMap((one) => {
        const image = imageAt(holdings, one);
        if (image === undefined || isIndex(image)) return [];
        const read = contentOfSingle(holdings, image);
        return 'lack' in read ? listLayerDigests(holdings, image) : read.blobs;
      });

const listLayerDigests = ({ layers, layerRuns }: Holdings, image: NumberedImage): readonly number[] =>
  Array.from(layerRuns.subarray(image.layersFrom, image.layersTo), (layer) => layers.digests[layer] ?? -1);

/** Why an image's size is unknown; `lack` completes the sentence "The Image object …". */
type Lack = { readonly code: FindingCode; readonly lack: string };

const contentOfSingle = (holdings: Holdings, image: NumberedImage | undefined): ImageContent | Lack => {
  if (image === undefined) return { code: 'image-missing', lack: 'is gone' };
  if (image.fault !== null) return { code: 'image-unreadable', lack: `cannot be read (${image.fault})` };
  if (!image.hasLayers) return { code: 'size-unknown', lack: 'lists no layers' };
  const union = createUnion();
  let hasSize = false;
  for (let at = image.layersFrom; at < image.layersTo; at += 1) {
    const layer = holdings.layerRuns[at] ?? -1;
    const bytes = holdings.layers.bytes[layer] ?? 0;
    hasSize ||= bytes > 0;
    addTo(union, holdings.layers.digests[layer] ?? -1, bytes, true);
  }
  // An image without layers is all config, and no config has 0 bytes.
  if (image.layersFrom === image.layersTo) hasSize = (image.statedBytes ?? 0) > 0;
  if (!hasSize) return { code: 'size-unknown', lack: 'states no sizes' };
  const layerBytes = union.bytes.reduce((sum, bytes) => sum + bytes, 0);
  const configBytes = configBytesOf(image.statedBytes, layerBytes);
  if (configBytes !== null) addOwnConfig(union, image.config ?? image.digest, configBytes);
  return {
    blobs: union.blobs,
    bytes: union.bytes,
    layerCount: union.layerCount,
    conflicts: union.conflicts,
    unsized: [],
    isSizeKnown: true,
    isWhole: !image.isSizeUnread,
    faults: configBytes === null ? [describeLackOfConfig(image)] : [],
  };
};

const describeLackOfConfig = ({ statedBytes, isSizeUnread }: NumberedImage): ContentFault => {
  if (isSizeUnread)
    return {
      code: 'index-child-missing',
      message:
        'These credentials can read the sizes of its layers, but not that of its config, so size and usage leave that out and are a lower bound.',
    };
  const why =
    statedBytes === null
      ? 'The Image object states no usable Size'
      : 'The stated Size is below the sum of the layers';
  return { code: 'config-size-negative', message: `${why}, so size and usage leave its config out.` };
};

/** The size of an index is the union of all that is below it; an index below it adds nothing of its own. */
const contentOfIndex = (holdings: Holdings, index: NumberedImage): ImageContent => {
  const contents: ImageContent[] = [];
  const faults: ContentFault[] = [];
  const unsized: number[] = [];
  let lacksChild = false;
  for (const { digest, text } of sortByText(holdings, withSoundIndexesBelow(holdings, index))) {
    const child = imageAt(holdings, digest);
    if (child !== undefined && isIndex(child)) continue;
    const read = contentOfSingle(holdings, child);
    if ('lack' in read) {
      lacksChild = true;
      unsized.push(...listUnsized(holdings, digest));
      faults.push({
        code: 'index-child-missing',
        message: `Its child image ${text} ${read.lack}, so that part of its size is unknown and the usage is a lower bound.`,
      });
      continue;
    }
    contents.push(read);
    for (const { code, message } of read.faults)
      faults.push({ code, message: `In its child image ${text}: ${message}` });
  }
  if (contents.length === 0)
    faults.push({
      code: 'size-unknown',
      message: 'None of its child images can be read, so its size is unknown and the usage is a lower bound.',
    });
  const union = createUnion();
  for (const { blobs, bytes, layerCount } of contents)
    for (let at = 0; at < layerCount; at += 1) addTo(union, blobs[at] ?? -1, bytes[at] ?? 0, true);
  for (const { blobs, bytes, layerCount } of contents)
    for (let at = layerCount; at < blobs.length; at += 1)
      addTo(union, blobs[at] ?? -1, bytes[at] ?? 0, false);
  return {
    blobs: union.blobs,
    bytes: union.bytes,
    layerCount: union.layerCount,
    unsized,
    conflicts: [...union.conflicts, ...contents.flatMap((content) => content.conflicts)],
    isSizeKnown: contents.length > 0,
    isWhole: contents.length > 0 && !lacksChild && contents.every(({ isWhole }) => isWhole),
    faults,
  };
};

const sortByText = (
  { digests }: Holdings,
  some: Iterable<number>,
): readonly { readonly digest: number; readonly text: string }[] =>
  Array.from(some, (digest) => ({ digest, text: digestAt(digests, digest) })).toSorted((a, b) =>
    compareText(a.text, b.text),
  );

/** The distinct blobs of one image, the layers before the configs, and those that are stated with different sizes. */
type Union = {
  readonly blobs: number[];
  readonly bytes: number[];
  readonly conflicts: number[];
  layerCount: number;
  /** By blob its position, for images of many blobs: a short list is searched faster. */
  positions: Map<number, number> | null;
};

const createUnion = (): Union => ({ blobs: [], bytes: [], conflicts: [], layerCount: 0, positions: null });

/** An image may list a blob several times (empty layers do); the registry stores it once. Layers are added first. */
const addTo = (union: Union, blob: number, bytes: number, isLayer: boolean): void => {
  const position = positionIn(union, blob);
  if (position < 0) {
    union.positions?.set(blob, union.blobs.length);
    union.blobs.push(blob);
    union.bytes.push(bytes);
    if (isLayer) union.layerCount += 1;
    return;
  }
  const known = { bytes: union.bytes[position] ?? 0, isLayer: position < union.layerCount };
  if (known.bytes !== bytes) union.conflicts.push(blob);
  if (winsOver({ bytes, isLayer }, known)) union.bytes[position] = bytes;
};

/** The config of an OCI artifact may be one of its layers, which Size counts once: then 0 states no second size. */
const addOwnConfig = (union: Union, blob: number, bytes: number): void => {
  if (bytes > 0 || positionIn(union, blob) < 0) addTo(union, blob, bytes, false);
};

const MANY_BLOBS = 64;

const positionIn = (union: Union, blob: number): number => {
  if (union.blobs.length < MANY_BLOBS) return union.blobs.indexOf(blob);
  union.positions ??= new Map(union.blobs.map((one, position) => [one, position]));
  return union.positions.get(blob) ?? -1;
};
