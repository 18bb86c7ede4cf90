import { expect, test } from 'vitest';
import { forceScheme } from '../../src/cli/preview-page.ts';

const MAIL =
  '<meta name="color-scheme" content="light dark"><style>p { color: black; }\n' +
  '@media screen and (prefers-color-scheme:dark) { p { color: white; } }\n' +
  '@media (prefers-color-scheme: light) { p { color: navy; } }</style>' +
  '<p>(prefers-color-scheme: dark)</p>';

test.each([
  { scheme: 'dark', dark: '(min-width: 0)', light: '(max-width: 0)' },
  { scheme: 'light', dark: '(max-width: 0)', light: '(min-width: 0)' },
] as const)(
  'a mail forced to be $scheme has those rules alone, in any browser; its words stay',
  ({ scheme, dark, light }) => {
    expect(forceScheme(MAIL, scheme)).toBe(
      `<meta name="color-scheme" content="${scheme}"><style>p { color: black; }\n` +
        `@media screen and ${dark} { p { color: white; } }\n` +
        `@media ${light} { p { color: navy; } }</style>` +
        '<p>(prefers-color-scheme: dark)</p>',
    );
  },
);
