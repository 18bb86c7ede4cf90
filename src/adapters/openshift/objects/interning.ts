import type { InternedStrings } from '../../../usage/cluster/interned-strings.ts';
import type { WorkloadReference } from '../../../usage/model.ts';

/** Replaces equal strings of references by one and the same. */
export type Sharing = { readonly shareReference: (reference: WorkloadReference) => WorkloadReference };

/** Most images are named by many workloads: each name is kept in memory once. */
export const createSharing = ({ intern, internReference }: InternedStrings): Sharing => ({
  shareReference: (one) => ({
    ...one,
    namespace: intern(one.namespace),
    workload: intern(one.workload),
    reference: internReference(one.reference),
    controller: one.controller === null ? null : intern(one.controller),
  }),
});
