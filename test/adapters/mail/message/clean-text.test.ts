import { describe, expect, test } from 'vitest';
import { cleanText } from '../../../../src/adapters/mail/message/clean-text.ts';

describe('clean text', () => {
  const tag = `${'s'.repeat(253)}:${'t'.repeat(128)}`;

  test.each([
    ['a short one', 'web:latest'],
    ['the longest name of a stream and a tag', tag],
    ['the longest name of a revision', `${tag}@sha256:${'0'.repeat(64)}`],
    ['characters that count as two each', '🙂'.repeat(454)],
  ])('is as it was: %s', (_name, text) => {
    expect(cleanText(text)).toBe(text);
  });

  test.each([
    ['a letter', 'x'],
    ['a character that counts as two', '🙂'],
  ])('is cut behind the longest name, between characters, and says so: %s', (_name, character) => {
    expect(cleanText(character.repeat(455))).toBe(`${character.repeat(454)}…`);
  });

  test('may be cut earlier', () => {
    expect(cleanText('🙂'.repeat(3), 2)).toBe('🙂🙂…');
  });

  test('has nothing in it that steers a screen, and only what is left counts', () => {
    expect(cleanText('\u202eweb\u0007:latest')).toBe('web:latest');
    expect(cleanText(`\u202e${'x'.repeat(454)}`)).toBe('x'.repeat(454));
  });
});
