import { readFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { replaceImportTable } from './import-table-markdown.ts';
import { FREE_IMPORTERS, IMPORT_ROWS } from './imports.ts';
import { createOxlintConfig } from './oxlint-config.ts';
import { createReportSchema } from './report-schema.ts';

const root = new URL('../', import.meta.url);

/** A generated file: its path from the root, which command writes it, and what it has to hold. */
export type Generated = {
  readonly path: string;
  readonly command: 'imports' | 'schema';
  readonly render: () => Promise<string>;
};

export const GENERATED: readonly Generated[] = [
  {
    path: '.oxlintrc.json',
    command: 'imports',
    render: () => formatJson('.oxlintrc.json', createOxlintConfig(IMPORT_ROWS, FREE_IMPORTERS)),
  },
  {
    path: 'ARCHITECTURE.md',
    command: 'imports',
    render: async () => replaceImportTable(await readRoot('ARCHITECTURE.md'), IMPORT_ROWS, FREE_IMPORTERS),
  },
  {
    path: 'docs/report.schema.json',
    command: 'schema',
    render: () => formatJson('docs/report.schema.json', createReportSchema()),
  },
];

/** A file's text by its path from the root. */
export const readRoot = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8');

const formatJson = async (path: string, value: object): Promise<string> => {
  const options = await resolveConfig(new URL(path, root));
  return format(JSON.stringify(value), { ...options, parser: 'json' });
};
