import { printable } from './terminal.ts';

/** A column of a table: its heading and on which side its cells stand. */
export type Column = { readonly heading: string; readonly align: 'left' | 'right' };

/**
 * Lays rows out in columns two spaces apart; no trailing blanks, one line a row, ends with a line feed. Cells may be
 * painted; nothing else in them can steer a terminal.
 */
export const layOut = (columns: readonly Column[], rows: readonly (readonly string[])[]): string => {
  const lines = [columns.map(({ heading }) => heading), ...rows.map((row) => row.map(clean))];
  const widths = columns.map((_, index) =>
    lines.reduce((widest, line) => Math.max(widest, widthOf(line[index] ?? '')), 0),
  );
  return lines
    .map((line) =>
      columns
        .map(({ align }, index) => pad(line[index] ?? '', widths[index] ?? 0, align))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
};

const pad = (cell: string, width: number, align: Column['align']): string => {
  const blanks = ' '.repeat(Math.max(0, width - widthOf(cell)));
  return align === 'right' ? blanks + cell : cell + blanks;
};

/** What `paint` puts around text. */
const COLOUR = /(\u001B\[[0-9;]*m)/;

const clean = (cell: string): string =>
  cell
    .split(COLOUR)
    .map((part, position) => (position % 2 === 1 ? part : printable(part)))
    .join('');

/** Colours take no room. */
const widthOf = (cell: string): number =>
  cell.split(COLOUR).reduce((width, part, position) => width + (position % 2 === 1 ? 0 : part.length), 0);
