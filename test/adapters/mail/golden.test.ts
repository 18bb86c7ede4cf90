import { describe, expect, test } from 'vitest';
import { createCompose } from '../../../src/adapters/mail/compose.ts';
import { readSummarySample, readUsageSample } from '../../../src/adapters/mail/templates/samples.ts';
import type { RenderedMail } from '../../../src/pipeline/ports.ts';
import { readPage } from './read-message.ts';

/** Each mail from its `sample.json`, compared with files that somebody has looked at. */
describe.each<[string, () => Promise<RenderedMail>]>([
  ['usage-report', async () => (await createCompose(OPTIONS)).renderUsage(await readUsageSample())],
  ['run-summary', async () => (await createCompose(OPTIONS)).renderSummary(await readSummarySample())],
])('%s', (name, render) => {
  test('looks as it did', async () => {
    const { html, text } = await render();
    await expect(html).toMatchFileSnapshot(`golden/${name}.html`);
    await expect(text).toMatchFileSnapshot(`golden/${name}.txt`);
  });

  test('says the same in both bodies: every word with a digit in it is in the other one', async () => {
    const { html, text } = await render();
    // Only the page is cut into tables.
    const inHtml = wordsWithDigits(readPage(html).replace(/, part \d+ of \d+/g, ''));
    const inText = wordsWithDigits(text);
    expect(inHtml.size).toBeGreaterThan(15);
    expect([...inHtml].filter((word) => !inText.has(word))).toEqual([]);
    expect([...inText].filter((word) => !inHtml.has(word) && !word.startsWith('https://'))).toEqual([]);
  });

  test('keeps text within 78 columns, except commands and names', async () => {
    const { text } = await render();
    const long = text.split('\n').filter((line) => line.length > 78 && line.trim().includes(' '));
    expect(long.filter((line) => !line.startsWith('    '))).toEqual([]);
  });
});

const OPTIONS = {
  mail: {
    from: 'registry@example.com',
    help: { text: 'ask in #image-registry', url: 'https://chat.example.com/image-registry' },
    docs: { url: 'https://docs.example.com/image-registry' },
  },
};

const wordsWithDigits = (text: string): ReadonlySet<string> =>
  new Set(text.split(/[\s()]+/).flatMap((word) => (/\d/.test(word) ? word.replace(/[.,:;]$/, '') : [])));
