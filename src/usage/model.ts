/** The nouns of an OpenShift image registry, as slim records. Everything here is data; nothing here reads anything. */

/** A Kubernetes namespace (an OpenShift project). */
export type Namespace = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
};

/** One entry of `Image.dockerImageLayers`. */
export type Layer = { readonly digest: string; readonly sizeBytes: number };

/** One entry of `Image.dockerImageManifests`: a child of an index image, which may be an index itself. */
export type ChildImage = { readonly digest: string; readonly architecture: string | null };

/** A cluster-scoped Image object (`image.openshift.io/v1`), reduced to what weighing needs. */
export type Image = {
  /** `metadata.name`, e.g. `sha256:…`. */
  readonly digest: string;
  /** Annotation `openshift.io/image.managed` is `"true"`: the registry itself holds it. */
  readonly managed: boolean;
  /** `dockerImageLayers`; null where the API leaves it out or sends null. */
  readonly layers: readonly Layer[] | null;
  /** `dockerImageMetadata.Size`, in bytes; null where absent. */
  readonly statedBytes: number | null;
  /** Of one that was read without its Size, which it may state: its config is of unknown size. */
  readonly isSizeUnread?: true;
  /** `dockerImageMetadata.Id`; null where absent. */
  readonly configDigest: string | null;
  /** `dockerImageMetadata.Architecture`; null where absent or empty. */
  readonly architecture: string | null;
  /** `dockerImageManifests`; empty for anything but an index. */
  readonly children: readonly ChildImage[];
  /** Why the object could not be understood, in words; null for a sound one. The sizes of one with a fault mean nothing. */
  readonly fault: string | null;
};

/** What a workload or a tag names when it names an image. */
export type ImageReference =
  /** A pull spec or container-status imageID as written: `[host/]ns/name[:tag][@digest]`, `name[:tag]`, `sha256:…`. */
  | { readonly type: 'pullSpec'; readonly spec: string }
  | { readonly type: 'tag'; readonly namespace: string; readonly stream: string; readonly tag: string }
  | { readonly type: 'digest'; readonly digest: string };

/** One tag event: `status.tags[].items[]`. */
export type Revision = {
  /** `image`, the digest; empty for references that were never resolved. */
  readonly digest: string;
  /** `dockerImageReference` without its `@` and digest: `host[:port]/ns/name[:tag]`; may be empty. */
  readonly reference: string;
  /** `created`, ISO 8601 in UTC with seconds (`2026-11-24T02:58:23Z`); null where the API states none. */
  readonly created: string | null;
};

/** A tag of `spec.tags` or `status.tags`, of either or of both. */
export type Tag = {
  readonly name: string;
  /** Newest first, as the API lists them: `revisions[0]` is the current one. */
  readonly revisions: readonly Revision[];
  /** `spec.tags[].from`. */
  readonly from: ImageReference | null;
  /** `spec.tags[].reference`: a pointer that is never imported. */
  readonly isReference: boolean;
  /** Message of a false `ImportSuccess` condition; null where imports work or there are none. */
  readonly importFailure: string | null;
};

/** An ImageStream object. */
export type ImageStream = {
  readonly namespace: string;
  readonly name: string;
  /** `status.dockerImageRepository`, e.g. `image-registry.openshift-image-registry.svc:5000/ns/name`; may be empty. */
  readonly repository: string;
  /** `status.publicDockerImageRepository`: the same under the registry's public host; empty where it has none. */
  readonly publicRepository: string;
  /** `spec.lookupPolicy.local`. */
  readonly localLookup: boolean;
  readonly tags: readonly Tag[];
};

/**
 * How a workload uses an image, the strongest first:
 * - `running`: it runs it or is to run it now
 * - `scheduled`: a CronJob will
 * - `suspended`: a CronJob or Job would, but is suspended
 * - `scaled-to-0`: it has 0 replicas
 * - `old-rollout`: a ReplicaSet or ReplicationController of 0 replicas that something running keeps for a rollback
 * - `finished`: a Pod, Job or Build that has ended and is still there
 * - `build-input`: a BuildConfig builds from it
 * - `trigger`: a new image under the tag would be rolled out
 * - `named`: a custom resource names it; what it does with it is not known
 */
export const HOW_USED = [
  'running',
  'scheduled',
  'suspended',
  'scaled-to-0',
  'old-rollout',
  'finished',
  'build-input',
  'trigger',
  'named',
] as const;
export type HowUsed = (typeof HOW_USED)[number];

/** One image named by one workload. */
export type WorkloadReference = {
  /** Namespace of the workload, empty for a cluster-scoped one; names in pull specs resolve against it. */
  readonly namespace: string;
  /** `ns/Kind/name`. */
  readonly workload: string;
  readonly reference: ImageReference;
  /** As the workload alone shows it: never `old-rollout`. */
  readonly how: HowUsed;
  /** The workload that controls this one (`metadata.ownerReferences`), `ns/Kind/name`; null where nothing does. */
  readonly controller: string | null;
  /** `metadata.creationTimestamp` of a pod that Succeeded or Failed (ISO 8601); null for whatever may still run. */
  readonly endedPodCreated: string | null;
};

/** The cluster a figure belongs to. */
export type ClusterIdentity = { readonly name: string; readonly apiUrl: string | null };

/** One list of the API as it was read. */
export type ListReading = {
  /** Plural, lower case, e.g. `imagestreams`. */
  readonly kind: string;
  /** When its reading began, for the last time where it began anew (ISO 8601): an exact list is of this moment. */
  readonly readAt: string;
  /** False when its pages are of different moments: its continue token expired (HTTP 410), again after it began anew. */
  readonly exact: boolean;
};

/**
 * Image streams and the images they name, with every digest, layer and image numbered from 0. The whole cluster has this
 * shape in memory, and so has the slice of one namespace that is stored and weighed.
 */
export type Holdings = {
  readonly digests: Digests;
  /** Texts that many revisions share. */
  readonly strings: readonly string[];
  readonly layers: Layers;
  /** Numbers of layers; each image has a run of them. A layer that an image lists twice is there twice. */
  readonly layerRuns: Int32Array;
  readonly images: Images;
  /** By the number of its digest the position of an image; -1 where there is no such Image object. */
  readonly imageOf: Int32Array;
  /** By namespace, then by name. */
  readonly streams: readonly NumberedStream[];
  /** Each stream has a run of them. */
  readonly tags: readonly NumberedTag[];
  /** Each tag has a run of them, newest first. */
  readonly revisions: Revisions;
};

/**
 * Digests by number. A sha256, as nearly all are, takes eight 32-bit words; the others are kept as text. A slice leaves the
 * words of most layers out: they come last, and are known by their numbers alone.
 */
export type Digests = {
  readonly count: number;
  readonly words: Int32Array;
  readonly others: ReadonlyMap<number, string>;
};

/** Distinct layers: a digest that images state with two sizes is two layers. Columns, all of one length. */
export type Layers = { readonly digests: Int32Array; readonly bytes: Float64Array };

/** Image objects (see `Image`) as columns. `imageAt` reads one of them. */
export type Images = {
  readonly digests: Int32Array;
  /** Which of `managed`, `hasLayers` and `isSizeUnread` hold: 1, 2 and 4, added up. */
  readonly flags: Uint8Array;
  /** Where the run of `layerRuns` of each image begins; one more where the last one ends. */
  readonly layerStarts: Int32Array;
  /** In bytes; -1 where the API states none. */
  readonly statedBytes: Float64Array;
  /** Numbers of digests; -1 where the API states none. */
  readonly configs: Int32Array;
  /** Numbers of strings; -1 where there is none. */
  readonly architectures: Int32Array;
  readonly faults: Int32Array;
  /** Where the run of `children` of each image begins; one more where the last one ends. */
  readonly childStarts: Int32Array;
  readonly children: {
    /** Numbers of digests. */
    readonly digests: Int32Array;
    /** Numbers of strings; -1 where there is none. */
    readonly architectures: Int32Array;
  };
};

/** One of the images: its digests are numbers. */
export type NumberedImage = {
  readonly digest: number;
  readonly managed: boolean;
  /** False where the API leaves `dockerImageLayers` out or sends null. */
  readonly hasLayers: boolean;
  /** Its run of `layerRuns`: from the first, up to but without the last. */
  readonly layersFrom: number;
  readonly layersTo: number;
  readonly statedBytes: number | null;
  readonly isSizeUnread: boolean;
  /** A digest; null where the API states none. */
  readonly config: number | null;
  readonly architecture: string | null;
  readonly children: readonly NumberedChild[];
  readonly fault: string | null;
};

/** A child of an index image, by the number of its digest. */
export type NumberedChild = { readonly digest: number; readonly architecture: string | null };

/** An ImageStream object (see `ImageStream`) with its run of `tags`, which are in the order of their names. */
export type NumberedStream = Omit<ImageStream, 'tags'> & {
  readonly tagsFrom: number;
  readonly tagsTo: number;
};

/** A tag (see `Tag`) with its run of `revisions`. */
export type NumberedTag = Omit<Tag, 'revisions'> & {
  readonly revisionsFrom: number;
  readonly revisionsTo: number;
};

/** Tag events as columns, all of one length. */
export type Revisions = {
  /** Numbers of digests; -1 for a reference that was never resolved. */
  readonly digests: Int32Array;
  /** Numbers of strings: `dockerImageReference` without its `@` and digest. */
  readonly references: Int32Array;
  /** `created` as `packed-time.ts` packs it; -1 where none is stated; below that -2 less the number of a string. */
  readonly created: Float64Array;
};

/** Everything read from a cluster at one moment. */
export type Inventory = {
  readonly cluster: ClusterIdentity;
  /** When reading began, ISO 8601; every age is measured from it. */
  readonly readAt: string;
  /** Whether all lists are. */
  readonly exact: boolean;
  /** Those that were read, at least in part, in the order of reading. */
  readonly lists: readonly ListReading[];
  /** `namespaces`: others could not be read, or not wholly, so nothing can be said of the rest; these are the named ones. */
  readonly scope: 'cluster' | 'namespaces';
  /** Workload kinds (plural, lower case) that could not be read everywhere: "not used" is unknown. Sorted. */
  readonly unreadableKinds: readonly string[];
  readonly namespaces: readonly Namespace[];
  readonly holdings: Holdings;
  readonly references: readonly WorkloadReference[];
};

/** What is odd about one object and what it does to a figure. */
export type Finding = {
  readonly code: FindingCode;
  /** The object, e.g. `api:latest@sha256:…` or `contacts`. */
  readonly subject: string;
  readonly message: string;
};

/** Every code a finding can have. */
export const FINDING_CODES = [
  'image-missing',
  'image-unreadable',
  'size-unknown',
  'index-child-missing',
  'config-size-negative',
  'blob-size-conflict',
  'import-failed',
  'orphan-images',
  'quota-annotation-invalid',
  'quota-annotation-off',
  'contacts-invalid',
  'address-refused',
  'domain-refused',
  'no-recipient',
  'name-not-quotable',
] as const;
export type FindingCode = (typeof FINDING_CODES)[number];

/** The people who get one mail: a namespace of its own (`ns:<name>`) or a label's value (`label:<value>`). */
export type Team = {
  readonly id: string;
  readonly displayName: string;
  /** Names of all its reported namespaces, sorted. */
  readonly namespaces: readonly string[];
  /** Distinct blobs over the charged revisions of its namespaces; null where some of these may not have been read. */
  readonly usedBytes: number | null;
};

/** A workload (`ns/Kind/name`) and the strongest way in which it uses something. */
export type User = { readonly workload: string; readonly how: HowUsed };

/** Who uses what is in one namespace; users sorted by workload, each workload once. */
export type Uses = {
  /** By number of a revision's digest, in the order of the digests. */
  readonly digests: readonly { readonly digest: number; readonly users: readonly User[] }[];
  /** Who names the tag itself, also one without revisions. By number of the tag, in their order. */
  readonly tags: readonly { readonly tag: number; readonly users: readonly User[] }[];
  /** Environment by namespace, of those whose workloads name a tag; one that states none is left out. */
  readonly environments: Readonly<Record<string, string>>;
};

/** The frozen input of one namespace at one moment: self-contained, every figure of a report comes from it. */
export type Snapshot = {
  readonly cluster: ClusterIdentity;
  /** The inventory's `readAt`. */
  readonly takenAt: string;
  readonly exact: boolean;
  readonly lists: readonly ListReading[];
  readonly scope: 'cluster' | 'namespaces';
  readonly unreadableKinds: readonly string[];
  readonly namespace: Namespace;
  readonly team: Team;
  /** Bytes of its used blobs that other namespaces of the team are charged with, too; null as in `team.usedBytes`. */
  readonly sharedWithTeamBytes: number | null;
  /** Its streams, the images of its revisions and those below them. */
  readonly holdings: Holdings;
  /** By number of a digest: 1 where a revision of another namespace holds that blob, else 0. */
  readonly heldOutside: Uint8Array;
  readonly uses: Uses;
};
