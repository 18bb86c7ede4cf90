import { readFile } from 'node:fs/promises';
import type { RunSummary, UsageMail } from '../../../pipeline/ports.ts';
import type { NamespaceReport, StreamReport } from '../../../usage/report/report.ts';

/** The mail that `templates/usage-report/sample.json` tells of. */
export const readUsageSample = async (): Promise<UsageMail> => {
  const sample = await readSample<Omit<UsageMail, 'plans'> & { readonly plans: object }>('usage-report');
  return { ...sample, plans: new Map(Object.entries(sample.plans)) };
};

/** The summary that `templates/run-summary/sample.json` tells of. */
export const readSummarySample = (): Promise<RunSummary> => readSample('run-summary');

/** The sample and other mails made of it, which together show everything that a mail can show. */
export const varyUsage = (
  sample: UsageMail,
): readonly { readonly about: string | null; readonly mail: UsageMail }[] => [
  { about: null, mail: sample },
  {
    about: 'a team',
    mail: {
      ...spread(sample, (namespace) => teamOf(namespace)),
      team: { namespaces: 5, isLowerBound: true },
    },
  },
  {
    about: 'a namespace without a plan',
    mail: { ...sample, plans: new Map(), kind: 'one-off', recipient: null, otherRoles: [], reportId: null },
  },
  {
    about: 'a large namespace',
    mail: spread(sample, (namespace) => [{ ...namespace, streams: namespace.streams.flatMap(multiply) }]),
  },
  {
    about: 'a large team',
    mail: spread(sample, (namespace) =>
      Array.from({ length: MANY_NAMESPACES }, (_, index) => ({
        ...namespace,
        name: nameCopy(namespace.name, index),
        streams: namespace.streams.filter(({ tags }) => tags.length < 2),
      })),
    ),
  },
];

/** The sample, and the summary of a run with nothing in it to look at. */
export const varySummary = (
  sample: RunSummary,
): readonly { readonly about: string | null; readonly summary: RunSummary }[] => [
  { about: null, summary: sample },
  {
    about: 'a quiet run',
    summary: {
      run: { ...sample.run, unreadableKinds: [], findings: [], givenUp: [] },
      rows: sample.rows.filter(({ level }) => level === 'ok'),
      mails: {},
      advice: [],
      failing: [],
    },
  },
];

/** The mail with other namespaces in the place of each of its own. */
const spread = (
  mail: UsageMail,
  into: (namespace: NamespaceReport) => readonly NamespaceReport[],
): UsageMail => ({
  ...mail,
  report: {
    ...mail.report,
    reports: mail.report.reports.map((team) => ({ ...team, namespaces: team.namespaces.flatMap(into) })),
  },
});

/** One with a plan, one that is over its quota without one, and one that is empty and has no limit. */
const teamOf = (namespace: NamespaceReport): readonly NamespaceReport[] => [
  namespace,
  { ...namespace, name: nameCopy(namespace.name, 1), environment: 'prod', sharedWithTeamBytes: 1 },
  {
    ...namespace,
    name: nameCopy(namespace.name, 2),
    environment: null,
    quota: { ...namespace.quota, limitBytes: null, level: 'ok', usedPercent: null, overBytes: 0 },
    streams: [],
  },
];

/** So many that even their streams do not fit on a page, and that those without tags cannot all be named there. */
const multiply = (stream: StreamReport): readonly StreamReport[] =>
  Array.from({ length: stream.tags.length === 0 ? 200 : 40 }, (_, index) => ({
    ...stream,
    name: nameCopy(stream.name, index),
    tags: stream.tags.slice(0, 1),
  }));

/** More than get a line each. */
const MANY_NAMESPACES = 140;

/** The first keeps its name, and its plan with it. */
const nameCopy = (name: string, index: number): string => (index === 0 ? name : `${name}-${String(index)}`);

const readSample = async <Sample>(mail: string): Promise<Sample> =>
  JSON.parse(await readFile(new URL(`../../../../templates/${mail}/sample.json`, import.meta.url), 'utf8'));
