/** Columns of the text part. */
const WIDTH = 78;
const FIGURE_WIDTH = 12;

/** Breaks long lines at spaces; what is indented by four (commands, tables) stays as it is. */
export const wrapText = (text: string): string => {
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    const trimmed = line.trimEnd();
    if (trimmed.length <= WIDTH || line.startsWith('    ')) lines.push(trimmed);
    else lines.push(...wrapLine(trimmed, ''));
  }
  return lines.join('\n').replace(/\n{3,}/g, '\n\n');
};

/** A line of a table: a name on the left, figures on the right, a note below. */
export type TableLine = {
  readonly name: string;
  readonly figures: readonly string[];
  readonly note?: string;
  readonly indent?: number;
};

/** A table as lines; a name that reaches into the figures has a line of its own. */
export const tableLines = (rows: readonly TableLine[]): readonly string[] => {
  const lines: string[] = [];
  for (const { name, figures, note = '', indent = 0 } of rows) {
    let figuresText = '';
    for (const figure of figures) figuresText += figure.padStart(FIGURE_WIDTH);
    let nameText = ' '.repeat(indent) + name;
    if (nameText.length + 1 >= WIDTH - figuresText.length) {
      lines.push(nameText);
      nameText = '';
    }
    lines.push((nameText.padEnd(WIDTH - figuresText.length) + figuresText).trimEnd());
    if (note !== '') lines.push(...wrapLine(note, ' '.repeat(indent + 2)));
  }
  return lines;
};

/** Lines of whole words; a word longer than a line stands alone on one. */
const wrapLine = (line: string, indent: string): readonly string[] => {
  const lines: string[] = [];
  let rest = line;
  while (indent.length + rest.length > WIDTH) {
    const space = rest.lastIndexOf(' ', WIDTH - indent.length);
    const end = space > 0 ? space : rest.indexOf(' ');
    if (end < 0) break;
    lines.push(indent + rest.slice(0, end));
    rest = rest.slice(end + 1);
  }
  return [...lines, indent + rest];
};
