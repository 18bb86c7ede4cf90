/** One kind of API object; every kind we read is at version v1. */
export type Resource = {
  /** Empty for the core kinds. */
  readonly group: string;
  /** As in paths and rules, e.g. `imagestreams`. */
  readonly plural: string;
  /** Of one object, e.g. `ImageStream`. */
  readonly kind: string;
};

/** Namespaces; a project is the same object. */
export const NAMESPACES: Resource = { group: '', plural: 'namespaces', kind: 'Namespace' };
/** Image streams, each of a namespace. */
export const IMAGE_STREAMS: Resource = {
  group: 'image.openshift.io',
  plural: 'imagestreams',
  kind: 'ImageStream',
};
/** Images, of the whole cluster. */
export const IMAGES: Resource = { group: 'image.openshift.io', plural: 'images', kind: 'Image' };

/** The path of a kind's list, in one namespace or (null) all over the cluster. */
export const listPath = ({ group, plural }: Resource, namespace: string | null): string => {
  const base = group === '' ? '/api/v1' : `/apis/${group}/v1`;
  return namespace === null
    ? `${base}/${plural}`
    : `${base}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
};
