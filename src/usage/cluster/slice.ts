import type { Holdings, NumberedImage, NumberedStream, NumberedTag } from '../model.ts';
import { compareText } from '../text-order.ts';
import { createDoubleColumn, createIntColumn } from './columns.ts';
import { repackCreated } from './created.ts';
import { digestAt, WORDS } from './digest-table.ts';
import { runOfRevisions, streamsOf } from './find-streams.ts';
import { createImageColumns, imageAt } from './images.ts';
import { withImagesBelow } from './index-images.ts';

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
  const layerDigestOf = (layer: number): number => whole.layers.digests[layer] ?? -1;

  /** Numbers the layers of some images, and returns their runs of layers, one after the other. */
  const sliceRuns = (images: readonly NumberedImage[]): Int32Array => {
    const length = images.reduce((sum, { layersFrom, layersTo }) => sum + layersTo - layersFrom, 0);
    const runs = new Int32Array(length);
    let end = 0;
    for (const { layersFrom, layersTo } of images)
      for (let at = layersFrom; at < layersTo; at += 1)
        runs[end++] = layerNumbers.numberOf(whole.layerRuns[at] ?? -1);
    return runs;
  };

  const sliceImages = (images: readonly NumberedImage[]): Holdings['images'] => {
    const columns = createImageColumns();
    const { architectures, faults, childStarts, children } = whole.images;
    const stringOf = (text: number): number => (text < 0 ? -1 : stringNumbers.numberOf(text));
    let layersTo = 0;
    for (const image of images) {
      const position = whole.imageOf[image.digest] ?? -1;
      const firstChild = childStarts[position] ?? 0;
      layersTo += image.layersTo - image.layersFrom;
      const numbered = {
        ...image,
        digest: digestNumbers.numberOf(image.digest),
        config: image.config === null ? null : digestNumbers.numberOf(image.config),
        architecture: stringOf(architectures[position] ?? -1),
        fault: stringOf(faults[position] ?? -1),
        children: image.children.map((child, at) => ({
          digest: digestNumbers.numberOf(child.digest),
          architecture: stringOf(children.architectures[firstChild + at] ?? -1),
        })),
      };
      columns.push(numbered, layersTo);
    }
    return columns.view();
  };

  /**
   * Numbers digests in an order that depends on nothing but the content: first those that a report may name. These are the
   * digests of revisions and images, and of each blob that may be stated with two sizes. The other layers follow.
   */
  const numberDigests = (named: readonly number[], images: readonly NumberedImage[]): number => {
    for (const digest of named) digestNumbers.numberOf(digest);
    for (const { config } of images) if (config !== null) digestNumbers.numberOf(config);
    const layers = layerNumbers.sources();
    const seen = new Set<number>();
    for (const digest of layers.map(layerDigestOf)) {
      if (seen.has(digest)) digestNumbers.numberOf(digest);
      seen.add(digest);
    }
    const nameable = digestNumbers.sources().length;
    for (const layer of layers) digestNumbers.numberOf(layerDigestOf(layer));
    return nameable;
  };

  const sliceStreams = (own: readonly NumberedStream[]) => {
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
        references.push(stringNumbers.numberOf(whole.revisions.references[at] ?? -1));
        created.push(repackCreated(whole.revisions.created[at] ?? -1, stringNumbers.numberOf));
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
    const named = sortDigests(whole, withImagesBelow(whole, listRevisionDigests(whole, own)));
    const held = named.flatMap((digest) => imageAt(whole, digest) ?? []);
    const layerRuns = sliceRuns(held);
    const nameable = numberDigests(named, held);
    const images = sliceImages(held);
    const { tagSources, ...sliced } = sliceStreams(own);
    const digestSources = digestNumbers.sources();
    const layers = layerNumbers.sources();
    const holdings: Holdings = {
      digests: sliceDigests(whole, digestSources, nameable),
      strings: stringNumbers.sources().map((text) => whole.strings[text] ?? ''),
      layers: {
        digests: Int32Array.from(layers, (layer) => digestNumbers.numberOf(layerDigestOf(layer))),
        bytes: Float64Array.from(layers, (layer) => whole.layers.bytes[layer] ?? 0),
      },
      layerRuns,
      images,
      imageOf: new Int32Array(digestSources.length).fill(-1),
      ...sliced,
    };
    images.digests.forEach((digest, position) => (holdings.imageOf[digest] = position));
    for (const renumbering of [digestNumbers, layerNumbers, stringNumbers]) renumbering.clear();
    return { holdings, digestSources, tagSources };
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

const sliceDigests = (
  { digests }: Holdings,
  sources: readonly number[],
  nameable: number,
): Holdings['digests'] => {
  const words = new Int32Array(nameable * WORDS);
  const others = new Map<number, string>();
  for (let number = 0; number < nameable; number += 1) {
    const source = sources[number] ?? -1;
    words.set(digests.words.subarray(source * WORDS, (source + 1) * WORDS), number * WORDS);
    const other = digests.others.get(source);
    if (other !== undefined) others.set(number, other);
  }
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
    /** By new number the old one. */
    sources: (): readonly number[] => sources,
    /** Forgets the new numbers. */
    clear: (): void => {
      for (const source of sources) numbers[source] = -1;
      sources = [];
    },
  };
};
