import { JSONPath } from 'jsonpath-plus';
import { z } from 'zod';
import { readObject } from '../json/bodies.ts';
import type { Answer } from '../client.ts';
import type { ListDeps } from '../lists/lists.ts';
import { describeRefusal } from '../lists/refusals.ts';
import type { Resource } from '../lists/resources.ts';
import { createWorkloadKind, metadataSchema, usedAs } from './workload-kind.ts';
import type { WorkloadKind } from './workload-kind.ts';
import { readWorkloads } from './workloads.ts';
import type { WorkloadDeps, WorkloadReading } from './workloads.ts';

/** A kind of custom resource and where its objects name images: `{.spec.image}`, without filters and scripts. */
export type CustomUse = { readonly group: string; readonly plural: string; readonly jsonPath: string };

/** One kind and all its paths. */
type CustomKind = Pick<CustomUse, 'group' | 'plural'> & { readonly jsonPaths: readonly string[] };

/** Each kind once, however many paths lead to images in it. */
export const groupCustomUses = (uses: readonly CustomUse[]): readonly CustomKind[] =>
  [...Map.groupBy(uses, nameOf).values()].flatMap((alike) => {
    const [first] = alike;
    if (first === undefined) return [];
    return [{ group: first.group, plural: first.plural, jsonPaths: alike.map(({ jsonPath }) => jsonPath) }];
  });

/**
 * Reads one kind of custom resource as `readWorkloads` does. Its version, and what one of it is called, are the
 * cluster's to tell: a kind that no version of its group has has no uses.
 */
export const readCustomUses = async (
  deps: WorkloadDeps,
  custom: CustomKind,
  names: readonly string[],
): Promise<WorkloadReading> => {
  const kind = nameOf(custom);
  const found = await findResource(deps, custom);
  if (found.outcome === 'absent') return { kind, references: [], unreadable: false, list: null };
  if (found.outcome !== 'read') {
    const request = { resource: { ...custom, kind }, namespace: null };
    deps.observe({ type: 'kind-unreadable', kind, reason: describeRefusal(found, request) });
    return { kind, references: [], unreadable: true, list: null };
  }
  const reading = await readWorkloads(deps, createCustomKind(found.body, custom.jsonPaths), names);
  return { ...reading, kind, list: reading.list === null ? null : { ...reading.list, kind } };
};

/** As the configuration names it, e.g. `rollouts.argoproj.io`. */
const nameOf = ({ plural, group }: Pick<CustomUse, 'group' | 'plural'>): string => `${plural}.${group}`;

const groupSchema = z.object({
  kind: z.literal('APIGroup'),
  versions: z.array(z.object({ version: z.string() })),
});
const versionSchema = z.object({
  kind: z.literal('APIResourceList'),
  resources: z.array(z.object({ name: z.string(), kind: z.string() })),
});

/** Looks through the versions of the group, of which the API lists the preferred one first. */
const findResource = async (
  { client }: ListDeps,
  { group, plural }: CustomKind,
): Promise<Answer<Resource>> => {
  const path = `/apis/${group}`;
  const versions = await client.ask({ kind: plural, path, read: readObject(groupSchema) });
  if (versions.outcome !== 'read') return versions;
  for (const { version } of versions.body.versions) {
    const kinds = await client.ask({
      kind: plural,
      path: `${path}/${version}`,
      read: readObject(versionSchema),
    });
    if (kinds.outcome !== 'read' && kinds.outcome !== 'absent') return kinds;
    const served = kinds.outcome === 'read' ? kinds.body.resources : [];
    const resource = served.find(({ name }) => name === plural);
    if (resource !== undefined)
      return { outcome: 'read', body: { group, version, plural, kind: resource.kind } };
  }
  return { outcome: 'absent' };
};

/** What an object does with an image that it names is its controller's business, so it is only `named`. */
const createCustomKind = (resource: Resource, jsonPaths: readonly string[]): WorkloadKind =>
  createWorkloadKind(resource, customSchema(jsonPaths), { find: ({ images }) => usedAs('named', images) });

/** An object in which a path leads to anything but texts is not understood: what it names would go unseen. */
const customSchema = (jsonPaths: readonly string[]) =>
  z.looseObject({ metadata: z.looseObject(metadataSchema.shape) }).transform((object, context) => {
    const images = jsonPaths.map((jsonPath) => imagesSchema.safeParse(evaluate(jsonPath, object)));
    if (images.some(({ success }) => !success)) context.addIssue('no image name');
    return { metadata: object.metadata, images: images.flatMap(({ data = [] }) => data) };
  });

const imagesSchema = z.array(z.string().nullable());

/** The library reads `$.spec.image` where kubectl reads `{.spec.image}`; what it would run as a script, it refuses. */
const evaluate = (jsonPath: string, object: object): unknown => {
  try {
    return JSONPath({ path: `$${jsonPath.slice(1, -1)}`, json: object, eval: false });
  } catch {
    // Deeper than the stack, as only `..` notices.
    return null;
  }
};
