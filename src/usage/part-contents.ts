import { describeLackOfConfig, listArchitectures } from './blobs.ts';
import type { Blob, Contents, ImageContent } from './blobs.ts';
import type { Images } from './image-table.ts';

/** Contents whose blobs are numbered from 0 on among themselves. */
export type PartContents = Contents & {
  readonly digestOf: (number: number) => string;
  /** How many have a number by now. */
  readonly count: () => number;
  /** A blob's number among all images. */
  readonly sourceOf: (number: number) => number;
};

/** What some images of a table are made of, plain ones straight from its columns. */
export const createPartContents = (images: Images): PartContents => {
  const contents = new Map<string, ImageContent>();
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

  const readOdd = (digest: string): ImageContent => {
    const content = images.contentOfOdd(digest);
    return {
      ...content,
      blobs: content.blobs.map(({ number, sizeBytes, kind }) =>
        blobOf(numberOfSource(number), sizeBytes, kind),
      ),
      unsized: content.unsized.map(numberOfSource),
      conflicts: content.conflicts.map(numberOfSource),
    };
  };

  const readContent = (digest: string): ImageContent => {
    const plain = images.getPlain(digest);
    if (plain === null) return readOdd(digest);
    const weighed: Blob[] = [];
    let hasConfig = false;
    images.visitBlobs(digest, (source, sizeBytes, isLayer) => {
      weighed.push(blobOf(numberOfSource(source), sizeBytes, isLayer ? 'layer' : 'config'));
      hasConfig ||= !isLayer;
    });
    return {
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
