import { mkdtemp, readdir, rm } from 'node:fs/promises';
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
  /** What reaches beyond the edges of the screen, or of what it stands in. */
  readonly overflow: readonly string[];
  /** Faults that axe calls serious or critical. */
  readonly faults: readonly string[];
  /** Tables that are neither real tables of data nor marked as layout. */
  readonly badTables: readonly string[];
  readonly dataTables: number;
  readonly mainHeadings: number;
  /** Heads of the columns of the last list. */
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
  const profile = await mkdtemp(join(tmpdir(), 'appearance-'));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    args: [...CHROMIUM_FLAGS],
  });
  const looks: Look[] = [];
  const page = await browser.newPage();
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.html'))) {
    await page.goto(pathToFileURL(join(folder, file)).href);
    looks.push(...(await lookOnScreens(page)).map((look) => ({ file, ...look })));
  }
  await browser.close();
  await rm(profile, { recursive: true, force: true });
  console.log(JSON.stringify(looks));
};

/** Axe comes last and sees each kind of row once: it takes seconds for a list of hundreds. */
const lookOnScreens = async (page: Page): Promise<readonly Omit<Look, 'file'>[]> => {
  const looks: Omit<Look, 'file' | 'faults'>[] = [];
  for (const screen of SCREENS) {
    await show(page, screen);
    looks.push({ screen: screen.name, ...(await look(page)) });
  }
  await page.evaluate(REMOVE_REPEATED_ROWS);
  await page.addScriptTag({ url: AXE });
  const complete: Omit<Look, 'file'>[] = [];
  for (const [index, screen] of SCREENS.entries()) {
    const seen = looks[index];
    await show(page, screen);
    if (seen !== undefined) complete.push({ ...seen, faults: await page.evaluate(FIND_FAULTS) });
  }
  return complete;
};

const show = async (page: Page, { width, colorScheme, isBare }: (typeof SCREENS)[number]): Promise<void> => {
  await page.setViewportSize({ width, height: 800 });
  await page.emulateMedia({ colorScheme });
  await page.evaluate(
    `document.querySelectorAll('style').forEach((style) => { style.disabled = ${String(isBare)}; })`,
  );
};

const AXE = pathToFileURL(createRequire(import.meta.url).resolve('axe-core/axe.min.js')).href;

const REMOVE_REPEATED_ROWS = `(() => {
  const kinds = new Set();
  for (const row of document.querySelectorAll('table:not([role]) > tbody > tr')) {
    const kind = row.outerHTML.replace(/>[^<]+/g, '>');
    if (kinds.has(kind)) row.remove();
    kinds.add(kind);
  }
})()`;

const FIND_FAULTS = `axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations
  .filter(({ impact }) => impact === 'serious' || impact === 'critical')
  .map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html }) => html.slice(0, 120)).join(' ')))`;

const look = (page: Page): Promise<Omit<Look, 'file' | 'screen' | 'faults'>> =>
  page.evaluate(`(() => {
    const screenWidth = document.documentElement.clientWidth;
    const isPresentation = (table) => table.getAttribute('role') === 'presentation';
    const tables = [...document.querySelectorAll('table')];
    const isSound = (table) => {
      const cells = (part) => [...table.querySelectorAll(':scope > ' + part + ' > tr > th')];
      if (isPresentation(table)) return table.caption === null && cells('thead').length + cells('tbody').length === 0;
      return table.caption !== null && table.caption.textContent.trim() !== '' && cells('thead').length > 1 &&
        cells('thead').every((cell) => cell.scope === 'col') && cells('tbody').every((cell) => cell.scope === 'row');
    };
    const name = (element) => element.tagName + ' ' + element.textContent.trim().slice(0, 60);
    return {
      overflow: [...document.querySelectorAll('html, body, body *')]
        .filter((element) => {
          const { left, right } = element.getBoundingClientRect();
          const spills = element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1;
          return left < -0.5 || right > screenWidth + 0.5 || spills;
        })
        .map(name),
      badTables: tables.filter((table) => !isSound(table)).map(name),
      dataTables: tables.filter((table) => !isPresentation(table)).length,
      mainHeadings: document.querySelectorAll('h1').length,
      columns: [...([...document.querySelectorAll('.list')].at(-1)?.querySelectorAll('thead th') ?? [])]
        .filter((cell) => cell.checkVisibility())
        .map((cell) => cell.textContent),
      visibleText: document.body.innerText,
    };
  })()`);

if (import.meta.main) await main(process.argv[2] ?? '');
