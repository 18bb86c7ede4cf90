import type { Holdings, NumberedStream } from '../model.ts';
import { compareText } from '../text-order.ts';

/** The streams of a namespace: a run of `holdings.streams`. */
export const streamsOf = ({ streams }: Holdings, namespace: string): readonly NumberedStream[] => {
  const from = firstOf(0, streams.length, (at) => compareText(streams[at]?.namespace ?? '', namespace) >= 0);
  const to = firstOf(from, streams.length, (at) => streams[at]?.namespace !== namespace);
  return streams.slice(from, to);
};

/** A stream by its names, if there is one. */
export const findStream = (
  { streams }: Holdings,
  namespace: string,
  name: string,
): NumberedStream | undefined => {
  const found =
    streams[
      firstOf(0, streams.length, (at) => {
        const stream = streams[at];
        return (
          compareText(stream?.namespace ?? '', namespace) > 0 ||
          (stream?.namespace === namespace && compareText(stream.name, name) >= 0)
        );
      })
    ];
  return found?.namespace === namespace && found.name === name ? found : undefined;
};

/** The number of a stream's tag by its name; -1 where it has no such tag. */
export const findTag = ({ tags }: Holdings, { tagsFrom, tagsTo }: NumberedStream, name: string): number => {
  const found = firstOf(tagsFrom, tagsTo, (at) => compareText(tags[at]?.name ?? '', name) >= 0);
  return found < tagsTo && tags[found]?.name === name ? found : -1;
};

/** The revisions of all tags of a stream: from the first, up to but without the last. */
export const runOfRevisions = (
  { tags }: Holdings,
  { tagsFrom, tagsTo }: NumberedStream,
): readonly [from: number, to: number] =>
  tagsFrom === tagsTo ? [0, 0] : [tags[tagsFrom]?.revisionsFrom ?? 0, tags[tagsTo - 1]?.revisionsTo ?? 0];

/** The first position at which something holds, where it holds at all later ones, too (binary search); `end` if nowhere. */
const firstOf = (start: number, end: number, holds: (position: number) => boolean): number => {
  let [from, to] = [start, end];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (holds(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
};
