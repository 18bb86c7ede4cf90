import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { summaryText } from '../../src/cli/run-table.ts';
import type { RunSummaryRow } from '../../src/pipeline/ports.ts';
import { summaryOf } from '../summary-of.ts';

const MI = 1024 ** 2;
const GI = 1024 ** 3;
const out = new PassThrough();

test('sizes of all namespaces and their quotas have one unit, and the share tells apart what one decimal does not', () => {
  const text = summaryText(
    out,
    summaryOf([
      row('large', { usedBytes: Math.round(2.4 * GI), level: 'over' }),
      row('small', { usedBytes: 517 * MI, limitBytes: 512 * MI, level: 'over' }),
      row('trace', { usedBytes: MI, limitBytes: 512 * MI }),
      row('bound', { usedBytes: 512 * MI, unknownRevisions: 1 }),
      row('unknown', { usedBytes: 0, unknownRevisions: 1 }),
      row('empty', { usedBytes: 0, limitBytes: null }),
      row('gone', { usedBytes: null, limitBytes: null, level: null, problem: 'x' }),
    ]),
  );
  const [table = ''] = text.split('\n\n');
  expect(table.split('\n').map((line) => line.split(/ {2,}/).slice(0, 4))).toEqual([
    ['NAMESPACE', 'USED', 'QUOTA', '%'],
    ['gone', '-', '-', '-'],
    ['large', '2.4 GiB', '1 GiB', '240%'],
    ['small', '0.5 GiB', '0.5 GiB', '101%'],
    ['bound', '≥ 0.5 GiB', '1 GiB', '≥ 50%'],
    ['trace', '< 0.1 GiB', '0.5 GiB', '0.2%'],
    ['empty', '0', 'unlimited', '-'],
    ['unknown', 'unknown', '1 GiB', '-'],
  ]);
});

describe('the total of a run', () => {
  const run = { clusterUsedBytes: 10 * GI, sumOfNamespacesBytes: 14 * GI };

  test('is told beside the sum of the namespaces, with the reason why they differ', () => {
    expect(summaryText(out, summaryOf([row('a', {})], run))).toContain(
      '\nIn all 10 GiB. The namespaces add up to 14 GiB, because what they share counts in each.\n',
    );
  });

  test('is told once where they are the same', () => {
    const same = { ...run, sumOfNamespacesBytes: 10 * GI };
    expect(summaryText(out, summaryOf([row('a', {})], same))).toContain('\nIn all 10 GiB.\n');
  });

  test.each([
    ['sizes are unknown in a namespace', { unknownRevisions: 1 }],
    ['a namespace was given up, so that it is not known', { usedBytes: null, limitBytes: null, level: null }],
  ] as const)('is a lower bound, and so is the sum, where %s', (_name, change) => {
    expect(summaryText(out, summaryOf([row('a', {}), row('b', change)], run))).toContain(
      '\nIn all at least 10 GiB. The namespaces add up to at least 14 GiB, because',
    );
  });
});

describe('what did not go as it should', () => {
  const text = summaryText(
    out,
    summaryOf([
      row('a', {
        level: 'over',
        mails: { submitted: 1, uncertain: 1 },
        problem: 'the process that sent it died',
      }),
      row('b', { level: 'over', mails: { failed: 2 }, problem: '550 5.1.1 no such user here' }),
      row('c', { level: 'over', mails: { failed: 1 }, problem: '550 5.1.1 no such user here' }),
      row('d', {
        usedBytes: null,
        limitBytes: null,
        level: null,
        recipients: 0,
        problem: 'its snapshot could not be loaded',
      }),
      row('e', { level: 'over', problem: 'no mail to its team, because d was given up' }),
      row('f', { level: 'over', recipients: 0, noRecipientReason: 'no annotation names a contact' }),
      row('g', {
        level: 'over',
        noRecipientReason: 'no annotation names a contact',
        mails: { submitted: 1 },
      }),
      row('h', { recipients: 0, noRecipientReason: 'no annotation names a contact' }),
    ]),
  );
  const [table = '', remarks = ''] = text.split('\n\n');

  test('is counted in the table', () => {
    const cells = table.split('\n').map((line) => line.split(/ {2,}/));
    expect(cells.map(([name, , , , , recipients, mails]) => [name, recipients, mails])).toEqual([
      ['NAMESPACE', 'RECIPIENTS', 'MAIL'],
      ['d', '0', '-'],
      ['a', '1', '1 mail sent, 1 may have arrived'],
      ['b', '1', '2 mails not sent'],
      ['c', '1', '1 mail not sent'],
      ['e', '1', '-'],
      ['f', 'nobody', '-'],
      ['g', 'fallback', '1 mail sent'],
      ['h', 'nobody', '-'],
    ]);
  });

  test('is told below the table, each reason once, of namespaces that somebody should have been told of', () => {
    expect(remarks.trimEnd().split('\n')).toEqual([
      'd was not weighed: its snapshot could not be loaded.',
      'Mail that may have arrived (a): the process that sent it died.',
      'Mail not sent (b and c): 550 5.1.1 no such user here.',
      'e: no mail to its team, because d was given up.',
      'Nobody was told of f: no annotation names a contact.',
      'Only the fallback was told of g: no annotation names a contact.',
    ]);
  });

  test('does not make the table wider, whatever a server says', () => {
    const problem = `554 ${'very '.repeat(40)}long`;
    const wide = summaryText(out, summaryOf([row('a', { mails: { failed: 1 }, problem })]));
    expect(wide.split('\n\n')[0]).not.toContain('very');
    expect(wide).toContain(problem);
  });
});

const row = (namespace: string, change: Partial<RunSummaryRow>): RunSummaryRow => ({
  namespace,
  usedBytes: 100 * MI,
  unknownRevisions: 0,
  limitBytes: GI,
  level: 'ok',
  recipients: 1,
  noRecipientReason: null,
  mails: {},
  problem: null,
  ...change,
});
