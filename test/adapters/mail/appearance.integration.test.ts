import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM } from '../../../sandbox/picture.ts';
import type { RenderedMail } from '../../../src/pipeline/ports.ts';
import { SCREENS } from './look-at-pages.ts';
import type { Look } from './look-at-pages.ts';
import { MAILS_TO_LOOK_AT } from './mails-to-look-at.ts';

const hasChromium = existsSync(CHROMIUM);

/** How mails look in a real browser. */
describe.skipIf(!hasChromium)(
  hasChromium ? 'in Chromium' : `in Chromium, which is not at ${CHROMIUM} (apt-get install chromium)`,
  () => {
    const mails = new Map<string, RenderedMail>();
    let looks: readonly Look[] = [];

    beforeAll(async () => {
      const folder = await mkdtemp(join(tmpdir(), 'pages-'));
      try {
        for (const [name, render] of MAILS_TO_LOOK_AT) {
          const mail = await render();
          mails.set(name, mail);
          await writeFile(join(folder, `${name}.html`), mail.html);
        }
        looks = await lookAt(folder);
      } finally {
        await rm(folder, { recursive: true });
      }
    }, 300_000);

    const lookAtPage = (name: string, screen: string): Look => {
      const found = looks.find((look) => look.file === `${name}.html` && look.screen === screen);
      if (found === undefined) throw new Error(`nobody looked at ${name} on ${screen}`);
      return found;
    };

    describe.each(MAILS_TO_LOOK_AT)('%s', (name) => {
      test.each(SCREENS.map((screen) => screen.name))('fits %s and can be read by everyone', (screen) => {
        const { overflow, faults, badTables, mainHeadings } = lookAtPage(name, screen);
        expect(overflow).toEqual([]);
        expect(faults).toEqual([]);
        expect(badTables).toEqual([]);
        expect(mainHeadings).toBe(1);
      });

      test('shows with and without its style sheet every figure of the text part', () => {
        const figures = figuresIn(mails.get(name)?.text ?? '');
        expect(figures.size).toBeGreaterThan(1);
        for (const screen of ['600 px, light', '600 px, dark', '600 px, no style sheet']) {
          const shown = figuresIn(lookAtPage(name, screen).visibleText);
          expect([...figures].filter((figure) => !shown.has(figure))).toEqual([]);
        }
      });
    });

    test('figures stand in tables of data', () => {
      expect(lookAtPage('the usage report', '600 px, light').dataTables).toBe(3);
      expect(lookAtPage('a report on nothing', '600 px, light').dataTables).toBe(0);
      expect(lookAtPage('the run summary', '600 px, light').dataTables).toBe(6);
    });

    test('a phone hides dates and sizes', () => {
      expect(lookAtPage('the usage report', '600 px, light').columns).toEqual([
        'Stream, tag, revision',
        'Pushed',
        'Size',
        'Counted',
        'Frees',
      ]);
      expect(lookAtPage('the usage report', '360 px, light').columns).toEqual([
        'Stream, tag, revision',
        'Counted',
        'Frees',
      ]);
    });

    test('the line for the mailbox is not on the page, with or without a style sheet', () => {
      for (const { name } of SCREENS) {
        const { visibleText } = lookAtPage('the usage report', name);
        expect(visibleText).toContain('Delete these 5 first');
        expect(visibleText).not.toContain('Deleting 5 tags that nothing uses');
      }
    });
  },
);

const lookAt = async (folder: string): Promise<readonly Look[]> => {
  const script = fileURLToPath(new URL('look-at-pages.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, folder], { maxBuffer: 2 ** 28 });
  return JSON.parse(stdout);
};

/** Words with a digit in them, without the marks around them; where a link leads to is not on the page. */
const figuresIn = (text: string): ReadonlySet<string> =>
  new Set(
    text
      .split(/[\s()|]+/)
      .filter((word) => /\d/.test(word) && !word.startsWith('https://'))
      .map((word) => word.replace(/[.,:;]$/, '')),
  );
