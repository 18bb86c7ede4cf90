import { describe, expect, test } from 'vitest';
import { renderCsv, renderSummaryCsv } from '../../../../src/adapters/mail/attachments/csv.ts';
import type { NamespaceReport, RevisionReport, TagReport } from '../../../../src/usage/report/report.ts';
import { inventNamespace } from '../invented.ts';
import { readCsv } from '../read-message.ts';

describe('the CSV of namespaces', () => {
  test('has the columns that the documentation promises', () => {
    expect(renderCsv([])).toBe(
      'namespace,stream,tag,position,current,digest,created,charged,size_bytes,counted_bytes,tag_counted_bytes,tag_frees_bytes,in_use,in_use_by,command_deletes_whole_tag\n',
    );
  });

  test('has one row a revision and says what the model says', () => {
    const namespaces = [inventNamespace(7), inventNamespace(2, { name: 'a1b2c3-dev' })];
    const expected = namespaces.flatMap(({ name, streams }) =>
      streams.flatMap((stream) =>
        stream.tags.flatMap((tag) =>
          tag.revisions.map((revision, index) => [
            name,
            stream.name,
            tag.name,
            String(index + 1),
            String(index === 0),
            revision.digest,
            revision.created,
            'true',
            String(revision.sizeBytes),
            String(revision.countedBytes),
            String(tag.countedBytes),
            String(tag.freesBytes),
            'false',
            '',
            index === 0 ? `oc tag -d ${stream.name}:${tag.name} -n ${name}` : '',
          ]),
        ),
      ),
    );
    expect(readCsv(renderCsv(namespaces))).toEqual(expected);
  });

  test('has one row for a tag without revisions, with nothing in it that only a revision has', () => {
    expect(readCsv(renderCsv([withTag({ name: 'new', state: 'empty', revisions: [] })]))).toEqual([
      ['n', 'web', 'new', '', '', '', '', '', '', '', '7', '5', 'unknown', '', ''],
    ]);
  });

  test('says unknown where the model has null, never 0 and never nothing', () => {
    const revision = { sizeBytes: null, created: null, inUse: null, charged: false };
    expect(readCsv(renderCsv([withTag({ revisions: [revisionOf(revision)] })]))[0]).toEqual(
      expect.arrayContaining(['unknown', 'false']),
    );
    expect(cells(revision)).toMatchObject({ created: 'unknown', size_bytes: 'unknown', in_use: 'unknown' });
  });

  test('names who uses a revision and counts who may not be named', () => {
    const used = {
      inUse: true,
      inUseBy: ['a/Pod/b', 'n/Job/c'],
      inUseHow: ['running', 'finished'],
      inUseCount: 5,
    } as const;
    const in_use_by = 'a/Pod/b (running); n/Job/c (finished); 3 more';
    expect(cells(used)).toMatchObject({ in_use: 'true', in_use_by });
    expect(readCsv(renderCsv([withTag({ ...used, state: 'empty', revisions: [] })]))[0]).toContain(in_use_by);
  });

  test.each(['=1+1', '+1', '-1', '@SUM(A1)'])('disarms the formula %s', (name) => {
    const [row] = readCsv(renderCsv([withTag({ name })]));
    expect(row?.[2]).toBe(`'${name}`);
  });

  test.each(['$(reboot)', '-rf', 'a b', "x'y"])('gives no command for the tag %s', (name) => {
    const [row] = readCsv(renderCsv([withTag({ name })]));
    expect(row?.at(-1)).toBe('');
  });
});

test('the CSV of a run has one row a namespace', () => {
  const rows = readCsv(
    renderSummaryCsv([
      {
        namespace: 'a1b2c3-dev',
        usedBytes: 12,
        unknownRevisions: 3,
        limitBytes: null,
        level: 'ok',
        recipients: 2,
        noRecipientReason: null,
        mails: { submitted: 1, failed: 1 },
        problem: '550, no such user',
      },
      {
        namespace: 'a1b2c3-test',
        usedBytes: null,
        unknownRevisions: 0,
        limitBytes: null,
        level: null,
        recipients: 0,
        noRecipientReason: null,
        mails: {},
        problem: 'it was not weighed',
      },
    ]),
  );
  expect(rows).toEqual([
    ['a1b2c3-dev', '12', 'unlimited', 'ok', '2', '1 submitted; 1 failed', '', '550, no such user', '3'],
    ['a1b2c3-test', 'unknown', 'unknown', 'unknown', '0', '', '', 'it was not weighed', 'unknown'],
  ]);
});

const revisionOf = (change: Partial<RevisionReport>): RevisionReport => ({
  digest: 'sha256:0',
  created: '2026-11-24T02:58:23Z',
  sizeBytes: 9,
  countedBytes: 8,
  charged: true,
  architectures: [],
  inUse: false,
  inUseBy: [],
  inUseHow: [],
  inUseCount: 0,
  ...change,
});

const withTag = (change: Partial<TagReport>): NamespaceReport => {
  const tag: TagReport = {
    name: 'latest',
    sizeBytes: 9,
    countedBytes: 7,
    freesBytes: 5,
    inUse: null,
    inUseBy: [],
    inUseHow: [],
    inUseCount: 0,
    unknownRevisions: 0,
    sameImageAs: [],
    state: 'ok',
    revisions: [revisionOf({})],
    ...change,
  };
  const [stream] = inventNamespace(1).streams;
  return inventNamespace(0, {
    name: 'n',
    streams: stream === undefined ? [] : [{ ...stream, name: 'web', tags: [tag] }],
  });
};

const cells = (change: Partial<RevisionReport>): Readonly<Record<string, string>> => {
  const csv = renderCsv([withTag({ revisions: [revisionOf(change)] })]);
  const names = csv.slice(0, csv.indexOf('\n')).split(',');
  const [row = []] = readCsv(csv);
  return Object.fromEntries(names.map((name, index) => [name, row[index] ?? '']));
};
