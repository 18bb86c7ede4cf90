/** A column of a table: its heading and on which side its cells stand. */
export type Column = { readonly heading: string; readonly align: 'left' | 'right' };

/** Lays rows out in columns two spaces apart; no trailing blanks, one line a row, ends with a line feed. */
export const layOut = (columns: readonly Column[], rows: readonly (readonly string[])[]): string => {
  const lines = [columns.map(({ heading }) => heading), ...rows];
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

/** Colours take no room. */
const widthOf = (cell: string): number => cell.replaceAll(/\u001B\[[0-9;]*m/g, '').length;
