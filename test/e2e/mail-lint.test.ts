import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runQuotagram } from './command-line.ts';

/** `quotagram mail lint` as people run it. */

test('finds nothing in the built-in templates, whatever the branding', { timeout: 60_000 }, async () => {
  const cwd = await folderWith({
    'quotagram.yaml': 'branding: { productName: Container store, colors: { accent: "#006b3c" } }',
  });
  expect(await runQuotagram(['mail', 'lint'], { cwd })).toEqual({
    exitCode: 0,
    stdout: '',
    stderr: 'the built-in templates are sound\n',
  });
});

test('tells each finding on a line of its own, with exit code 1', { timeout: 60_000 }, async () => {
  const cwd = await folderWith({
    'quotagram.yaml': 'templates: { dir: ours }',
    'ours/usage-report/report.txt.hbs': '{{heading}}\n{{{usedBytes}}}\n',
    'ours/partials/letterhead.mjml': '<mj-text>\n<h2>{{headline}}</h2>\n</mj-text>\n',
  });
  const told = {
    exitCode: 1,
    stdout: [
      'partials/letterhead.mjml:2: there is no headline here',
      'usage-report/report.txt.hbs:2: prints without escaping; two braces, not three',
      'usage-report/report.txt.hbs:2: there is no usedBytes here',
      '',
    ].join('\n'),
    stderr: '3 findings in the templates of ours\n',
  };
  expect(await runQuotagram(['mail', 'lint'], { cwd })).toEqual(told);
  const named = await runQuotagram(['mail', 'lint', '--templates', join(cwd, 'ours')], { cwd });
  expect(named.stdout).toBe(told.stdout);
});

/** A folder of its own with these files, gone after the test. */
const folderWith = async (files: Readonly<Record<string, string>>): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'quotagram-e2e-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
};
