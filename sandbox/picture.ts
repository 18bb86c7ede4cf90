import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

/** Takes a picture of a whole page: `node sandbox/picture.ts FILE.html OUT.png [--width 600] [--dark] [--bare]`. */
const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      width: { type: 'string', default: '600' },
      dark: { type: 'boolean', default: false },
      /** As mail programs show it that drop style sheets. */
      bare: { type: 'boolean', default: false },
    },
  });
  const [source, target] = positionals;
  if (source === undefined || target === undefined) {
    console.error('usage: node sandbox/picture.ts FILE.html OUT.png [--width 600] [--dark] [--bare]');
    process.exitCode = 2;
    return;
  }
  const profile = await mkdtemp(join(tmpdir(), 'picture-'));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    args: [...CHROMIUM_FLAGS],
    viewport: { width: Number(values.width), height: 800 },
    colorScheme: values.dark ? 'dark' : 'light',
  });
  try {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(resolve(source)).href);
    if (values.bare) {
      await page.evaluate("document.querySelectorAll('style').forEach((style) => style.remove())");
    }
    await page.screenshot({ path: target, fullPage: true });
  } finally {
    await browser.close();
    await rm(profile, { recursive: true });
  }
};

/** Where Debian puts it; the environment variable CHROMIUM names another. */
export const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** For a Chromium without a display, as root, that talks to nobody. */
export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
] as const;

if (import.meta.main) await main();
