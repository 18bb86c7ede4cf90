import { expect, test } from 'vitest';
import { createCompose } from '../../../src/adapters/mail/compose.ts';
import { lintMails } from '../../../src/adapters/mail/lint.ts';
import { folderWith } from './template-folder.ts';

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
    name: 'a name that no row of a list in a list has',
    file: 'usage-report/report.mjml',
    text: '<mj-raw>\n{{#each lists}}{{#each tables}}{{#if caption}}{{#each rows}}\n{{owner}}{{/each}}{{/if}}{{/each}}{{/each}}</mj-raw>\n',
    fault: 'usage-report/report.mjml:3: there is no owner here',
  },
  {
    name: 'a name that no view has, where there is nothing else',
    file: 'usage-report/report.txt.hbs',
    text: '{{#each teams}}{{this}}{{else}}{{#unless alert}}{{else}}\n{{nobody}}{{/unless}}{{/each}}\n',
    fault: 'usage-report/report.txt.hbs:2: there is no nobody here',
  },
  {
    name: 'a name of what is text',
    file: 'usage-report/report.txt.hbs',
    text: '{{#with help}}{{text.length}}{{/with}}\n',
    fault: 'usage-report/report.txt.hbs:1: there is no text.length here',
  },
  {
    name: 'a loop over what is no list',
    file: 'usage-report/report.txt.hbs',
    text: '{{heading}}\n{{#each help}}{{usedGiB}}{{/each}}\n',
    fault: 'usage-report/report.txt.hbs:2: help is no list',
  },
  {
    name: 'a name of what a list has, of which the sample shows nothing',
    file: 'usage-report/report.txt.hbs',
    text: '{{#with others}}{{#each restUnlisted}}\n{{this}}{{stream}}{{/each}}{{/with}}\n',
    fault: 'usage-report/report.txt.hbs:2: there is no stream here',
  },
  {
    name: 'a position outside of a loop',
    file: 'usage-report/report.txt.hbs',
    text: '{{#each notes}}{{@index}}{{/each}}\n{{#if @first}}x{{/if}}\n',
    fault: 'usage-report/report.txt.hbs:2: there is no @first here',
  },
  {
    name: 'a position in the second of one loop',
    file: 'usage-report/report.txt.hbs',
    text: '{{#each notes}}{{#if @first}}{{@../index}}{{/if}}{{/each}}\n',
    fault: 'usage-report/report.txt.hbs:1: there is no @../index here',
  },
  {
    name: 'text in the place of a name',
    file: 'usage-report/report.txt.hbs',
    text: '{{heading}}\n{{"heading"}}\n',
    fault: 'usage-report/report.txt.hbs:2: prints what is no name',
  },
  {
    name: 'a name with a setting',
    file: 'usage-report/report.txt.hbs',
    text: '{{heading}}\n{{heading case="upper"}}\n',
    fault: 'usage-report/report.txt.hbs:2: calls a function; there are none',
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
])(
  'a folder of templates with $name stops the start, and lint says the same',
  async ({ file, text, fault }) => {
    const dir = await folderWith({ [file]: text });
    const findings = await lintMails({ mail: {}, templates: { dir } });
    expect(findings).toContainEqual(expect.stringContaining(fault));
    await expect(createCompose({ mail: {}, templates: { dir } })).rejects.toMatchObject({
      code: 'invalid',
      message: [`the templates of ${dir} have faults:`, ...findings].join('\n  '),
    });
  },
);
