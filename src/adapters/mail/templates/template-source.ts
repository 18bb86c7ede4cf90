import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '../../../errors.ts';

const BUILT_IN = fileURLToPath(new URL('../../../../templates/', import.meta.url));

/** A template with all that it includes, each line of which comes from somewhere. */
export type Source = {
  readonly text: string;
  /** Where a line (counted from 1) is written: `usage-report/report.mjml:12`. */
  readonly placeOf: (line: number) => string;
  /** What is wrong with its includes. */
  readonly faults: readonly string[];
};

/** The built-in templates, and a folder whose files replace those of the same path. */
export type TemplateFolder = {
  /** Reads a file; `mail` is what goes where it says `<!-- mail -->`. */
  readonly read: (file: string, mail?: string) => Promise<Source>;
  /** Templates of the folder that nothing has read. */
  readonly listUnread: () => readonly string[];
};

/** @throws AppError `invalid` for a folder that cannot be read; null: there are only the built-in templates */
export const openTemplateFolder = async (dir: string | null): Promise<TemplateFolder> => {
  const own = dir === null ? [] : await listTemplates(dir);
  const opened = new Set<string>();
  const open = (file: string): Promise<string> => {
    opened.add(file);
    return readFile(join(dir !== null && own.includes(file) ? dir : BUILT_IN, file), 'utf8');
  };
  return {
    read: async (file, mail) => {
      const { lines, faults } = await readLines(open, [file], mail ?? null);
      return {
        text: `${lines.map(({ text }) => text).join('\n')}\n`,
        placeOf: (line) => lines[line - 1]?.place ?? lines.at(-1)?.place ?? file,
        faults,
      };
    },
    listUnread: () => own.filter((file) => !opened.has(file)),
  };
};

const listTemplates = async (dir: string): Promise<readonly string[]> => {
  try {
    const entries = await readdir(dir, { recursive: true });
    return entries.filter((file) => /\.(mjml|hbs|css)$/.test(file)).toSorted();
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new AppError('invalid', `the folder of templates cannot be read: ${reason}`, {
      hint: 'Name another in templates.dir of the configuration.',
      cause: thrown,
    });
  }
};

type Line = { readonly text: string; readonly place: string };
type Lines = { readonly lines: readonly Line[]; readonly faults: readonly string[] };

/** The lines of the last file on a path of includes, with theirs in place. */
const readLines = async (
  open: (file: string) => Promise<string>,
  path: readonly [string, ...string[]],
  mail: string | null,
): Promise<Lines> => {
  const file = path.at(-1) ?? '';
  const lines: Line[] = [];
  const faults: string[] = [];
  for (const [index, text] of (await open(file)).replace(/\n$/, '').split('\n').entries()) {
    const place = `${file}:${String(index + 1)}`;
    const included = text.trim() === '<!-- mail -->' ? mail : (INCLUDE.exec(text)?.[1] ?? null);
    if (included === null) {
      lines.push({ text, place });
      if (/<!-- *(include|mail)\b/.test(text)) faults.push(`${place}: an include needs a line of its own`);
    } else if (path.includes(included) || !PATH.test(included)) {
      faults.push(`${place}: ${included} cannot be included here`);
    } else {
      try {
        const inner = await readLines(open, [...path, included], mail);
        lines.push(...inner.lines);
        faults.push(...inner.faults);
      } catch {
        faults.push(`${place}: there is no ${included} that can be read`);
      }
    }
  }
  return { lines, faults };
};

const INCLUDE = /^\s*<!-- include (\S+) -->\s*$/;
/** A path that stays within the folder. */
const PATH = /^[\w-]+(\/[\w-]+)*(\.\w+)+$/;
