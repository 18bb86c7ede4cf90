import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { namespaceDetails, namespaceTable } from '../../src/cli/report-tables.ts';
import { weighCluster } from '../../src/pipeline/weigh.ts';
import type { Inventory } from '../../src/usage/registry.ts';
import type { Report, ReportRules } from '../../src/usage/report.ts';
import { image, inventory, NAMESPACE, namespace, rules, stream, uses } from '../usage/build.ts';

const out = new PassThrough();

const reportOn = async (given: Partial<Inventory>, change: Partial<ReportRules> = {}): Promise<Report> => {
  const cluster = { readInventory: () => Promise.resolve(inventory(given)) };
  const selection = { isReported: () => true, groupByLabel: null };
  return (await weighCluster({ cluster }, { ...rules(change), ...selection }, null)).report;
};

describe('the table of one namespace', () => {
  const images = [image('a', { layers: { a: 1 } }), image('b', { layers: { b: 2 } })];

  test('names the strongest use of a revision with its workload, and counts the others', async () => {
    const references = [
      uses('other/Job/b', { type: 'digest', digest: 'a' }, { how: 'finished' }),
      uses('other/Deployment/a', { type: 'digest', digest: 'a' }, { how: 'scaled-to-0' }),
    ];
    const table = namespaceDetails(
      out,
      await reportOn({ images, streams: [stream('api', { v1: ['a', 'b'] })], references }),
    );
    expect(table).toMatch(/2026-01-01 .* by other\/Deployment\/a \(scaled to 0\) and 1 more$/m);
    expect(table).toMatch(/2026-01-01 .* no$/m);
    expect(table).toMatch(/^ {2}:v1 .* yes$/m);
  });

  test('names who uses a tag without revisions', async () => {
    const streams = [stream('api', { next: [] })];
    const references = [uses(`${NAMESPACE}/CronJob/x`, `${NAMESPACE}/api:next`, { how: 'scheduled' })];
    expect(namespaceDetails(out, await reportOn({ streams, references }))).toMatch(
      new RegExp(`^ {2}:next .* by ${NAMESPACE}/CronJob/x \\(scheduled\\)$`, 'm'),
    );
  });

  test('says once, at its end, what cannot be seen at all', async () => {
    const namespaces = [namespace('a'), namespace('b')];
    const table = namespaceDetails(out, await reportOn({ namespaces }));
    expect(table.split('Not seen at all:')).toHaveLength(2);
    expect(table).toMatch(/\nNot seen at all: pulls from outside the cluster, .*\n$/);
  });

  test('ends with advice where there is any', async () => {
    const streams = [stream('api', { v1: ['a'], v2: ['b'] })];
    const advice = { maxTags: 1, maxLayer: 1, maxImported: null };
    expect(namespaceDetails(out, await reportOn({ images, streams }, { advice }))).toContain(
      '\nAdvice\n  api: 2 tags, more than 1: ',
    );
    expect(namespaceDetails(out, await reportOn({ images, streams }))).not.toContain('Advice');
  });
});

test('the table of all namespaces counts advice by kind', async () => {
  const streams = ['a', 'b'].map((name) => stream('api', { v1: [], v2: [] }, { namespace: name }));
  const advice = { maxTags: 1, maxLayer: null, maxImported: null };
  expect(namespaceTable(out, await reportOn({ streams }, { advice }))).toContain(
    '\nAdvice: 2 many-tags; quotagram report -n NAME tells it.\n',
  );
  expect(namespaceTable(out, await reportOn({ streams }))).not.toContain('Advice');
});
