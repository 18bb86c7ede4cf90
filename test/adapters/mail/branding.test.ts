import { describe, expect, test } from 'vitest';
import { createCompose } from '../../../src/adapters/mail/compose.ts';
import { readSummarySample } from '../../../src/adapters/mail/templates/samples.ts';
import type { Branding } from '../../../src/branding.ts';
import { CONTAINER_STORE, inventMail } from './invented.ts';
import { readPage } from './read-message.ts';

const BRANDING: Branding = {
  ...CONTAINER_STORE,
  paragraphs: { before: ['The registry moves on <7 December>.'], after: ['Thank you, {{name}}.'] },
};

const branded = await createCompose({ mail: {}, branding: BRANDING });

describe('a branded mail', () => {
  test('has the name in its subject and above its heading, on top of which is the logo', async () => {
    const usage = branded.renderUsage(inventMail(1));
    const summary = branded.renderSummary(await readSummarySample());
    for (const { subject, html, text } of [usage, summary]) {
      expect(subject).toMatch(/^\[Container store\] /);
      expect(text).toMatch(/^Platform & services\n+Container store usage · cluster /);
      expect(html).toMatch(
        /<p class="logo">Platform &amp; services<\/p>\s*<p class="muted">Container store usage/,
      );
      expect(html + text).not.toContain('Image registry');
    }
  });

  test('has its colours in light and dark, and none of the built-in ones', () => {
    const { html } = branded.renderUsage(inventMail(1));
    const [light, dark] = html.split('@media (prefers-color-scheme: dark)');
    for (const color of ['#006b3c', '#8a1c1c', '#00558c']) expect(light).toContain(color);
    for (const color of ['#4fc38a', '#ff9a90', '#8cc8ff']) expect(dark).toContain(color);
    expect(html).toMatch(/<td [^>]*bgcolor="#006b3c" class="(quota|used)"/);
    expect(html).not.toMatch(/#2f6db5|#b3261e|#1f5fae|#4b86cc|#ff8a80|#79b8ff/);
  });

  test('has its paragraphs before the figures and at the end, as they are written', () => {
    const { html, text } = branded.renderUsage(inventMail(1));
    for (const body of [readPage(html), text].map((part) => part.replaceAll(/\s+/g, ' '))) {
      const places = [
        body.indexOf('The registry moves on <7 December>.'),
        body.indexOf('shared layers are counted once'),
        body.indexOf('Thank you, {{name}}.'),
        body.indexOf('About this mail'),
      ];
      expect(places[0]).toBeGreaterThan(0);
      expect(places).toEqual(places.toSorted((a, b) => a - b));
    }
  });
});
