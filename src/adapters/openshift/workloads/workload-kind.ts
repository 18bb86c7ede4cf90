import { z } from 'zod';
import type { HowUsed, ImageReference, WorkloadReference } from '../../../usage/model.ts';
import { optionalList, optionalText, timeSchema } from '../objects/fields.ts';
import { wantedFieldsOf } from '../json/wanted-fields.ts';
import type { WantedFields } from '../json/wanted-fields.ts';
import { fromSchema, toReference } from '../objects/objects.ts';
import type { From } from '../objects/objects.ts';
import type { Resource } from '../lists/resources.ts';

/** A kind of workload and how its objects name images. */
export type WorkloadKind = Resource & {
  /** Those that `findReferences` looks at. */
  readonly fields: WantedFields;
  /** What one object names, each image once for each way of use; null for an object that cannot be understood. */
  readonly findReferences: (object: unknown) => readonly WorkloadReference[] | null;
};

/** A pull spec or imageID as written, or the `from` of a trigger or a build; and how it is used. */
export type Naming = { readonly named: string | From | null | undefined; readonly how: HowUsed };

/** An annotation that has OpenShift write a tag's image into a workload; where it is no JSON nothing happens. */
const TRIGGERS = 'image.openshift.io/triggers';

/** What every workload has. A cluster-scoped one has no namespace. */
export const metadataSchema = z.object({
  namespace: z.string().default(''),
  name: z.string(),
  creationTimestamp: timeSchema.nullish(),
  annotations: z.object({ [TRIGGERS]: optionalText }).nullish(),
  ownerReferences: optionalList(
    z.object({ kind: z.string(), name: z.string(), controller: z.boolean().nullish() }),
  ),
});
type Metadata = z.output<typeof metadataSchema>;

/** A kind whose objects are of a schema; `isEnded` tells the Pods that have ended. */
export const createWorkloadKind = <Schema extends z.ZodType<{ readonly metadata: Metadata }>>(
  resource: Resource,
  schema: Schema,
  finders: {
    readonly find: (object: z.output<Schema>) => readonly Naming[];
    readonly isEnded?: (object: z.output<Schema>) => boolean;
  },
): WorkloadKind => ({
  ...resource,
  fields: wantedFieldsOf(schema, 'picked'),
  findReferences: (object) => {
    const parsed = schema.safeParse(object);
    if (!parsed.success) return null;
    const { metadata } = parsed.data;
    const { namespace, name, creationTimestamp } = metadata;
    const isEnded = finders.isEnded?.(parsed.data) ?? false;
    const workload = workloadOf(namespace, resource.kind, name);
    const controller = controllerOf(metadata);
    const endedPodCreated = isEnded ? (creationTimestamp ?? null) : null;
    return listImages([...finders.find(parsed.data), ...findTriggers(metadata)], namespace).map(
      ({ reference, how }) => ({ namespace, workload, reference, how, controller, endedPodCreated }),
    );
  },
});

/** The same with all of them used in one way. */
export const usedAs = (how: HowUsed, named: readonly Naming['named'][]): readonly Naming[] =>
  named.map((one) => ({ named: one, how }));

const listImages = (
  namings: readonly Naming[],
  namespace: string,
): readonly Pick<WorkloadReference, 'reference' | 'how'>[] => {
  const images = namings.flatMap(({ named, how }) => {
    const reference = typeof named === 'string' ? toPullSpec(named) : toReference(named, namespace);
    return reference === null ? [] : [{ reference, how }];
  });
  if (images.length < 2) return images;
  return [...new Map(images.map((image) => [JSON.stringify(image), image])).values()];
};

/** A container that has not started has an empty imageID. */
const toPullSpec = (spec: string): ImageReference | null => (spec === '' ? null : { type: 'pullSpec', spec });

const controllerOf = ({ namespace, ownerReferences }: Metadata): string | null => {
  const owner = ownerReferences.find(({ controller }) => controller === true);
  return owner === undefined ? null : workloadOf(namespace, owner.kind, owner.name);
};

/** Joined, because a text of a template's parts would keep each of them in memory. */
const workloadOf = (...parts: readonly [namespace: string, kind: string, name: string]): string =>
  parts.join('/');

const triggersSchema = z.array(z.object({ from: fromSchema.nullish() }).catch({ from: null })).catch([]);

const findTriggers = ({ annotations }: Metadata): readonly Naming[] => {
  const stated = annotations?.[TRIGGERS];
  if (!stated) return [];
  try {
    const triggers = triggersSchema.parse(JSON.parse(stated));
    return usedAs(
      'trigger',
      triggers.map(({ from }) => from),
    );
  } catch {
    return [];
  }
};
