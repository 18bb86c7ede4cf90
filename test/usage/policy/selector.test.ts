import { describe, expect, test } from 'vitest';
import { isGlobMatch, isNamespaceMatch, parseLabelSelector } from '../../../src/usage/policy/selector.ts';
import type { NamespaceMatch } from '../../../src/usage/policy/selector.ts';
import { namespace } from '../build.ts';

describe('a pattern', () => {
  test.each([
    ['a1b2c3-dev', 'a1b2c3-dev'],
    ['a1b2c3-*', 'a1b2c3-dev'],
    ['a1b2c3-*', 'a1b2c3-'],
    ['*-dev', 'a1b2c3-dev'],
    ['*', ''],
    ['*', 'anything'],
    ['**', 'anything'],
    ['a*c', 'abc'],
    ['a*c', 'ac'],
    ['a*c', 'abcbc'],
    ['a*b*c', 'a-b-c'],
    ['*ab*ab', 'abab'],
    ['a.c', 'a.c'],
    ['', ''],
  ])('%j matches %j', (pattern, text) => {
    expect(isGlobMatch(pattern, text)).toBe(true);
  });

  test.each([
    ['a1b2c3-dev', 'a1b2c3-dev2'],
    ['a1b2c3-dev', 'xa1b2c3-dev'],
    ['a1b2c3-*', 'a1b2c4-dev'],
    ['*-dev', 'a1b2c3-dev2'],
    ['a*c', 'ab'],
    ['a*a', 'a'],
    ['ab*ba', 'aba'],
    ['*ab*ab', 'ab'],
    ['a*b*c', 'a-c-b'],
    ['a.c', 'abc'],
    ['a+', 'aa'],
    ['(a)', 'a'],
    ['DEV', 'dev'],
    ['', 'a'],
  ])('%j does not match %j', (pattern, text) => {
    expect(isGlobMatch(pattern, text)).toBe(false);
  });
});

describe('a rule is for a namespace', () => {
  const dev = namespace('a1b2c3-dev', { labels: { environment: 'dev', team: 'wally' } });

  test.each<{ name: string; match: NamespaceMatch; is: boolean }>([
    { name: 'without any condition', match: {}, is: true },
    {
      name: 'whose labels are all equal',
      match: { labels: { environment: 'dev', team: 'wally' } },
      is: true,
    },
    {
      name: 'unless one label differs',
      match: { labels: { environment: 'dev', team: 'other' } },
      is: false,
    },
    { name: 'unless one label is missing', match: { labels: { tier: 'gold' } }, is: false },
    { name: 'unless the label is only inherited', match: { labels: { constructor: '' } }, is: false },
    { name: 'whose name matches one pattern', match: { names: ['x', '*-dev'] }, is: true },
    { name: 'unless no pattern matches', match: { names: ['x', '*-prod'] }, is: false },
    { name: 'unless there are no patterns', match: { names: [] }, is: false },
    {
      name: 'whose name and labels match',
      match: { labels: { team: 'wally' }, names: ['*-dev'] },
      is: true,
    },
    {
      name: 'unless only the name matches',
      match: { labels: { team: 'other' }, names: ['*-dev'] },
      is: false,
    },
  ])('$name', ({ match, is }) => {
    expect(isNamespaceMatch(match, dev)).toBe(is);
  });
});

describe('a label selector', () => {
  const labels = { environment: 'dev', 'example.com/team': 'wally', empty: '' };
  const selects = (text: string): boolean => {
    const parsed = parseLabelSelector(text);
    if ('fault' in parsed) throw new Error(parsed.fault);
    return parsed.selects(labels);
  };

  test.each([
    '',
    '  ',
    'environment=dev',
    'environment==dev',
    ' environment = dev ',
    'environment!=prod',
    'missing!=prod',
    'empty=',
    'environment',
    '!missing',
    '! missing',
    'example.com/team=wally',
    'environment in (dev,test)',
    'environment in (test, dev)',
    'environment in(dev)',
    'environment notin (prod)',
    'missing notin (prod)',
    'missing notin (,prod)',
    'empty in (,prod)',
    'environment=dev,example.com/team in (wally,other),!missing',
    '!constructor',
  ])('%j selects', (text) => {
    expect(selects(text)).toBe(true);
  });

  test.each([
    'environment=prod',
    'environment!=dev',
    'missing',
    'missing=dev',
    '!environment',
    'environment in (test,prod)',
    'missing in (dev)',
    'missing in (,dev)',
    'environment notin (dev,test)',
    'environment=dev,missing',
    'environment in (dev),environment=prod',
    'constructor',
  ])('%j does not select', (text) => {
    expect(selects(text)).toBe(false);
  });

  test.each([
    'environment=dev,',
    ',',
    '=dev',
    'environment=de v',
    'environment in dev',
    'environment in (dev',
    'environment in',
    'environment is dev',
    'a/b/c=d',
    '-a=b',
    'environment=-dev',
    'environment>1',
  ])('%j is refused in words', (text) => {
    expect(parseLabelSelector(text)).toEqual({
      fault: 'not a label selector such as environment=dev,team in (a,b),!archived',
    });
  });
});
