import type { RowView } from './list.ts';

/** Columns of the text part. */
const WIDTH = 78;
const NUMBER_WIDTH = 11;
const NAME_WIDTH = WIDTH - 4 * NUMBER_WIDTH;

/** Breaks long lines at spaces; what is indented by four (commands, tables) stays as it is. */
export const wrapText = (text: string): string =>
  text
    .split('\n')
    .map((line) => (line.startsWith('    ') ? line.trimEnd() : wrapLine(line, '').join('\n')))
    .join('\n')
    .replace(/\n{3,}/g, '\n\n');

/** The list as lines: names on the left, four columns of figures on the right, notes below. */
export const tableLines = (rows: readonly RowView[]): readonly string[] => [
  rowLine('Stream, tag, revision', ['Pushed', 'Size', 'Counted', 'Frees']),
  ...rows.flatMap((row) => {
    const indent = row.kind === 't' ? '  ' : row.kind === 'r' ? '    ' : '';
    const name = `${indent}${[row.name, row.digest].filter((part) => part !== '').join(' ')}`;
    const figures = [row.pushed, row.size, row.counted, row.frees];
    return [
      ...(name.length < NAME_WIDTH ? [rowLine(name, figures)] : [name, rowLine('', figures)]),
      ...(row.note === '' ? [] : wrapLine(row.note, `${indent}  `)),
    ];
  }),
];

const rowLine = (name: string, figures: readonly string[]): string =>
  (name.padEnd(NAME_WIDTH) + figures.map((figure) => figure.padStart(NUMBER_WIDTH)).join('')).trimEnd();

const wrapLine = (line: string, indent: string): readonly string[] => {
  const lines: string[] = [];
  let current = indent;
  for (const word of line.trimEnd().split(' ')) {
    const isFirst = current === indent;
    if (!isFirst && current.length + 1 + word.length > WIDTH) {
      lines.push(current);
      current = indent + word;
    } else {
      current = isFirst ? current + word : `${current} ${word}`;
    }
  }
  return [...lines, current];
};
