import { encode, wrap } from 'nodemailer/lib/qp';
import { expect, test } from 'vitest';
import { isLightEnough, MAX_HTML_BYTES } from '../../../../src/adapters/mail/templates/html-size.ts';

test.each([
  ['ASCII', 'row '],
  ['attributes', '<td align="left">=</td>'],
  ['lines', 'a \n'],
  ['empty lines', '\n'],
  ['letters of two bytes', 'é·'],
  ['letters of three bytes', '漢 '],
  ['letters of four bytes', '😀'],
  ['halves of pairs', '\ud83d-'],
  ['tabs', '\ta'],
  ['controls', '\u0001\u007f'],
  ['lines of another system', 'a\r\n'],
])('of %s the longest page that is light enough just is', (_, unit) => {
  let [fits, exceeds] = [0, MAX_HTML_BYTES];
  while (exceeds - fits > 1) {
    const middle = Math.floor((fits + exceeds) / 2);
    if (isLightEnough(unit.repeat(middle))) fits = middle;
    else exceeds = middle;
  }
  const sent = wrap(encode(unit.repeat(fits))).replace(/\r?\n/g, '\r\n');
  expect(sent.length).toBeLessThanOrEqual(MAX_HTML_BYTES);
  expect(sent.length).toBeGreaterThan(MAX_HTML_BYTES - 300);
});
