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
  /** A table where there are many (`stream-table.ts`), and so are the images (`image-table.ts`). */
  readonly streams: Iterable<ImageStream>;
  readonly images: Iterable<Image>;
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

/** Who uses what is in one namespace: users sorted by workload, each workload once. */
export type Uses = {
  /** By digest of a revision. */
  readonly digests: Readonly<Record<string, readonly User[]>>;
  /** By `stream:tag`: who names the tag itself, also one without revisions. */
  readonly tags: Readonly<Record<string, readonly User[]>>;
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
  readonly streams: readonly ImageStream[];
  /** Images of its revisions and those below them, sorted by digest; a digest that is not here is gone. */
  readonly images: Iterable<Image>;
  /** Digests of blobs of these images that revisions of other namespaces hold, in the order of the images. */
  readonly heldOutside: Iterable<string>;
  readonly uses: Uses;
};
