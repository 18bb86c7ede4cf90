import { describe, expect, test } from 'vitest';
import { tableLines, wrapText } from '../../../../src/adapters/mail/view/wrap-text.ts';
import { MAILS_TO_LOOK_AT } from '../mails-to-look-at.ts';

const TAG = `:${'t'.repeat(128)}`;

describe('a table', () => {
  test('gives a name that reaches into the figures lines of its own, and its last words an indent', () => {
    const name = `${TAG} 5690e399b43a`;
    expect(tableLines([{ name, figures: ['3 GiB', '2 GiB'], note: 'in use', indent: 2 }])).toEqual([
      `  ${TAG}`,
      '    5690e399b43a',
      `${' '.repeat(61)}3 GiB       2 GiB`,
      '    in use',
    ]);
  });

  test('leaves out a line of figures that are all blank', () => {
    const rows = [
      { name: 'upstream (a reference, not stored)', figures: ['', '', '', ''] },
      { name: 'x'.repeat(40), figures: ['', '', '', ''] },
    ];
    expect(tableLines(rows)).toEqual(['upstream (a reference, not stored)', 'x'.repeat(40)]);
  });
});

describe('a long line', () => {
  const words = (count: number): string => Array.from({ length: count }, () => 'word').join(' ');

  test.each([
    ['of a paragraph starts again at the edge', words(20), `${words(15)}\n${words(5)}`],
    ['of a list hangs below its first word', `- ${words(20)}`, `- ${words(15)}\n  ${words(5)}`],
    ['with an indent keeps it', `  ${words(20)}`, `  ${words(15)}\n  ${words(5)}`],
    ['of a command stays', `    ${words(20)}`, `    ${words(20)}`],
    ['never breaks a name', `a ${TAG} b`, `a\n${TAG}\nb`],
    ['that starts with a name breaks after it', `  ${TAG} b`, `  ${TAG}\n  b`],
  ])('%s', (_name, line, wrapped) => {
    expect(wrapText(line)).toBe(wrapped);
  });
});

describe.each(MAILS_TO_LOOK_AT)('the text of %s', async (_name, render) => {
  const lines = (await render()).text.split('\n');

  test('stays within 78 columns, except commands and single names', () => {
    const long = lines.filter((line) => line.length > 78 && !line.startsWith('    '));
    expect(long.filter((line) => line.trim().replace(/^- /, '').includes(' '))).toEqual([]);
  });

  test('has no blanks at the end of a line and no two blank lines in a row', () => {
    expect(lines.filter((line) => line !== line.trimEnd())).toEqual([]);
    expect(lines.filter((line, index) => line === '' && lines[index + 1] === '')).toEqual([]);
  });
});
