/** One kind of API object. */
export type Resource = {
  /** Empty for the core kinds. */
  readonly group: string;
  /** `v1` unless stated: every kind that we know of is at that one. */
  readonly version?: string;
  /** As in paths and rules, e.g. `imagestreams`. */
  readonly plural: string;
  /** Of one object, e.g. `ImageStream`. */
  readonly kind: string;
  /**
   * Whether `items: null` is a broken answer. Some servers write it for an empty list. Of what is weighed that would make
   * every namespace small, so there only `[]` is empty.
   */
  readonly requiresItems?: true;
};

/** Namespaces; a project is the same object. */
export const NAMESPACES: Resource = {
  group: '',
  plural: 'namespaces',
  kind: 'Namespace',
  requiresItems: true,
};
/** Image streams, each of a namespace. */
export const IMAGE_STREAMS: Resource = {
  group: 'image.openshift.io',
  plural: 'imagestreams',
  kind: 'ImageStream',
  requiresItems: true,
};
/** The images that image streams hold, by `<stream>@<digest>`; they cannot be listed. */
export const IMAGE_STREAM_IMAGES: Resource = {
  group: 'image.openshift.io',
  plural: 'imagestreamimages',
  kind: 'ImageStreamImage',
};
/** Images, of the whole cluster. */
export const IMAGES: Resource = {
  group: 'image.openshift.io',
  plural: 'images',
  kind: 'Image',
  requiresItems: true,
};

/** The path of a kind's list, in one namespace or (null) all over the cluster. */
export const listPath = ({ group, version = 'v1', plural }: Resource, namespace: string | null): string => {
  const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return namespace === null
    ? `${base}/${plural}`
    : `${base}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
};
