import type { Holdings, NumberedImage, NumberedStream, NumberedTag } from '../model.ts';
import { compareText } from '../text-order.ts';
import { createDoubleColumn, createIntColumn } from './columns.ts';
import { repackCreated } from './created.ts';
import { digestAt, WORDS } from './digest-table.ts';
import { runOfRevisions, streamsOf } from './find-streams.ts';
import { imageAt, withImagesBelow } from './index-images.ts';

/** What one namespace holds, numbered anew. The same content has the same numbers, in whatever order it was read. */
export type Slice = {
  readonly holdings: Holdings;
  /** By number in the slice the number in the whole cluster. */
  readonly digestSources: readonly number[];
  readonly tagSources: readonly number[];
};

/** Cuts one namespace after another out of a cluster. */
export const createSlicer = (whole: Holdings): ((namespace: string) => Slice) => {
  // Room for the numbers of the whole cluster is made once; each slice leaves it as it found it.
  const digestNumbers = createRenumbering(whole.digests.count);
  const layerNumbers = createRenumbering(whole.layers.digests.length);
  const stringNumbers = createRenumbering(whole.strings.length);

  const sliceImage = (image: NumberedImage, pushLayer: (layer: number) => number): NumberedImage => {
    let layersTo = 0;
    for (let at = image.layersFrom; at < image.layersTo; at += 1) {
      const layer = whole.layerRuns[at] ?? -1;
      digestNumbers.numberOf(whole.layers.digests[layer] ?? -1);
      layersTo = pushLayer(layerNumbers.numberOf(layer));
    }
    const count = image.layersTo - image.layersFrom;
    return {
      ...image,
      digest: digestNumbers.numberOf(image.digest),
      layersFrom: count === 0 ? 0 : layersTo - count,
      layersTo,
      config: image.config === null ? null : digestNumbers.numberOf(image.config),
      children: image.children.map((child) => ({ ...child, digest: digestNumbers.numberOf(child.digest) })),
    };
  };

  const sliceImages = (digests: readonly number[]) => {
    const layerRuns = createIntColumn();
    const images = digests.flatMap((digest) => {
      const image = imageAt(whole, digest);
      if (image === undefined) return [];
      return sliceImage(image, (layer) => {
        layerRuns.push(layer);
        return layerRuns.count();
      });
    });
    const { digests: layerDigests, bytes } = whole.layers;
    return {
      images,
      layerRuns: layerRuns.view().slice(),
      layers: {
        digests: Int32Array.from(layerNumbers.sources(), (layer) =>
          digestNumbers.numberOf(layerDigests[layer] ?? -1),
        ),
        bytes: Float64Array.from(layerNumbers.sources(), (layer) => bytes[layer] ?? 0),
      },
    };
  };

  const sliceStreams = (own: readonly NumberedStream[]) => {
    const numberOfString = (text: number): number => stringNumbers.numberOf(text);
    const digests = createIntColumn();
    const references = createIntColumn();
    const created = createDoubleColumn();
    const tags: NumberedTag[] = [];
    const tagSources: number[] = [];
    const sliceTag = (tag: NumberedTag): NumberedTag => {
      const revisionsFrom = digests.count();
      for (let at = tag.revisionsFrom; at < tag.revisionsTo; at += 1) {
        const digest = whole.revisions.digests[at] ?? -1;
        digests.push(digest < 0 ? -1 : digestNumbers.numberOf(digest));
        references.push(numberOfString(whole.revisions.references[at] ?? -1));
        created.push(repackCreated(whole.revisions.created[at] ?? -1, numberOfString));
      }
      return { ...tag, revisionsFrom, revisionsTo: digests.count() };
    };
    const streams = own.map((stream) => {
      const tagsFrom = tags.length;
      for (let at = stream.tagsFrom; at < stream.tagsTo; at += 1) {
        const tag = whole.tags[at];
        if (tag === undefined) continue;
        tags.push(sliceTag(tag));
        tagSources.push(at);
      }
      return { ...stream, tagsFrom, tagsTo: tags.length };
    });
    const revisions = {
      digests: digests.view().slice(),
      references: references.view().slice(),
      created: created.view().slice(),
    };
    return { streams, tags, tagSources, revisions };
  };

  return (namespace) => {
    const own = streamsOf(whole, namespace);
    // Digests of revisions and of the images below them come first, sorted.
    const named = sortDigests(whole, withImagesBelow(whole, listRevisionDigests(whole, own)));
    for (const digest of named) digestNumbers.numberOf(digest);
    const { tagSources, ...sliced } = sliceStreams(own);
    const images = sliceImages(named);
    const digestSources = digestNumbers.clear();
    layerNumbers.clear();
    const imageOf = new Int32Array(digestSources.length).fill(-1);
    images.images.forEach(({ digest }, number) => (imageOf[digest] = number));
    return {
      holdings: {
        digests: sliceDigests(whole, digestSources),
        strings: stringNumbers.clear().map((text) => whole.strings[text] ?? ''),
        ...images,
        imageOf,
        ...sliced,
      },
      digestSources,
      tagSources,
    };
  };
};

/** The digests of some streams' revisions, each once. */
export const listRevisionDigests = (
  holdings: Holdings,
  streams: readonly NumberedStream[],
): ReadonlySet<number> => {
  const digests = new Set<number>();
  for (const stream of streams)
    for (const digest of holdings.revisions.digests.subarray(...runOfRevisions(holdings, stream)))
      if (digest >= 0) digests.add(digest);
  return digests;
};

const sortDigests = ({ digests }: Holdings, some: Iterable<number>): readonly number[] =>
  Array.from(some, (number) => ({ number, digest: digestAt(digests, number) }))
    .toSorted((a, b) => compareText(a.digest, b.digest))
    .map(({ number }) => number);

const sliceDigests = ({ digests }: Holdings, sources: readonly number[]): Holdings['digests'] => {
  const words = new Int32Array(sources.length * WORDS);
  const others = new Map<number, string>();
  sources.forEach((source, number) => {
    const other = digests.others.get(source);
    if (other !== undefined) others.set(number, other);
    words.set(digests.words.subarray(source * WORDS, (source + 1) * WORDS), number * WORDS);
  });
  return { count: sources.length, words, others };
};

/** Gives numbers out of a large range new ones from 0. */
const createRenumbering = (count: number) => {
  const numbers = new Int32Array(count).fill(-1);
  let sources: number[] = [];
  return {
    numberOf: (source: number): number => {
      const known = numbers[source] ?? -1;
      if (known >= 0) return known;
      numbers[source] = sources.length;
      return sources.push(source) - 1;
    },
    sources: (): readonly number[] => sources,
    /** Forgets the new numbers, and returns by new number the old one. */
    clear: (): readonly number[] => {
      const given = sources;
      for (const source of given) numbers[source] = -1;
      sources = [];
      return given;
    },
  };
};
