import { createBlobColumns } from './blob-columns.ts';
import { createContents } from '../weighing/rules.ts';
import type { Contents, ImageContent, Numbering } from '../weighing/rules.ts';
import { grown, makeDoubles, makeInts } from './columns.ts';
import type { ChildImage, Image, Layer } from '../model.ts';

/** Images, each digest once. What they are made of is told by numbers of blobs, which stand for digests. */
export type Images = Iterable<Image> &
  Numbering & {
    readonly get: (digest: string) => Image | undefined;
    readonly isManaged: (digest: string) => boolean;
    /** Shows the blobs of a plain image, too, and says what it states besides; null for any other, and where there is none. */
    readonly visitPlain: (digest: string, visit: VisitBlob) => PlainImage | null;
    /** What an image that is not plain is made of, or one that is not there. */
    readonly contentOfOdd: (digest: string) => ImageContent;
    /** Shows each blob that an image weighs, once, and says what else is known of its content. */
    readonly visitBlobs: (digest: string, visit: VisitBlob) => ContentSummary;
  };

/** All images of a cluster. */
export type ImageTable = Images & {
  /** Adds an image, or puts it in the place of the one of the same digest. */
  readonly add: (image: Image) => void;
  /** Those of several digests that are there. */
  readonly select: (digests: readonly string[]) => Images;
  readonly listDigests: () => Iterable<string>;
  readonly childrenOf: (digest: string) => readonly ChildImage[];
  /** Images that have others below them. */
  readonly listIndexes: () => readonly Image[];
  /** Digests of the images that have a config. */
  readonly ofConfig: (configDigest: string) => readonly string[];
  /** How many blobs there are: their numbers are below. */
  readonly countBlobs: () => number;
};

/** Images as a table, which they may be already. */
export const toImageTable = (images: Iterable<Image>): ImageTable =>
  isTable(images) ? images : createImageTable(images);

/** The same where a part of a table will do. */
export const toImages = (images: Iterable<Image>): Images =>
  isPart(images) ? images : createImageTable(images);

const isTable = (images: Iterable<Image>): images is ImageTable => 'select' in images;
const isPart = (images: Iterable<Image>): images is Images => 'visitBlobs' in images;

/** Takes a blob's number, its size in bytes as the image states it, and whether it is a layer or the config. */
export type VisitBlob = (number: number, sizeBytes: number, isLayer: boolean) => void;

/** What a plain image states besides its blobs. */
export type PlainImage = Pick<Image, 'managed' | 'statedBytes' | 'architecture'>;

export type ContentSummary = Pick<ImageContent, 'isSizeKnown' | 'isWhole' | 'unsized'>;

const PLAIN: ContentSummary = { isSizeKnown: true, isWhole: true, unsized: [] };
const NONE = -1;
const NO_CHILDREN: readonly ChildImage[] = [];
/** In `details`; what is left tells the architecture. */
const [MANAGED, WITHOUT_CONFIG, REPEATS_LAYERS, ARCHITECTURE] = [1, 2, 4, 8];

/**
 * 100,000 images name more than a million layers, which as objects fill hundreds of megabytes. Plain images, as nearly
 * all are, are kept in columns of numbers; one with anything odd about its layers or its config is kept as it is, and
 * `blobs.ts` reads its content.
 */
export const createImageTable = (images: Iterable<Image> = []): ImageTable => {
  const blobs = createBlobColumns();
  const rows = new Map<string, number>();
  const digests: string[] = [];
  const odd = new Map<number, Image>();
  /** By digest, of those that have any: few, so that looking up one that has none is quick. */
  const children = new Map<string, readonly ChildImage[]>();
  const architectures: (string | null)[] = [];
  const architectureNumbers = new Map<string | null, number>();
  // By row. The layers of one are those from its start on, up to the next one's.
  let starts = makeInts(1);
  let layers = makeInts(0);
  let configs = makeInts(0);
  let stated = makeDoubles(0);
  let details = makeInts(0);
  // Worked out when first asked for, and anew once an image was added.
  let contents: Contents | null = null;
  let configRows: ((config: number) => readonly number[]) | null = null;

  const add = (image: Image): void => {
    const row = digests.length;
    const start = startOf(row);
    const end = start + (image.layers?.length ?? 0);
    layers = grown(layers, end, makeInts);
    image.layers?.forEach(({ digest }, at) => (layers[start + at] = blobs.numberOf(digest)));
    configs = grown(configs, row + 1, makeInts);
    configs[row] = blobs.numberOf(image.configDigest ?? image.digest);
    stated = grown(stated, row + 1, makeDoubles);
    stated[row] = image.statedBytes ?? NaN;
    details = grown(details, row + 1, makeInts);
    details[row] =
      (image.managed ? MANAGED : 0) +
      (image.configDigest === null ? WITHOUT_CONFIG : 0) +
      (new Set(layers.subarray(start, end)).size < end - start ? REPEATS_LAYERS : 0) +
      ARCHITECTURE * numberOfArchitecture(image.architecture);
    starts = grown(starts, row + 2, makeInts);
    starts[row + 1] = end;
    if (!isPlain(image, row)) odd.set(row, image);
    odd.delete(rows.get(image.digest) ?? NONE);
    if (image.children.length > 0) children.set(image.digest, image.children);
    else children.delete(image.digest);
    rows.set(image.digest, row);
    digests.push(image.digest);
    contents = null;
    configRows = null;
  };

  const startOf = (row: number): number => starts[row] ?? 0;

  const numberOfArchitecture = (architecture: string | null): number => {
    const number = architectureNumbers.get(architecture) ?? architectures.length;
    if (number === architectures.length) architectures.push(architecture);
    architectureNumbers.set(architecture, number);
    return number;
  };

  /** Every layer has the size that it has in other plain images, some size is not 0, and the config is none of them. */
  const isPlain = ({ fault, children, layers: given, isSizeUnread }: Image, row: number): boolean => {
    if (fault !== null || children.length > 0 || given === null || isSizeUnread === true) return false;
    const start = startOf(row);
    const numbers = layers.subarray(start, start + given.length);
    return (
      given.every(({ sizeBytes }, at) => blobs.agreesWith(numbers[at] ?? NONE, sizeBytes)) &&
      given.some(({ sizeBytes }) => sizeBytes > 0) &&
      !numbers.includes(configs[row] ?? NONE)
    );
  };

  const isManagedRow = (row: number): boolean => ((details[row] ?? 0) & MANAGED) !== 0;

  const statedOf = (row: number): number | null => {
    const bytes = stated[row] ?? NaN;
    return Number.isNaN(bytes) ? null : bytes;
  };

  const architectureOf = (row: number): string | null =>
    architectures[Math.floor((details[row] ?? 0) / ARCHITECTURE)] ?? null;

  const readPlain = (row: number, layerOf: (number: number) => Layer): Image => {
    const detail = details[row] ?? 0;
    return {
      digest: digests[row] ?? '',
      managed: (detail & MANAGED) !== 0,
      layers: Array.from(layers.subarray(startOf(row), startOf(row + 1)), (number) => layerOf(number)),
      statedBytes: statedOf(row),
      configDigest: (detail & WITHOUT_CONFIG) === 0 ? blobs.digestOf(configs[row] ?? NONE) : null,
      architecture: architectureOf(row),
      children: [],
      fault: null,
    };
  };

  /** Equal layers of these images are one object. */
  function* read(wanted: Iterable<string>): Generator<Image, undefined> {
    const known = new Map<number, Layer>();
    const layerOf = (number: number): Layer => {
      const layer = known.get(number) ?? blobs.layerOf(number);
      known.set(number, layer);
      return layer;
    };
    for (const digest of wanted) {
      const row = rows.get(digest);
      if (row !== undefined) yield odd.get(row) ?? readPlain(row, layerOf);
    }
  }

  const get = (digest: string): Image | undefined => read([digest]).next().value;

  const contentOfOdd = (digest: string): ImageContent => {
    contents ??= createContents({ get }, blobs.numberOf);
    return contents.contentOf(digest);
  };

  const visitRow = (row: number, visit: VisitBlob): void => {
    const isFirst = ((details[row] ?? 0) & REPEATS_LAYERS) === 0 ? null : blobs.startLook();
    let layerBytes = 0;
    for (let at = startOf(row), end = startOf(row + 1); at < end; at += 1) {
      const number = layers[at] ?? NONE;
      if (isFirst?.(number) === false) continue;
      const sizeBytes = blobs.layerBytesOf(number);
      layerBytes += sizeBytes;
      visit(number, sizeBytes, true);
    }
    const configBytes = (stated[row] ?? NaN) - layerBytes;
    if (configBytes >= 0) visit(configs[row] ?? NONE, configBytes, false);
  };

  /** By the number of a config the rows that have it, those of one config in a chain. */
  const indexConfigs = (): ((config: number) => readonly number[]) => {
    const first = makeInts(blobs.count()).fill(NONE);
    const next = makeInts(digests.length);
    for (const row of rows.values()) {
      const config = configs[row] ?? NONE;
      if (((details[row] ?? 0) & WITHOUT_CONFIG) !== 0) continue;
      next[row] = first[config] ?? NONE;
      first[config] = row;
    }
    return (config) => {
      const found: number[] = [];
      for (let row = first[config] ?? NONE; row !== NONE; row = next[row] ?? NONE) found.push(row);
      return found;
    };
  };

  const isPlainRow = (row: number | undefined): row is number => row !== undefined && !odd.has(row);

  const parts: Omit<Images, typeof Symbol.iterator> = {
    get,
    isManaged: (digest) => isManagedRow(rows.get(digest) ?? NONE),
    visitPlain: (digest, visit) => {
      const row = rows.get(digest);
      if (!isPlainRow(row)) return null;
      visitRow(row, visit);
      return { managed: isManagedRow(row), statedBytes: statedOf(row), architecture: architectureOf(row) };
    },
    visitBlobs: (digest, visit) => {
      const row = rows.get(digest);
      if (isPlainRow(row)) {
        visitRow(row, visit);
        return PLAIN;
      }
      const content = contentOfOdd(digest);
      for (const { number, sizeBytes, kind } of content.blobs) visit(number, sizeBytes, kind === 'layer');
      return content;
    },
    contentOfOdd,
    numberOf: blobs.numberOf,
    digestOf: blobs.digestOf,
  };

  for (const image of images) add(image);
  return {
    ...parts,
    [Symbol.iterator]: () => read(rows.keys()),
    add,
    select: (wanted) => ({ ...parts, [Symbol.iterator]: () => read(wanted) }),
    listDigests: () => rows.keys(),
    childrenOf: (digest) => children.get(digest) ?? NO_CHILDREN,
    listIndexes: () => [...odd.values()].filter(({ children }) => children.length > 0),
    ofConfig: (configDigest) => {
      configRows ??= indexConfigs();
      return configRows(blobs.find(configDigest)).map((row) => digests[row] ?? '');
    },
    countBlobs: blobs.count,
  };
};
