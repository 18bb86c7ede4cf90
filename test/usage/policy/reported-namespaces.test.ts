import { expect, test } from 'vitest';
import { isReported } from '../../../src/usage/policy/reported-namespaces.ts';

const labels = { environment: 'dev' };
const everything = () => true;

test.each([
  { name: 'is reported when nothing excludes it', exclude: [], selects: everything, expected: true },
  { name: 'is left out by its name', exclude: ['a1b2c3-dev'], selects: everything, expected: false },
  { name: 'is left out by a pattern', exclude: ['kube-*', 'a1*'], selects: everything, expected: false },
  { name: 'is not left out by a part of its name', exclude: ['a1b2c3'], selects: everything, expected: true },
  {
    name: 'is reported when its labels are selected',
    exclude: ['kube-*'],
    selects: ({ environment }: Readonly<Record<string, string>>) => environment === 'dev',
    expected: true,
  },
  {
    name: 'is left out when its labels are not selected',
    exclude: [],
    selects: () => false,
    expected: false,
  },
])('a namespace $name', ({ exclude, selects, expected }) => {
  expect(isReported({ name: 'a1b2c3-dev', labels }, { exclude, selects })).toBe(expected);
});
