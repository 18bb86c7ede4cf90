import { AppError } from '../../errors.ts';
import { PRODUCTION_ENVIRONMENTS } from '../../usage/policy/production.ts';
import type { Compose, RenderedMail, RunSummary, UsageMail } from '../../pipeline/ports.ts';
import { attachSummary, attachUsage } from './attachments/attached-files.ts';
import { brandOf } from './templates/brand.ts';
import type { Brand, BrandOptions } from './templates/brand.ts';
import { asciiLine, cleanStrings } from './message/clean-text.ts';
import { fit } from './view/level-of-detail.ts';
import { hashId } from './message/hash-id.ts';
import { inspectMails } from './templates/inspect-mails.ts';
import { loadTemplates } from './templates/load-templates.ts';
import type { Templates } from './templates/load-templates.ts';
import { createBuild } from './message/build-message.ts';
import type { Sender } from './message/build-message.ts';
import { listNamespaces, usageSubject } from './view/subject.ts';
import { summarySubject, viewSummary } from './view/run-summary.ts';
import type { SummaryView } from './view/run-summary.ts';
import type { Template } from './templates/compile-template.ts';
import { wrapText } from './view/wrap-text.ts';
import { viewUsage } from './view/usage-report.ts';
import type { UsageSettings, UsageView } from './view/usage-report.ts';
import { isLightEnough } from './templates/html-size.ts';

/** The configuration, as far as composing needs it. */
export type ComposeOptions = BrandOptions & {
  readonly plan?: { readonly productionEnvironments: readonly string[] };
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
  const { productionEnvironments = PRODUCTION_ENVIRONMENTS } = options.plan ?? {};
  const nameCluster = (cluster: string, rendered: RenderedMail): RenderedMail =>
    cluster === ''
      ? rendered
      : {
          ...rendered,
          cluster,
          ...(mail.subjectCluster === true ? { subject: prefixSubject(cluster, rendered.subject) } : {}),
        };
  return {
    renderUsage: (usage) =>
      nameCluster(
        usage.report.cluster.name,
        renderUsage(usageReport, { brand, productionEnvironments }, usage),
      ),
    renderSummary: (summary) =>
      nameCluster(summary.run.cluster?.name ?? '', renderSummary(runSummary, brand, summary)),
    build: createBuild(mail),
    hashId,
  };
};

/** `[Silver] …`; a name without any ASCII in it is no help in a subject. */
const prefixSubject = (cluster: string, subject: string): string => {
  const name = asciiLine(cluster).slice(0, 40).trim();
  return name === '' ? subject : `[${name}] ${subject}`;
};

const renderUsage = (
  template: Template<UsageView>,
  settings: UsageSettings,
  mail: UsageMail,
): RenderedMail => {
  // Plans keep their names as they are: a command must never name another tag than the one that was weighed.
  const clean: UsageMail = { ...cleanStrings({ ...mail, plans: null }), plans: mail.plans };
  const files = attachUsage(mail);
  const view = viewUsage(clean, settings, files);
  const namespaces = listNamespaces(clean.report);
  const whole = {
    namespaces: namespaces.length,
    streams: Math.max(0, ...namespaces.map(({ streams }) => streams.length)),
  };
  const { filled, html } = fit(
    whole,
    (level) => {
      const filled = view(level);
      return { filled, html: template.fillHtml(filled) };
    },
    (rendering) => isLightEnough(rendering.html),
  );
  return {
    subject: usageSubject(clean, settings.brand),
    html,
    text: wrapText(template.fillText(filled)),
    attachments: files.flatMap(({ csv, cleanup }) => (cleanup === null ? [csv] : [csv, cleanup])),
  };
};

const renderSummary = (template: Template<SummaryView>, brand: Brand, summary: RunSummary): RenderedMail => {
  const clean = cleanStrings(summary);
  const view = viewSummary(clean, brand);
  return {
    subject: summarySubject(clean, brand),
    html: template.fillHtml(view),
    text: wrapText(template.fillText(view)),
    attachments: attachSummary(summary),
  };
};
