import { describe, expect, test } from 'vitest';
import { assembleMjml, compileMjml } from '../../../src/adapters/mail/templates.ts';

const FOLDERS = ['usage-report', 'run-summary'];

describe.each(FOLDERS)('the template of %s', (folder) => {
  test('has after compiling every mustache that it had before, in order', async () => {
    const mjml = await assembleMjml(folder);
    const html = await compileMjml(mjml);
    // MJML prints the title twice: as such, and as a label of the body.
    expect(mustaches(mjml).length).toBeGreaterThan(20);
    expect(mustaches(html)).toEqual(mustaches(mjml));
    expect(html.split('{{title}}')).toHaveLength(3);
  });

  test('never prints anything unescaped', async () => {
    expect(await assembleMjml(folder)).not.toMatch(/\{\{\{|\{\{&/);
  });

  test('has every file that it includes', async () => {
    expect(await assembleMjml(folder)).not.toMatch(/<!-- (include|mail)/);
  });

  test('loads nothing from elsewhere', async () => {
    const html = await compileMjml(await assembleMjml(folder));
    expect(html).not.toMatch(/<img|<link|@import|url\(|src=/);
  });
});

test('what MJML does not understand stops the start', async () => {
  await expect(compileMjml('<mjml><mj-body><mj-nonsense /></mj-body></mjml>')).rejects.toMatchObject({
    code: 'internal',
  });
});

const mustaches = (source: string): readonly string[] =>
  [...source.matchAll(/\{\{[^}]+\}\}/g)].flatMap(([mustache]) => (mustache === '{{title}}' ? [] : mustache));
