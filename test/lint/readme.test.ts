import { existsSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);
const readRoot = (path: string) => readFile(new URL(path, root), 'utf8');

test('no example lets npm write its banner into the output of a command', async () => {
  const pages = await Promise.all(['README.md', 'docs/operations.md', 'docs/verify.md'].map(readRoot));
  const runs = pages.join('\n').match(/npm run .*quotagram .*/g) ?? [];
  expect(runs.length).toBeGreaterThan(10);
  expect(runs.filter((run) => !run.includes('npm run -s quotagram -- '))).toEqual([]);
});

test('every link from one page to another leads to a file', async () => {
  const broken: string[] = [];
  let links = 0;
  for await (const page of glob(['*.md', 'docs/**/*.md', 'bench/*.md'], { cwd: root })) {
    const text = await readRoot(page);
    for (const [, link, picture] of text.matchAll(/\]\((?!https?:)([^)#]+)|src="([^"]+)"/g)) {
      const target = link ?? picture ?? '';
      links += 1;
      if (!existsSync(new URL(target, new URL(page, root)))) broken.push(`${page}: ${target}`);
    }
  }
  expect(links).toBeGreaterThan(20);
  expect(broken).toEqual([]);
});
