import { describe, expect, test } from 'vitest';
import { createCompose } from '../../../src/adapters/mail/compose.ts';
import { readUsageSample } from '../../../src/adapters/mail/templates/samples.ts';
import type { UsageMail } from '../../../src/pipeline/ports.ts';
import type { NamespaceReport, Report } from '../../../src/usage/report/report.ts';
import { inventCluster, weighInto } from './invented-registry.ts';
import type { Shape } from './invented-registry.ts';
import { findInList, findInSizes, findInUsage } from './disagreements.ts';
import type { Shown } from './disagreements.ts';
import {
  readCounts,
  readLists,
  readPageWords,
  readPreheader,
  readTextWords,
  readUsage,
} from './read-figures.ts';
import { readAttachment, readCsv } from './read-message.ts';

const GI = 1024 ** 3;
const compose = await createCompose({ mail: {} });

const small: Shape = { streams: 12, tags: 60, revisions: 150 };
const inventOne = (shape: Shape, limitBytes: number | null, isWhole = false): Promise<UsageMail> =>
  weighInto(inventCluster({ name: 'a1b2c3-tools', shape, environment: 'tools', isWhole }), limitBytes);

/** Mails of every shape, with how much of a namespace their lists show. */
const MAILS: readonly (readonly [string, Shown, () => Promise<UsageMail>])[] = [
  ['a namespace in full', 'revisions', () => inventOne(small, 13_207_000_000)],
  ['one that shows its tags', 'tags', () => inventOne({ streams: 40, tags: 300, revisions: 900 }, 50 * GI)],
  [
    'one that shows its streams',
    'streams',
    () => inventOne({ streams: 250, tags: 1000, revisions: 2200 }, 200 * GI),
  ],
  [
    'one that shows its largest streams',
    'largest streams',
    () => inventOne({ streams: 1000, tags: 2100, revisions: 2500 }, 100 * GI),
  ],
  ['one within its quota', 'revisions', () => inventOne(small, 80 * GI)],
  [
    'one near its quota, in MiB',
    'revisions',
    () => inventOne({ streams: 3, tags: 4, revisions: 5 }, 1_700 * 1024 ** 2),
  ],
  ['one over by a trace', 'revisions', async () => inventOne(small, (await usedBy(small)) - 7)],
  ['one that its plan brings within its quota', 'revisions', () => inventOne(small, 18 * GI, true)],
  ['one without a limit', 'revisions', () => inventOne(small, null)],
  ['one with a limit of 0', 'revisions', () => inventOne(small, 0)],
  [
    'one where everything is imported',
    'revisions',
    () => weighInto(inventCluster({ name: 'a1b2c3-dev', shape: small, isImported: true }), GI),
  ],
  [
    'one of which only a part of the cluster was read',
    'revisions',
    async () =>
      weighInto({ ...inventCluster({ name: 'a1b2c3-dev', shape: small }), scope: 'namespaces' }, GI),
  ],
  ['one with a single revision', 'revisions', () => inventOne({ streams: 1, tags: 1, revisions: 1 }, GI)],
  ['one with nothing in it', 'revisions', () => inventOne({ streams: 0, tags: 0, revisions: 0 }, GI)],
  ['a team of three namespaces', 'tags', () => inventTeam(small)],
  [
    'a team of three small namespaces',
    'revisions',
    () => inventTeam({ streams: 5, tags: 20, revisions: 55 }, 2 * GI),
  ],
  [
    'a team of three large namespaces',
    'largest streams',
    () => inventTeam({ streams: 300, tags: 900, revisions: 1200 }),
  ],
  ['the sample', 'revisions', readUsageSample],
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

describe.each(MAILS)('%s', async (_name, detail, invent) => {
  const mail = await invent();
  const { subject, html, text, attachments } = compose.renderUsage(mail);
  // What `quotagram report --output json` prints.
  const report: Report = JSON.parse(JSON.stringify(mail.report));
  const reports = [...namespacesOf(report)].toSorted((a, b) => b.quota.overBytes - a.quota.overBytes);

  test('says the same words in the same order in page and text', () => {
    expect(readTextWords(text).length).toBeGreaterThan(60);
    expect(readPageWords(html)).toEqual(readTextWords(text));
  });

  test('gives every figure of the usage and the plan as the report has it, and no other', () => {
    const { sections, team } = readUsage(html);
    expect(sections).toHaveLength(reports.length);
    for (const [index, namespace] of reports.entries()) {
      const section = sections[index];
      if (section === undefined) throw new Error('no section');
      expect(findInUsage(section, namespace, mail.plans.get(namespace.name) ?? null)).toEqual([]);
    }
    const [first] = report.reports;
    if (reports.length > 1) {
      expect(findInSizes(team, [first?.team.usedBytes ?? 0])).toEqual([]);
      expect(readCounts(team, 'namespace')).toEqual([reports.length]);
    }
  });

  test('says the same of the worst in subject, heading and section, and of the first plan beside the subject', () => {
    const { headline, sections } = readUsage(html);
    expect(subject).toContain(`[Image registry] ${headline.replace(' uses ', ': ')}`);
    expect(headline.startsWith(sections[0]?.heading ?? 'no section')).toBe(true);
    expect(readCounts(headline, 'more namespace')).toEqual(reports.length === 1 ? [] : [reports.length - 1]);
    const plans = reports.flatMap(({ name }) => mail.plans.get(name) ?? []).slice(0, 1);
    const preheader = readPreheader(html);
    expect(preheader).not.toBe('');
    expect(
      findInSizes(
        preheader,
        plans.map(({ freesBytes }) => freesBytes),
      ),
    ).toEqual([]);
    if (plans.length > 0)
      expect(readCounts(preheader, 'tag')).toEqual(plans.map(({ deletions }) => deletions.length));
  });

  test('lists every stream, tag and revision that it says it lists, with the figures of the report', () => {
    const lists = readLists(html);
    expect(lists).toHaveLength(reports.length);
    for (const [index, namespace] of reports.entries()) {
      const list = lists[index];
      if (list === undefined) throw new Error('no list');
      expect(findInList(list, namespace, detail)).toEqual([]);
    }
  });

  test('has the figures of the report in the CSV', () => {
    const csv = attachments
      .filter(({ filename }) => filename.includes('.csv'))
      .flatMap((one) => readCsv(readAttachment(one)));
    expect(
      csv.map(([namespace, stream, tag, position, current, digest, created, charged, ...figures]) => ({
        place: [namespace, stream, tag, position, current, digest, created, charged],
        figures: figures.slice(0, 4),
      })),
    ).toEqual(namespacesOf(report).flatMap(listRows));
  });
});

/** What a CSV has to say of each revision, and of each tag without any. */
const listRows = ({ name, streams }: NamespaceReport) =>
  streams.flatMap((stream) =>
    stream.tags.flatMap((tag) => {
      const place = [name, stream.name, tag.name];
      const whole = [String(tag.countedBytes), String(tag.freesBytes)];
      return tag.revisions.length === 0
        ? [{ place: [...place, '', '', '', '', ''], figures: ['', '', ...whole] }]
        : tag.revisions.map(({ digest, created, charged, sizeBytes, countedBytes }, index) => ({
            place: [
              ...place,
              String(index + 1),
              String(index === 0),
              digest,
              created ?? 'unknown',
              String(charged),
            ],
            figures: [String(sizeBytes ?? 'unknown'), String(countedBytes), ...whole],
          }));
    }),
  );

const namespacesOf = ({ reports }: Report): readonly NamespaceReport[] =>
  reports.flatMap(({ namespaces }) => namespaces);
