import { digestAt } from '../../src/usage/cluster/digest-table.ts';
import { createSlicer } from '../../src/usage/cluster/slice.ts';
import type { QuotaOverride } from '../../src/usage/policy/quota.ts';
import { reportNamespace } from '../../src/usage/report/report.ts';
import type { NamespaceReport } from '../../src/usage/report/report.ts';
import { takeSnapshots } from '../../src/usage/snapshots.ts';
import type { Selection } from '../../src/usage/snapshots.ts';
import { weigh } from '../../src/usage/weighing/ledger.ts';
import type { Ledger, Weighable, Weighing } from '../../src/usage/weighing/ledger.ts';
import type {
  Image,
  ImageReference,
  ImageStream,
  Inventory,
  Layer,
  Namespace,
  Revision,
  Snapshot,
  Tag,
  WorkloadReference,
} from '../../src/usage/model.ts';
import type { ReportRules } from '../../src/usage/report/report.ts';
import { gather } from '../listed-inventory.ts';
import type { ListedInventory } from '../listed-inventory.ts';

/** Small things with sound defaults, so that a test shows only what it is about. */

/** The registry's own host: revisions and streams are under it unless they say otherwise. */
export const HOST = 'registry.example.test:5000';
/** The namespace that streams belong to and workloads run in unless they say otherwise. */
export const NAMESPACE = 'a1b2c3-dev';
/** When inventories are read. */
export const NOW = '2026-11-23T08:00:00Z';

/** A digest in the form that references need: `sha256('a')` is `sha256:aaaa…`. */
export const sha256 = (hexDigit: string): string => `sha256:${hexDigit.repeat(64)}`;

/** A time before `NOW`, e.g. `ago(24)` is a day before. */
export const ago = (hours: number): string =>
  new Date(Date.parse(NOW) - hours * 3_600_000).toISOString().replace('.000Z', 'Z');

type GivenImage = Partial<Omit<Image, 'digest' | 'layers'>> & {
  /** Sizes by digest, or entries as the API lists them. */
  readonly layers?: Readonly<Record<string, number>> | readonly Layer[] | null;
  readonly configBytes?: number;
};

/** A managed image; its config is `<digest>-config`, of 0 bytes unless told. */
export const image = (
  digest: string,
  { layers: given = {}, configBytes = 0, ...rest }: GivenImage = {},
): Image => {
  const layers =
    given === null || Array.isArray(given)
      ? given
      : Object.entries(given).map(([name, sizeBytes]) => ({ digest: name, sizeBytes }));
  const layerBytes = new Map((layers ?? []).map((layer) => [layer.digest, layer.sizeBytes]));
  return {
    digest,
    managed: true,
    layers,
    statedBytes: [...layerBytes.values()].reduce((sum, bytes) => sum + bytes, configBytes),
    configDigest: `${digest}-config`,
    architecture: 'amd64',
    children: [],
    fault: null,
    ...rest,
  };
};

/** An index image, as the API shows it: no layers and no Size of its own. */
export const index = (digest: string, children: readonly string[], rest: Partial<Image> = {}): Image => ({
  ...image(digest, { layers: null }),
  statedBytes: null,
  configDigest: null,
  architecture: null,
  children: children.map((child) => ({ digest: child, architecture: 'amd64' })),
  ...rest,
});

type GivenRevision = string | (Pick<Revision, 'digest'> & Partial<Revision>);
type GivenTag = Partial<Omit<Tag, 'name' | 'revisions'>> & { readonly revisions?: readonly GivenRevision[] };

/** An image stream; each tag is given as its revisions, newest first, or as an object. */
export const stream = (
  name: string,
  tags: Readonly<Record<string, readonly GivenRevision[] | GivenTag>> = {},
  rest: Partial<Omit<ImageStream, 'name' | 'tags'>> = {},
): ImageStream => {
  const namespace = rest.namespace ?? NAMESPACE;
  const repository = rest.repository ?? `${HOST}/${namespace}/${name}`;
  const publicRepository = rest.publicRepository ?? '';
  const revise = (given: GivenRevision): Revision => {
    const revision = typeof given === 'string' ? { digest: given } : given;
    return {
      reference: `${HOST}/${namespace}/${name}@${revision.digest}`,
      created: '2026-01-01T00:00:00Z',
      ...revision,
    };
  };
  return {
    localLookup: false,
    ...rest,
    namespace,
    name,
    repository,
    publicRepository,
    tags: Object.entries(tags).map(([tagName, given]) => {
      const { revisions = [], ...tag }: GivenTag = isRevisions(given) ? { revisions: given } : given;
      return {
        from: null,
        isReference: false,
        importFailure: null,
        ...tag,
        name: tagName,
        revisions: revisions.map(revise),
      };
    }),
  };
};

const isRevisions = (given: readonly GivenRevision[] | GivenTag): given is readonly GivenRevision[] =>
  Array.isArray(given);

/** A revision whose image another registry serves. */
export const imported = (digest: string): GivenRevision => ({
  digest,
  reference: `docker.example.com/library/thing@${digest}`,
});

/** A namespace without labels and annotations unless told. */
export const namespace = (name = NAMESPACE, rest: Partial<Omit<Namespace, 'name'>> = {}): Namespace => ({
  labels: {},
  annotations: {},
  ...rest,
  name,
});

/** Workload `ns/Kind/name` naming an image that it runs; a text is a pull spec, the namespace is the workload's. */
export const uses = (
  workload: string,
  reference: string | ImageReference,
  rest: Partial<WorkloadReference> = {},
): WorkloadReference => ({
  namespace: workload.slice(0, workload.indexOf('/')),
  workload,
  reference: typeof reference === 'string' ? { type: 'pullSpec', spec: reference } : reference,
  how: 'running',
  controller: null,
  endedPodCreated: null,
  ...rest,
});

/** A whole cluster; its namespaces are those of its streams unless told. */
export const inventory = (given: Partial<ListedInventory>): ListedInventory => ({
  cluster: { name: 'silver', apiUrl: 'https://api.silver.example.test:6443' },
  readAt: NOW,
  exact: true,
  lists: [],
  scope: 'cluster',
  unreadableKinds: [],
  namespaces: [...new Set(Array.from(given.streams ?? [], (held) => held.namespace))].map((name) =>
    namespace(name),
  ),
  streams: [],
  images: [],
  references: [],
  ...given,
});

/** What the ledger weighs of the default namespace: nothing held outside unless told. */
export const holdings = ({
  streams = [],
  images = [],
  heldOutside = [],
  scope = 'cluster',
}: {
  readonly streams?: readonly ImageStream[];
  readonly images?: readonly Image[];
  /** Digests of blobs. */
  readonly heldOutside?: readonly string[];
  readonly scope?: Inventory['scope'];
}): Weighable => {
  const whole = gather(inventory({ streams, images })).holdings;
  const slice = createSlicer(whole)(NAMESPACE);
  const isHeld = (source: number): number => Number(heldOutside.includes(digestAt(whole.digests, source)));
  return { holdings: slice.holdings, heldOutside: Uint8Array.from(slice.digestSources, isHeld), scope };
};

/** The figures of what the ledger weighs. */
export const ledgerOf = (weighable: Weighable, chargeImported: boolean): Ledger =>
  weigh(weighable, chargeImported).ledger;

/** Figures for several tags taken together. */
export const weighTogether = (
  weighable: Weighable,
  chargeImported: boolean,
  isChosen: (stream: string, tag: string) => boolean,
): ReturnType<Weighing['weighTogether']> => {
  const { streams, tags } = weighable.holdings;
  const chosen = streams.flatMap((one) =>
    tags.flatMap(({ name }, number) =>
      number >= one.tagsFrom && number < one.tagsTo && isChosen(one.name, name) ? [number] : [],
    ),
  );
  return weigh(weighable, chargeImported).weighTogether(new Set(chosen));
};

/** The report on one namespace. */
export const reportOf = (
  taken: Snapshot,
  by: ReportRules,
  override: QuotaOverride | null = null,
): NamespaceReport =>
  reportNamespace({ snapshot: taken, ledger: ledgerOf(taken, by.chargeImported) }, by, override);

/** Every namespace is reported, each its own team, unless told. */
export const selection = (given: Partial<Selection> = {}): Selection => ({
  isReported: () => true,
  groupByLabel: null,
  environmentLabel: 'environment',
  chargeImported: false,
  ...given,
});

/** The snapshot of one namespace of a cluster. */
export const snapshot = (
  given: Partial<ListedInventory>,
  name = NAMESPACE,
  selected: Partial<Selection> = {},
): Snapshot => takeSnapshots(gather(inventory(given)), selection(selected)).takeSnapshot(name);

/** 1,000 bytes for everyone, mail to example.test only, and advice about nothing but more than 100 tags. */
export const rules = (given: Partial<ReportRules> = {}): ReportRules => ({
  quota: { default: 1000, warnPercent: 80, annotation: { enabled: false, max: null }, rules: [] },
  recipients: {
    annotations: { contacts: 'contacts', addresses: ['product-owner', 'technical-lead', 'owner'] },
    roles: {},
    overrides: [],
    fallback: 'platform@example.test',
    allowedDomains: ['example.test'],
  },
  environmentLabel: 'environment',
  chargeImported: false,
  advice: { maxTags: 100, maxLayer: null, maxImported: null },
  productionEnvironments: ['prod', 'production'],
  ...given,
});
