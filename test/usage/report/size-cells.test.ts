import { describe, expect, test } from 'vitest';
import type { RevisionReport, StreamReport, TagReport } from '../../../src/usage/report/report.ts';
import { formatRevisionSizes, formatSizes, unitOfStreams } from '../../../src/usage/report/size-cells.ts';

const MI = 1024 ** 2;
const GI = 1024 ** 3;

describe('a row of a tag or stream', () => {
  const charged = revision({});
  const imported = revision({ charged: false, countedBytes: 0 });
  const unknown = revision({ sizeBytes: null, charged: false, countedBytes: 0 });

  test.each<[string, Partial<TagReport>, readonly [size: string, counted: string, frees: string]]>([
    [
      'has its figures in the unit of the table',
      { revisions: [charged], sizeBytes: 3 * GI, countedBytes: 1100 * MI, freesBytes: 60 * MI },
      ['3 GiB', '1.1 GiB', '0.1 GiB'],
    ],
    [
      'says that nothing is counted where others have its layers',
      { revisions: [charged], sizeBytes: GI, countedBytes: 0, freesBytes: 0 },
      ['1 GiB', '0', '0'],
    ],
    ['is blank where there is nothing to weigh', { revisions: [] }, ['', '', '']],
    [
      'says in a word that all of it is imported',
      { revisions: [imported, imported], sizeBytes: GI },
      ['1 GiB', 'imported', '0'],
    ],
    [
      'counts what is charged where only a part is imported',
      { revisions: [charged, imported], sizeBytes: 2 * GI, countedBytes: GI, freesBytes: GI },
      ['2 GiB', '1 GiB', '1 GiB'],
    ],
    [
      'is a lower bound where a part is unknown',
      { revisions: [charged, unknown], unknownRevisions: 1, sizeBytes: GI, countedBytes: GI, freesBytes: 1 },
      ['≥ 1 GiB', '≥ 1 GiB', '≥ 1 B'],
    ],
    [
      'is unknown where all of it is',
      { revisions: [unknown], unknownRevisions: 1 },
      ['unknown', 'unknown', 'unknown'],
    ],
    [
      'does not call imported what may be charged',
      { revisions: [imported, unknown], unknownRevisions: 1, sizeBytes: GI },
      ['≥ 1 GiB', 'unknown', 'unknown'],
    ],
  ])('%s', (_name, change, [size, counted, frees]) => {
    const unit = unitOfStreams([stream({ sizeBytes: 3 * GI })], 50 * GI);
    expect(formatSizes(tag(change), unit)).toEqual({ size, counted, frees });
    expect(formatSizes(stream({ ...change, tags: [tag(change)] }), unit)).toEqual({ size, counted, frees });
  });
});

test.each<[string, Partial<RevisionReport>, string, string]>([
  ['that is charged', { countedBytes: 60 * MI }, '1 GiB', '0.1 GiB'],
  ['that nothing is counted of', { countedBytes: 0 }, '1 GiB', '0'],
  ['that is imported', { charged: false, countedBytes: 0 }, '1 GiB', 'imported'],
  ['of unknown size', { sizeBytes: null, countedBytes: 0 }, 'unknown', 'unknown'],
])('a revision %s', (_name, change, size, counted) => {
  const unit = unitOfStreams([stream({ sizeBytes: 3 * GI })], null);
  expect(formatRevisionSizes(revision(change), unit)).toEqual({ size, counted });
});

test('a list takes the unit of its largest size, imported ones too, and none larger than the quota’s', () => {
  const streams = [stream({ sizeBytes: 3 * GI, countedBytes: 5 * MI }), stream({ countedBytes: 7 * MI })];
  expect(unitOfStreams(streams, 50 * GI).name).toBe('GiB');
  expect(unitOfStreams(streams, 512 * MI).name).toBe('MiB');
  expect(unitOfStreams(streams.slice(1), 50 * GI).name).toBe('MiB');
});

function revision(change: Partial<RevisionReport>): RevisionReport {
  return {
    digest: 'sha256:a',
    created: null,
    sizeBytes: GI,
    countedBytes: GI,
    charged: true,
    architectures: [],
    ...NOT_USED,
    ...change,
  };
}

function tag(change: Partial<TagReport>): TagReport {
  return { name: 'v1', sameImageAs: [], state: 'ok', revisions: [], ...NOTHING, ...NOT_USED, ...change };
}

function stream(change: Partial<StreamReport>): StreamReport {
  return { name: 'api', reclaimsBytes: null, inUse: false, tags: [], ...NOTHING, ...change };
}

const NOTHING = { sizeBytes: 0, countedBytes: 0, freesBytes: 0, unknownRevisions: 0 };
const NOT_USED = { inUse: false, inUseBy: [], inUseHow: [], inUseCount: 0 };
