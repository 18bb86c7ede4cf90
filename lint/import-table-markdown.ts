import type { ImportRow } from './imports.ts';

const BEGIN = '<!-- written by npm run imports from lint/imports.ts -->';
const END = '<!-- end of what npm run imports writes -->';

/** The document with the import table between its two marks written anew; at its end where it has no marks. */
export const replaceImportTable = (
  document: string,
  rows: readonly ImportRow[],
  free: readonly string[],
): string => {
  const table = [BEGIN, '', ...renderTable(rows, free), '', END].join('\n');
  const [before = '', rest] = document.split(BEGIN);
  if (rest === undefined) return `${before.trimEnd()}\n\n${table}\n`;
  return before + table + rest.slice(rest.indexOf(END) + END.length);
};

const renderTable = (rows: readonly ImportRow[], free: readonly string[]): readonly string[] => [
  '| importer | ours | packages |',
  '| --- | --- | --- |',
  ...rows.map((row) => `| ${[name(row.importer), describeOurs(row), describePackages(row)].join(' | ')} |`),
  `| ${free.map(name).join(', ')} | everything | any |`,
];

const describeOurs = ({ ours, types = [] }: ImportRow): string =>
  [...ours.map(name), ...types.map((target) => `types of ${name(target)}`)].join(', ') || 'nothing';

const describePackages = ({ packages, isPure, ownsProcess }: ImportRow): string =>
  [
    packages.map((one) => `\`${one}\``).join(', ') || 'none',
    ...(isPure ? ['no clock, chance, timers, network, environment, console or locale'] : []),
    ...(ownsProcess ? ['may print and read the environment'] : []),
  ].join('; ');

/** `src/usage/*.ts` as `usage/*`, `src/usage/**` with a star for the files as `usage/**`. */
const name = (glob: string): string =>
  `\`${glob
    .replace(/^src\//, '')
    .replace(/\.[jt]s$/, '')
    .replace(/\*\*\/\*$/, '**')}\``;
