import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareToLimit,
  parseQuantity,
  QUOTA_ANNOTATION,
  resolveLimit,
} from '../../../src/usage/policy/quota.ts';
import type { QuotaOverride, QuotaRules } from '../../../src/usage/policy/quota.ts';
import { namespace, NOW } from '../build.ts';

const Gi = 1024 ** 3;

describe('a quantity', () => {
  test.each([
    ['50Gi', 50 * Gi],
    ['1500M', 1_500_000_000],
    ['2e9', 2_000_000_000],
    ['2E9', 2_000_000_000],
    ['1e3', 1000],
    ['1e+3', 1000],
    ['1.5e3', 1500],
    ['1000e-3', 1],
    ['0', 0],
    ['0Gi', 0],
    ['1', 1],
    ['+1', 1],
    ['+1Gi', Gi],
    ['007', 7],
    ['1Ki', 1024],
    ['1Mi', 1024 ** 2],
    ['1Ti', 1024 ** 4],
    ['1Pi', 1024 ** 5],
    ['1k', 1000],
    ['1M', 1e6],
    ['1G', 1e9],
    ['1T', 1e12],
    ['1P', 1e15],
    ['0.5Gi', Gi / 2],
    ['.5Gi', Gi / 2],
    ['5.Gi', 5 * Gi],
    ['9007199254740991', 9_007_199_254_740_991],
    ['7.5Pi', 8_444_249_301_319_680],
  ])('%s is %d bytes exactly', (text, bytes) => {
    expect(parseQuantity(text)).toEqual({ bytes });
  });

  test.each([
    ['500m', 1],
    ['1500m', 2],
    ['1u', 1],
    ['1n', 1],
    ['1e-3', 1],
    ['1.1', 2],
    ['0.1Gi', 107_374_183],
    ['0.0001Ki', 1],
  ])('%s has its fraction of a byte rounded up to %d, as Kubernetes does', (text, bytes) => {
    expect(parseQuantity(text)).toEqual({ bytes });
  });

  test('may be unlimited', () => {
    expect(parseQuantity('unlimited')).toEqual({ bytes: null });
  });

  test.each(['8Pi', '9007199254740992', '1E', '1Ei', '9Pi', '1e400', '1e16'])(
    '%s is more than can be counted exactly',
    (text) => {
      expect(parseQuantity(text)).toEqual({ fault: 'too large (8Pi or more); write unlimited instead' });
    },
  );

  test.each([
    '',
    ' ',
    '.',
    '+',
    'Gi',
    'e3',
    '1e',
    '-1',
    '-1Gi',
    ' 1Gi',
    '1Gi ',
    '1 Gi',
    '1Gi\n',
    '1gi',
    '1GI',
    '1g',
    '1K',
    '1GB',
    '1GiB',
    '1.2.3',
    '1,5Gi',
    '1e3Gi',
    '1e1.5',
    '0x10',
    '1_000',
    '++1',
    '1e9999',
    'Infinity',
    'NaN',
    'Unlimited',
    'constructor',
    '１Gi',
  ])('%j is malformed', (text) => {
    expect(parseQuantity(text)).toEqual({ fault: 'not a quantity such as 50Gi, 1500M, 2e9 or unlimited' });
  });
});

describe('the limit of a namespace', () => {
  const rules: QuotaRules = {
    default: 50,
    warnPercent: 80,
    annotation: { enabled: true, max: 100 },
    rules: [
      { match: { labels: { environment: 'prod' } }, limit: 70 },
      { match: { names: ['a1b2c3-*'] }, limit: null },
      { match: { names: ['*'] }, limit: 0 },
    ],
  };
  const override: QuotaOverride = { limit: 90, reason: 'migration', actor: 'admin', expiresAt: null };
  const annotated = (quantity: string) => namespace('x', { annotations: { [QUOTA_ANNOTATION]: quantity } });

  test('is the default where nothing else is said', () => {
    expect(resolveLimit(namespace('x'), { ...rules, rules: [] }, null, NOW)).toEqual({
      limitBytes: 50,
      source: 'default',
      findings: [],
    });
  });

  test.each([
    {
      name: 'by label',
      given: namespace('x', { labels: { environment: 'prod' } }),
      limitBytes: 70,
      index: 0,
    },
    { name: 'by name, without a limit', given: namespace('a1b2c3-dev'), limitBytes: null, index: 1 },
    { name: 'that is for all, of 0 bytes', given: namespace('x'), limitBytes: 0, index: 2 },
    {
      name: 'that comes first of two that match',
      given: namespace('a1b2c3-prod', { labels: { environment: 'prod' } }),
      limitBytes: 70,
      index: 0,
    },
  ])('is that of the rule $name', ({ given, limitBytes, index }) => {
    expect(resolveLimit(given, rules, null, NOW)).toEqual({
      limitBytes,
      source: `rules[${index}]`,
      findings: [],
    });
  });

  test('is its annotation’s before any rule', () => {
    expect(resolveLimit(annotated('60'), rules, null, NOW)).toEqual({
      limitBytes: 60,
      source: 'annotation',
      findings: [],
    });
  });

  test('may be annotated up to the maximum itself', () => {
    expect(resolveLimit(annotated('100'), rules, null, NOW)).toMatchObject({
      limitBytes: 100,
      source: 'annotation',
    });
  });

  test('may be annotated as 0', () => {
    expect(resolveLimit(annotated('0'), rules, null, NOW)).toMatchObject({
      limitBytes: 0,
      source: 'annotation',
    });
  });

  test.each([
    { name: 'one byte above the maximum', quantity: '101', fault: 'above quota.annotation.max' },
    { name: 'unlimited above a maximum', quantity: 'unlimited', fault: 'above quota.annotation.max' },
    {
      name: 'malformed',
      quantity: '1gi',
      fault: 'not a quantity such as 50Gi, 1500M, 2e9 or unlimited',
    },
    { name: 'empty', quantity: '', fault: 'not a quantity such as 50Gi, 1500M, 2e9 or unlimited' },
    {
      name: 'more than can be counted',
      quantity: '1E',
      fault: 'too large (8Pi or more); write unlimited instead',
    },
  ])('is not its annotation’s that is $name: a finding, and the next rule', ({ quantity, fault }) => {
    expect(resolveLimit(annotated(quantity), rules, null, NOW)).toEqual({
      limitBytes: 0,
      source: 'rules[2]',
      findings: [
        {
          code: 'quota-annotation-invalid',
          subject: 'quotagram.io/registry-quota',
          message: `The annotation is ignored, because it is ${fault}. The limit is 0 B (rules[2]).`,
        },
      ],
    });
  });

  test('may be annotated as unlimited where there is no maximum', () => {
    const open = { ...rules, annotation: { enabled: true, max: null } };
    expect(resolveLimit(annotated('unlimited'), open, null, NOW)).toEqual({
      limitBytes: null,
      source: 'annotation',
      findings: [],
    });
  });

  test('is not its annotation’s while annotations are off, which is a finding', () => {
    const off = { ...rules, annotation: { enabled: false, max: null } };
    expect(resolveLimit(annotated('60'), off, null, NOW)).toEqual({
      limitBytes: 0,
      source: 'rules[2]',
      findings: [
        {
          code: 'quota-annotation-off',
          subject: 'quotagram.io/registry-quota',
          message:
            'The annotation is ignored, because quota.annotation is not enabled. The limit is 0 B (rules[2]).',
        },
      ],
    });
  });

  test.each([
    { name: 'of the default', limit: 50 * Gi, is: '50 GiB (default)' },
    { name: 'without a limit', limit: null, is: 'unlimited (default)' },
  ])('is told beside an annotation that is ignored, also the one $name', ({ limit, is }) => {
    const none = { ...rules, default: limit, rules: [] };
    expect(resolveLimit(annotated('1gi'), none, null, NOW).findings[0]?.message).toMatch(
      new RegExp(`\\. The limit is ${RegExp.escape(is)}\\.$`),
    );
  });

  test('is the admin’s before all else', () => {
    expect(resolveLimit(annotated('60'), rules, override, NOW)).toEqual({
      limitBytes: 90,
      source: 'override',
      findings: [],
    });
  });

  test('may be none by an admin’s word', () => {
    expect(resolveLimit(annotated('60'), rules, { ...override, limit: null }, NOW).limitBytes).toBeNull();
  });

  test.each([
    { name: 'a second before it expires', expiresAt: '2026-11-23T08:00:01Z', source: 'override' },
    { name: 'no more when it expires', expiresAt: NOW, source: 'annotation' },
    { name: 'no more after it expired', expiresAt: '2026-11-23T07:59:59Z', source: 'annotation' },
  ])('is the admin’s $name', ({ expiresAt, source }) => {
    expect(resolveLimit(annotated('60'), rules, { ...override, expiresAt }, NOW).source).toBe(source);
  });
});

describe('usage beside a limit', () => {
  test.each([
    { name: 'nothing', used: 0, limit: 1000, level: 'ok', usedPercent: 0, overBytes: 0 },
    {
      name: 'what would be rounded to 0 keeps its first digit',
      used: 21_000_000,
      limit: 50 * Gi,
      level: 'ok',
      usedPercent: 0.04,
      overBytes: 0,
    },
    {
      name: 'half a tenth is rounded up',
      used: 5,
      limit: 10_000,
      level: 'ok',
      usedPercent: 0.1,
      overBytes: 0,
    },
    { name: 'below the warning', used: 799, limit: 1000, level: 'ok', usedPercent: 79.9, overBytes: 0 },
    {
      name: 'a byte below the warning is none',
      used: 7_999_999,
      limit: 10_000_000,
      level: 'ok',
      usedPercent: 80,
      overBytes: 0,
    },
    { name: 'exactly the warning', used: 800, limit: 1000, level: 'warning', usedPercent: 80, overBytes: 0 },
    {
      name: 'a byte below the limit is below 100',
      used: 50 * Gi - 1,
      limit: 50 * Gi,
      level: 'warning',
      usedPercent: 99.999999998,
      overBytes: 0,
    },
    {
      name: 'exactly the limit is not over',
      used: 50 * Gi,
      limit: 50 * Gi,
      level: 'warning',
      usedPercent: 100,
      overBytes: 0,
    },
    {
      name: 'a byte above the limit is above 100',
      used: 50 * Gi + 1,
      limit: 50 * Gi,
      level: 'over',
      usedPercent: 100.000000002,
      overBytes: 1,
    },
    {
      name: 'less than half a tenth above the limit is not rounded to a whole one',
      used: 100_005,
      limit: 100_000,
      level: 'over',
      usedPercent: 100.01,
      overBytes: 5,
    },
    {
      name: 'above the limit less than half a tenth is rounded down',
      used: 455_149,
      limit: 100_000,
      level: 'over',
      usedPercent: 455.1,
      overBytes: 355_149,
    },
    {
      name: 'above the limit half a tenth is rounded up',
      used: 455_150,
      limit: 100_000,
      level: 'over',
      usedPercent: 455.2,
      overBytes: 355_150,
    },
    {
      name: 'half a tenth below the limit is rounded up where that is not the limit',
      used: 99_850,
      limit: 100_000,
      level: 'warning',
      usedPercent: 99.9,
      overBytes: 0,
    },
    {
      name: 'exactly a tenth above is not rounded',
      used: 12_470,
      limit: 10_000,
      level: 'over',
      usedPercent: 124.7,
      overBytes: 2470,
    },
    { name: 'nothing of a limit of 0', used: 0, limit: 0, level: 'ok', usedPercent: null, overBytes: 0 },
    { name: 'a byte over a limit of 0', used: 1, limit: 0, level: 'over', usedPercent: null, overBytes: 1 },
    {
      name: 'whatever is used of no limit',
      used: Number.MAX_SAFE_INTEGER,
      limit: null,
      level: 'ok',
      usedPercent: null,
      overBytes: 0,
    },
    {
      name: 'a byte above the largest limits',
      used: Number.MAX_SAFE_INTEGER,
      limit: Number.MAX_SAFE_INTEGER - 1,
      level: 'over',
      usedPercent: 100.00000000000001,
      overBytes: 1,
    },
  ])('$name: $level', ({ used, limit, level, usedPercent, overBytes }) => {
    expect(compareToLimit(used, limit, 80)).toEqual({ level, usedPercent, overBytes });
  });

  test('is 0% only of nothing and 100% only at the limit, and within half a tenth of what it is', () => {
    const sizes = fc.integer({ min: 1, max: 2 ** 50 });
    const near = fc
      .tuple(sizes, fc.integer({ min: -3, max: 3 }))
      .map(([limit, off]) => [limit + off, limit] as const);
    fc.assert(
      fc.property(fc.oneof(near, fc.tuple(sizes, sizes)), ([used, limit]) => {
        fc.pre(used >= 0);
        const percent = compareToLimit(used, limit, 80).usedPercent ?? Number.NaN;
        expect(Math.sign(percent - 100)).toBe(Math.sign(used - limit));
        expect(percent === 0).toBe(used === 0);
        expect(Math.abs(percent / 100 - used / limit)).toBeLessThanOrEqual(0.0005 + 1e-9 * (used / limit));
      }),
    );
  });

  test('is no warning at 99% where the warning is at 100%', () => {
    expect(compareToLimit(99, 100, 100).level).toBe('ok');
    expect(compareToLimit(100, 100, 100).level).toBe('warning');
  });
});
