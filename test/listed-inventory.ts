import { createHoldingsBuilder } from '../src/usage/cluster/holdings-builder.ts';
import { listImages, listStreams } from '../src/usage/cluster/records.ts';
import type { Holdings, Image, ImageStream, Inventory } from '../src/usage/model.ts';
import { compareText } from '../src/usage/text-order.ts';

/** An inventory with its image streams and images as records, as a test writes them. */
export type ListedInventory = Omit<Inventory, 'holdings'> & {
  readonly streams: readonly ImageStream[];
  readonly images: readonly Image[];
};

/** The inventory that a reading of these records makes. */
export const gather = ({ streams, images, ...rest }: ListedInventory): Inventory => ({
  ...rest,
  holdings: gatherHoldings({ streams, images }),
});

export const gatherHoldings = ({
  streams,
  images,
}: Pick<ListedInventory, 'streams' | 'images'>): Holdings => {
  const builder = createHoldingsBuilder();
  streams.forEach(builder.addStream);
  images.forEach(builder.addImage);
  return builder.build();
};

/** An inventory as records again: streams by namespace and name, tags by name, images by digest. */
export const listed = ({ holdings, ...rest }: Inventory): ListedInventory => ({
  ...rest,
  streams: listStreams(holdings),
  images: listImages(holdings).toSorted((a, b) => compareText(a.digest, b.digest)),
});
