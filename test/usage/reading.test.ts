import { describe, expect, test } from 'vitest';
import { describeInexact, describeUnseenUse, isPart } from '../../src/usage/reading.ts';
import { inventory, namespace, NOW } from './build.ts';
import { reportOn } from './report-on.ts';

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
