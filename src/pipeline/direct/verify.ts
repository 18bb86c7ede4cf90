import { AppError } from '../../errors.ts';
import { listPublicHosts } from '../../usage/verify/public-registry.ts';
import { isAskable, judgeBlobs } from '../../usage/verify/registry-verdict.ts';
import type { AskedBlob, BlobStat, RegistryVerdict } from '../../usage/verify/registry-verdict.ts';
import { recount } from '../../usage/verify/recount.ts';
import type { ChargedBlob } from '../../usage/verify/recount.ts';
import type { Inventory, Snapshot } from '../../usage/model.ts';
import { compareFigures } from '../../usage/verify/compare-figures.ts';
import type { FigureCheck } from '../../usage/verify/compare-figures.ts';
import type { Observe } from '../events.ts';
import { mapConcurrently } from '../concurrency.ts';
import type { Cluster, Registry } from '../ports.ts';
import { splitInventory, weighSnapshot } from './weigh.ts';
import type { WeighingRules } from './weigh.ts';

/** What became of checking one namespace's report. */
export type Verification = {
  readonly namespace: string;
  /** The moment the figures are of, ISO 8601. */
  readonly generatedAt: string;
  /** False when the cluster changed while it was read. */
  readonly exact: boolean;
  /** `namespaces`: what the registry gets back is unknown. */
  readonly scope: 'cluster' | 'namespaces';
  readonly usedBytes: number;
  readonly unknownRevisions: number;
  /** How many its report has on what was read, which is not that nobody can be told; they are told there. */
  readonly findings: number;
  readonly figures: readonly FigureCheck[];
  /** The address of the registry that was asked; null: none was. */
  readonly registryAddress: string | null;
  readonly registry: RegistryVerdict | null;
  /** Whether nothing differs and every question had an answer. */
  readonly agrees: boolean;
};

/** Which registry to ask, and how to reach it; `address` may be `AUTO`. */
export type RegistryAccess = {
  readonly address: string;
  /** @throws AppError `invalid` for an address that is none */
  readonly open: (address: string) => Registry;
};

/** Stands for the address of the cluster's own registry, which its image streams state. */
export const AUTO = 'auto';

type VerifyDeps = {
  readonly cluster: Cluster;
  readonly registry: RegistryAccess | null;
  readonly observe: Observe;
};

type OpenedRegistry = { readonly address: string; readonly registry: Registry };

/**
 * Checks the reports that these namespaces would get now, of one reading of the cluster: every figure is recounted by
 * other code, and with a registry every charged blob is asked for by its digest. Streams are repositories there,
 * `namespace/stream`.
 * @throws AppError `not_found` for `AUTO` where no image stream states a public address, `conflict` where they state several
 */
export const verifyNamespaces = async (
  deps: VerifyDeps,
  rules: WeighingRules,
  names: readonly string[],
): Promise<readonly Verification[]> => {
  const { cluster, registry: access, observe } = deps;
  // An address that is none is refused before the cluster is read.
  const named = access === null || access.address === AUTO ? null : openRegistry(access, access.address);
  const inventory = await cluster.readInventory({ namespaces: names });
  const opened =
    access?.address === AUTO ? openRegistry(access, findPublicRegistry(inventory.holdings.streams)) : named;
  const snapshots = splitInventory(inventory, rules, names);
  const verifications: Verification[] = [];
  for (const name of names)
    verifications.push(
      await verifySnapshot({ opened, observe }, rules, { inventory, snapshot: snapshots.takeSnapshot(name) }),
    );
  return verifications;
};

const openRegistry = ({ open }: RegistryAccess, address: string): OpenedRegistry => ({
  address,
  registry: open(address),
});

/** Where image streams differ nobody guesses: credentials are sent there. */
const findPublicRegistry = (streams: Inventory['holdings']['streams']): string => {
  const hosts = listPublicHosts(streams);
  const [host] = hosts;
  if (host === undefined)
    throw new AppError('not_found', 'No image stream that was read states a public address of the registry', {
      hint: 'Name one with --registry URL. A cluster without any: ask its administrators to expose the registry (`defaultRoute: true` in configs.imageregistry/cluster), or run this where the internal address can be reached.',
    });
  if (hosts.length > 1)
    throw new AppError('conflict', `The image streams state several public registries: ${hosts.join(', ')}`, {
      hint: 'Name the one to ask with --registry URL.',
    });
  return host;
};

const verifySnapshot = async (
  { opened, observe }: { readonly opened: OpenedRegistry | null; readonly observe: Observe },
  rules: WeighingRules,
  { inventory, snapshot }: { readonly inventory: Inventory; readonly snapshot: Snapshot },
): Promise<Verification> => {
  const { name } = snapshot.namespace;
  const { report } = weighSnapshot(snapshot, rules);
  const recounted = recount(inventory, {
    namespace: name,
    team: snapshot.team.namespaces,
    groupByLabel: rules.groupByLabel,
    chargeImported: rules.chargeImported,
  });
  const figures = compareFigures({ ...report, teamUsedBytes: snapshot.team.usedBytes }, recounted);
  const verdict =
    opened === null
      ? null
      : await askRegistry({ registry: opened.registry, observe }, recounted.chargedBlobs);
  return {
    namespace: name,
    generatedAt: inventory.readAt,
    exact: inventory.exact,
    scope: inventory.scope,
    usedBytes: report.usedBytes,
    unknownRevisions: report.unknownRevisions,
    findings: report.findings.filter(({ code }) => code !== 'no-recipient').length,
    figures,
    registryAddress: opened?.address ?? null,
    registry: verdict,
    agrees:
      figures.every(({ differences }) => differences.length === 0) &&
      (verdict === null || verdict.differences.length === 0),
  };
};

/** So many failures or refusals in a row are no longer about single blobs; asking on would take hours and help nobody. */
const IN_A_ROW = 8;

const askRegistry = async (
  { registry, observe }: { readonly registry: Registry; readonly observe: Observe },
  charged: readonly ChargedBlob[],
): Promise<RegistryVerdict> => {
  const askable = charged.filter(isAskable);
  let unanswered = 0;
  let last: BlobStat['outcome'] = 'present';
  let asked = 0;
  const answers = await mapConcurrently(askable, async (blob): Promise<AskedBlob> => {
    const stat = unanswered < IN_A_ROW ? await statSomewhere(registry, blob) : giveUp(last);
    last = stat.outcome;
    unanswered = last === 'failing' || last === 'refused' ? unanswered + 1 : 0;
    observe({ type: 'blobs-asked', asked: (asked += 1), of: askable.length });
    return { blob, stat };
  });
  return judgeBlobs(charged, answers);
};

const giveUp = (last: BlobStat['outcome']): BlobStat => {
  const outcome = last === 'refused' ? 'refused' : 'failing';
  const what = outcome === 'refused' ? 'refusals' : 'failures';
  return { outcome, reason: `not asked any more after ${String(IN_A_ROW)} ${what} in a row` };
};

/** A registry may know a blob under one stream and not under another, though it stores it once. */
const statSomewhere = async (
  registry: Registry,
  { repositories, digest }: ChargedBlob,
): Promise<BlobStat> => {
  let last: BlobStat = { outcome: 'absent' };
  for (const repository of repositories) {
    last = await registry.statBlob({ repository, digest });
    if (last.outcome !== 'absent') return last;
  }
  return last;
};
