import { expect, test } from 'vitest';
import { writeReportJson } from '../../src/cli/report-json.ts';
import type { Report } from '../../src/usage/report/report.ts';
import { image, inventory, namespace, stream } from '../usage/build.ts';
import { reportOn } from '../usage/report-on.ts';

const CLUSTER = inventory({
  namespaces: [
    namespace('shop-dev', { labels: { team: 'shop' } }),
    namespace('shop-prod', { labels: { team: 'shop' } }),
    namespace('blog', { annotations: { 'openshift.io/display-name': 'a "blog"\n[]\n},\u2028' } }),
  ],
  streams: [stream('api', { v1: ['a'], v2: [] }, { namespace: 'shop-dev' })],
  images: [image('a', { layers: { a: 1 } })],
});

test.each<[string, Report]>([
  ['teams of one namespace', reportOn(CLUSTER)],
  ['a team of several namespaces', reportOn(CLUSTER, { groupByLabel: 'team' })],
  ['no team at all', reportOn(inventory({ namespaces: [] }))],
  [
    'a team of no namespace',
    {
      ...reportOn(CLUSTER),
      reports: [{ team: { id: 'x', displayName: 'x', usedBytes: 0 }, namespaces: [] }],
    },
  ],
])('a report of %s is the same bytes as written in one go', (_name, report) => {
  expect([...writeReportJson(report)].join('')).toBe(`${JSON.stringify(report, null, 2)}\n`);
});

test('a namespace is weighed when its piece is due, not before', () => {
  const report = reportOn(CLUSTER);
  let weighed = 0;
  const reports = Iterator.from(report.reports).map((team) => {
    weighed += 1;
    return team;
  });
  let written = '';
  for (const piece of writeReportJson({ ...report, reports })) {
    written += piece;
    // Two teams have begun only once the first is written whole.
    if (weighed === 2) break;
  }
  expect(written).toContain(JSON.stringify(report.reports[0]?.team.id));
  expect(written).not.toContain(JSON.stringify(report.reports[2]?.team.id));
});
