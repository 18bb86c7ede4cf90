import { describe, expect, test } from 'vitest';
import { takeSnapshots } from '../../../src/usage/snapshots.ts';
import { recount } from '../../../src/usage/verify/recount.ts';
import type { Figures, StreamFigures, TagFigures } from '../../../src/usage/verify/recount.ts';
import { compareFigures } from '../../../src/usage/verify/compare-figures.ts';
import { image, inventory, NAMESPACE, rules, selection, sha256, stream, reportOf } from '../build.ts';
import { gather } from '../../listed-inventory.ts';

const INVENTORY = gather(
  inventory({
    streams: [
      stream('api', { latest: [sha256('b'), sha256('a')], stable: [sha256('a')] }),
      stream('web', { latest: [sha256('c')] }),
    ],
    images: [
      image(sha256('a'), { layers: { base: 100, a: 10 } }),
      image(sha256('b'), { layers: { base: 100, b: 20 } }),
      image(sha256('c'), { layers: { base: 100, c: 30 } }),
    ],
  }),
);
const SNAPSHOT = takeSnapshots(INVENTORY, selection()).takeSnapshot(NAMESPACE);
const REPORT = { ...reportOf(SNAPSHOT, rules()), teamUsedBytes: SNAPSHOT.team.usedBytes };
const RECOUNT = recount(INVENTORY, {
  namespace: NAMESPACE,
  team: [NAMESPACE],
  groupByLabel: null,
  chargeImported: false,
});

const differencesOf = (report: Figures) =>
  compareFigures(report, RECOUNT).flatMap(({ figure, differences }) =>
    differences.map((difference) => ({ figure, ...difference })),
  );

const withStream = (name: string, change: (stream: StreamFigures) => StreamFigures): Figures => ({
  ...REPORT,
  streams: REPORT.streams.map((one) => (one.name === name ? change(one) : one)),
});

const withTag = (name: string, change: (tag: TagFigures) => TagFigures): Figures =>
  withStream('api', (api) => ({
    ...api,
    tags: api.tags.map((tag) => (tag.name === name ? change(tag) : tag)),
  }));

test('a sound report agrees with its recount in every figure', () => {
  expect(differencesOf(REPORT)).toEqual([]);
  expect(compareFigures(REPORT, RECOUNT).map(({ figure, compared }) => [figure, compared])).toEqual([
    ['usedBytes', 1],
    ['teamUsedBytes', 1],
    ['importedBytes', 1],
    ['sharedWithTeamBytes', 1],
    ['unknownRevisions', 6],
    ['totals', 5],
    ['sizeBytes', 9],
    ['countedBytes', 9],
    ['countedSum', 6],
    ['freesBytes', 5],
    ['reclaimsBytes', 2],
  ]);
});

describe('one byte more or less is found', () => {
  test.each<{ readonly name: string; readonly report: Figures; readonly found: readonly object[] }>([
    {
      name: 'in what the namespace uses, which then no longer adds up',
      report: { ...REPORT, usedBytes: 161 },
      found: [
        { figure: 'usedBytes', subject: '', stated: 161, recounted: 160 },
        { figure: 'countedSum', subject: '', stated: 161, recounted: 160 },
      ],
    },
    {
      name: 'in what the team uses',
      report: { ...REPORT, teamUsedBytes: 161 },
      found: [{ figure: 'teamUsedBytes', subject: '', stated: 161, recounted: 160 }],
    },
    {
      name: 'in what is imported',
      report: { ...REPORT, importedBytes: 1 },
      found: [{ figure: 'importedBytes', subject: '', stated: 1, recounted: 0 }],
    },
    {
      name: 'in what is shared with the team',
      report: { ...REPORT, sharedWithTeamBytes: 1 },
      found: [{ figure: 'sharedWithTeamBytes', subject: '', stated: 1, recounted: 0 }],
    },
    {
      name: 'in a total',
      report: { ...REPORT, totals: { ...REPORT.totals, blobs: 8 } },
      found: [{ figure: 'totals', subject: 'blobs', stated: 8, recounted: 7 }],
    },
    {
      name: 'in what the registry gets back',
      report: withStream('web', (web) => ({ ...web, reclaimsBytes: null })),
      found: [{ figure: 'reclaimsBytes', subject: 'web', stated: null, recounted: 30 }],
    },
    {
      name: 'in what a tag frees',
      report: withTag('stable', (tag) => ({ ...tag, freesBytes: 1 })),
      found: [{ figure: 'freesBytes', subject: 'api:stable', stated: 1, recounted: 0 }],
    },
    {
      name: 'in how much is unknown',
      report: withTag('stable', (tag) => ({ ...tag, unknownRevisions: 1 })),
      found: [{ figure: 'unknownRevisions', subject: 'api:stable', stated: 1, recounted: 0 }],
    },
    {
      name: 'in a revision, whose tag then no longer adds up',
      report: withTag('stable', (tag) => ({
        ...tag,
        revisions: tag.revisions.map((revision) => ({ ...revision, sizeBytes: 111, countedBytes: 11 })),
      })),
      found: [
        { figure: 'sizeBytes', subject: 'api:stable#1', stated: 111, recounted: 110 },
        { figure: 'countedBytes', subject: 'api:stable#1', stated: 11, recounted: 10 },
        { figure: 'countedSum', subject: 'api:stable', stated: 10, recounted: 11 },
      ],
    },
  ])('$name', ({ report, found }) => {
    expect(differencesOf(report)).toEqual(found);
  });
});

test('a stream that the report leaves out is found', () => {
  const found = differencesOf({ ...REPORT, streams: REPORT.streams.filter(({ name }) => name !== 'web') });
  expect(found).toEqual(
    expect.arrayContaining([
      { figure: 'sizeBytes', subject: 'web', stated: null, recounted: 130 },
      { figure: 'countedSum', subject: '', stated: 160, recounted: 130 },
    ]),
  );
});
