import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApiServer } from '../../sandbox/api-server.ts';
import type { ApiServer } from '../../sandbox/api-server.ts';
import { isSizeOf } from '../adapters/mail/read-figures.ts';
import type { NamespaceReport, Report } from '../../src/usage/report/report.ts';
import { readCsv, readPage } from '../adapters/mail/read-message.ts';
import { bruteForce } from '../brute-force/brute-force.ts';
import { pickFigures } from '../brute-force/pick-figures.ts';
import { readRecordedLists } from '../brute-force/recorded-lists.ts';
import type { Ended } from './command-line.ts';
import { hasTerminal, reportFrom, reportOnTerminal } from './report-from.ts';

/** `quotagram report` as people run it, on the recorded cluster. */

let api: ApiServer;
let json: Ended;
let csv: Ended;
let report: Report;

beforeAll(async () => {
  api = await startApiServer();
  [json, csv] = await Promise.all([
    reportFrom(api, ['-A', '--output', 'json']),
    reportFrom(api, ['-A', '--output', 'csv']),
  ]);
  report = JSON.parse(json.stdout);
});
afterAll(() => api.close());

describe('as JSON', () => {
  test('says of all namespaces what the independent brute force does, to the byte', async () => {
    expect(json.exitCode).toBe(0);
    expect(report.reports.length).toBeGreaterThan(20);
    expect(pickFigures(report)).toEqual(
      bruteForce(await readRecordedLists(), { readAt: report.generatedAt }),
    );
  });

  test('is what docs/report.schema.json describes', async () => {
    const schema = await readFile(new URL('../../docs/report.schema.json', import.meta.url), 'utf8');
    const ajv = new Ajv2020({ allErrors: true });
    ajv.addFormat('date-time', true);
    const validate = ajv.compile(JSON.parse(schema));
    validate(report);
    expect(validate.errors).toBe(null);
  });

  test('is the same bytes the next time, but for the moments', async () => {
    const again = await reportFrom(api, ['-A', '--output', 'json']);
    expect(withoutMoments(again.stdout)).toBe(withoutMoments(json.stdout));
    expect(again.stdout.match(MOMENT)).toHaveLength(1 + report.snapshot.lists.length);
  });

  test('counts what cannot be told and says why, and is no failure for that', () => {
    const missing = namespaceOf('beef01-tools');
    expect(missing.unknownRevisions).toBe(1);
    expect(missing.findings.map(({ code }) => code)).toContain('image-missing');
    expect(namespaceOf('beef01-dev').findings).toContainEqual(
      expect.objectContaining({ code: 'contacts-invalid', subject: 'contacts' }),
    );
  });

  test('is all there is on stdout; what was read is on stderr', () => {
    expect(json.stdout).toMatch(/^\{\n[^]*\n\}\n$/);
    expect(json.stderr).toContain('142 images');
  });
});

describe('as CSV', () => {
  test('has the header that the documentation promises', () => {
    expect(csv.stdout.split('\n')[0]).toBe(
      'namespace,stream,tag,position,current,digest,created,charged,size_bytes,counted_bytes,tag_counted_bytes,' +
        'tag_frees_bytes,in_use,in_use_by,command_deletes_whole_tag',
    );
  });

  test('has a row for every revision and for every tag without any', () => {
    const expected = namespaces().flatMap(({ name, streams }) =>
      streams.flatMap((stream) =>
        stream.tags.flatMap((tag) => {
          const place = [name, stream.name, tag.name];
          if (tag.revisions.length === 0) return [[...place, '', '']];
          return tag.revisions.map(({ digest }, index) => [...place, String(index + 1), digest]);
        }),
      ),
    );
    const rows = readCsv(csv.stdout).map(([namespace, stream, tag, position, , digest]) => [
      namespace,
      stream,
      tag,
      position,
      digest,
    ]);
    expect(rows).toEqual(expected);
    expect(rows.filter(([, , , position]) => position === '').length).toBeGreaterThan(0);
  });

  test('has counted bytes that add up to what each namespace uses', () => {
    const counted = new Map<string, number>();
    for (const [namespace = '', , , , , , , , , bytes] of readCsv(csv.stdout))
      counted.set(namespace, (counted.get(namespace) ?? 0) + Number(bytes));
    expect(Object.fromEntries(counted)).toEqual(
      Object.fromEntries(namespaces().map(({ name, usedBytes }) => [name, usedBytes])),
    );
  });
});

describe('as a table', () => {
  test('has one line a namespace, largest first, and says the total and what is open below', async () => {
    const { exitCode, stdout } = await reportFrom(api, ['-A']);
    const [table = '', remarks = ''] = stdout.split('\n\n');
    const rows = cellsOf(table).slice(1);
    expect(exitCode).toBe(0);
    const largestFirst = namespaces().toSorted((a, b) => b.usedBytes - a.usedBytes);
    expect(rows.map(([name]) => name)).toEqual(largestFirst.map(({ name }) => name));
    for (const [index, { name, usedBytes, unknownRevisions }] of largestFirst.entries())
      expect(isCellOf(rows[index]?.[1] ?? '', usedBytes, unknownRevisions), name).toBe(true);
    // All in the unit of the quota.
    expect(new Set(rows.map(([, used = '', quota]) => [used.replace(/^.* /, ''), quota].join(' ')))).toEqual(
      new Set(['GiB 50 GiB', '0 50 GiB']),
    );
    expect(rows.find(([name]) => name === 'beef01-tools')?.[1]).toMatch(/^≥ /);
    expect(remarks.trimEnd().split('\n')).toEqual([
      'silver: at least 6.7 GiB in all. The namespaces add up to at least 20.8 GiB, because what they share counts in each.',
      '≥: some sizes in beef01-tools are unknown; quotagram report -n beef01-tools says why.',
      'Nobody can be told of any namespace: mail.allowedDomains is empty, so no mail may be sent.',
      '6 images in no image stream hold 75.0 MiB that no stream holds; no namespace is charged with them.',
      expect.stringMatching(/^Read on [\w ]+, [\d:–]+ UTC; all lists are exact\.$/),
    ]);
  });

  test('has every stream, tag and revision of a namespace that is named', async () => {
    const { exitCode, stdout } = await reportFrom(api, ['-n', 'beef01-tools']);
    const { streams } = namespaceOf('beef01-tools');
    const [title, table = '', findings] = stdout.split('\n\n');
    const rows = cellsOf(table).slice(1);
    expect(exitCode).toBe(0);
    expect(title).toMatch(/^beef01-tools uses at least 1\.0 of 50 GiB \(≥ 2%\) {2}ok\n/);
    expect(rows.map(([name]) => name)).toEqual(
      streams.flatMap((stream) => [
        stream.name,
        ...stream.tags.flatMap((tag) => [
          `:${tag.name}`,
          ...tag.revisions.map(({ digest }) => digest.slice('sha256:'.length, 'sha256:'.length + 12)),
        ]),
      ]),
    );
    for (const { name, sizeBytes, countedBytes, freesBytes, unknownRevisions } of streams) {
      const [, size = '', counted = '', frees = '', use] = rows.find(([first]) => first === name) ?? [];
      expect(isCellOf(size, sizeBytes, unknownRevisions), `${name}: ${size}`).toBe(true);
      expect(isCellOf(counted, countedBytes, unknownRevisions), `${name}: ${counted}`).toBe(true);
      expect(isCellOf(frees, freesBytes, unknownRevisions), `${name}: ${frees}`).toBe(true);
      expect(use).toMatch(/^(yes|no)$/);
    }
    expect(findings).toContain('missing-image:latest@ad46be1c8ca8: The Image object is gone');
  });
});

describe('as the mail of one team', () => {
  test.each(['html', 'text'])('has the usage and every stream with its figures: %s', async (output) => {
    const { exitCode, stdout } = await reportFrom(api, ['-n', 'a1b2c3-dev', '--output', output]);
    const page = output === 'html' ? readPage(stdout) : stdout;
    const { streams } = namespaceOf('a1b2c3-dev');
    expect(exitCode).toBe(0);
    expect(page).toContain('a1b2c3-dev uses 1.0 of 50 GiB');
    expect(streams).toHaveLength(4);
    const words = page.replaceAll(/\s+/g, ' ');
    for (const { name, sizeBytes, countedBytes, freesBytes } of streams) {
      const [, row = ''] =
        new RegExp(` ${name} (?:in use )?(?:\\(in use\\) )?[\\d-]+ (.*?) :`).exec(words) ?? [];
      const shown = row.match(/0|(?:< )?[\d,.]+ \w+/g) ?? [];
      expect(
        [sizeBytes, countedBytes, freesBytes].map((bytes, index) => isSizeOf(shown[index] ?? '', bytes)),
        `${name}: ${row}`,
      ).toEqual([true, true, true]);
    }
  });
});

test('a reader that has seen enough, such as head, is no error', async () => {
  const { exitCode, stdout, stderr } = await reportFrom(api, ['-A', '--output', 'json'], {
    closesStdoutEarly: true,
  });
  expect(stdout.length).toBeGreaterThan(0);
  expect(stdout.length).toBeLessThan(json.stdout.length);
  expect(exitCode).toBe(0);
  expect(stderr).not.toMatch(/error|EPIPE/);
});

describe.skipIf(!hasTerminal)(
  hasTerminal ? 'on a terminal' : 'on a terminal, which takes the script of util-linux',
  () => {
    test('has colours', async () => {
      expect(await reportOnTerminal(api, ['-n', 'a1b2c3-dev'], {})).toContain('\u001B[32mok\u001B[39m');
    });

    test('has none with NO_COLOR', async () => {
      const shown = await reportOnTerminal(api, ['-n', 'a1b2c3-dev'], { NO_COLOR: '1' });
      expect(shown).toContain('a1b2c3-dev uses 1.0 of 50 GiB (2%)  ok');
      expect(shown).not.toContain('\u001B');
    });
  },
);

test('tells how it is used', async () => {
  const { exitCode, stdout, stderr } = await reportFrom(null, ['--help']);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('Usage: quotagram report');
  expect(stdout).toContain('-A, --all-namespaces');
  for (const output of ['table', 'json', 'csv', 'html', 'text']) expect(stdout).toContain(`"${output}"`);
  expect(stderr).toBe('');
});

const namespaces = (): readonly NamespaceReport[] => report.reports.flatMap((team) => team.namespaces);

const namespaceOf = (name: string): NamespaceReport => {
  const found = namespaces().find((namespace) => namespace.name === name);
  if (found === undefined) throw new Error(`no report of ${name}`);
  return found;
};

const MOMENT = /"(generatedAt|readAt)": "\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z"/g;

const withoutMoments = (stdout: string): string => stdout.replaceAll(MOMENT, '');

/** The cells of a table that are not empty. */
/** Whether a cell says that many bytes; a lower bound where sizes are unknown. */
const isCellOf = (cell: string, bytes: number, unknownRevisions: number): boolean =>
  unknownRevisions === 0 ? isSizeOf(cell, bytes) : cell.startsWith('≥ ') && isSizeOf(cell.slice(2), bytes);

const cellsOf = (table: string): readonly (readonly string[])[] =>
  table
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/));
