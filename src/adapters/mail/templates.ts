import { readFile } from 'node:fs/promises';
import Handlebars from 'handlebars';
import mjml2html from 'mjml';
import { AppError } from '../../errors.ts';

const FOLDER = new URL('../../../templates/', import.meta.url);

/** One mail's two bodies, filled from the same view. */
export type Template<View> = {
  /** Escapes every value once. */
  readonly fillHtml: (view: View) => string;
  /** Escapes nothing. */
  readonly fillText: (view: View) => string;
};

/**
 * Compiles the templates of one mail, a folder of `templates/`. Slow: once, at start. Data never gets here.
 * @throws AppError `internal` for a template that does not compile
 */
export const loadTemplate = async <View>(folder: string): Promise<Template<View>> => {
  const html = await compileMjml(await assembleMjml(folder));
  const text = await readFile(new URL(`${folder}/report.txt.hbs`, FOLDER), 'utf8');
  return {
    fillHtml: Handlebars.compile<View>(html, { strict: true, knownHelpersOnly: true }),
    fillText: Handlebars.compile<View>(text, { strict: true, knownHelpersOnly: true, noEscape: true }),
  };
};

/** The whole MJML of one mail: the layout around its `report.mjml`, with every `<!-- include FILE -->` replaced. */
export const assembleMjml = async (folder: string): Promise<string> => {
  const layout = await readTemplate('layout.mjml');
  const mail = await readTemplate(`${folder}/report.mjml`);
  return layout.replace('<!-- mail -->', () => mail);
};

/** MJML to HTML, mustaches untouched. @throws AppError `internal` for what MJML refuses */
export const compileMjml = async (mjml: string): Promise<string> => {
  const { html, errors } = await mjml2html(mjml, {
    fonts: {},
    keepComments: false,
    ignoreIncludes: true,
    validationLevel: 'soft',
  });
  const [fault] = errors;
  if (fault !== undefined) {
    throw new AppError('internal', `A mail template does not compile: ${fault.formattedMessage}`);
  }
  return html.replace(/\n\s+/g, '\n');
};

const readTemplate = async (file: string): Promise<string> => {
  const text = await readFile(new URL(file, FOLDER), 'utf8');
  const names = [...text.matchAll(/<!-- include (\S+) -->/g)].flatMap(([, name]) => name ?? []);
  const parts = new Map<string, string>();
  for (const name of names) parts.set(name, await readTemplate(name));
  return text.replace(/<!-- include (\S+) -->/g, (_include, name: string) => parts.get(name) ?? '');
};
