import { readFile } from 'node:fs/promises';
import type { RunSummary, UsageMail } from '../../pipeline/ports.ts';

/** The mail that `templates/usage-report/sample.json` tells of. */
export const readUsageSample = async (): Promise<UsageMail> => {
  const sample = await readSample<Omit<UsageMail, 'plans'> & { readonly plans: object }>('usage-report');
  return { ...sample, plans: new Map(Object.entries(sample.plans)) };
};

/** The summary that `templates/run-summary/sample.json` tells of. */
export const readSummarySample = (): Promise<RunSummary> => readSample('run-summary');

const readSample = async <Sample>(mail: string): Promise<Sample> =>
  JSON.parse(await readFile(new URL(`../../../templates/${mail}/sample.json`, import.meta.url), 'utf8'));
