import { describe, expect, test } from 'vitest';
import { contrastOf, DEFAULT_BRANDING, findContrastFaults } from '../src/branding.ts';

describe('contrast', () => {
  test.each([
    { one: '#000000', other: '#ffffff', contrast: 21 },
    { one: '#ffffff', other: '#ffffff', contrast: 1 },
    // As WebAIM's checker has it.
    { one: '#767676', other: '#ffffff', contrast: 4.54 },
    { one: '#ff0000', other: '#0000ff', contrast: 2.15 },
  ])('of $one and $other is $contrast, in either order', ({ one, other, contrast }) => {
    expect(contrastOf(one, other)).toBeCloseTo(contrast, 2);
    expect(contrastOf(other, one)).toBe(contrastOf(one, other));
  });
});

describe('colours', () => {
  test('that come with the program can be read', () => {
    expect(findContrastFaults(DEFAULT_BRANDING.colors)).toEqual([]);
  });

  test('that cannot be read are named, with how far they are off', () => {
    const { colors } = DEFAULT_BRANDING;
    expect(
      findContrastFaults({ ...colors, link: '#777777', dark: { ...colors.dark, alert: '#14181d' } }),
    ).toEqual([
      {
        path: ['link'],
        message: 'has a contrast of 4.47:1 with the background #ffffff; it needs 4.5:1',
      },
      {
        path: ['dark', 'alert'],
        message: 'has a contrast of 1.00:1 with the background #14181d; it needs 4.5:1',
      },
    ]);
  });
});
