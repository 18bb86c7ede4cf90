/** The JSON of an object with its holes filled. */
export type Template = (fillings: Readonly<Record<string, string>>) => string;

/**
 * An object written once, with holes to be filled each time: `{name}` inside a string takes text (which must need no
 * escaping), a string that is only `=name` takes JSON. So an object of 12 kB costs a few concatenations.
 */
export const createTemplate = (shape: object): Template => {
  const pieces = JSON.stringify(shape).split(/"=(\w+)"|\{(\w+)\}/);
  // Threes: fixed text, and behind it a hole for JSON or a hole for text, which is undefined at the end.
  const fixed = pieces.filter((_, position) => position % 3 === 0);
  const holes = fixed.map((_, position) => pieces[3 * position + 1] ?? pieces[3 * position + 2]);
  return (fillings) =>
    // Joined, because a long chain of concatenations costs more when it is sent than writing it did.
    fixed.map((text, position) => text + fill(holes[position], fillings)).join('');
};

const fill = (hole: string | undefined, fillings: Readonly<Record<string, string>>): string => {
  if (hole === undefined) return '';
  const filling = fillings[hole];
  if (filling === undefined) throw new Error(`nothing fills the hole ${hole}`);
  return filling;
};
