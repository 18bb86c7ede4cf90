import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import type { Page } from 'playwright-core';
import { CHROMIUM, CHROMIUM_FLAGS } from '../../../sandbox/picture.ts';

/** What a browser sees of one page on one screen. */
export type Look = {
  readonly file: string;
  readonly screen: string;
  /** What reaches beyond the right edge of the screen. */
  readonly overflow: readonly string[];
  /** Faults that axe calls serious or critical. */
  readonly faults: readonly string[];
  readonly columns: readonly string[];
  readonly visibleText: string;
};

export const SCREENS = [
  { name: '600 px, light', width: 600, colorScheme: 'light', isBare: false },
  { name: '600 px, dark', width: 600, colorScheme: 'dark', isBare: false },
  { name: '360 px, light', width: 360, colorScheme: 'light', isBare: false },
  { name: '360 px, dark', width: 360, colorScheme: 'dark', isBare: false },
  { name: '600 px, no style sheet', width: 600, colorScheme: 'light', isBare: true },
  { name: '360 px, no style sheet', width: 360, colorScheme: 'light', isBare: true },
] as const;

/**
 * Looks at every page of a folder on every screen and prints the looks as JSON: `node look-at-pages.ts FOLDER`. A process
 * of its own, because what drives the browser leaves promises open that a test runner would take for leaks.
 */
const main = async (folder: string): Promise<void> => {
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core'), 'utf8');
  const profile = await mkdtemp(join(tmpdir(), 'appearance-'));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    args: [...CHROMIUM_FLAGS],
  });
  const looks: Look[] = [];
  const page = await browser.newPage();
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.html'))) {
    for (const screen of SCREENS) {
      await page.setViewportSize({ width: screen.width, height: 800 });
      await page.emulateMedia({ colorScheme: screen.colorScheme });
      await page.goto(pathToFileURL(join(folder, file)).href);
      if (screen.isBare)
        await page.evaluate(`document.querySelectorAll('style').forEach((style) => style.remove())`);
      await page.addScriptTag({ content: axe });
      looks.push({ file, screen: screen.name, ...(await look(page)) });
    }
  }
  await browser.close();
  await rm(profile, { recursive: true, force: true });
  console.log(JSON.stringify(looks));
};

const look = (page: Page): Promise<Omit<Look, 'file' | 'screen'>> =>
  page.evaluate(`axe.run().then(({ violations }) => ({
    overflow: [...document.querySelectorAll('body *')]
      .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
      .map((element) => element.tagName + ' ' + element.textContent.trim().slice(0, 60)),
    faults: violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html }) => html.slice(0, 120)).join(' ')),
    columns: [...([...document.querySelectorAll('.list')].at(-1)?.querySelectorAll('thead th') ?? [])]
      .filter((cell) => cell.checkVisibility())
      .map((cell) => cell.textContent),
    visibleText: document.body.innerText,
  }))`);

if (import.meta.main) await main(process.argv[2] ?? '');
