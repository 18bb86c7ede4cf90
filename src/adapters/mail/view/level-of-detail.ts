/**
 * How much of a namespace its list shows: every revision, every tag, every stream, or so many of its largest streams.
 * The CSV has what the list leaves out.
 */
export type Detail = 'revisions' | 'tags' | 'streams' | number;

/** How much a mail shows: so many namespaces in detail, the worst first. Each of the others is one line. */
export type LevelOfDetail = { readonly namespaces: number; readonly detail: Detail };

/** The most that a mail shows, and its size: so many namespaces and, in the largest of them, streams. */
type Whole = { readonly namespaces: number; readonly streams: number };

/**
 * The most detailed rendering that is light enough: whole levels first, then as many of the largest streams of each
 * namespace as possible, then as many namespaces. If not even one fits, each is a line: the attachments have all.
 */
export const fit = <Rendering>(
  { namespaces, streams }: Whole,
  render: (level: LevelOfDetail) => Rendering,
  isLight: (rendering: Rendering) => boolean,
): Rendering => {
  for (const detail of ['revisions', 'tags', 'streams'] as const) {
    const rendering = render({ namespaces, detail });
    if (isLight(rendering)) return rendering;
  }
  const smaller = [
    ...countDown(streams, LEAST_STREAMS).map((detail) => ({ namespaces, detail })),
    ...countDown(namespaces, 0).map((fewer) => ({ namespaces: fewer, detail: LEAST_STREAMS })),
  ];
  const index = findFirst(smaller.length, (position) => {
    const level = smaller[position];
    return level === undefined || isLight(render(level));
  });
  return render(smaller[index] ?? { namespaces: 0, detail: LEAST_STREAMS });
};

/** With fewer streams than this of each, a list is no help: better fewer namespaces. */
const LEAST_STREAMS = 5;

/** From one below a number down to the least. */
const countDown = (from: number, least: number): readonly number[] =>
  Array.from({ length: Math.max(0, from - least) }, (_, index) => from - 1 - index);

/** The first position where something holds that holds from there on; the last one if it never does. */
const findFirst = (count: number, holds: (position: number) => boolean): number => {
  let first = 0;
  let last = count - 1;
  while (first < last) {
    const middle = Math.floor((first + last) / 2);
    if (holds(middle)) last = middle;
    else first = middle + 1;
  }
  return first;
};
