import type { ReportWalk } from '../usage/report/report.ts';

/** The report as JSON in pieces: byte for byte `JSON.stringify(report, null, 2)` and a line feed. */
export function* writeReportJson({ reports, ...frame }: ReportWalk): Generator<string> {
  const teams = Iterator.from(reports).map(({ team, namespaces }) => {
    const texts = Iterator.from(namespaces).map((namespace) => [toJson(namespace, 4)]);
    return writeObject({ team }, { name: 'namespaces', list: writeList(texts, 3) }, 2);
  });
  yield* writeObject(frame, { name: 'reports', list: writeList(teams, 1) }, 0);
  yield '\n';
}

/** An object with one more field, a list, behind its own. */
function* writeObject(
  fields: object,
  last: { readonly name: string; readonly list: Iterable<string> },
  depth: number,
): Generator<string> {
  const end = `\n${indent(depth)}}`;
  yield `${toJson(fields, depth).slice(0, -end.length)},\n${indent(depth + 1)}"${last.name}": `;
  yield* last.list;
  yield end;
}

function* writeList(items: Iterable<Iterable<string>>, depth: number): Generator<string> {
  let isEmpty = true;
  for (const item of items) {
    yield `${isEmpty ? '[' : ','}\n${indent(depth + 1)}`;
    yield* item;
    isEmpty = false;
  }
  yield isEmpty ? '[]' : `\n${indent(depth)}]`;
}

/** In JSON a line feed only ever ends a line. */
const toJson = (value: object, depth: number): string =>
  JSON.stringify(value, null, 2).replaceAll('\n', `\n${indent(depth)}`);

const indent = (depth: number): string => '  '.repeat(depth);
