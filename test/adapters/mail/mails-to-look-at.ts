import { createCompose } from '../../../src/adapters/mail/compose.ts';
import { readSummarySample, readUsageSample } from '../../../src/adapters/mail/templates/samples.ts';
import type { RenderedMail, RunSummary, RunSummaryRow, UsageMail } from '../../../src/pipeline/ports.ts';
import type { Branding } from '../../../src/branding.ts';
import type { NamespaceReport } from '../../../src/usage/report/report.ts';
import { inventCluster, weighInto } from './invented-registry.ts';
import type { Place, Shape } from './invented-registry.ts';
import { CONTAINER_STORE, inventNamespace, mailOf } from './invented.ts';

const GI = 1024 ** 3;
const SMALL: Shape = { streams: 3, tags: 9, revisions: 20 };

/** The shapes a mail can take, each of which could look wrong in a way of its own. */
export const MAILS_TO_LOOK_AT: readonly (readonly [string, () => Promise<RenderedMail>])[] = [
  ['the usage report', () => render(readUsageSample())],
  [
    'a report that shows every tag',
    () => render(invent({ streams: 40, tags: 300, revisions: 900 }, 50 * GI)),
  ],
  [
    'a report that shows every stream',
    () => render(invent({ streams: 250, tags: 1000, revisions: 2200 }, 200 * GI)),
  ],
  [
    'a report that shows the largest streams',
    () => render(invent({ streams: 1000, tags: 2100, revisions: 2500 }, 100 * GI)),
  ],
  ['a report with the longest names', () => render(inventLongNames())],
  ['a report on one revision', () => render(invent({ streams: 1, tags: 1, revisions: 1 }, GI / 16))],
  ['a report on nothing', () => render(invent({ streams: 0, tags: 0, revisions: 0 }, GI))],
  [
    'a report on what is all imported',
    () => render(weighInto(inventCluster(place({ isImported: true })), GI)),
  ],
  ['a report on a namespace within its quota', () => render(invent(SMALL, 20 * GI))],
  ['a report on a namespace near its quota', () => render(inventNear())],
  ['a report on a namespace over by a trace', () => render(inventOver(1))],
  ['a report on a namespace without a limit', () => render(invent(SMALL, null))],
  ['a report on production', () => render(weighInto(inventCluster(place({ environment: 'prod' })), GI))],
  [
    'a report on a part of the cluster',
    () => render(weighInto({ ...inventCluster(place({})), scope: 'namespaces' }, GI)),
  ],
  ['a report on several namespaces', () => render(inventSeveral())],
  ['a report on a team that promotes its images', () => render(inventPromoted())],
  ['a report on more namespaces than there is room for', () => render(inventTooMany())],
  ['a report with emoji and names from right to left', () => render(inventRightToLeft())],
  ['a branded report', () => render(invent(SMALL, GI), branded)],
  ['a mail that the platform team asked for', () => render(invent(SMALL, GI, ONE_OFF))],
  ['the run summary', () => summarize({})],
  ['the summary of a run in which nobody is over', () => summarizeQuiet()],
  ['the summary of a run with the longest names', () => summarizeLongNames()],
  ['a branded summary', () => summarize({}, branded)],
];

const render = async (mail: Promise<UsageMail>, compose = plain): Promise<RenderedMail> =>
  (await compose).renderUsage(await mail);

const summarize = async (change: Partial<RunSummary>, compose = plain): Promise<RenderedMail> =>
  (await compose).renderSummary({ ...(await readSummarySample()), ...change });

const BRANDING: Branding = {
  ...CONTAINER_STORE,
  paragraphs: {
    before: ['The registry moves to new storage on 7 December.'],
    after: ['Thank you for cleaning up.', 'The platform team'],
  },
};

const CONTACT = {
  help: { text: 'ask in #image-registry', url: 'https://chat.example.com/image-registry' },
  docs: { url: 'https://docs.example.com/image-registry' },
};
const plain = createCompose({ mail: CONTACT });
const branded = createCompose({ mail: CONTACT, branding: BRANDING });

const ONE_OFF: Partial<UsageMail> = {
  kind: 'one-off',
  recipient: { roles: [], rule: '--to' },
  reportId: 'send-20261123T160000Z-a1b2c3-tools',
};

const place = (change: Partial<Place>): Place => ({
  name: 'a1b2c3-tools',
  environment: 'tools',
  shape: SMALL,
  ...change,
});

const invent = (
  shape: Shape,
  limitBytes: number | null,
  change: Partial<UsageMail> = {},
): Promise<UsageMail> => weighInto(inventCluster(place({ shape, isWhole: true })), limitBytes, change);

/** Nine tenths of the quota are used. */
const inventNear = async (): Promise<UsageMail> => invent(SMALL, Math.ceil((await usedBy(SMALL)) / 0.9));

const inventOver = async (bytes: number): Promise<UsageMail> => invent(SMALL, (await usedBy(SMALL)) - bytes);

const usedBy = async (shape: Shape): Promise<number> =>
  (await invent(shape, null)).report.reports[0]?.team.usedBytes ?? 0;

/** As long as the API allows, with and without places where a line may break. */
const inventLongNames = async (): Promise<UsageMail> => {
  const namespace = inventNamespace(2, { name: 'n'.repeat(63), environment: 'e'.repeat(63) });
  const streams = namespace.streams.map((stream, index) => ({
    ...stream,
    name: index === 0 ? 's'.repeat(253) : 'service-'.repeat(31),
    tags: stream.tags.map((tag) => ({
      ...tag,
      name: 't'.repeat(128),
      sameImageAs: [`${'s'.repeat(253)}:x`],
    })),
  }));
  const deletions = [{ stream: 's'.repeat(253), tag: 't'.repeat(128), freesBytes: 1 }];
  const plan = { deletions, freesBytes: 1, reclaimsBytes: 1, usedAfterBytes: namespace.usedBytes };
  return mailOf([{ ...namespace, streams }], { plans: new Map([[namespace.name, plan]]) });
};

const inventSeveral = async (): Promise<UsageMail> => {
  const quota = (limitBytes: number | null, usedPercent: number | null): NamespaceReport['quota'] => ({
    level: 'ok',
    limitBytes,
    source: 'default',
    usedPercent,
    overBytes: 0,
  });
  const namespaces = [
    inventNamespace(2, { name: 'a1b2c3-tools' }),
    inventNamespace(1, { name: 'a1b2c3-dev', environment: 'dev', quota: quota(GI, 32.8) }),
    inventNamespace(1, { name: 'a1b2c3-test', environment: 'test', quota: quota(null, null) }),
    inventNamespace(0, { name: 'a1b2c3-prod', environment: null, quota: quota(GI, 0) }),
  ];
  return mailOf(namespaces, { team: { namespaces: 6, isLowerBound: false } });
};

const inventPromoted = (): Promise<UsageMail> => {
  const shape: Shape = { streams: 4, tags: 8, revisions: 12 };
  const places = ['tools', 'prod'].map((environment) =>
    place({ name: `a1b2c3-${environment}`, environment, team: 'Wally', shape }),
  );
  return weighInto(inventCluster(...places), GI);
};

/** The shortest and the longest name, in every second a name and an environment without a place to break. */
const inventTooMany = async (): Promise<UsageMail> =>
  mailOf(
    Array.from({ length: 60 }, (_, index) =>
      inventNamespace(9, {
        name: `a${String(index)}${index % 2 === 0 ? '' : 'n'.repeat(60)}`,
        environment: 'e'.repeat(index % 2 === 0 ? 1 : 63),
      }),
    ),
  );

/** What people name themselves: a team and roles. */
const inventRightToLeft = async (): Promise<UsageMail> => {
  const names = ['a1b2c3-tools', 'a1b2c3-dev'];
  const mail = mailOf(names.map((name) => inventNamespace(1, { name })));
  const reports = mail.report.reports.map(({ team, namespaces }) => ({
    team: { ...team, displayName: 'צוות היתרים (פיתוח) 🚀👩🏽‍💻' },
    namespaces,
  }));
  return {
    ...mail,
    report: { ...mail.report, reports },
    recipient: { roles: ['ראש צוות', 'مالك المنتج'], rule: 'annotation:contacts' },
    otherRoles: ['مهندس 🛠️', 'Product owner'],
  };
};

const summarizeQuiet = async (): Promise<RenderedMail> => {
  const { run, rows } = await readSummarySample();
  return summarize({
    run: { ...run, unreadableKinds: [], findings: [], givenUp: [] },
    rows: rows.filter(({ level }) => level === 'ok'),
    mails: {},
    advice: [],
    failing: [],
  });
};

const summarizeLongNames = async (): Promise<RenderedMail> => {
  const { rows: sampleRows, failing: sampleFailing, advice } = await readSummarySample();
  const namespace = 'n'.repeat(63);
  const rows = sampleRows.map((row): RunSummaryRow => ({ ...row, namespace }));
  const failing = sampleFailing.map((recipient) => ({
    ...recipient,
    address: `${'a'.repeat(64)}@${'d'.repeat(63)}.example.com`,
    namespaces: [namespace],
    detail: `550 ${'x'.repeat(120)}`,
  }));
  const worst = advice.map((one) => ({
    ...one,
    worst: one.worst.map((found) => ({
      ...found,
      namespace,
      subject: `${'s'.repeat(253)}:${'t'.repeat(128)}`,
    })),
  }));
  return summarize({ rows, failing, advice: worst });
};
