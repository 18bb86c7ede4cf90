import type { Image, WorkloadReference } from '../../../usage/model.ts';
import type { Texts } from '../../../usage/cluster/interned-strings.ts';

/** Replaces equal texts of records by one and the same. */
export type Sharing = {
  readonly shareImage: (image: Image) => Image;
  readonly shareReference: (reference: WorkloadReference) => WorkloadReference;
};

/** Most images stand in many tags and workloads: each digest and each name is kept in memory once. */
export const createSharing = ({ share, shareReference }: Texts): Sharing => ({
  shareImage: (image) => ({ ...image, digest: share(image.digest) }),
  shareReference: (one) => ({
    ...one,
    namespace: share(one.namespace),
    workload: share(one.workload),
    reference: shareReference(one.reference),
    controller: one.controller === null ? null : share(one.controller),
  }),
});
