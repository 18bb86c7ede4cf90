import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createCompose } from '../../../../src/adapters/mail/compose.ts';
import { lintMails } from '../../../../src/adapters/mail/templates/lint-mails.ts';
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
    name: 'a list of objects in the place of text',
    file: 'usage-report/report.txt.hbs',
    text: '{{heading}}\n{{lists}}\n',
    fault: 'usage-report/report.txt.hbs:2: lists is no text: only text and numbers can be printed',
  },
  {
    name: 'a list of words outside of a loop',
    file: 'usage-report/report.txt.hbs',
    text: '{{heading}}\n{{notes}}\n',
    fault: 'usage-report/report.txt.hbs:2: notes is no text',
  },
  {
    name: 'an object in the place of text',
    file: 'usage-report/report.txt.hbs',
    text: '{{#each namespaces}}\n{{share}}{{bar}}{{/each}}\n',
    fault: 'usage-report/report.txt.hbs:2: bar is no text',
  },
  {
    name: 'the whole view in the place of text',
    file: 'usage-report/report.txt.hbs',
    text: '{{heading}}\n{{this}}\n',
    fault: 'usage-report/report.txt.hbs:2: this is no text',
  },
  {
    name: 'all that surrounds it in the place of text',
    file: 'usage-report/report.txt.hbs',
    text: '{{#each notes}}\n{{this}}{{..}}{{/each}}\n',
    fault: 'usage-report/report.txt.hbs:2: .. is no text',
  },
  {
    name: 'an object in the page',
    file: 'partials/footer.mjml',
    text: '<mj-text>\n{{help}}</mj-text>\n',
    fault: 'partials/footer.mjml:2: help is no text',
  },
  {
    name: 'yes or no in the place of text',
    file: 'usage-report/report.txt.hbs',
    text: '{{heading}}\n{{hasRows}}\n',
    fault: 'usage-report/report.txt.hbs:2: hasRows is no text',
  },
  {
    name: 'whether it is the first in the place of text',
    file: 'usage-report/report.txt.hbs',
    text: '{{#each notes}}\n{{@index}}{{@key}}{{@first}}{{/each}}\n',
    fault: 'usage-report/report.txt.hbs:2: @first is no text',
  },
  {
    name: 'a name given to what a loop is at',
    file: 'usage-report/report.txt.hbs',
    text: '{{heading}}\n{{#each namespaces as |share|}}{{share}}{{/each}}\n',
    fault: 'usage-report/report.txt.hbs:2: names with as |…| are not understood',
  },
  {
    name: 'a name given to what a loop after an else is at',
    file: 'usage-report/report.txt.hbs',
    text: '{{#if alert}}a{{else each\nnotes as |heading|}}{{heading}}{{/if}}\n',
    fault: 'usage-report/report.txt.hbs:1: names with as |…| are not understood',
  },
  {
    name: 'a block of what it is in already, which Handlebars counts as one level',
    file: 'usage-report/report.txt.hbs',
    text: '{{#each namespaces}}\n{{#with this}}{{../share}}{{/with}}{{/each}}\n',
    fault: 'usage-report/report.txt.hbs:2: #with this does not go down',
  },
  {
    name: 'a loop in itself, which Handlebars counts as one level',
    file: 'usage-report/report.txt.hbs',
    text: '{{#each namespaces}}\n{{#each ../namespaces}}{{../share}}{{/each}}{{/each}}\n',
    fault: 'usage-report/report.txt.hbs:2: #each ../namespaces does not go down',
  },
  {
    name: 'a block of a dot',
    file: 'usage-report/report.txt.hbs',
    text: '{{#each namespaces}}{{#with .}}{{share}}{{/with}}{{/each}}\n',
    fault: 'usage-report/report.txt.hbs:1: #with . does not go down',
  },
  {
    name: 'a block of a position',
    file: 'usage-report/report.txt.hbs',
    text: '{{#each notes}}\n{{#with @index}}{{nonsense}}{{/with}}{{/each}}\n',
    fault: 'usage-report/report.txt.hbs:2: #with @index does not go down',
  },
  {
    name: 'a block of text',
    file: 'usage-report/report.txt.hbs',
    text: '{{#with heading}}{{this}}{{/with}}\n',
    fault: 'usage-report/report.txt.hbs:1: heading has no names',
  },
  {
    name: 'a block of a list, which Handlebars takes for its only element',
    file: 'usage-report/report.txt.hbs',
    text: '{{heading}}\n{{#with notes}}{{/with}}\n',
    fault: 'usage-report/report.txt.hbs:2: notes has no names',
  },
  {
    name: 'a block with a setting',
    file: 'usage-report/report.txt.hbs',
    text: '{{heading}}\n{{#if alert includeZero=nonsense}}x{{/if}}\n',
    fault: 'usage-report/report.txt.hbs:2: #if is not understood',
  },
  {
    name: 'a raw block',
    file: 'usage-report/report.txt.hbs',
    text: '{{heading}}\n{{{{each teams}}}} x {{{{/each}}}}\n',
    fault: 'usage-report/report.txt.hbs:2: blocks in four braces are not understood',
  },
  {
    name: 'a mustache that is not filled',
    file: 'usage-report/report.txt.hbs',
    text: '{{heading}}\n\\{{alert}}\n',
    fault: 'usage-report/report.txt.hbs:2: a mustache after a backslash is not filled',
  },
  {
    name: 'no text at all',
    file: 'usage-report/report.txt.hbs',
    text: '',
    fault: 'usage-report: the text part is empty',
  },
  {
    name: 'nothing but blanks in some mails',
    file: 'usage-report/report.txt.hbs',
    text: '{{#if more}}{{heading}}{{/if}}\n',
    fault: 'usage-report: the text part is empty',
  },
  {
    name: 'text of a run summary only where a namespace is over quota',
    file: 'run-summary/report.txt.hbs',
    text: '{{#if over}}{{heading}}{{/if}}\n',
    fault: 'run-summary: the text part is empty, in the mail of a quiet run',
  },
  {
    name: 'an attribute without quotes',
    file: 'partials/footer.mjml',
    text: '<mj-text>\n<p class="a>b"\n  title={{reference}}>x</p></mj-text>\n',
    fault: 'partials/footer.mjml:3: {{reference}} in a tag needs quotes around it',
  },
  {
    name: 'an attribute without quotes in a condition',
    file: 'partials/footer.mjml',
    text: '<mj-text><p {{#if help}}title="{{reference}}" lang={{title}}{{/if}}>x</p></mj-text>\n',
    fault: 'partials/footer.mjml:1: {{title}} in a tag needs quotes around it',
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
  ...[
    ['javascript:alert(1)', '<a href="javascript:alert(1)">x</a>'],
    ['JavaScript:alert(1)', "<A HREF = 'JavaScript:alert(1)'>x</A>"],
    ['javascript:alert(1)', '<a title=">" href=javascript:alert(1)>x</a>'],
    ['&#106;avascript:alert(1)', '<a href="&#106;avascript:alert(1)">x</a>'],
    [' javascript:alert(1)', '<a href=" javascript:alert(1)">x</a>'],
    ['data:text/html,x', '<a href="data:text/html,x">x</a>'],
    ['http://docs.example.com', '<a href="http://docs.example.com">x</a>'],
    ['//docs.example.com', '<a href="//docs.example.com">x</a>'],
    ['docs.html', '<a href="docs.html">x</a>'],
    ['javascript:alert(1)', '<svg><a xlink:href="javascript:alert(1)">x</a></svg>'],
  ].map(([url = '', link = '']) => ({
    name: `the link ${link}`,
    file: 'partials/footer.mjml',
    text: `<mj-text>${link}</mj-text>\n`,
    fault: `usage-report: a link leads to ${url}, which is neither https:// nor mailto:`,
  })),
  {
    name: 'a button that leads elsewhere',
    file: 'partials/footer.mjml',
    text: '<mj-button href="javascript:alert(1)">x</mj-button>\n',
    fault: 'usage-report: a link leads to javascript:alert(1), which is neither https:// nor mailto:',
  },
  {
    name: 'a link to what a mail says',
    file: 'partials/footer.mjml',
    text: '<mj-text><a href="{{reference}}">x</a></mj-text>\n',
    fault: 'usage-report: a link leads to Report ',
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

test.each([
  {
    name: 'what is said of teams',
    from: '{{#each teams}}<p>',
    to: '{{#each teams}}<p><img src="https://img.example.com/dot.png">',
    fault: 'usage-report: the page loads something from elsewhere: <img, in the mail of a team',
  },
  {
    name: 'the heading of a namespace among others',
    from: '{{#if heading}}<h2>',
    to: '{{#if heading}}<h1>x</h1><h2>',
    fault: 'usage-report: the page has 4 h1, not one, in the mail of a team',
  },
  {
    name: 'the table of namespaces for which there is no room',
    from: '<caption style="text-align:left">{{caption}}</caption>\n  <thead><tr><th scope="col" width="42%"',
    to: '<thead><tr><th width="42%"',
    fault: 'usage-report: <th width="42%" align="left"> has no scope, in the mail of a large team',
  },
  {
    name: 'what more namespaces there are',
    from: '{{#if rest}}',
    to: '{{#if rest}}<script></script>',
    fault: 'usage-report: the page loads something from elsewhere: <script, in the mail of a large team',
  },
  {
    name: 'the advice where nothing can be proposed',
    from: '{{#if advice}}',
    to: '{{#if advice}}<h1>x</h1>',
    fault: 'usage-report: the page has 2 h1, not one, in the mail of a team',
  },
  {
    name: 'what is there instead of a plan',
    from: '{{#if remarks}}',
    to: '{{#if plan}}{{else}}<h1>x</h1>{{/if}}{{#if remarks}}',
    fault: 'usage-report: the page has 2 h1, not one, in the mail of a namespace without a plan',
  },
  {
    name: 'a list without tags',
    from: '{{#each lists}}',
    to: '{{#each lists}}{{#unless isTree}}<form>{{/unless}}',
    fault: 'usage-report: the page loads something from elsewhere: <form, in the mail of a large namespace',
  },
  {
    name: 'what is said of teams, and makes their mails too heavy',
    from: '{{#each teams}}',
    to: `{{#each teams}}<p>${'Very long. '.repeat(9_000)}</p>`,
    fault: 'usage-report: the page is heavier than 92160 bytes as it is sent, in the mail of a team',
  },
])('a fault in $name is found, though the sample does not show it', async ({ from, to, fault }) => {
  const page = await readFile(
    new URL('../../../../templates/usage-report/report.mjml', import.meta.url),
    'utf8',
  );
  expect(page).toContain(from);
  const dir = await folderWith({ 'usage-report/report.mjml': page.replace(from, to) });
  expect(await lintMails({ mail: {}, templates: { dir } })).toContain(fault);
});

test('links to https, to an address and within the mail are fine', async () => {
  const links = ['https://docs.example.com', 'mailto:help@example.com?subject=Quota', '#top'];
  const text = links.map((url) => `<a href="${url}">x</a>`).join(' ');
  const dir = await folderWith({ 'partials/footer.mjml': `<mj-text>${text}{{reference}}</mj-text>\n` });
  expect(await lintMails({ mail: {}, templates: { dir } })).toEqual([]);
});

test('what is wrong in all mails is said once', async () => {
  const dir = await folderWith({ 'partials/footer.mjml': '<mj-text><h1>{{reference}}</h1></mj-text>\n' });
  expect(await lintMails({ mail: {}, templates: { dir } })).toEqual([
    'usage-report: the page has 2 h1, not one',
    'run-summary: the page has 2 h1, not one',
  ]);
});
