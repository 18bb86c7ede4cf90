import type { Finding } from './registry.ts';
import type { Level } from './quota.ts';

/** One tag event with its sizes; `created` is ISO 8601 or null where the API states none. */
export type RevisionReport = {
  readonly digest: string;
  readonly created: string | null;
  /** Distinct blobs of the image, in bytes; null when unknown. */
  readonly sizeBytes: number | null;
  /** The part of `usedBytes` charged to this revision. */
  readonly countedBytes: number;
  readonly charged: boolean;
  readonly architectures: readonly string[];
  readonly inUse: boolean | null;
  /** `ns/Kind/name`, 10 at most. */
  readonly inUseBy: readonly string[];
  readonly inUseCount: number;
};

export type TagState = 'ok' | 'empty' | 'import-failed' | 'reference';

export type TagReport = {
  readonly name: string;
  readonly sizeBytes: number;
  readonly countedBytes: number;
  /** How much less the namespace would use without this tag. */
  readonly freesBytes: number;
  readonly inUse: boolean | null;
  readonly unknownRevisions: number;
  /** Other tags of the namespace whose current revision is the same image, as `stream:tag`. */
  readonly sameImageAs: readonly string[];
  readonly state: TagState;
  readonly revisions: readonly RevisionReport[];
};

export type StreamReport = {
  readonly name: string;
  readonly sizeBytes: number;
  readonly countedBytes: number;
  readonly freesBytes: number;
  /** What the registry gets back at a later prune; null when only part of the cluster was read. */
  readonly reclaimsBytes: number | null;
  readonly inUse: boolean | null;
  readonly unknownRevisions: number;
  readonly tags: readonly TagReport[];
};

export type NamespaceReport = {
  readonly name: string;
  readonly displayName: string;
  readonly environment: string | null;
  readonly quota: {
    /** null: unlimited. */
    readonly limitBytes: number | null;
    readonly source: string;
    readonly level: Level;
    /** One decimal, rounded down below the limit and up above it; null without a limit or with a limit of 0. */
    readonly usedPercent: number | null;
    readonly overBytes: number;
  };
  readonly usedBytes: number;
  readonly importedBytes: number;
  readonly sharedWithTeamBytes: number;
  readonly unknownRevisions: number;
  readonly totals: {
    readonly streams: number;
    readonly tags: number;
    readonly revisions: number;
    readonly images: number;
    readonly blobs: number;
  };
  readonly recipients: readonly RecipientReport[];
  readonly noRecipientReason: string | null;
  readonly streams: readonly StreamReport[];
  readonly findings: readonly Finding[];
};

export type RecipientReport = {
  readonly address: string;
  readonly roles: readonly string[];
  /** Which rule chose the address, e.g. `annotation:contacts`. */
  readonly rule: string;
};

export type TeamReport = {
  readonly team: { readonly id: string; readonly displayName: string; readonly usedBytes: number };
  readonly namespaces: readonly NamespaceReport[];
};

/** The one object that mail, console, command line and files all show (product.md §7). */
export type Report = {
  readonly schemaVersion: 1;
  /** The snapshot's time, ISO 8601. */
  readonly generatedAt: string;
  readonly cluster: {
    readonly name: string;
    readonly apiUrl: string | null;
    /** Distinct blobs over all reported namespaces; null when only part of the cluster was read. */
    readonly usedBytes: number | null;
    readonly sumOfNamespacesBytes: number | null;
  };
  readonly snapshot: {
    readonly id: string | null;
    readonly exact: boolean;
    readonly unreadableKinds: readonly string[];
    readonly findings: readonly Finding[];
  };
  readonly reports: readonly TeamReport[];
};
