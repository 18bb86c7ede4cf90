import { describe, expect, test } from 'vitest';
import {
  describeInexact,
  describeReading,
  describeUnseenUse,
  isPart,
} from '../../../src/usage/report/reading.ts';
import { inventory, namespace, NOW } from '../build.ts';
import { reportOn } from '../report-on.ts';

const namespaces = [namespace('b-dev'), namespace('a-dev')];

describe('why what is not in use is unknown', () => {
  test('is no question where everything was read', () => {
    const report = reportOn(inventory({ namespaces }));
    expect(describeUnseenUse(report)).toBe(null);
    expect(isPart(report)).toBe(false);
  });

  test('is that some kinds of workload could not be read', () => {
    const report = reportOn(inventory({ namespaces, unreadableKinds: ['builds', 'pods'] }));
    expect(describeUnseenUse(report)).toBe('builds and pods could not be read everywhere');
    expect(isPart(report)).toBe(false);
  });

  test('is that only the namespaces of the report were read, whatever else', () => {
    const report = reportOn(inventory({ namespaces, scope: 'namespaces', unreadableKinds: ['pods'] }));
    expect(describeUnseenUse(report)).toBe('only a-dev and b-dev could be read, not the whole cluster');
    expect(isPart(report)).toBe(true);
  });
});

test('the lists that are not exact are named', () => {
  const lists = ['pods', 'imagestreams', 'images'].map((kind) => ({
    kind,
    readAt: NOW,
    exact: kind === 'pods',
  }));
  expect(describeInexact(lists)).toBe(
    'The cluster changed while its imagestreams and images were read, so figures may be slightly off.',
  );
  expect(describeInexact(lists.slice(0, 1))).toBe(null);
});

describe('when the lists were read', () => {
  const list = (kind: string, second: string, exact = true) => ({
    kind,
    readAt: `2026-11-24T08:00:${second}.250Z`,
    exact,
  });

  test('is told from the first to the last, in whatever order they are', () => {
    expect(describeReading([list('pods', '07'), list('images', '12'), list('namespaces', '00')])).toBe(
      'Read on 24 November 2026, 08:00:00–08:00:12 UTC; all lists are exact.',
    );
  });

  test('is told with those that are not exact', () => {
    expect(describeReading([list('namespaces', '00'), list('images', '12', false)])).toBe(
      'Read on 24 November 2026, 08:00:00–08:00:12 UTC. The cluster changed while its images were read, so figures may be slightly off.',
    );
  });

  test('is not told where it is not known', () => {
    expect(describeReading([])).toBe(null);
  });
});
