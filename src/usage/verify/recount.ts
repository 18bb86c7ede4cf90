import { createPartsReader } from './image-parts.ts';
import type { ImageParts } from './image-parts.ts';
import { textOf } from '../text-map.ts';
import { compareText } from '../text-order.ts';
import type { Image, ImageStream, Inventory } from '../model.ts';
import { listImages, listStreams } from '../cluster/records.ts';
import type { NamespaceReport, RevisionReport, StreamReport, TagReport } from '../report/report.ts';

/** The figures that are recounted. A NamespaceReport has all of them except its team's usage. */
export type Figures = Pick<
  NamespaceReport,
  'usedBytes' | 'importedBytes' | 'sharedWithTeamBytes' | 'unknownRevisions' | 'totals'
> & {
  /** The usage of the whole team; null when unknown, absent when not compared. */
  readonly teamUsedBytes?: number | null;
  readonly streams: readonly StreamFigures[];
};

/** An image stream's figures in bytes. */
export type StreamFigures = Pick<StreamReport, 'name' | 'reclaimsBytes' | keyof Weights> & {
  readonly tags: readonly TagFigures[];
};

/** A tag's figures in bytes; revisions in history order. */
export type TagFigures = Pick<TagReport, 'name' | keyof Weights> & {
  readonly revisions: readonly Pick<RevisionReport, 'digest' | 'sizeBytes' | 'countedBytes'>[];
};

/** A blob that a namespace is charged with. */
export type ChargedBlob = {
  readonly digest: string;
  readonly sizeBytes: number;
  /** The API states a layer's size. A config's size is derived from `dockerImageMetadata.Size`. */
  readonly kind: 'layer' | 'config';
  /** `namespace/stream` of every stream in which the registry holds it, sorted; empty when it is only imported. */
  readonly repositories: readonly string[];
  /** `stream:tag` of the tags that are charged with it, sorted. */
  readonly tags: readonly string[];
};

/** Whose figures are recounted. */
export type RecountRequest = {
  readonly namespace: string;
  /** Names of its team's namespaces. */
  readonly team: readonly string[];
  /** The label whose value names a team; null: each namespace is its own team. */
  readonly groupByLabel: string | null;
  readonly chargeImported: boolean;
};

/**
 * Recounts a namespace from the whole inventory with plain sets, straight from the definitions in docs/figures.md. It
 * shares no code with the report (snapshot, rules, ledger) except the records it reads, so that it can contradict it.
 */
export const recount = (
  { holdings, ...read }: Inventory,
  request: RecountRequest,
): Figures & { readonly teamUsedBytes: number | null; readonly chargedBlobs: readonly ChargedBlob[] } => {
  const inventory: ListedInventory = {
    ...read,
    streams: listStreams(holdings),
    images: listImages(holdings),
  };
  const held = listHeld(inventory, request.chargeImported);
  const own = held.filter(({ namespace }) => namespace === request.namespace);
  const others = held.filter(({ namespace }) => namespace !== request.namespace);
  const charged = own.filter(({ isCharged }) => isCharged);
  const used = digestsOf(charged);
  const mentions = listMentions(own);
  const size = (digest: string): number => sizeWithout(mentions.get(digest), 'tags', null);
  const chargedInTeam = others.filter(
    ({ isCharged, namespace }) => isCharged && request.team.includes(namespace),
  );
  const place: Place = {
    mentions,
    size,
    counted: countOnce(charged, size),
    heldOutside: inventory.scope === 'cluster' ? new Set(others.flatMap(({ holds }) => holds)) : null,
  };
  const isTeamKnown = isTeamSeen(inventory, request);
  const streams = inventory.streams.filter(({ namespace }) => namespace === request.namespace);
  const revisions = Map.groupBy(own, ({ stream, tag }) => labelOf(stream, tag));
  return {
    usedBytes: sum(used, size),
    importedBytes: sum(digestsOf(own).difference(used), size),
    teamUsedBytes: isTeamKnown ? addUpTeam(held, request.team) : null,
    sharedWithTeamBytes: isTeamKnown ? sum(used.intersection(digestsOf(chargedInTeam)), size) : null,
    unknownRevisions: countUnknown(own),
    totals: {
      streams: streams.length,
      tags: streams.reduce((total, { tags }) => total + tags.length, 0),
      revisions: own.length,
      images: new Set(own.map(({ digest }) => digest).filter((digest) => digest !== '')).size,
      blobs: used.size,
    },
    streams: streams.map((stream) => recountStream(stream, revisions, place)),
    chargedBlobs: [...used].map((digest) => describeCharged(digest, request.namespace, mentions)),
  };
};

/** A team's usage. A blob's size then depends on what all of the team's namespaces state. */
const addUpTeam = (held: readonly Held[], team: readonly string[]): number => {
  const inTeam = held.filter(({ namespace }) => team.includes(namespace));
  const mentions = listMentions(inTeam);
  const charged = digestsOf(inTeam.filter(({ isCharged }) => isCharged));
  return sum(charged, (digest) => sizeWithout(mentions.get(digest), 'tags', null));
};

/** Whether the whole team was read. A namespace that was not read may have the same label value. */
const isTeamSeen = (
  { scope, namespaces }: ListedInventory,
  { namespace, groupByLabel }: RecountRequest,
): boolean => {
  const labels = namespaces.find(({ name }) => name === namespace)?.labels ?? {};
  return scope === 'cluster' || groupByLabel === null || (textOf(labels, groupByLabel) ?? '') === '';
};

/** The inventory with its streams and images as records. */
type ListedInventory = Omit<Inventory, 'holdings'> & {
  readonly streams: readonly ImageStream[];
  readonly images: readonly Image[];
};

type Weights = Pick<TagReport, 'sizeBytes' | 'countedBytes' | 'freesBytes' | 'unknownRevisions'>;

/** A revision with its place in the history and its image's blobs. */
type Held = ImageParts & {
  readonly namespace: string;
  readonly stream: string;
  readonly tag: string;
  readonly position: number;
  readonly created: string | null;
  readonly digest: string;
  /** The registry itself holds it: managed, and under its stream's own host. */
  readonly isStored: boolean;
  readonly isCharged: boolean;
};

const listHeld = ({ streams, images }: ListedInventory, chargeImported: boolean): readonly Held[] => {
  const readParts = createPartsReader(images);
  const managed = new Set(images.filter((image) => image.managed).map(({ digest }) => digest));
  return streams.flatMap((stream) =>
    stream.tags.flatMap((tag) =>
      tag.revisions.map(({ digest, reference, created }, position): Held => {
        const image = tag.isReference && digest === '' ? NOTHING : readParts(digest);
        const isStored =
          image.isKnown &&
          managed.has(digest) &&
          (isUnder(stream.repository, reference) || isUnder(stream.publicRepository, reference));
        return {
          ...image,
          namespace: stream.namespace,
          stream: stream.name,
          tag: tag.name,
          position,
          created,
          digest,
          isStored,
          isCharged: isStored || (image.isKnown && digest !== '' && chargeImported),
        };
      }),
    ),
  );
};

/** A reference that was never imported has nothing to store. */
const NOTHING: ImageParts = { parts: [], holds: [], isKnown: true, isWhole: true };

/** Whether a pull spec names the host of a repository, `host/…` both; hosts ignore case. */
const isUnder = (repository: string, reference: string): boolean => {
  const [host = '', ...path] = repository.toLowerCase().split('/');
  return host !== '' && path.length > 0 && reference.toLowerCase().startsWith(`${host}/`);
};

const digestsOf = (some: readonly Held[]): ReadonlySet<string> =>
  new Set(some.flatMap(({ parts }) => parts.map(({ digest }) => digest)));

/** Everything that a namespace's revisions state about one blob. */
type Mention = {
  readonly statements: { readonly sizeBytes: number; readonly isLayer: boolean; readonly by: Owners }[];
  readonly chargedTo: Owners;
  readonly heldBy: Owners;
  readonly storedUnder: Set<string>;
};

/** Streams by name and tags by `stream:tag`. */
type Owners = { readonly streams: Set<string>; readonly tags: Set<string> };
type Level = keyof Owners;

const listMentions = (own: readonly Held[]): ReadonlyMap<string, Mention> => {
  const mentions = new Map<string, Mention>();
  const mention = (digest: string): Mention => {
    const known = mentions.get(digest);
    if (known !== undefined) return known;
    const first = {
      statements: [],
      chargedTo: noOwners(),
      heldBy: noOwners(),
      storedUnder: new Set<string>(),
    };
    mentions.set(digest, first);
    return first;
  };
  for (const one of own) {
    for (const digest of one.holds) addOwner(mention(digest).heldBy, one);
    for (const { digest, sizeBytes, isLayer } of one.parts) {
      const { statements, chargedTo, storedUnder } = mention(digest);
      let same = statements.find((other) => other.sizeBytes === sizeBytes && other.isLayer === isLayer);
      if (same === undefined) statements.push((same = { sizeBytes, isLayer, by: noOwners() }));
      addOwner(same.by, one);
      if (one.isCharged) addOwner(chargedTo, one);
      if (one.isStored) storedUnder.add(one.stream);
    }
  }
  return mentions;
};

const noOwners = (): Owners => ({ streams: new Set(), tags: new Set() });

const addOwner = (owners: Owners, { stream, tag }: Held): void => {
  owners.streams.add(stream);
  owners.tags.add(labelOf(stream, tag));
};

const labelOf = (stream: string, tag: string): string => `${stream}:${tag}`;

/** Whether an owner is left when one stream or tag is gone; null: none is gone. */
const isLeft = (owners: Owners, level: Level, gone: string | null): boolean =>
  owners[level].size > (gone !== null && owners[level].has(gone) ? 1 : 0);

/** A blob's size by the owners that are left: a layer's wins over a config's, then the largest wins. */
const sizeWithout = (mention: Mention | undefined, level: Level, gone: string | null): number => {
  const left = (mention?.statements ?? []).filter(({ by }) => isLeft(by, level, gone));
  const layers = left.filter(({ isLayer }) => isLayer);
  return Math.max(0, ...(layers.length > 0 ? layers : left).map(({ sizeBytes }) => sizeBytes));
};

const usedWithout = (mention: Mention | undefined, level: Level, gone: string | null): number =>
  mention !== undefined && isLeft(mention.chargedTo, level, gone) ? sizeWithout(mention, level, gone) : 0;

/** Each charged revision takes its turn, and the blobs that no revision before it took. */
const countOnce = (charged: readonly Held[], size: (digest: string) => number): ReadonlyMap<Held, number> => {
  const taken = new Set<string>();
  const counted = new Map<Held, number>();
  for (const one of charged.toSorted(byTurn)) {
    const takes = digestsOf([one]).difference(taken);
    counted.set(one, sum(takes, size));
    for (const digest of takes) taken.add(digest);
  }
  return counted;
};

/** Current before older; then the oldest first (undated last); then by names; then from the oldest end. */
const byTurn = (a: Held, b: Held): number =>
  Number(a.position > 0) - Number(b.position > 0) ||
  compareText(a.created ?? '~', b.created ?? '~') ||
  compareText(a.stream, b.stream) ||
  compareText(a.tag, b.tag) ||
  b.position - a.position;

type Place = {
  readonly mentions: ReadonlyMap<string, Mention>;
  readonly size: (digest: string) => number;
  readonly counted: ReadonlyMap<Held, number>;
  /** Null where other namespaces could not be read. */
  readonly heldOutside: ReadonlySet<string> | null;
};

const recountStream = (
  { name, tags }: ImageStream,
  revisions: ReadonlyMap<string, readonly Held[]>,
  place: Place,
): StreamFigures => {
  const { mentions, size, heldOutside } = place;
  const revisionsOf = (tag: string): readonly Held[] => revisions.get(labelOf(name, tag)) ?? [];
  const all = tags.flatMap((tag) => revisionsOf(tag.name));
  const onlyHere = [...digestsOf(all.filter(({ isCharged }) => isCharged))].filter(
    (digest) =>
      mentions.get(digest)?.heldBy.streams.size === 1 && heldOutside !== null && !heldOutside.has(digest),
  );
  return {
    name,
    ...weights(all, { level: 'streams', owner: name }, place),
    reclaimsBytes: heldOutside === null ? null : sum(onlyHere, size),
    tags: tags.map((tag) => {
      const some = revisionsOf(tag.name);
      return {
        name: tag.name,
        ...weights(some, { level: 'tags', owner: labelOf(name, tag.name) }, place),
        revisions: some.map((one) => ({
          digest: one.digest,
          sizeBytes: one.isKnown ? sum(digestsOf([one]), size) : null,
          countedBytes: place.counted.get(one) ?? 0,
        })),
      };
    }),
  };
};

const weights = (
  some: readonly Held[],
  { level, owner }: { readonly level: Level; readonly owner: string },
  { mentions, size, counted }: Place,
): Weights => {
  const digests = digestsOf(some);
  return {
    sizeBytes: sum(digests, size),
    countedBytes: sum(some, (one) => counted.get(one) ?? 0),
    freesBytes: sum(digests, (digest) => {
      const mention = mentions.get(digest);
      return usedWithout(mention, level, null) - usedWithout(mention, level, owner);
    }),
    unknownRevisions: countUnknown(some),
  };
};

/** Counts revisions with a wholly or partly unknown size. */
const countUnknown = (some: readonly Held[]): number => some.filter(({ isWhole }) => !isWhole).length;

const describeCharged = (
  digest: string,
  namespace: string,
  mentions: ReadonlyMap<string, Mention>,
): ChargedBlob => {
  const mention = mentions.get(digest);
  return {
    digest,
    sizeBytes: sizeWithout(mention, 'tags', null),
    kind: mention?.statements.some(({ isLayer }) => isLayer) === true ? 'layer' : 'config',
    repositories: [...(mention?.storedUnder ?? [])].toSorted().map((stream) => `${namespace}/${stream}`),
    tags: [...(mention?.chargedTo.tags ?? [])].toSorted(),
  };
};

/** A total too large to be exact stays at the largest exact integer, as in a report. */
const sum = <T>(values: Iterable<T>, amount: (value: T) => number): number => {
  let total = 0;
  for (const value of values) total = Math.min(total + amount(value), Number.MAX_SAFE_INTEGER);
  return total;
};
