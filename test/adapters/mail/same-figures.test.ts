import { describe, expect, test } from 'vitest';
import { createCompose } from '../../../src/adapters/mail/compose.ts';
import { readUsageSample } from '../../../src/adapters/mail/templates/samples.ts';
import type { UsageMail } from '../../../src/pipeline/ports.ts';
import type { NamespaceReport, Report } from '../../../src/usage/report/report.ts';
import { inventCluster, weighInto } from './invented-registry.ts';
import type { Shape } from './invented-registry.ts';
import { expectedCsv, expectedRows, promiseOf } from './view/expected-stream-list.ts';
import { expectPreheader, expectStanding, expectTeam } from './view/expected-namespace-usage.ts';
import { readLists, readPageWords, readStandings, readTextWords } from './read-figures.ts';
import { readAttachment, readCsv } from './read-message.ts';

const GI = 1024 ** 3;
const compose = await createCompose({ mail: {} });

const small: Shape = { streams: 12, tags: 60, revisions: 150 };
const inventOne = (shape: Shape, limitBytes: number | null, isWhole = false): Promise<UsageMail> =>
  weighInto(inventCluster({ name: 'a1b2c3-tools', shape, environment: 'tools', isWhole }), limitBytes);

/** Mails of every shape, with the heading of their list. */
const MAILS: readonly (readonly [string, RegExp, () => Promise<UsageMail>])[] = [
  ['a namespace in full', /^Everything in /, () => inventOne(small, 13_207_000_000)],
  [
    'one that shows its tags',
    /^Every image stream and tag in /,
    () => inventOne({ streams: 40, tags: 300, revisions: 900 }, 50 * GI),
  ],
  [
    'one that shows its streams',
    /^Every image stream in /,
    () => inventOne({ streams: 250, tags: 1000, revisions: 2200 }, 200 * GI),
  ],
  [
    'one that shows its largest streams',
    /^The [\d,]+ largest of /,
    () => inventOne({ streams: 1000, tags: 2100, revisions: 2500 }, 100 * GI),
  ],
  ['one within its quota', /^Everything in /, () => inventOne(small, 80 * GI)],
  [
    'one near its quota, in MiB',
    /^Everything in /,
    () => inventOne({ streams: 3, tags: 4, revisions: 5 }, 1_700 * 1024 ** 2),
  ],
  ['one over by a trace', /^Everything in /, async () => inventOne(small, (await usedBy(small)) - 7)],
  ['one that its plan brings within its quota', /^Everything in /, () => inventOne(small, 18 * GI, true)],
  ['one without a limit', /^Everything in /, () => inventOne(small, null)],
  ['one with a limit of 0', /^Everything in /, () => inventOne(small, 0)],
  [
    'one where everything is imported',
    /^Everything in /,
    () => weighInto(inventCluster({ name: 'a1b2c3-dev', shape: small, isImported: true }), GI),
  ],
  [
    'one of which only a part of the cluster was read',
    /^Everything in /,
    async () =>
      weighInto({ ...inventCluster({ name: 'a1b2c3-dev', shape: small }), scope: 'namespaces' }, GI),
  ],
  [
    'one with a single revision',
    /^Everything in /,
    () => inventOne({ streams: 1, tags: 1, revisions: 1 }, GI),
  ],
  ['one with nothing in it', /^Everything in /, () => inventOne({ streams: 0, tags: 0, revisions: 0 }, GI)],
  ['a team of three namespaces', /^Every image stream and tag in /, () => inventTeam(small)],
  [
    'a team of three small namespaces',
    /^Everything in /,
    () => inventTeam({ streams: 5, tags: 20, revisions: 55 }, 2 * GI),
  ],
  [
    'a team of three large namespaces',
    /^The [\d,]+ largest of /,
    () => inventTeam({ streams: 300, tags: 900, revisions: 1200 }),
  ],
  ['the sample', /^Everything in /, readUsageSample],
];

const inventTeam = ({ streams, tags, revisions }: Shape, limitBytes = 11 * GI): Promise<UsageMail> =>
  weighInto(
    inventCluster(
      ...['tools', 'dev', 'prod'].map((environment, index) => ({
        name: `a1b2c3-${environment}`,
        team: 'Wally',
        environment,
        shape: { streams: streams - index, tags: tags - 7 * index, revisions: revisions - 20 * index },
      })),
    ),
    limitBytes,
  );

const usedBy = async (shape: Shape): Promise<number> =>
  namespacesOf((await inventOne(shape, 0)).report)[0]?.usedBytes ?? 0;

describe.each(MAILS)('%s', async (_name, heading, invent) => {
  const mail = await invent();
  const { subject, html, text, attachments } = compose.renderUsage(mail);
  // What `quotagram report --output json` prints.
  const report: Report = JSON.parse(JSON.stringify(mail.report));
  const reports = [...namespacesOf(report)].toSorted((a, b) => b.quota.overBytes - a.quota.overBytes);

  test('says the same words in the same order in page and text', () => {
    expect(readTextWords(text).length).toBeGreaterThan(60);
    expect(readPageWords(html)).toEqual(readTextWords(text));
  });

  test('gives the usage and the cleanup plan as the report has them, in page and subject', () => {
    const shown = readStandings(html);
    expect(shown.sections).toHaveLength(reports.length);
    for (const [index, namespace] of reports.entries()) {
      const section = shown.sections[index];
      if (section === undefined) throw new Error('no section');
      expectStanding(section, namespace, mail.plans.get(namespace.name) ?? null);
    }
    const others = reports.length === 1 ? [] : [`and ${String(reports.length - 1)} more namespaces`];
    expect(shown.headline).toBe([shown.sections[0]?.heading, ...others].join(', '));
    expect(subject).toContain(`[Image registry] ${shown.headline.replace(' uses ', ': ')}`);
    expectPreheader(html, reports, mail.plans);
    if (reports.length > 1) expectTeam(shown.team, report.reports[0]);
  });

  test('lists every stream, tag and revision that it says it lists, with the figures of the report', () => {
    const lists = readLists(html);
    expect(lists.map((list) => heading.test(list.heading))).toEqual(reports.map(() => true));
    for (const [index, namespace] of reports.entries()) {
      const shown = lists[index];
      if (shown === undefined) throw new Error('no list');
      expect(shown.rows).toEqual(expectedRows(namespace, shown.heading, shown.rows));
      expect(shown.intro).toContain(promiseOf(namespace, shown.heading));
    }
  });

  test('has the figures of the report in the CSV', () => {
    const csv = attachments
      .filter(({ filename }) => filename.includes('.csv'))
      .flatMap((one) => readCsv(readAttachment(one)));
    expect(csv.map((row) => row.slice(0, 12))).toEqual(namespacesOf(report).flatMap(expectedCsv));
  });
});

const namespacesOf = ({ reports }: Report): readonly NamespaceReport[] =>
  reports.flatMap(({ namespaces }) => namespaces);
