import type { Holdings, NumberedChild, NumberedImage } from '../model.ts';
import { createDoubleColumn, createIntColumn } from './columns.ts';

/** What `Images.flags` adds up. */
const [MANAGED, HAS_LAYERS, SIZE_UNREAD] = [1, 2, 4];

/** The Image object of a digest, if there is one. */
export const imageAt = (holdings: Holdings, digest: number): NumberedImage | undefined => {
  const position = holdings.imageOf[digest] ?? -1;
  return position < 0 ? undefined : readImage(holdings, position);
};

/** All images, in their order; one that was replaced is not among them. */
export const listNumberedImages = (holdings: Holdings): readonly NumberedImage[] => {
  const images: NumberedImage[] = [];
  holdings.images.digests.forEach((digest, position) => {
    if (holdings.imageOf[digest] === position) images.push(readImage(holdings, position));
  });
  return images;
};

const readImage = ({ images, strings }: Holdings, position: number): NumberedImage => {
  const flags = images.flags[position] ?? 0;
  const statedBytes = images.statedBytes[position] ?? -1;
  const config = images.configs[position] ?? -1;
  return {
    digest: images.digests[position] ?? -1,
    managed: (flags & MANAGED) !== 0,
    hasLayers: (flags & HAS_LAYERS) !== 0,
    layersFrom: images.layerStarts[position] ?? 0,
    layersTo: images.layerStarts[position + 1] ?? 0,
    statedBytes: statedBytes < 0 ? null : statedBytes,
    isSizeUnread: (flags & SIZE_UNREAD) !== 0,
    config: config < 0 ? null : config,
    architecture: strings[images.architectures[position] ?? -1] ?? null,
    children: readChildren(images, strings, position),
    fault: strings[images.faults[position] ?? -1] ?? null,
  };
};

const NO_CHILDREN: readonly NumberedChild[] = [];

const readChildren = (
  { childStarts, children }: Holdings['images'],
  strings: readonly string[],
  position: number,
): readonly NumberedChild[] => {
  const [from, to] = [childStarts[position] ?? 0, childStarts[position + 1] ?? 0];
  if (from === to) return NO_CHILDREN;
  return Array.from(children.digests.subarray(from, to), (digest, at) => ({
    digest,
    architecture: strings[children.architectures[from + at] ?? -1] ?? null,
  }));
};

/** Puts images into columns. Strings are given as numbers. */
export const createImageColumns = () => {
  const digests = createIntColumn();
  const flags = createIntColumn();
  const layerStarts = createIntColumn();
  const statedBytes = createDoubleColumn();
  const configs = createIntColumn();
  const architectures = createIntColumn();
  const faults = createIntColumn();
  const childStarts = createIntColumn();
  const childDigests = createIntColumn();
  const childArchitectures = createIntColumn();
  layerStarts.push(0);
  childStarts.push(0);
  return {
    count: digests.count,
    /** Adds an image whose run of layers ends here. */
    push: (image: PushedImage, layersTo: number): void => {
      digests.push(image.digest);
      flags.push(
        (image.managed ? MANAGED : 0) +
          (image.hasLayers ? HAS_LAYERS : 0) +
          (image.isSizeUnread ? SIZE_UNREAD : 0),
      );
      layerStarts.push(layersTo);
      statedBytes.push(image.statedBytes ?? -1);
      configs.push(image.config ?? -1);
      architectures.push(image.architecture);
      faults.push(image.fault);
      for (const child of image.children) {
        childDigests.push(child.digest);
        childArchitectures.push(child.architecture);
      }
      childStarts.push(childDigests.count());
    },
    view: (): Holdings['images'] => ({
      digests: digests.view(),
      flags: Uint8Array.from(flags.view()),
      layerStarts: layerStarts.view(),
      statedBytes: statedBytes.view(),
      configs: configs.view(),
      architectures: architectures.view(),
      faults: faults.view(),
      childStarts: childStarts.view(),
      children: { digests: childDigests.view(), architectures: childArchitectures.view() },
    }),
  };
};

/** An image with its strings as numbers, -1 where there is none. */
type PushedImage = Pick<
  NumberedImage,
  'digest' | 'managed' | 'hasLayers' | 'statedBytes' | 'isSizeUnread' | 'config'
> & {
  readonly architecture: number;
  readonly fault: number;
  readonly children: readonly { readonly digest: number; readonly architecture: number }[];
};
