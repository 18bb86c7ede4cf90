import type { Holdings, Image, ImageStream, Layer, NumberedStream, NumberedTag, Tag } from '../model.ts';
import { byName, compareText } from '../text-order.ts';
import { createDoubleColumn, createIntColumn, grown, makeInts } from './columns.ts';
import { packCreated } from './created.ts';
import { createDigestTable } from './digest-table.ts';
import { createImageColumns } from './images.ts';
import { createInternedStrings } from './interned-strings.ts';
import type { InternedStrings } from './interned-strings.ts';

/** Puts the image streams and images of a cluster together as they are read. */
export type HoldingsBuilder = {
  /** Adds a stream, or replaces the one of the same name. */
  readonly addStream: (stream: ImageStream) => void;
  /** Adds an image, or replaces the one of the same digest. */
  readonly addImage: (image: Image) => void;
  /** For a list that is read again from its start. */
  readonly forgetStreams: () => void;
  readonly forgetImages: () => void;
  /** What was added so far; the order in which it was added makes no difference to any figure. */
  readonly build: () => Holdings;
};

/** 100,000 images name a million layers: these are columns of numbers, where objects would fill hundreds of megabytes. */
export const createHoldingsBuilder = (
  interned: InternedStrings = createInternedStrings(),
): HoldingsBuilder => {
  const digests = createDigestTable();
  const layerNumbers = createLayerNumbers(digests.numberOf);
  const layerRuns = createIntColumn();
  const images = createImageColumns();
  /** The first image that was not forgotten. */
  let imagesFrom = 0;
  const streams = new Map<string, NumberedStream>();
  const tags: NumberedTag[] = [];
  const revisions = {
    digests: createIntColumn(),
    references: createIntColumn(),
    created: createDoubleColumn(),
  };

  const addTag = ({ revisions: events, from, ...tag }: Tag): void => {
    const revisionsFrom = revisions.digests.count();
    for (const { digest, reference, created } of events) {
      revisions.digests.push(digest === '' ? -1 : digests.numberOf(digest));
      revisions.references.push(interned.numberOf(reference));
      revisions.created.push(packCreated(created, interned.numberOf));
    }
    tags.push({
      ...tag,
      name: interned.intern(tag.name),
      from: from === null ? null : interned.internReference(from),
      revisionsFrom,
      revisionsTo: revisions.digests.count(),
    });
  };

  const numberOrNone = (text: string | null): number => (text === null ? -1 : interned.numberOf(text));

  /** Of two images of one digest, the later one counts. */
  const buildImageOf = (imageDigests: Int32Array): Int32Array => {
    const imageOf = new Int32Array(digests.count()).fill(-1);
    for (let position = imagesFrom; position < imageDigests.length; position += 1)
      imageOf[imageDigests[position] ?? -1] = position;
    return imageOf;
  };

  return {
    addStream: ({ tags: own, namespace, ...stream }) => {
      const tagsFrom = tags.length;
      for (const tag of own.toSorted(byName)) addTag(tag);
      streams.set(`${namespace}/${stream.name}`, {
        ...stream,
        namespace: interned.intern(namespace),
        tagsFrom,
        tagsTo: tags.length,
      });
    },
    addImage: (image) => {
      for (const layer of image.layers ?? []) layerRuns.push(layerNumbers.numberOf(layer));
      const numbered = {
        digest: digests.numberOf(image.digest),
        managed: image.managed,
        hasLayers: image.layers !== null,
        statedBytes: image.statedBytes,
        isSizeUnread: image.isSizeUnread === true,
        config: image.configDigest === null ? null : digests.numberOf(image.configDigest),
        architecture: numberOrNone(image.architecture),
        fault: numberOrNone(image.fault),
        children: image.children.map(({ digest, architecture }) => ({
          digest: digests.numberOf(digest),
          architecture: numberOrNone(architecture),
        })),
      };
      images.push(numbered, layerRuns.count());
    },
    forgetStreams: () => streams.clear(),
    forgetImages: () => void (imagesFrom = images.count()),
    build: () => {
      const columns = images.view();
      return {
        digests: digests.view(),
        strings: interned.strings,
        layers: layerNumbers.view(),
        layerRuns: layerRuns.view(),
        images: columns,
        imageOf: buildImageOf(columns.digests),
        streams: [...streams.values()].toSorted(
          (a, b) => compareText(a.namespace, b.namespace) || byName(a, b),
        ),
        tags,
        revisions: {
          digests: revisions.digests.view(),
          references: revisions.references.view(),
          created: revisions.created.view(),
        },
      };
    },
  };
};

/** Numbers distinct layers. Nearly every digest has one size; the layers of a digest form a chain. */
const createLayerNumbers = (
  numberOf: (digest: string) => number,
): { readonly numberOf: (layer: Layer) => number; readonly view: () => Holdings['layers'] } => {
  const digests = createIntColumn();
  const bytes = createDoubleColumn();
  /** By digest the number of its first layer plus 1, and by layer the next one of the same digest. */
  let first = new Int32Array(0);
  const next = new Map<number, number>();
  return {
    numberOf: ({ digest, sizeBytes }) => {
      const of = numberOf(digest);
      first = grown(first, of + 1, makeInts);
      let [last, layer] = [-1, (first[of] ?? 0) - 1];
      while (layer >= 0 && bytes.at(layer) !== sizeBytes) [last, layer] = [layer, next.get(layer) ?? -1];
      if (layer >= 0) return layer;
      const added = digests.count();
      digests.push(of);
      bytes.push(sizeBytes);
      if (last < 0) first[of] = added + 1;
      else next.set(last, added);
      return added;
    },
    view: () => ({ digests: digests.view(), bytes: bytes.view() }),
  };
};
