import { describe, expect, test } from 'vitest';
import { inspectHeaders, inspectPage, inspectText } from '../../../../src/adapters/mail/templates/inspect-mails.ts';

const SOUND =
  '<html lang="en"><head><title>Usage</title></head><body><h1>Usage</h1>' +
  '<table role="presentation"><tr><td><table><caption>Tags</caption><tr><th scope="col">A</th></tr></table></td></tr></table>' +
  '</body></html>';

describe('a page', () => {
  test('that is sound has no faults', () => {
    expect(inspectPage({ html: SOUND })).toEqual([]);
  });

  test.each([
    ['without lang', SOUND.replace(' lang="en"', ''), 'the page says no lang'],
    ['with an empty title', SOUND.replace('>Usage</title>', '> </title>'), 'the page has no title'],
    ['without heading', SOUND.replaceAll('h1>', 'h2>'), 'the page has 0 h1, not one'],
    [
      'with a table of data without caption',
      SOUND.replace('<caption>Tags</caption>', ''),
      'a table has neither a caption nor role="presentation": <table><tr><th scope="col">A</th></tr>',
    ],
    ['with a heading cell without scope', SOUND.replace(' scope="col"', ''), '<th> has no scope'],
    [
      'with a script',
      SOUND.replace('<h1>', '<script></script><h1>'),
      'the page loads something from elsewhere: <script',
    ],
    [
      'with a background from elsewhere',
      SOUND.replace('<td>', '<td style="background:url(https://x.example.com)">'),
      'the page loads something from elsewhere: url(',
    ],
  ])('%s', (_, html, fault) => {
    expect(inspectPage({ html })).toEqual([fault]);
  });
});

test('a text part that shows nothing is a fault', () => {
  expect(inspectText({ text: 'Usage\n' })).toEqual([]);
  expect(inspectText({ text: ' \n\n' })).toEqual(['the text part is empty']);
});

describe('headers', () => {
  test('of ASCII and at most 998 characters a line are sound, whatever the body holds', () => {
    expect(
      inspectHeaders(`Subject: ${'a'.repeat(989)}\r\nTo: b@example.com\r\n\r\nä${'x'.repeat(2000)}`),
    ).toEqual([]);
  });

  test('that are longer or not ASCII are named', () => {
    expect(inspectHeaders(`Subject: ${'a'.repeat(990)}\r\nX-Über: b\r\n\r\n`)).toEqual([
      `a header's line is longer than 998 characters: Subject: ${'a'.repeat(21)}`,
      'a header is not ASCII: "X-Über: b"',
    ]);
  });
});
