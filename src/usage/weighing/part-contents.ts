import { describeLackOfConfig, listArchitectures } from './rules.ts';
import type { Blob, ImageContent } from './rules.ts';
import type { Images } from '../cluster/image-table.ts';
import type { Image } from '../model.ts';

/** Contents whose blobs are numbered from 0 on among themselves. */
export type PartContents = {
  /** By an image's digest; each image is worked out once. */
  readonly contentOf: (digest: string) => PartContent;
  readonly digestOf: (number: number) => string;
  /** How many have a number by now. */
  readonly count: () => number;
  /** A blob's number among all images. */
  readonly sourceOf: (number: number) => number;
};

/** What an image is made of, and whether the registry itself holds it. */
type PartContent = ImageContent & Pick<Image, 'managed'>;

/** What some images of a table are made of, plain ones straight from its columns. */
export const createPartContents = (images: Images): PartContents => {
  const contents = new Map<string, PartContent>();
  const sources: number[] = [];
  const numbers = new Map<number, number>();
  const blobs: Blob[] = [];

  const numberOfSource = (source: number): number => {
    const number = numbers.get(source) ?? sources.length;
    if (number === sources.length) {
      sources.push(source);
      numbers.set(source, number);
    }
    return number;
  };

  const sourceOf = (number: number): number => sources[number] ?? -1;

  const blobOf = (number: number, sizeBytes: number, kind: Blob['kind']): Blob => {
    const known = blobs[number];
    if (known?.sizeBytes === sizeBytes && known.kind === kind) return known;
    const blob: Blob = { number, sizeBytes, kind };
    blobs[number] = blob;
    return blob;
  };

  const readOdd = (digest: string): PartContent => {
    const content = images.contentOfOdd(digest);
    return {
      ...content,
      managed: images.isManaged(digest),
      blobs: content.blobs.map(({ number, sizeBytes, kind }) =>
        blobOf(numberOfSource(number), sizeBytes, kind),
      ),
      unsized: content.unsized.map(numberOfSource),
      conflicts: content.conflicts.map(numberOfSource),
    };
  };

  const readContent = (digest: string): PartContent => {
    const weighed: Blob[] = [];
    let hasConfig = false;
    const plain = images.visitPlain(digest, (source, sizeBytes, isLayer) => {
      weighed.push(blobOf(numberOfSource(source), sizeBytes, isLayer ? 'layer' : 'config'));
      hasConfig ||= !isLayer;
    });
    if (plain === null) return readOdd(digest);
    return {
      managed: plain.managed,
      blobs: weighed,
      unsized: [],
      conflicts: [],
      isSizeKnown: true,
      isWhole: true,
      architectures: listArchitectures([plain]),
      faults: hasConfig ? [] : [describeLackOfConfig(plain)],
    };
  };

  return {
    digestOf: (number) => images.digestOf(sourceOf(number)),
    count: () => sources.length,
    sourceOf,
    contentOf: (digest) => {
      const content = contents.get(digest) ?? readContent(digest);
      contents.set(digest, content);
      return content;
    },
  };
};
