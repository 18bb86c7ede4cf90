import { AppError } from '../../errors.ts';
import type { Compose, RenderedMail, RunSummary, UsageMail } from '../../pipeline/ports.ts';
import { attachSummary, attachUsage } from './attachments.ts';
import { brandOf } from './brand.ts';
import type { Brand, BrandOptions } from './brand.ts';
import { asciiLine, cleanTexts } from './clean.ts';
import { identify } from './identity.ts';
import { inspectMails } from './inspect.ts';
import type { Detail } from './list.ts';
import { loadTemplates } from './load-templates.ts';
import type { Templates } from './load-templates.ts';
import { createBuild } from './message.ts';
import type { Sender } from './message.ts';
import { summarySubject, viewSummary } from './summary.ts';
import type { SummaryView } from './summary.ts';
import type { Template } from './templates.ts';
import { wrapText } from './text.ts';
import { usageSubject, viewUsage } from './view.ts';
import type { UsageView } from './view.ts';
import { isLightEnough } from './weight.ts';

/** The configuration, as far as composing needs it. */
export type ComposeOptions = BrandOptions & {
  readonly mail: Sender & {
    /** Puts the cluster's name in front of every subject, for readers who hear of several clusters. */
    readonly subjectCluster?: boolean;
  };
  /** A folder whose templates replace the built-in ones; null: there is none. */
  readonly templates?: { readonly dir: string | null };
};

/**
 * Compiles the templates once and returns what fills them. Templates of a folder must pass all checks of `lintMails`.
 * @throws AppError `invalid` with all faults of the folder's templates, or for a DKIM key that cannot be used;
 * `internal` for a broken template of our own
 */
export const createCompose = async (options: ComposeOptions): Promise<Compose> => {
  const dir = options.templates?.dir ?? null;
  const loaded = await loadTemplates(dir);
  if (loaded.templates === null) throw toError(dir, loaded.faults);
  const faults = dir === null ? [] : await inspectMails(...inspectable(loaded.templates, options));
  if (faults.length > 0) throw toError(dir, faults);
  return composeWith(loaded.templates, options);
};

/** What `inspectMails` looks at; it needs a sender, whoever that is. */
export const inspectable = (
  templates: Templates,
  options: ComposeOptions,
): Parameters<typeof inspectMails> => {
  const mail = { ...options.mail, from: options.mail.from ?? 'sample@example.com' };
  return [composeWith(templates, { ...options, mail }), brandOf(options).colors];
};

const toError = (dir: string | null, faults: readonly string[]): AppError =>
  dir === null
    ? new AppError('internal', ['A mail template does not compile:', ...faults].join('\n  '))
    : new AppError('invalid', [`the templates of ${dir} have faults:`, ...faults].join('\n  '), {
        hint: '`quotagram mail lint` checks them again; without templates.dir the built-in ones are used.',
      });

const composeWith = ({ usageReport, runSummary }: Templates, options: ComposeOptions): Compose => {
  const { mail } = options;
  const brand = brandOf(options);
  const nameCluster = (cluster: string, rendered: RenderedMail): RenderedMail =>
    mail.subjectCluster === true
      ? { ...rendered, subject: prefixSubject(cluster, rendered.subject) }
      : rendered;
  return {
    renderUsage: (usage) => nameCluster(usage.report.cluster.name, renderUsage(usageReport, brand, usage)),
    renderSummary: (summary) =>
      nameCluster(summary.run.cluster?.name ?? '', renderSummary(runSummary, brand, summary)),
    build: createBuild(mail),
    identify,
  };
};

/** `[Silver] …`; a name without any ASCII in it is no help in a subject. */
const prefixSubject = (cluster: string, subject: string): string => {
  const name = asciiLine(cluster).slice(0, 40).trim();
  return name === '' ? subject : `[${name}] ${subject}`;
};

const renderUsage = (template: Template<UsageView>, brand: Brand, mail: UsageMail): RenderedMail => {
  // Plans keep their names as they are: a command must never name another tag than the one that was weighed.
  const clean: UsageMail = { ...cleanTexts({ ...mail, plans: null }), plans: mail.plans };
  const namespaces = clean.report.reports.flatMap((team) => team.namespaces);
  const longest = Math.max(0, ...namespaces.map(({ streams }) => streams.length));
  const { view, html } = fit(longest, (detail) => {
    const filled = viewUsage(clean, brand, detail);
    return { view: filled, html: template.fillHtml(filled) };
  });
  return {
    subject: usageSubject(clean, brand),
    html,
    text: wrapText(template.fillText(view)),
    attachments: attachUsage(mail),
  };
};

/**
 * The most detailed rendering that is light enough: whole levels first, then as many of the largest streams of each
 * namespace as possible. If not even none of them are, none are shown: the CSV has all.
 */
const fit = <Rendering extends { readonly html: string }>(
  longest: number,
  render: (detail: Detail) => Rendering,
): Rendering => {
  for (const detail of ['revisions', 'tags', 'streams'] as const) {
    const rendering = render(detail);
    if (isLightEnough(rendering.html)) return rendering;
  }
  let fitting = 0;
  let tooMany = longest;
  while (tooMany - fitting > 1) {
    const middle = Math.floor((fitting + tooMany) / 2);
    if (isLightEnough(render(middle).html)) fitting = middle;
    else tooMany = middle;
  }
  return render(fitting);
};

const renderSummary = (template: Template<SummaryView>, brand: Brand, summary: RunSummary): RenderedMail => {
  const clean = cleanTexts(summary);
  const view = viewSummary(clean, brand);
  return {
    subject: summarySubject(clean, brand),
    html: template.fillHtml(view),
    text: wrapText(template.fillText(view)),
    attachments: attachSummary(summary),
  };
};
