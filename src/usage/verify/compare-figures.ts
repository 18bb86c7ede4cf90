import type { Figures } from './recount.ts';

/** The figures of a report that are compared, in the order of the output. */
export const FIGURES = [
  'usedBytes',
  'teamUsedBytes',
  'importedBytes',
  'sharedWithTeamBytes',
  'unknownRevisions',
  'totals',
  'sizeBytes',
  'countedBytes',
  'countedSum',
  'freesBytes',
  'reclaimsBytes',
] as const;
/** `countedSum` checks that revisions add up to their tag, tags to their stream, and streams to the usage. */
export type Figure = (typeof FIGURES)[number];

/** The result of comparing one figure everywhere in the report. */
export type FigureCheck = {
  readonly figure: Figure;
  /** How many were compared. It leaves out those that both the report and the recount do not know. */
  readonly compared: number;
  readonly differences: readonly FigureDifference[];
};

/** A figure that differs from the recount: bytes or a count; null: unknown or absent. */
export type FigureDifference = {
  /** A name of `totals`, `stream`, `stream:tag` or `stream:tag#1` (its current revision); empty for the namespace. */
  readonly subject: string;
  readonly stated: number | null;
  readonly recounted: number | null;
};

/** Compares a namespace's report with its recount, and its counted bytes with their parts. One check per figure. */
export const compareFigures = (report: Figures, recounted: Figures): readonly FigureCheck[] => {
  const stated = Map.groupBy(listFacts(report), ({ figure }) => figure);
  const found = Map.groupBy(listFacts(recounted), ({ figure }) => figure);
  return FIGURES.map((figure) =>
    figure === 'countedSum'
      ? checkPairs(figure, addUpCounted(report))
      : checkPairs(figure, pair(stated.get(figure) ?? [], found.get(figure) ?? [])),
  );
};

type Fact = { readonly figure: Figure; readonly subject: string; readonly value: number | null };

/** Every figure of every stream, tag and revision, one by one. */
const listFacts = (figures: Figures): readonly Fact[] => {
  const facts: Fact[] = [];
  const add = (subject: string, values: Partial<Record<Figure, number | null>>): void => {
    for (const figure of FIGURES) {
      const value = values[figure];
      if (value !== undefined) facts.push({ figure, subject, value });
    }
  };
  const { usedBytes, teamUsedBytes, importedBytes, sharedWithTeamBytes, unknownRevisions } = figures;
  add('', { usedBytes, importedBytes, sharedWithTeamBytes, unknownRevisions });
  if (teamUsedBytes !== undefined) add('', { teamUsedBytes });
  for (const [name, totals] of Object.entries(figures.totals)) add(name, { totals });
  for (const stream of figures.streams) {
    add(stream.name, pick(stream));
    for (const tag of stream.tags) {
      const label = `${stream.name}:${tag.name}`;
      add(label, pick(tag));
      for (const [position, { sizeBytes, countedBytes }] of tag.revisions.entries())
        add(`${label}#${String(position + 1)}`, { sizeBytes, countedBytes });
    }
  }
  return facts;
};

type Node = Figures['streams'][number] | Figures['streams'][number]['tags'][number];

const pick = (node: Node): Partial<Record<Figure, number | null>> => {
  const { sizeBytes, countedBytes, freesBytes, unknownRevisions } = node;
  const own = { sizeBytes, countedBytes, freesBytes, unknownRevisions };
  return 'reclaimsBytes' in node ? { ...own, reclaimsBytes: node.reclaimsBytes } : own;
};

const pair = (stated: readonly Fact[], found: readonly Fact[]): readonly FigureDifference[] => {
  const inReport = new Map(stated.map(({ subject, value }) => [subject, value]));
  const inRecount = new Map(found.map(({ subject, value }) => [subject, value]));
  return [...new Set([...inReport.keys(), ...inRecount.keys()])].map((subject) => ({
    subject,
    stated: inReport.get(subject) ?? null,
    recounted: inRecount.get(subject) ?? null,
  }));
};

/** What the report counts, with the sum of what it counts in each part. */
const addUpCounted = ({ usedBytes, streams }: Figures): readonly FigureDifference[] => [
  { subject: '', stated: usedBytes, recounted: sumCounted(streams) },
  ...streams.flatMap(({ name, countedBytes, tags }) => [
    { subject: name, stated: countedBytes, recounted: sumCounted(tags) },
    ...tags.map((tag) => ({
      subject: `${name}:${tag.name}`,
      stated: tag.countedBytes,
      recounted: sumCounted(tag.revisions),
    })),
  ]),
];

const sumCounted = (parts: readonly { readonly countedBytes: number }[]): number =>
  parts.reduce((sum, { countedBytes }) => Math.min(sum + countedBytes, Number.MAX_SAFE_INTEGER), 0);

const checkPairs = (figure: Figure, pairs: readonly FigureDifference[]): FigureCheck => ({
  figure,
  compared: pairs.filter(({ stated, recounted }) => stated !== null || recounted !== null).length,
  differences: pairs.filter(({ stated, recounted }) => stated !== recounted),
});
