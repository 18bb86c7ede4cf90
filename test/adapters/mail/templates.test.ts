import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createCompose } from '../../../src/adapters/mail/compose.ts';
import { lintMails } from '../../../src/adapters/mail/lint.ts';
import { summaryShape, usageShape } from '../../../src/adapters/mail/load-templates.ts';
import { readSummarySample, readUsageSample } from '../../../src/adapters/mail/samples.ts';
import type { Shape } from '../../../src/adapters/mail/template-expressions.ts';
import { openTemplateFolder } from '../../../src/adapters/mail/template-source.ts';
import { compileMjml } from '../../../src/adapters/mail/templates.ts';
import { inventMail } from './invented.ts';

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

  test.each([
    {
      name: 'a name that no view has',
      file: 'usage-report/report.txt.hbs',
      text: '{{heading}}\n{{#each namespaces}}\n{{usedGiB}}\n{{/each}}\n',
      fault: 'usage-report/report.txt.hbs:3: there is no usedGiB here',
    },
    {
      name: 'a name of an outer scope without its dots',
      file: 'usage-report/report.txt.hbs',
      text: '{{#each namespaces}}{{../heading}}{{origin}}{{/each}}\n',
      fault: 'usage-report/report.txt.hbs:1: there is no origin here',
    },
    {
      name: 'a condition on a name that no view has',
      file: 'run-summary/report.txt.hbs',
      text: '{{heading}}\n{{#if urgent}}now{{/if}}\n',
      fault: 'run-summary/report.txt.hbs:2: there is no urgent here',
    },
    {
      name: 'three braces',
      file: 'partials/footer.mjml',
      text: '<mj-text>\n{{{reference}}}\n</mj-text>\n',
      fault: 'partials/footer.mjml:2: prints without escaping; two braces, not three',
    },
    {
      name: 'a function',
      file: 'partials/footer.mjml',
      text: '<mj-text>{{upper reference}}</mj-text>\n',
      fault: 'partials/footer.mjml:1: calls a function; there are none',
    },
    {
      name: 'a function as a block',
      file: 'partials/footer.mjml',
      text: '<mj-text>\n{{#eq reference "a"}}x{{/eq}}</mj-text>\n',
      fault: 'partials/footer.mjml:2: #eq is not understood',
    },
    {
      name: 'a block that is closed by another name',
      file: 'partials/footer.mjml',
      text: '<mj-text>\n\n{{#if help}}x{{/each}}</mj-text>\n',
      fault: "partials/footer.mjml:3: if doesn't match each",
    },
    {
      name: 'a mustache that is not closed',
      file: 'partials/footer.mjml',
      text: '<mj-text>\n{{reference}</mj-text>\n',
      fault: 'partials/footer.mjml:2: ',
    },
    {
      name: 'an element that MJML does not know',
      file: 'partials/footer.mjml',
      text: '<mj-text>{{reference}}</mj-text>\n<mj-nonsense />\n',
      fault: "partials/footer.mjml:2: Element mj-nonsense doesn't exist or is not registered",
    },
    {
      name: 'text where MJML drops it',
      file: 'partials/footer.mjml',
      text: '<mj-text>x</mj-text>\n<mj-divider>{{reference}}</mj-divider>\n',
      fault: 'partials/footer.mjml:2: MJML does not keep {{reference}} where it stands',
    },
    {
      name: 'an include of what is not there',
      file: 'usage-report/report.mjml',
      text: '<mj-text>x</mj-text>\n<!-- include partials/foot.mjml -->\n',
      fault: 'usage-report/report.mjml:2: there is no partials/foot.mjml that can be read',
    },
    {
      name: 'an include of itself',
      file: 'partials/footer.mjml',
      text: '<!-- include partials/footer.mjml -->\n',
      fault: 'partials/footer.mjml:1: partials/footer.mjml cannot be included here',
    },
    {
      name: 'an include from elsewhere',
      file: 'partials/footer.mjml',
      text: '<!-- include ../secret.txt -->\n',
      fault: 'partials/footer.mjml:1: ../secret.txt cannot be included here',
    },
    {
      name: 'a file that replaces nothing',
      file: 'usage-reports/report.mjml',
      text: '',
      fault: 'usage-reports/report.mjml: replaces no template and is included by none',
    },
    {
      name: 'a second heading',
      file: 'partials/footer.mjml',
      text: '<mj-text><h1>{{reference}}</h1></mj-text>\n',
      fault: 'usage-report: the page has 2 h1, not one',
    },
    {
      name: 'an image',
      file: 'partials/footer.mjml',
      text: '<mj-image src="https://img.example.com/logo.png" alt="Logo" />\n',
      fault: 'usage-report: the page loads something from elsewhere: <img',
    },
    {
      name: 'a table without caption and scopes',
      file: 'partials/footer.mjml',
      text: '<mj-text><table><tr><th>A</th></tr></table></mj-text>\n',
      fault: 'usage-report: <th> has no scope',
    },
    {
      name: 'a page on which the colours cannot be read',
      file: 'partials/style.css',
      text: 'body { background-color: #2f6db0; }\n',
      fault: 'usage-report: branding.colors.accent has a contrast of 1.01:1 with the background #2f6db0',
    },
    {
      name: 'more than a mail service shows',
      file: 'partials/footer.mjml',
      text: `<mj-text><p>${'Very long. '.repeat(9_000)}</p></mj-text>\n`,
      fault: 'run-summary: the page is heavier than 92160 bytes as it is sent',
    },
  ])('with $name stops the start, and lint says the same', async ({ file, text, fault }) => {
    const dir = await folderWith({ [file]: text });
    const findings = await lintMails({ mail: {}, templates: { dir } });
    expect(findings).toContainEqual(expect.stringContaining(fault));
    await expect(createCompose({ mail: {}, templates: { dir } })).rejects.toMatchObject({
      code: 'invalid',
      message: [`the templates of ${dir} have faults:`, ...findings].join('\n  '),
    });
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
    const builtIn = new URL('../../../templates/', import.meta.url);
    const files = await Promise.all(
      names.map(async (name) => [name, await readFile(new URL(name, builtIn), 'utf8')] as const),
    );
    const dir = await folderWith(Object.fromEntries(files));
    expect(await lintMails({ mail: {}, templates: { dir } })).toEqual([]);
  });
});

const folderWith = async (files: Readonly<Record<string, string>>): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'templates-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
};

/** Where a shape has lists: `namespaces[].plan.deletions`. */
const listPaths = ({ fields, element }: Shape, path = ''): readonly string[] => [
  ...(element === null ? [] : [path, ...listPaths(element, `${path}[]`)]),
  ...[...fields].flatMap(([name, field]) => listPaths(field, path === '' ? name : `${path}.${name}`)),
];

const mustaches = (source: string): readonly string[] =>
  [...source.matchAll(/\{\{[^}]+\}\}/g)].flatMap(([mustache]) => (mustache === '{{title}}' ? [] : mustache));
