/** Columns of the text part. */
const WIDTH = 78;
const FIGURE_WIDTH = 12;

/**
 * Breaks long lines at spaces; what is indented by four (commands, tables) stays as it is, what follows a dash hangs
 * below its first word.
 */
export const wrapText = (text: string): string => {
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    const trimmed = line.trimEnd();
    if (trimmed.length <= WIDTH || line.startsWith('    ')) lines.push(trimmed);
    else lines.push(...wrapLine(trimmed, ' '.repeat(/^ *(?:- )?/.exec(trimmed)?.[0].length ?? 0)));
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

/** A table as lines; a name that reaches into the figures has a line of its own, or several. */
export const tableLines = (rows: readonly TableLine[]): readonly string[] => {
  const lines: string[] = [];
  for (const { name, figures, note = '', indent = 0 } of rows) {
    let figuresText = '';
    for (const figure of figures) figuresText += blanks(Math.max(1, FIGURE_WIDTH - figure.length)) + figure;
    const below = blanks(indent + 2);
    let nameText = blanks(indent) + name;
    if (nameText.length + 1 >= WIDTH - figuresText.length) {
      lines.push(...wrapLine(nameText, below));
      nameText = '';
    }
    const gap = blanks(WIDTH - nameText.length - figuresText.length);
    const line = (nameText + gap + figuresText).trimEnd();
    if (line !== '') lines.push(line);
    if (note !== '') lines.push(...wrapLine(below + note, below));
  }
  return lines;
};

/** So many spaces; none where there is no room. Ready to be used: filling up every cell takes longer than writing it. */
const blanks = (count: number): string => BLANKS[count] ?? '';

const BLANKS: readonly string[] = Array.from({ length: WIDTH + 1 }, (_, count) => ' '.repeat(count));

/** Lines of whole words, all but the first with this indent; a word longer than a line stands alone on one. */
const wrapLine = (line: string, indent: string): readonly string[] => {
  const lines: string[] = [];
  let rest = line;
  while (rest.length > WIDTH) {
    const start = rest.search(/[^ ]/);
    const last = rest.lastIndexOf(' ', WIDTH);
    const end = last > start ? last : rest.indexOf(' ', start);
    if (end < 0) break;
    lines.push(rest.slice(0, end));
    rest = indent + rest.slice(end + 1);
  }
  return [...lines, rest];
};
