import { createHash } from 'node:crypto';
import { encode, wrap } from 'nodemailer/lib/qp';
import type { Compose, RenderedMail, RunSummary, UsageMail } from '../../pipeline/ports.ts';
import { cleanTexts } from './clean.ts';
import { renderCsv, renderSummaryCsv } from './csv.ts';
import type { Detail } from './list.ts';
import { createBuild } from './message.ts';
import type { Sender } from './message.ts';
import { summarySubject, viewSummary } from './summary.ts';
import type { SummaryView } from './summary.ts';
import { loadTemplate } from './templates.ts';
import type { Template } from './templates.ts';
import { wrapText } from './text.ts';
import { usageSubject, viewUsage } from './view.ts';
import type { Contact, UsageView } from './view.ts';

/** The `mail` part of the configuration, as far as composing needs it. */
export type ComposeOptions = {
  readonly mail: Sender & {
    readonly help?: { readonly text: string; readonly url?: string | null } | null;
    readonly docs?: { readonly url: string } | null;
  };
};

/**
 * What the HTML part may weigh as it is sent, in quoted-printable: a mail service clips what is longer, and counts
 * in ways of its own.
 */
export const MAX_HTML_BYTES = 92_160;

/** Compiles the templates once and returns what fills them. @throws AppError `internal` for a broken template */
export const createCompose = async ({ mail }: ComposeOptions): Promise<Compose> => {
  const usageReport = await loadTemplate<UsageView>('usage-report');
  const runSummary = await loadTemplate<SummaryView>('run-summary');
  const contact = contactOf(mail);
  return {
    renderUsage: (usage) => renderUsage(usageReport, contact, usage),
    renderSummary: (summary) => renderSummary(runSummary, contact, summary),
    build: createBuild(mail),
    identify: (...parts) => createHash('sha256').update(JSON.stringify(parts)).digest('hex'),
  };
};

/** Links go to https only. */
const contactOf = ({ help, docs }: ComposeOptions['mail']): Contact => ({
  help: help === null || help === undefined ? null : { text: help.text, url: httpsOnly(help.url) },
  docsUrl: httpsOnly(docs?.url),
});

const httpsOnly = (url: string | null | undefined): string | null =>
  url?.startsWith('https://') === true ? url : null;

const renderUsage = (template: Template<UsageView>, contact: Contact, mail: UsageMail): RenderedMail => {
  // Plans keep their names as they are: a command must never name another tag than the one that was weighed.
  const clean: UsageMail = { ...cleanTexts({ ...mail, plans: null }), plans: mail.plans };
  const namespaces = clean.report.reports.flatMap((team) => team.namespaces);
  const longest = Math.max(0, ...namespaces.map(({ streams }) => streams.length));
  const { view, html } = fit(longest, (detail) => {
    const filled = viewUsage(clean, contact, detail);
    return { view: filled, html: template.fillHtml(filled) };
  });
  return {
    subject: usageSubject(clean),
    html,
    text: wrapText(template.fillText(view)),
    attachments: mail.report.reports
      .flatMap((team) => team.namespaces)
      .map((namespace) => ({
        filename: `usage-${namespace.name}.csv`,
        contentType: 'text/csv; charset=utf-8',
        content: renderCsv([namespace]),
      })),
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

/** Weighs the part as it is sent: encoded, CRLF line ends. That is never lighter than it is long. */
const isLightEnough = (html: string): boolean =>
  html.length <= MAX_HTML_BYTES &&
  wrap(encode(html)).replace(/\r?\n/g, '\r\n').length <= MAX_HTML_BYTES - ENCODER_SLACK;

/** The encoder that streams breaks a line elsewhere now and then, at the edges of its slices. */
const ENCODER_SLACK = 256;

const renderSummary = (
  template: Template<SummaryView>,
  contact: Contact,
  summary: RunSummary,
): RenderedMail => {
  const clean = cleanTexts(summary);
  const view = viewSummary(clean, contact);
  return {
    subject: summarySubject(clean),
    html: template.fillHtml(view),
    text: wrapText(template.fillText(view)),
    attachments: [
      {
        filename: `${clean.run.id}.csv`,
        contentType: 'text/csv; charset=utf-8',
        content: renderSummaryCsv(summary.rows),
      },
    ],
  };
};
