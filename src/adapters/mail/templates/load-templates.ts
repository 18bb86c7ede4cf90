import type { RunSummary, UsageMail } from '../../../pipeline/ports.ts';
import { DEFAULT_BRANDING } from '../../../branding.ts';
import { PRODUCTION_ENVIRONMENTS } from '../../../usage/policy/production.ts';
import { attachUsage } from '../attachments/attached-files.ts';
import type { Brand } from './brand.ts';
import { readSummarySample, readUsageSample, varySummary, varyUsage } from './samples.ts';
import { viewSummary } from '../view/run-summary.ts';
import type { SummaryView } from '../view/run-summary.ts';
import { shapeOf } from './template-expressions.ts';
import type { Shape } from './template-expressions.ts';
import { openTemplateFolder } from './template-source.ts';
import { compileTemplate } from './compile-template.ts';
import type { Template } from './compile-template.ts';
import { viewUsage } from '../view/usage-report.ts';
import type { UsageSettings, UsageView } from '../view/usage-report.ts';

/** The templates of all mails. */
export type Templates = {
  readonly usageReport: Template<UsageView>;
  readonly runSummary: Template<SummaryView>;
};

/**
 * Compiles all templates, those of a folder instead of the built-in ones; or says everything that is wrong with them,
 * each with file and line.
 * @throws AppError `invalid` for a folder that cannot be read
 */
export const loadTemplates = async (
  dir: string | null,
): Promise<
  { readonly templates: Templates } | { readonly templates: null; readonly faults: readonly string[] }
> => {
  const folder = await openTemplateFolder(dir);
  const usageReport = await compileTemplate<UsageView>(
    folder,
    'usage-report',
    usageShape(await readUsageSample()),
  );
  const runSummary = await compileTemplate<SummaryView>(
    folder,
    'run-summary',
    summaryShape(await readSummarySample()),
  );
  const unread = folder.listUnread().map((file) => `${file}: replaces no template and is included by none`);
  if (usageReport.template !== null && runSummary.template !== null && unread.length === 0) {
    return { templates: { usageReport: usageReport.template, runSummary: runSummary.template } };
  }
  const faults = [usageReport, runSummary].flatMap((compiled) =>
    compiled.template === null ? compiled.faults : [],
  );
  // What both mails include is wrong in both.
  return { templates: null, faults: [...new Set([...faults, ...unread])] };
};

/** The shape of all usage views: of the sample in full, and of it and its variants in brief, which is faster. */
export const usageShape = (sample: UsageMail): Shape =>
  shapeOf([
    viewUsage(sample, SETTINGS, attachUsage(sample))({ namespaces: 1, detail: 'revisions' }),
    ...varyUsage(sample).map(({ mail }) =>
      viewUsage(mail, SETTINGS, attachUsage(mail))({ namespaces: 1, detail: 1 }),
    ),
  ]);

/** The shape of all summaries. */
export const summaryShape = (sample: RunSummary): Shape =>
  shapeOf(varySummary(sample).map(({ summary }) => viewSummary(summary, BRAND)));

/** A brand that leaves nothing out. */
const BRAND: Brand = {
  ...DEFAULT_BRANDING,
  logoText: 'Platform',
  paragraphs: { before: ['Before.'], after: ['After.'] },
  help: { text: 'Ask.', url: 'https://example.com' },
  docsUrl: 'https://example.com',
};
const SETTINGS: UsageSettings = { brand: BRAND, productionEnvironments: PRODUCTION_ENVIRONMENTS };
