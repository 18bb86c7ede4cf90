import type {
  Holdings,
  Image,
  ImageStream,
  NumberedImage,
  NumberedStream,
  NumberedTag,
  Tag,
} from '../model.ts';
import { createdAt } from './created.ts';
import { digestAt } from './digest-table.ts';
import { listNumberedImages } from './images.ts';

/** All images as records, in their order. */
export const listImages = (holdings: Holdings): readonly Image[] =>
  listNumberedImages(holdings).map((image) => toImage(holdings, image));

/** All image streams as records, by namespace and name. */
export const listStreams = (holdings: Holdings): readonly ImageStream[] =>
  holdings.streams.map((stream) => toStream(holdings, stream));

const toImage = ({ digests, layers, layerRuns }: Holdings, image: NumberedImage): Image => {
  const run = layerRuns.subarray(image.layersFrom, image.layersTo);
  return {
    digest: digestAt(digests, image.digest),
    managed: image.managed,
    layers: image.hasLayers
      ? Array.from(run, (layer) => ({
          digest: digestAt(digests, layers.digests[layer] ?? -1),
          sizeBytes: layers.bytes[layer] ?? 0,
        }))
      : null,
    statedBytes: image.statedBytes,
    ...(image.isSizeUnread ? { isSizeUnread: true } : {}),
    configDigest: image.config === null ? null : digestAt(digests, image.config),
    architecture: image.architecture,
    children: image.children.map((child) => ({ ...child, digest: digestAt(digests, child.digest) })),
    fault: image.fault,
  };
};

const toStream = (holdings: Holdings, { tagsFrom, tagsTo, ...stream }: NumberedStream): ImageStream => ({
  ...stream,
  tags: holdings.tags.slice(tagsFrom, tagsTo).map((tag) => toTag(holdings, tag)),
});

const toTag = (holdings: Holdings, { revisionsFrom, revisionsTo, ...tag }: NumberedTag): Tag => {
  const { digests, strings, revisions } = holdings;
  return {
    ...tag,
    revisions: Array.from({ length: revisionsTo - revisionsFrom }, (_, position) => {
      const revision = revisionsFrom + position;
      const digest = revisions.digests[revision] ?? -1;
      return {
        digest: digest < 0 ? '' : digestAt(digests, digest),
        reference: strings[revisions.references[revision] ?? -1] ?? '',
        created: createdAt(holdings, revision),
      };
    }),
  };
};
