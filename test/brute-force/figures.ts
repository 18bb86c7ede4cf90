import type { HowUsed, ImageStream, Tag } from '../../src/usage/model.ts';
import type {
  NamespaceReport,
  RevisionReport,
  StreamReport,
  TagReport,
} from '../../src/usage/report/report.ts';
import { chargedOf, digestsIn, freesBytesOf, reclaimsBytesOf, sum, usedBytesOf, weighBy } from './held.ts';
import type { Held } from './held.ts';
import type { UseReport } from '../../src/usage/in-use/use-report.ts';
import { gravest } from './uses.ts';
import type { Uses } from './uses.ts';
import type { ListedInventory } from '../listed-inventory.ts';

/** What a report says of a namespace, as far as it is a figure, and what its team uses. */
export type NamespaceFigures = Pick<
  NamespaceReport,
  'name' | 'usedBytes' | 'importedBytes' | 'sharedWithTeamBytes' | 'unknownRevisions' | 'totals'
> & { readonly teamUsedBytes: number | null; readonly streams: readonly StreamFigures[] };

type StreamFigures = Omit<StreamReport, 'tags'> & { readonly tags: readonly TagFigures[] };
type TagFigures = Omit<TagReport, 'revisions'> & { readonly revisions: readonly RevisionFigures[] };
type RevisionFigures = Omit<RevisionReport, 'created' | 'architectures'>;

type Scene = {
  readonly name: string;
  /** Names of the namespaces of its team. */
  readonly team: readonly string[];
  /** Whether these are sure to be all. */
  readonly isTeamSeen: boolean;
  /** Every revision of the cluster. */
  readonly held: readonly Held[];
  readonly inventory: ListedInventory;
  readonly uses: Uses;
};

/** Works out one namespace; streams and tags by `countedBytes` descending, then name. */
export const figuresOfNamespace = (scene: Scene): NamespaceFigures => {
  const { name, team, isTeamSeen, held, inventory } = scene;
  const own = held.filter(({ namespace }) => namespace === name);
  const used = digestsIn(chargedOf(own));
  const weigh = weighBy(own);
  const place: Place = { ...scene, own, weigh, counters: findCounters(own) };
  const streams = [...inventory.streams].filter(({ namespace }) => namespace === name);
  const inTeam = held.filter(({ namespace }) => team.includes(namespace));
  const usedByOthers = digestsIn(chargedOf(inTeam.filter(({ namespace }) => namespace !== name)));
  return {
    name,
    teamUsedBytes: isTeamSeen ? usedBytesOf(inTeam) : null,
    usedBytes: usedBytesOf(own),
    importedBytes: weigh([...digestsIn(own)].filter((digest) => !used.has(digest))),
    sharedWithTeamBytes: isTeamSeen ? weigh([...used].filter((digest) => usedByOthers.has(digest))) : null,
    unknownRevisions: own.filter(({ isWhole }) => !isWhole).length,
    totals: {
      streams: streams.length,
      tags: sum(streams.map(({ tags }) => tags.length)),
      revisions: own.length,
      images: new Set(own.map(({ digest }) => digest).filter((digest) => digest !== '')).size,
      blobs: used.size,
    },
    streams: streams.map((stream) => figuresOfStream(stream, place)).toSorted(byCountedBytes),
  };
};

/** A namespace under way: its revisions, what they state of sizes, and which of them each blob is counted at. */
type Place = Scene & {
  readonly own: readonly Held[];
  readonly weigh: (digests: Iterable<string>) => number;
  readonly counters: ReadonlyMap<string, Held | undefined>;
};

const figuresOfStream = (stream: ImageStream, place: Place): StreamFigures => {
  const { own, held, inventory } = place;
  const some = own.filter((one) => one.stream === stream.name);
  const tags = stream.tags.map((tag) => figuresOfTag(stream, tag, place));
  return {
    name: stream.name,
    ...weights(some, place),
    reclaimsBytes: inventory.scope === 'cluster' ? reclaimsBytesOf(some, own, held) : null,
    inUse: tags.some(({ inUse }) => inUse === true) || unused(inventory),
    tags: tags.toSorted(byCountedBytes),
  };
};

const figuresOfTag = (stream: ImageStream, tag: Tag, place: Place): TagFigures => {
  const { own, uses } = place;
  const some = own.filter((one) => one.stream === stream.name && one.tag === tag.name);
  const revisions = some.map((one): RevisionFigures => {
    return {
      digest: one.digest,
      sizeBytes: one.isKnown ? place.weigh(digestsIn([one])) : null,
      countedBytes: countedBytesOf([one], place),
      charged: one.isCharged,
      ...useBy([uses.usersOfDigest(one.digest)], place),
    };
  });
  const users = [
    uses.usersOfTag(stream.namespace, stream.name, tag.name),
    ...some.map(({ digest }) => uses.usersOfDigest(digest)),
  ];
  return {
    name: tag.name,
    ...weights(some, place),
    ...useBy(users, place),
    sameImageAs: own
      .filter(({ position, digest }) => position === 0 && digest !== '' && digest === some[0]?.digest)
      .map((other) => `${other.stream}:${other.tag}`)
      .filter((label) => label !== `${stream.name}:${tag.name}`)
      .toSorted(compareText)
      .slice(0, 10),
    state: stateOf(tag),
    revisions,
  };
};

/** What several lists of users come to: the team's own first, ten named. */
const useBy = (lists: readonly ReadonlyMap<string, HowUsed>[], { inventory, team }: Place): UseReport => {
  const all = [
    ...gravest(lists.flatMap((users) => [...users].map(([workload, how]) => ({ workload, how })))),
  ];
  const isOwn = ([workload]: readonly [string, HowUsed]): boolean =>
    team.includes(workload.split('/')[0] ?? '');
  const named = [...all.filter(isOwn), ...all.filter((user) => !isOwn(user))].slice(0, 10);
  return {
    inUse: all.length > 0 || unused(inventory),
    inUseBy: named.map(([workload]) => workload),
    inUseHow: named.map(([, how]) => how),
    inUseCount: all.length,
  };
};

const weights = (some: readonly Held[], place: Place) => ({
  sizeBytes: place.weigh(digestsIn(some)),
  countedBytes: countedBytesOf(some, place),
  freesBytes: freesBytesOf(some, place.own),
  unknownRevisions: some.filter(({ isWhole }) => !isWhole).length,
});

const countedBytesOf = (some: readonly Held[], { weigh, counters }: Place): number =>
  weigh([...counters].flatMap(([blob, counter]) => (counter && some.includes(counter) ? [blob] : [])));

const findCounters = (own: readonly Held[]): Place['counters'] => {
  const inOrder = chargedOf(own).toSorted(byCharge);
  return new Map(
    [...digestsIn(inOrder)].map((blob) => [
      blob,
      inOrder.find(({ blobs }) => blobs.some(({ digest }) => digest === blob)),
    ]),
  );
};

/** The order in which charged revisions take on their blobs (docs/figures.md). */
const byCharge = (a: Held, b: Held): number =>
  Number(a.position > 0) - Number(b.position > 0) ||
  compareNumbers(secondOf(a), secondOf(b)) ||
  compareText(a.stream, b.stream) ||
  compareText(a.tag, b.tag) ||
  b.position - a.position;

/** The API has times to the second, in any time zone; no `created` is last. */
const secondOf = ({ created }: Held): number =>
  created === null ? Infinity : Math.floor(Date.parse(created) / 1000);

const compareNumbers = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

/** What "nobody uses it" is where something could not be read. */
const unused = ({ scope, unreadableKinds }: ListedInventory): false | null =>
  scope === 'cluster' && unreadableKinds.length === 0 ? false : null;

const stateOf = (tag: Tag): TagReport['state'] => {
  if (tag.isReference) return 'reference';
  if (tag.importFailure !== null) return 'import-failed';
  return tag.revisions.length === 0 ? 'empty' : 'ok';
};

const byCountedBytes = (
  a: { readonly name: string; readonly countedBytes: number },
  b: { readonly name: string; readonly countedBytes: number },
): number => b.countedBytes - a.countedBytes || compareText(a.name, b.name);

/** By code unit. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
