import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createCompose } from '../../../../src/adapters/mail/compose.ts';
import { lintMails } from '../../../../src/adapters/mail/templates/lint-mails.ts';
import { summaryShape, usageShape } from '../../../../src/adapters/mail/templates/load-templates.ts';
import { readSummarySample, readUsageSample } from '../../../../src/adapters/mail/templates/samples.ts';
import type { Shape } from '../../../../src/adapters/mail/templates/template-expressions.ts';
import { openTemplateFolder } from '../../../../src/adapters/mail/templates/template-source.ts';
import { compileMjml } from '../../../../src/adapters/mail/templates/compile-template.ts';
import { inventMail } from '../invented.ts';
import { folderWith } from './template-folder.ts';

describe.each(['usage-report', 'run-summary'])('the template of %s', (mail) => {
  const readPage = async () => (await openTemplateFolder(null)).read('layout.mjml', `${mail}/report.mjml`);

  test('has after compiling every mustache that it had before, in order', async () => {
    const source = await readPage();
    const { html } = await compileMjml(source);
    // MJML prints the title twice: as such, and as a label of the body.
    expect(mustaches(source.text).length).toBeGreaterThan(20);
    expect(mustaches(html)).toEqual(mustaches(source.text));
    expect(html.split('{{title}}')).toHaveLength(3);
  });

  test('never prints anything unescaped', async () => {
    expect((await readPage()).text).not.toMatch(/\{\{\{|\{\{&/);
  });

  test('has every file that it includes', async () => {
    const { text, faults } = await readPage();
    expect(faults).toEqual([]);
    expect(text).not.toMatch(/<!-- (include|mail)/);
  });
});

test('the samples show every list of a view, so that no name in a template goes unchecked', async () => {
  const shapes = [usageShape(await readUsageSample()), summaryShape(await readSummarySample())];
  // Lists of words have neither fields nor elements; what is a list must have shown one.
  expect(shapes.flatMap((shape) => listPaths(shape))).toEqual(
    expect.arrayContaining([
      'namespaces',
      'namespaces[].bar.parts',
      'namespaces[].plan.deletions',
      'namespaces[].plan.commands',
      'namespaces[].plan.cautions',
      'teams',
      'others.tables[].rows',
      'lists[].tables[].rows',
      'lists[].lines',
      'notes',
      'why',
      'paragraphs.before',
      'paragraphs.after',
      'facts',
      'over',
      'concerns[].rows',
    ]),
  );
});

test('of nothing in a view do the samples show nothing, so that no template goes unchecked', async () => {
  const shapes = [usageShape(await readUsageSample()), summaryShape(await readSummarySample())];
  expect(shapes.flatMap((shape) => unknownPaths(shape))).toEqual([]);
});

test('the built-in templates have nothing that lint finds', async () => {
  expect(await lintMails({ mail: {} })).toEqual([]);
});

describe('a folder of templates', () => {
  test('replaces the files it has; the others stay as they are', async () => {
    const dir = await folderWith({
      'partials/footer.mjml': '<mj-text><p>By us: {{reference}}</p></mj-text>',
    });
    const own = (await createCompose({ mail: {}, templates: { dir } })).renderUsage(inventMail(1));
    const builtIn = (await createCompose({ mail: {} })).renderUsage(inventMail(1));
    expect(own.html).toContain('<p>By us: Report ');
    expect(builtIn.html).not.toContain('By us');
    expect(own.text).toBe(builtIn.text);
  });

  test('may count in its loops', async () => {
    const text =
      '{{#each lists}}{{#each tables}}{{@../index}}.{{@index}}{{#if @last}} end{{/if}}\n{{/each}}{{/each}}';
    const dir = await folderWith({ 'usage-report/report.txt.hbs': text });
    const compose = await createCompose({ mail: {}, templates: { dir } });
    expect(compose.renderUsage(inventMail(9)).text).toBe('0.0\n0.1\n0.2 end\n\n');
  });

  test('may print a part of what not every mail has, and no mail fails for it', async () => {
    const dir = await folderWith({
      'usage-report/report.txt.hbs': '{{#each namespaces}}[{{plan.heading}}]{{/each}}',
    });
    const compose = await createCompose({ mail: {}, templates: { dir } });
    expect(compose.renderUsage(inventMail(1)).text).toBe('[]\n');
  });

  test('that is not there stops the start', async () => {
    const dir = join(tmpdir(), 'no-such-templates');
    await expect(createCompose({ mail: {}, templates: { dir } })).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('no-such-templates'),
      hint: expect.stringContaining('templates.dir'),
    });
  });

  test('may be a copy of the built-in ones', async () => {
    const names = [
      'layout.mjml',
      'partials/style.css',
      'usage-report/report.mjml',
      'run-summary/report.txt.hbs',
    ];
    const builtIn = new URL('../../../../templates/', import.meta.url);
    const files = await Promise.all(
      names.map(async (name) => [name, await readFile(new URL(name, builtIn), 'utf8')] as const),
    );
    const dir = await folderWith(Object.fromEntries(files));
    expect(await lintMails({ mail: {}, templates: { dir } })).toEqual([]);
  });
});

/** Where a shape has lists: `namespaces[].plan.deletions`. */
const listPaths = ({ fields, element }: Shape, path = ''): readonly string[] => [
  ...(element === null ? [] : [path, ...listPaths(element, `${path}[]`)]),
  ...[...fields].flatMap(([name, field]) => listPaths(field, path === '' ? name : `${path}.${name}`)),
];

/** What is never anything but null, or a list that is always empty. */
const unknownPaths = ({ kinds, fields, element }: Shape, path = ''): readonly string[] => [
  ...(kinds.size === 0 || (kinds.has('list') && element === null) ? [path] : []),
  ...(element === null ? [] : unknownPaths(element, `${path}[]`)),
  ...[...fields].flatMap(([name, field]) => unknownPaths(field, path === '' ? name : `${path}.${name}`)),
];

const mustaches = (source: string): readonly string[] =>
  [...source.matchAll(/\{\{[^}]+\}\}/g)].flatMap(([mustache]) => (mustache === '{{title}}' ? [] : mustache));
