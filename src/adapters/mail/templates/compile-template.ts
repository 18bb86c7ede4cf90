import Handlebars from 'handlebars';
import mjml2html from 'mjml';
import type { Source, TemplateFolder } from './template-source.ts';
import { findExpressionFaults } from './template-expressions.ts';
import type { Shape } from './template-expressions.ts';

/** One mail's two bodies, filled from the same view. */
export type Template<View> = {
  /** Escapes every value once. */
  readonly fillHtml: (view: View) => string;
  /** Escapes nothing. */
  readonly fillText: (view: View) => string;
};

/** A template that can be filled, or what is wrong with it, each with file and line. */
export type Compiled<View> =
  { readonly template: Template<View> } | { readonly template: null; readonly faults: readonly string[] };

/**
 * Compiles the templates of one mail, a folder of `templates/`, for views of a shape. Slow: once, at start. Data never
 * gets here.
 */
export const compileTemplate = async <View>(
  folder: TemplateFolder,
  mail: string,
  shape: Shape,
): Promise<Compiled<View>> => {
  const page = await folder.read('layout.mjml', `${mail}/report.mjml`);
  const text = await folder.read(`${mail}/report.txt.hbs`);
  const { html, faults: pageFaults } = await compileMjml(page);
  const faults = [
    ...pageFaults,
    ...findUnquoted(page),
    ...findExpressionFaults(page, shape),
    ...text.faults,
    ...findExpressionFaults(text, shape),
  ];
  if (faults.length > 0) return { template: null, faults };
  return {
    template: {
      fillHtml: compileChecked(html, { noEscape: false }),
      fillText: compileChecked(text.text, { noEscape: true }),
    },
  };
};

/**
 * Not `strict`, which looks at each name twice: that each is there has been checked (docs/decisions/0021). Only a template
 * that asks for an `@index` or the like pays for counting in loops.
 */
const compileChecked = (
  source: string,
  { noEscape }: { readonly noEscape: boolean },
): ((view: unknown) => string) =>
  Handlebars.compile<unknown>(source, {
    noEscape,
    knownHelpersOnly: true,
    data: /\{\{[^}]*@/.test(source),
  });

/** MJML to HTML, every mustache untouched and in its place. */
export const compileMjml = async (
  source: Source,
): Promise<{ readonly html: string; readonly faults: readonly string[] }> => {
  try {
    const { html, errors } = await mjml2html(source.text, {
      fonts: {},
      keepComments: false,
      ignoreIncludes: true,
      validationLevel: 'soft',
    });
    const faults = errors.map(({ line, message }) => `${source.placeOf(line)}: ${message}`);
    return {
      html: html.replace(/\n\s+/g, '\n'),
      faults: [...source.faults, ...faults, ...findLost(source, html)],
    };
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return { html: '', faults: [...source.faults, `${source.placeOf(1)}: ${reason}`] };
  }
};

/** MJML drops what it does not expect; the first mustache that is not where it was says where. */
const findLost = (source: Source, html: string): readonly string[] => {
  const before = [...source.text.matchAll(MUSTACHE)].filter(isNoTitle);
  const after = [...html.matchAll(MUSTACHE)].filter(isNoTitle);
  const lost = before.find(([mustache], index) => mustache !== after[index]?.[0]);
  if (lost === undefined && before.length === after.length) return [];
  const line = source.text.slice(0, lost?.index ?? 0).split('\n').length;
  return [`${source.placeOf(line)}: MJML does not keep ${lost?.[0] ?? 'the mustaches'} where it stands`];
};

const MUSTACHE = /\{\{[^}]+\}\}/g;
/** MJML prints the title twice: as such, and as a label of the body. */
const isNoTitle = ([mustache]: RegExpExecArray): boolean => mustache !== '{{title}}';

/** A value without quotes around it can end its attribute and begin another, escaped as it may be. */
const findUnquoted = (source: Source): readonly string[] =>
  [...source.text.matchAll(TAG)].flatMap(({ index, 0: tag }) =>
    // Blanks keep everything in its place.
    [...tag.replace(QUOTED, (quoted) => quoted.replace(/[^\n]/g, ' ')).matchAll(PRINTED)]
      .filter(([mustache]) => !OWN_WORDS.has(mustache))
      .map((found) => {
        const line = source.text.slice(0, index + found.index).split('\n').length;
        return `${source.placeOf(line)}: ${found[0]} in a tag needs quotes around it`;
      }),
  );

/** Up to the first `>` that is not within quotes. */
const TAG = /<(?=[a-z/{])(?:"[^"]*"|'[^']*'|[^'">])*>/gi;
const QUOTED = /"[^"]*"|'[^']*'/g;
/** Neither a block nor its `else` or end, nor a comment. */
const PRINTED = /\{\{(?!~?\s*(?:[#/^!]|else\b))[^}]*\}\}/g;
/** Never anything but one of a few words of ours, in the class of hundreds of rows. */
const OWN_WORDS: ReadonlySet<string> = new Set(['{{kind}}']);
