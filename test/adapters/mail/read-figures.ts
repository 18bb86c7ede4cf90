import { readPage } from './read-message.ts';

/** One row of a list as a page shows it; empty where it shows nothing. */
export type ShownRow = {
  readonly kind: string;
  readonly name: string;
  readonly digest: string;
  readonly pushed: string;
  readonly size: string;
  readonly counted: string;
  readonly frees: string;
};

/** The lists of a page: heading, sentence and rows. */
export const readLists = (html: string) =>
  html
    .split(/<h2>(?=Every|The [\d,]+ largest)/)
    .slice(1)
    .map((part) => ({
      heading: wordsOf(part.slice(0, part.indexOf('</h2>'))),
      intro: wordsOf(/<p>(.*?)<\/p>/s.exec(part)?.[1] ?? ''),
      rows: [...part.matchAll(/<tr class=(s|t|r|more|sum)>(.*?)<\/tr>/gs)].map(([, kind = '', row = '']) =>
        readRow(kind, row),
      ),
    }));

const readRow = (kind: string, row: string): ShownRow => {
  const cells = [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell = '']) => cell);
  const [name = '', pushed = '', size = '', counted = '', frees = ''] = cells;
  return {
    kind,
    name: wordsOf(name.replace(/<(code|small)>.*?<\/\1>/gs, '')),
    digest: wordsOf(/<code>(.*?)<\/code>/s.exec(name)?.[1] ?? ''),
    pushed: wordsOf(pushed),
    size: wordsOf(size),
    counted: wordsOf(counted),
    frees: wordsOf(frees),
  };
};

/** What a page says of each namespace before its lists: its words, and the rows and shares that are cells. */
export const readUsage = (html: string) => {
  const start = html.indexOf('<h1>');
  const end = html.search(/<h2>(?:Every|The [\d,]+ largest)/);
  const [head = '', ...sections] = html.slice(start, end).split(/<h2>(?=\S+ uses )/);
  return {
    headline: wordsOf(head.slice(0, head.indexOf('</h1>'))),
    team: sections.length === 0 ? '' : wordsOf(head.slice(head.indexOf('</h1>'))),
    sections: (sections.length === 0 ? [head] : sections).map((section) => ({
      heading: wordsOf(/(?:<h1>)?(.*?)(?: <span class="badge"|<\/h[12]>)/s.exec(section)?.[1] ?? ''),
      words: wordsOf(section),
      shares: [...section.matchAll(/<td width="(\d+)%" height="18"/g)].map(([, share]) => Number(share)),
      deletions: [...section.matchAll(/<tr(?: class="sum")?><th scope="row".*?<\/tr>/gs)].map(([row]) =>
        [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell = '']) => wordsOf(cell)),
      ),
    })),
  };
};

/** All words of a page that its text part must have, too: without table heads, captions and the hidden first line. */
export const readPageWords = (html: string): readonly string[] =>
  toWords(
    readPage(
      html
        .slice(html.indexOf('<body'))
        .replace(/<div style="display:none.*?<\/div>/s, '')
        .replace(/<(caption|thead)\b.*?<\/\1>/gs, ''),
    ),
  );

/** All words of a text part, without the heads of its tables. */
export const readTextWords = (text: string): readonly string[] =>
  toWords(text.replace(/^(Image stream|Stream, tag(?:, revision)?|Tag) .*$/gm, '').replace(/^-{78}$/gm, ''));

/** The pages set words apart in other ways: with `|` and brackets, or with cells and badges. */
const toWords = (text: string): readonly string[] =>
  text
    .replace(/[()|]/g, ' ')
    .split(/\s+/)
    .filter((word) => !['', '-', ':'].includes(word));

const AMOUNT = String.raw`less than 0\.1|< 0\.1|\d[\d,]*(?:\.\d)?`;
/** Usage and limit, what is over after them, and sizes that stand alone. */
const SIZE = new RegExp(
  String.raw`(?:(${AMOUNT}) of )?(${AMOUNT}) (B|[KMGT]iB)(?:(?:,|: still) (?:at least )?(${AMOUNT}) over)?`,
  'g',
);

/** Every size in words, each with its unit: `62.4 of 50 GiB, 12.4 over` are three. */
export const readSizes = (words: string): readonly string[] =>
  [...words.matchAll(SIZE)].flatMap(([, used, size, unit = '', over]) =>
    [used, size, over].flatMap((amount) => (amount === undefined ? [] : [`${amount} ${unit}`])),
  );

/** Every number of such things in words, in order. */
export const readCounts = (words: string, noun: string): readonly number[] =>
  [...words.matchAll(new RegExp(`(?<![\\w:.-])([\\d,]+) ${noun}s?\\b`, 'g'))].map(([, count = '']) =>
    Number(count.replaceAll(',', '')),
  );

/** The hidden line that a mailbox shows beside the subject. */
export const readPreheader = (html: string): string =>
  wordsOf(/<div style="display:none[^>]*>(.*?)<\/div>/s.exec(html)?.[1] ?? '');

/** Whether a size in words is that many bytes, to the last digit it shows. */
export const isSizeOf = (shown: string, bytes: number): boolean => {
  if (shown === '0') return bytes === 0;
  const [, trace = ''] = /^(?:less than|<) 0\.1 (\w+)$/.exec(shown) ?? [];
  if (trace !== '') return bytes > 0 && bytes < 0.05 * unitOf(trace);
  const [, whole = '', tenths, unit = ''] = /^(\d[\d,]*)(\.\d)? (\w+)$/.exec(shown) ?? [];
  const said = Number(`${whole.replaceAll(',', '')}${tenths ?? ''}`) * unitOf(unit);
  return tenths === undefined ? said === bytes : Math.abs(said - bytes) <= 0.05 * unitOf(unit);
};

const unitOf = (name: string): number => 1024 ** ['B', 'KiB', 'MiB', 'GiB', 'TiB'].indexOf(name);

const wordsOf = (html: string): string => readPage(html).replace(/\s+/g, ' ').trim();
