import Handlebars from 'handlebars';
import mjml2html from 'mjml';
import { attachUsage } from '../src/adapters/mail/attachments/attached-files.ts';
import { brandOf } from '../src/adapters/mail/templates/brand.ts';
import { createCompose } from '../src/adapters/mail/compose.ts';
import { fit } from '../src/adapters/mail/view/level-of-detail.ts';
import { openTemplateFolder } from '../src/adapters/mail/templates/template-source.ts';
import { compileMjml } from '../src/adapters/mail/templates/compile-template.ts';
import { wrapText } from '../src/adapters/mail/view/wrap-text.ts';
import { viewUsage } from '../src/adapters/mail/view/usage-report.ts';
import type { UsageView } from '../src/adapters/mail/view/usage-report.ts';
import { isLightEnough } from '../src/adapters/mail/templates/html-size.ts';
import { inventCluster, weighInto } from '../test/adapters/mail/invented-registry.ts';
import type { Shape } from '../test/adapters/mail/invented-registry.ts';

/** What makes the parts of one and the same mail. */
export type MailWays = {
  /** Ours, from the report to what is sent: page, text, CSV and what deletes. */
  readonly compose: () => readonly (string | Uint8Array)[];
  /** Page, text and CSV by templates that Handlebars compiled with its own defaults, from texts that are ready. */
  readonly bare: () => readonly string[];
  /** The same without the CSV. */
  readonly bareBodies: () => readonly string[];
  /** The page alone by MJML, to which the rows of the list are raw. */
  readonly mjmlRawRows: () => Promise<readonly string[]>;
  /** The page alone by MJML, which lays out each row: a section of five columns, as people write it. */
  readonly mjmlSections: () => Promise<readonly string[]>;
};

/** @throws when two ways do not say the same */
export const prepareWays = async (shape: Shape): Promise<MailWays> => {
  const cluster = inventCluster({ name: 'a1b2c3-tools', shape, environment: 'tools' });
  const mail = await weighInto(cluster, 5 * 2 ** 30);
  const files = attachUsage(mail);
  const folder = await openTemplateFolder(null);
  const source = await folder.read('layout.mjml', 'usage-report/report.mjml');
  const text = await folder.read('usage-report/report.txt.hbs');

  const composer = await createCompose({ mail: { from: 'registry@example.com' } });
  const fillPage = Handlebars.compile<unknown>((await compileMjml(source)).html);
  const fillText = Handlebars.compile<unknown>(text.text, { noEscape: true });
  const fillRawRows = Handlebars.compile<unknown>(source.text);
  const fillSections = Handlebars.compile<unknown>(withSections(source.text));

  const viewOf = viewUsage(mail, { brand: brandOf({ mail: {} }), productionEnvironments: [] }, files);
  // In the detail that compose ends up with; only compose has to find it.
  const view = fit<UsageView>({ namespaces: 1, streams: shape.streams }, viewOf, (candidate) =>
    isLightEnough(fillPage(candidate)),
  );
  const csv = readCsv(composer.renderUsage(mail).attachments[0]?.content ?? '');
  const fillCsv = Handlebars.compile<unknown>(csv.template, { noEscape: true });

  const ways: MailWays = {
    compose: () => {
      const { html, text: body, attachments } = composer.renderUsage(mail);
      return [html, body, ...attachments.map(({ content }) => content)];
    },
    bare: () => [fillPage(view), fillText(view), fillCsv(csv.view)],
    bareBodies: () => [fillPage(view), fillText(view)],
    mjmlRawRows: async () => [await runMjml(fillRawRows(view))],
    mjmlSections: async () => [await runMjml(fillSections(view))],
  };
  await compareWays(ways);
  return ways;
};

const runMjml = async (source: string): Promise<string> => {
  const { html } = await mjml2html(source, {
    fonts: {},
    keepComments: false,
    ignoreIncludes: true,
    validationLevel: 'skip',
  });
  return html;
};

/** The page with its list no longer raw. */
const withSections = (source: string): string => {
  const list = /\{\{#each lists\}\}[\s\S]*?(?=<\/mj-raw>)/;
  if (!list.test(source)) throw new Error('the page has no list of raw rows');
  return source.replace(
    new RegExp(`${list.source}</mj-raw>`),
    `</mj-raw></mj-column></mj-section>${SECTIONS}<mj-section><mj-column>`,
  );
};

const row = (cells: readonly string[]): string =>
  `<mj-section>${cells.map((cell) => `<mj-column><mj-text>${cell}</mj-text></mj-column>`).join('')}</mj-section>`;

const SECTIONS = `{{#each lists}}
<mj-section><mj-column><mj-text><h2>{{heading}}{{#if badge}} {{badge}}{{/if}}</h2><p>{{intro}}</p></mj-text></mj-column></mj-section>
{{#each tables}}
<mj-section><mj-column><mj-text>{{caption}}</mj-text></mj-column></mj-section>
${row(['{{../nameHead}}', 'Pushed', 'Size', 'Counted', 'Frees'])}
{{#each rows}}
${row(['{{name}}{{#if digest}} <code>{{digest}}</code>{{/if}}{{#if mark}} <small>{{mark}}</small>{{/if}}', '{{pushed}}', '{{size}}', '{{counted}}', '{{frees}}'])}
{{#if note}}<mj-section><mj-column><mj-text>{{note}}</mj-text></mj-column></mj-section>{{/if}}
{{/each}}{{/each}}{{/each}}`;

/** A CSV as a view, its cells as they are written, and the template for it. None of an invented registry has a comma. */
const readCsv = (csv: string | Uint8Array): { readonly template: string; readonly view: unknown } => {
  const [header = '', ...lines] = String(csv).trimEnd().split('\n');
  const columns = header.split(',');
  const rows = lines.map((line) =>
    Object.fromEntries(line.split(',').map((cell, index) => [columns[index], cell])),
  );
  const row = columns.map((column) => `{{${column}}}`).join(',');
  return { template: `{{header}}\n{{#each rows}}${row}\n{{/each}}`, view: { header, rows } };
};

/** Same page and CSV to the byte; same text once its lines are broken; MJML with sections says the same words. */
const compareWays = async (ways: MailWays): Promise<void> => {
  const [html = '', text = '', csv] = ways.compose();
  const [bareHtml = '', bareText = '', bareCsv] = ways.bare();
  const [rawRows = ''] = await ways.mjmlRawRows();
  const [sections = ''] = await ways.mjmlSections();
  const same = {
    page: html === bareHtml,
    text: text === wrapText(bareText),
    csv: csv === bareCsv,
    'words of raw rows': wordsOf(String(html)) === wordsOf(rawRows),
    'words of sections': wordsOf(String(html)) === wordsOf(sections),
  };
  const different = Object.entries(same).flatMap(([part, isSame]) => (isSame ? [] : [part]));
  if (different.length > 0) throw new Error(`the ways differ: ${different.join(', ')}`);
};

const wordsOf = (html: string): string =>
  html
    .replace(/<!--[\s\S]*?-->|<style[\s\S]*?<\/style>|<[^>]*>/g, ' ')
    .split(/\s+/)
    .join(' ');
