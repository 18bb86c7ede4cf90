import type {
  NamespaceReport,
  RevisionReport,
  StreamReport,
  TagReport,
} from '../../../src/usage/report/report.ts';
import type { DeletionPlan } from '../../../src/usage/cleanup/plan.ts';
import { isSizeOf, readCounts, readSizes } from './read-figures.ts';
import type { readLists, readUsage, ShownRow } from './read-figures.ts';

/** How much of a namespace a list has to show. */
export type Shown = 'revisions' | 'tags' | 'streams' | 'largest streams';

type List = ReturnType<typeof readLists>[number];
type Section = ReturnType<typeof readUsage>['sections'][number];

/** Where a list differs from the report: what it leaves out or adds, and every figure that is another. */
export const findInList = (list: List, namespace: NamespaceReport, shown: Shown): readonly string[] => {
  const { streams, totals } = namespace;
  const rows = list.rows.filter(({ kind }) => !['more', 'sum'].includes(kind));
  const listed = shown === 'largest streams' ? streams.slice(0, rows.length) : streams;
  const rest = streams.slice(listed.length);
  const wanted = listed.flatMap((stream) => [
    { kind: 's', ...rowOf(stream), pushed: dayOf(stream.tags.flatMap(({ revisions }) => revisions)) },
    ...(shown === 'revisions' || shown === 'tags' ? stream.tags : []).flatMap((tag) => [
      { kind: 't', ...rowOf(tag), name: `:${tag.name}`, pushed: dayOf(tag.revisions.slice(0, 1)) },
      // A tag with a single revision is one row with it.
      ...(shown === 'revisions' && tag.revisions.length > 1 ? tag.revisions : []).map((revision) => ({
        kind: 'r',
        name: '',
        pushed: dayOf([revision]),
        size: revision.sizeBytes ?? UNKNOWN,
        counted: revision.sizeBytes === null ? UNKNOWN : revision.charged ? revision.countedBytes : IMPORTED,
        frees: NONE,
      })),
    ]),
  ]);
  const digests = listed.flatMap(({ tags }) =>
    tags.flatMap(({ revisions }) => revisions.map(({ digest }) => digest)),
  );
  const more = list.rows.find(({ kind }) => kind === 'more');
  const sum = list.rows.find(({ kind }) => kind === 'sum');
  return [
    ...differ('rows', rows.length, wanted.length),
    ...wanted.flatMap((row, index) => findInRow(rows[index], row)),
    ...(shown === 'revisions'
      ? differ(
          'digests',
          rows.flatMap(({ digest }) => digest || []).join(' '),
          digests.map(shorten).join(' '),
        )
      : []),
    ...differ('whether streams are left out', more !== undefined, rest.length > 0),
    ...(more === undefined
      ? []
      : [
          ...differ('streams left out', readCounts(more.name, 'more image stream')[0], rest.length),
          ...differSize(
            'the rest',
            more.counted,
            leastOf(
              rest.reduce((all, { countedBytes }) => all + countedBytes, 0),
              rest.reduce((all, { unknownRevisions }) => all + unknownRevisions, 0),
            ),
          ),
        ]),
    ...differ('whether there is a total', sum !== undefined, streams.length > 0),
    ...(sum === undefined
      ? []
      : differSize('the total', sum.counted, leastOf(namespace.usedBytes, namespace.unknownRevisions))),
    ...readCounts(list.intro, 'tag').flatMap((count) => differ('tags', count, totals.tags)),
    ...readCounts(list.intro, 'revision').flatMap((count) => differ('revisions', count, totals.revisions)),
    ...(shown === 'revisions'
      ? []
      : differ('counts of revisions', readCounts(list.intro, 'revision').length, 1)),
  ];
};

/** Where what a mail says of a namespace and its plan before the list differs from the report. */
export const findInUsage = (
  { words, shares, deletions }: Section,
  namespace: NamespaceReport,
  plan: DeletionPlan | null,
): readonly string[] => {
  const { name, quota, usedBytes, importedBytes, totals, unknownRevisions } = namespace;
  const { limitBytes, usedPercent } = quota;
  const isKnown = !isUsageUnknown(namespace);
  const isOver = limitBytes !== null && usedBytes > limitBytes;
  const said = [
    ...(isKnown ? [usedBytes] : []),
    ...(limitBytes === null ? [] : [limitBytes, ...(isKnown ? [Math.abs(usedBytes - limitBytes)] : [])]),
    ...[namespace.sharedWithTeamBytes ?? 0, importedBytes].filter((bytes) => bytes > 0),
    ...(plan === null ? [] : sizesOfPlan(plan, limitBytes)),
  ];
  const revisions = [totals.revisions, ...(unknownRevisions === 0 ? [] : [unknownRevisions])];
  return [
    ...differ('the name', words.startsWith(name), true),
    ...findInSizes(words, said),
    ...differ('whether it is over', / over\b/.test(words), isOver),
    ...differ('a lower bound', / at least /.test(words), unknownRevisions > 0 && isKnown && usedBytes > 0),
    ...readShares(words).flatMap((share) =>
      Math.abs(share - (usedPercent ?? Number.NaN)) <= 0.05
        ? []
        : [`${String(share)}% is not ${String(usedPercent)}`],
    ),
    ...differ(
      'whether it has a share',
      readShares(words).length > 0,
      isKnown && usedPercent !== null && (usedPercent > 0.05 || unknownRevisions === 0),
    ),
    ...(totals.streams === 0 ? [] : differ('streams', readCounts(words, 'image stream')[0], totals.streams)),
    ...(totals.tags === 0 ? [] : differ('tags', readCounts(words, 'tag')[0], totals.tags)),
    ...(totals.revisions === 0
      ? []
      : differ('revisions', readCounts(words, 'revision').join(), revisions.join())),
    ...findInBar(shares, namespace),
    ...findInDeletions(deletions, namespace, plan),
  ];
};

/** Sizes in words that are none of these, and which of these are in no words. */
export const findInSizes = (words: string, sizes: readonly number[]): readonly string[] => {
  const shown = readSizes(words);
  return [
    ...shown.flatMap((size) =>
      sizes.some((bytes) => isSizeOf(size, bytes)) ? [] : [`${size} is in no report`],
    ),
    ...sizes.flatMap((bytes) =>
      shown.some((size) => isSizeOf(size, bytes)) ? [] : [`${String(bytes)} bytes are not told in: ${words}`],
    ),
  ];
};

const sizesOfPlan = (
  { deletions, freesBytes, reclaimsBytes, usedAfterBytes }: DeletionPlan,
  limitBytes: number | null,
): readonly number[] => [
  ...deletions.map((deletion) => deletion.freesBytes),
  freesBytes,
  ...(reclaimsBytes === null || reclaimsBytes === 0 ? [] : [reclaimsBytes]),
  usedAfterBytes,
  ...(limitBytes !== null && usedAfterBytes > limitBytes ? [usedAfterBytes - limitBytes] : []),
];

/** Parts of a bar are true to a hundredth, and none that is there is left out. */
const findInBar = (shares: readonly number[], namespace: NamespaceReport): readonly string[] => {
  const { usedBytes, quota } = namespace;
  if (quota.limitBytes === null || isUsageUnknown(namespace))
    return differ('parts of a bar', shares.length, 0);
  const whole = Math.max(usedBytes, quota.limitBytes);
  const parts = [Math.min(usedBytes, quota.limitBytes), whole - Math.min(usedBytes, quota.limitBytes)].filter(
    (bytes) => bytes > 0,
  );
  return [
    ...differ('parts of a bar', shares.length, parts.length),
    ...differ(
      'all parts of a bar',
      shares.reduce((sum, share) => sum + share, 0),
      100,
    ),
    ...parts.flatMap((bytes, index) =>
      Math.abs((shares[index] ?? 0) - (bytes / whole) * 100) <= 1 ? [] : [`part ${String(index)} of the bar`],
    ),
  ];
};

const findInDeletions = (
  shown: readonly (readonly string[])[],
  { streams }: NamespaceReport,
  plan: DeletionPlan | null,
): readonly string[] => {
  const { deletions, freesBytes } = plan ?? { deletions: [], freesBytes: 0 };
  const sum = shown[deletions.length];
  return [
    ...differ(
      'rows of deletions',
      shown.length,
      deletions.length > 1 ? deletions.length + 1 : deletions.length,
    ),
    ...(sum === undefined ? [] : differSize('what all deletions free', sum[2], freesBytes)),
    ...deletions.flatMap(({ stream, tag }, index) => {
      const weighed = streams.find(({ name }) => name === stream)?.tags.find(({ name }) => name === tag);
      const [name, pushed, frees] = shown[index] ?? [];
      return [
        ...differ('to delete', name, `${stream}:${tag}`),
        ...differ('pushed', pushed, dayOf(weighed?.revisions.slice(0, 1) ?? [])),
        ...differSize(`what ${stream}:${tag} frees`, frees, weighed?.freesBytes),
      ];
    }),
  ];
};

const leastOf = (bytes: number, unknownRevisions: number): Size =>
  unknownRevisions === 0 ? bytes : bytes === 0 ? UNKNOWN : { least: bytes };

/** Whether sizes are unknown and no known one is charged: that it is at least 0 would say nothing. */
const isUsageUnknown = ({ usedBytes, unknownRevisions }: NamespaceReport): boolean =>
  usedBytes === 0 && unknownRevisions > 0;

type Row = {
  readonly name: string;
  readonly pushed: string;
  readonly size: Size;
  readonly counted: Size;
  readonly frees: Size;
};

/** Bytes, bytes that are a lower bound, or a word. */
type Size = number | { readonly least: number } | string;

/** What is in words at a size where there is no figure. */
const [NONE, UNKNOWN, IMPORTED] = ['', 'unknown', 'imported'];

const rowOf = (weighed: StreamReport | TagReport): Omit<Row, 'pushed'> => {
  const { name, sizeBytes, countedBytes, freesBytes, unknownRevisions } = weighed;
  const revisions = 'tags' in weighed ? weighed.tags.flatMap((tag) => tag.revisions) : weighed.revisions;
  if (revisions.length === 0) return { name, size: NONE, counted: NONE, frees: NONE };
  const least = (bytes: number): Size => leastOf(bytes, unknownRevisions);
  const isImported = unknownRevisions === 0 && revisions.every(({ charged }) => !charged);
  return {
    name,
    size: least(sizeBytes),
    counted: isImported ? IMPORTED : least(countedBytes),
    frees: least(freesBytes),
  };
};

const findInRow = (
  shown: ShownRow | undefined,
  { name, pushed, size, counted, frees }: Row,
): readonly string[] =>
  shown === undefined
    ? [`there is no row of ${name}`]
    : [
        ...differ('name', shown.name, name),
        ...differ(`when ${name} was pushed`, shown.pushed, pushed),
        ...differSize(`the size of ${name}`, shown.size, size),
        ...differSize(`what is counted of ${name}`, shown.counted, counted),
        ...differSize(`what ${name} frees`, shown.frees, frees),
      ];

const differ = <Value extends string | number | boolean | undefined>(
  what: string,
  shown: Value,
  reported: Value,
): readonly string[] => (shown === reported ? [] : [`${what}: ${String(shown)} is not ${String(reported)}`]);

const differSize = (what: string, shown: string | undefined, size: Size | undefined): readonly string[] => {
  const agrees =
    typeof size === 'object'
      ? shown?.startsWith('≥ ') === true && isSizeOf(shown.slice(2), size.least)
      : typeof size === 'number'
        ? isSizeOf(shown ?? '', size)
        : shown === size;
  return agrees ? [] : [`${what}: ${String(shown)} is not ${JSON.stringify(size)}`];
};

const readShares = (words: string): readonly number[] =>
  [...words.matchAll(/([\d,]+(?:\.\d)?)% of quota/g)].map(([, share = '']) =>
    Number(share.replaceAll(',', '')),
  );

const shorten = (digest: string): string => digest.slice('sha256:'.length).slice(0, 12);

/** The day of the newest of them. */
const dayOf = (revisions: readonly RevisionReport[]): string => {
  if (revisions.length === 0) return '';
  const times = revisions.flatMap(({ created }) => created ?? []).toSorted();
  return times.at(-1)?.slice(0, 10) ?? 'unknown';
};
