import { describe, expect, test } from 'vitest';
import { createCompose } from '../../../../src/adapters/mail/compose.ts';
import { readUsageSample } from '../../../../src/adapters/mail/templates/samples.ts';
import type { UsageMail } from '../../../../src/pipeline/ports.ts';
import type { Advice } from '../../../../src/usage/policy/advice.ts';
import type {
  NamespaceReport,
  RevisionReport,
  StreamReport,
  TagReport,
} from '../../../../src/usage/report/report.ts';
import type { UseReport } from '../../../../src/usage/in-use/use-report.ts';
import type { DeletionPlan } from '../../../../src/usage/cleanup/plan.ts';
import { inventNamespace, mailOf, reportOf } from '../invented.ts';
import { readPage } from '../read-message.ts';

const GI = 1024 ** 3;
const MI = 1024 ** 2;
const compose = await createCompose({ mail: {} });

describe('what a namespace uses', () => {
  test.each<[string, Partial<NamespaceReport>, string, string]>([
    [
      'over its quota',
      { usedBytes: 62.4 * GI, quota: quotaOf(50 * GI, 'over', 124.8) },
      'd1b5d2-tools uses 62.4 of 50 GiB, 12.4 over',
      'd1b5d2-tools: 62.4 of 50 GiB, 12.4 over',
    ],
    [
      'over by a few bytes',
      { usedBytes: 50 * GI + 12, quota: quotaOf(50 * GI, 'over', 100.1) },
      'd1b5d2-tools uses 50.0 of 50 GiB, over by less than 0.1 GiB',
      'd1b5d2-tools: 50.0 of 50 GiB, over by less than 0.1 GiB',
    ],
    [
      'under its quota',
      { usedBytes: 0.4 * GI, quota: quotaOf(GI, 'ok', 40) },
      'd1b5d2-tools uses 0.4 of 1 GiB',
      'd1b5d2-tools: 0.4 of 1 GiB',
    ],
    [
      'near its quota',
      { usedBytes: 0.93 * GI, quota: quotaOf(GI, 'warning', 93) },
      'd1b5d2-tools uses 0.9 of 1 GiB',
      'd1b5d2-tools: 0.9 of 1 GiB, 93% of quota',
    ],
    [
      'without a limit',
      { usedBytes: 3 * GI, quota: quotaOf(null, 'ok', null) },
      'd1b5d2-tools uses 3 GiB, without a limit',
      'd1b5d2-tools: 3 GiB, without a limit',
    ],
    [
      'with a limit of 0',
      { usedBytes: 3 * GI, quota: quotaOf(0, 'over', null) },
      'd1b5d2-tools uses 3 of 0 GiB, 3 over',
      'd1b5d2-tools: 3 of 0 GiB, 3 over',
    ],
    [
      'with sizes that are unknown',
      { usedBytes: 62.4 * GI, unknownRevisions: 2, quota: quotaOf(50 * GI, 'over', 124.8) },
      'd1b5d2-tools uses at least 62.4 of 50 GiB, at least 12.4 over',
      'd1b5d2-tools: at least 62.4 of 50 GiB, at least 12.4 over',
    ],
    [
      'with sizes that are unknown, less than the unit of its quota can tell',
      { usedBytes: 12, unknownRevisions: 2, quota: quotaOf(50 * GI, 'ok', 0) },
      'd1b5d2-tools uses at least 12 B of 50 GiB',
      'd1b5d2-tools: at least 12 B of 50 GiB',
    ],
    [
      'with sizes that are unknown, over by a few bytes at least',
      { usedBytes: 50 * GI + 12, unknownRevisions: 2, quota: quotaOf(50 * GI, 'over', 100.1) },
      'd1b5d2-tools uses at least 50.0 of 50 GiB, over by at least 12 B',
      'd1b5d2-tools: at least 50.0 of 50 GiB, over by at least 12 B',
    ],
    [
      'with sizes that are unknown and no limit',
      { usedBytes: 12, unknownRevisions: 2, quota: quotaOf(null, 'ok', null) },
      'd1b5d2-tools uses at least 12 B, without a limit',
      'd1b5d2-tools: at least 12 B, without a limit',
    ],
    [
      'near its quota at least, with sizes that are unknown',
      { usedBytes: 0.93 * GI, unknownRevisions: 2, quota: quotaOf(GI, 'warning', 93) },
      'd1b5d2-tools uses at least 0.9 of 1 GiB',
      'd1b5d2-tools: at least 0.9 of 1 GiB, at least 93% of quota',
    ],
    [
      'with nothing but sizes that are unknown',
      { usedBytes: 0, unknownRevisions: 2, quota: quotaOf(GI, 'ok', 0) },
      'd1b5d2-tools: size unknown, quota 1 GiB',
      'd1b5d2-tools: size unknown, quota 1 GiB',
    ],
    [
      'with nothing but sizes that are unknown, and no limit',
      { usedBytes: 0, unknownRevisions: 2, quota: quotaOf(null, 'ok', null) },
      'd1b5d2-tools: size unknown, without a limit',
      'd1b5d2-tools: size unknown, without a limit',
    ],
    [
      'with nothing in it',
      { usedBytes: 0, streams: [], quota: quotaOf(GI, 'ok', 0) },
      'd1b5d2-tools uses 0 of 1 GiB',
      'd1b5d2-tools: 0 of 1 GiB',
    ],
  ])('%s', (_name, change, heading, subject) => {
    const mail = compose.renderUsage(mailOf([inventNamespace(1, change)]));
    expect(/<h1>(.*)<\/h1>/.exec(mail.html)?.[1]?.replace(/<[^>]+>/g, '')).toBe(heading);
    expect(mail.text).toContain(`\n${heading}\n`);
    expect(mail.subject).toBe(`[Image registry] ${subject}`);
  });

  test.each<[string, Partial<NamespaceReport>, readonly string[]]>([
    [
      'over',
      { usedBytes: 100 * GI, quota: quotaOf(80 * GI, 'over', 125) },
      ['80%', '20%', 'quota 80 GiB', 'over by 20 GiB'],
    ],
    [
      'under',
      { usedBytes: GI / 4, quota: quotaOf(GI, 'ok', 25) },
      ['25%', '75%', 'used 0.3 GiB', 'free 0.8 GiB'],
    ],
    [
      'a trace over',
      { usedBytes: GI + 1, quota: quotaOf(GI, 'over', 100.1) },
      ['99%', '1%', 'over by less than 0.1 GiB'],
    ],
    [
      'at the limit',
      { usedBytes: GI, quota: quotaOf(GI, 'warning', 100) },
      ['100%', 'used 1 GiB', 'free 0 GiB'],
    ],
    [
      'with unknown sizes',
      { usedBytes: GI / 2, unknownRevisions: 1, quota: quotaOf(GI, 'ok', 50) },
      ['used at least 0.5 GiB', 'free at most 0.5 GiB'],
    ],
    [
      'with unknown sizes, a trace used',
      { usedBytes: 12, unknownRevisions: 1, quota: quotaOf(GI, 'ok', 0.1) },
      [
        'used at least 12 B',
        'free at most 1.0 GiB',
        'd1b5d2-tools uses</th><td class=d></td><td class=z></td><td>≥ 12 B',
      ],
    ],
    [
      'with unknown sizes, a trace free',
      { usedBytes: GI - 12, unknownRevisions: 1, quota: quotaOf(GI, 'warning', 99.9) },
      ['used at least 1.0 GiB', 'free at most 12 B'],
    ],
    [
      'with unknown sizes, a trace over',
      { usedBytes: GI + 12, unknownRevisions: 1, quota: quotaOf(GI, 'over', 100.1) },
      ['quota 1 GiB', 'over by at least 12 B'],
    ],
  ])('has a bar whose parts are labelled in words: %s', (_name, change, expected) => {
    const { html, text } = compose.renderUsage(mailOf([inventNamespace(1, change)]));
    for (const part of expected) expect(html).toContain(part);
    expect(text).not.toMatch(/at (least|most) less than/);
  });

  test('has no bar without a limit', () => {
    const { html, text } = compose.renderUsage(
      mailOf([inventNamespace(1, { quota: quotaOf(null, 'ok', null) })]),
    );
    expect(html).not.toContain('bgcolor');
    expect(text).not.toMatch(/used|free|% of quota/);
  });

  test.each<[string, Partial<NamespaceReport>, RegExp]>([
    [
      'over its quota',
      { usedBytes: 62.4 * GI, quota: quotaOf(50 * GI, 'over', 124.8) },
      /over by at least 12\.4 GiB at least 124\.8% of quota · /,
    ],
    // At least 0% would say nothing.
    ['a trace', { usedBytes: 12, quota: quotaOf(50 * GI, 'ok', 0) }, /free at most 50\.0 GiB 1 image stream/],
    [
      'nothing that is known',
      { usedBytes: 0, quota: quotaOf(GI, 'ok', 0) },
      /size unknown, quota 1 GiB 1 image stream, .* so the usage is not known\. .* d1b5d2-tools uses unknown /,
    ],
  ])('is a lower bound wherever it stands, where sizes are unknown: %s', (_name, change, expected) => {
    const { html, text } = compose.renderUsage(
      mailOf([inventNamespace(1, { ...change, unknownRevisions: 1 })]),
    );
    for (const body of [readPage(html), text]) expect(body.replaceAll(/[\s|]+/g, ' ')).toMatch(expected);
  });

  test.each([
    [{ streams: 0, tags: 0, revisions: 0 }, '0% of quota · no image streams '],
    [{ streams: 2, tags: 0, revisions: 0 }, '0% of quota · 2 image streams and no tags '],
    [{ streams: 1, tags: 2, revisions: 0 }, '0% of quota · 1 image stream, 2 tags and no revisions '],
    [
      { streams: 1, tags: 1, revisions: 1 },
      '0% of quota · 1 image stream, 1 tag and 1 revision · shared layers are counted once ',
    ],
  ])(
    'says what there is in words, and only where there is something how it is counted: %o',
    (counts, expected) => {
      const totals = { ...counts, images: 0, blobs: 0 };
      const namespace = inventNamespace(0, { totals, usedBytes: 0, quota: quotaOf(GI, 'ok', 0) });
      const { html, text } = compose.renderUsage(mailOf([namespace]));
      for (const body of [readPage(html), text]) expect(body.replaceAll(/\s+/g, ' ')).toContain(expected);
    },
  );

  test('says apart what is imported, shared in the team and unknown', () => {
    const { text } = compose.renderUsage(
      mailOf([
        inventNamespace(1, {
          importedBytes: GI,
          sharedWithTeamBytes: 2 * GI,
          unknownRevisions: 3,
          quota: quotaOf(50 * GI, 'ok', 1),
        }),
      ]),
    );
    const words = text.replaceAll(/\s+/g, ' ');
    expect(words).toContain('Another 1 GiB is imported: listed below, but not charged.');
    expect(words).toContain('Of this, 2 GiB is also counted in other namespaces of the team.');
    expect(words).toContain('The size of 3 revisions is not fully known, so the usage may be higher.');
  });

  test('says where it is unknown what is shared in the team, and what the team uses', () => {
    const unshared = inventNamespace(1, { sharedWithTeamBytes: null });
    const report = reportOf([unshared, { ...unshared, name: 'd1b5d2-prod' }]);
    const reports = report.reports.map((each) => ({ ...each, team: { ...each.team, usedBytes: null } }));
    const { text } = compose.renderUsage(mailOf([], { report: { ...report, reports } }));
    const words = text.replaceAll(/\s+/g, ' ');
    expect(words).toMatch(
      /What all namespaces of the team use together is not known: .*How much of this is also counted in other namespaces of the team is not known\./,
    );
    expect(words).not.toMatch(/team together use|Of this,/);
  });

  test('does not speak of namespaces that are not in the mail, where there are none or it is not known', () => {
    const namespaces = ['d1b5d2-tools', 'd1b5d2-prod'].map((name) => inventNamespace(1, { name }));
    const words = (team?: UsageMail['team']): string =>
      compose
        .renderUsage(mailOf(namespaces, team === undefined ? {} : { team }))
        .text.replaceAll(/\s+/g, ' ');
    expect(words({ namespaces: 2, isLowerBound: false })).toContain(
      'The 2 namespaces of the team together use 672 MiB, what they share counted once. ',
    );
    expect(words()).toContain(
      'All namespaces of the team together use 672 MiB, what they share counted once. ',
    );
  });

  test('says at least of a team that has sizes unknown in a namespace that is not in the mail', () => {
    const namespaces = ['d1b5d2-tools', 'd1b5d2-prod'].map((name) => inventNamespace(1, { name }));
    const mail = mailOf(namespaces, { team: { namespaces: 3, isLowerBound: true } });
    expect(compose.renderUsage(mail).text.replaceAll(/\s+/g, ' ')).toContain(
      'The 3 namespaces of the team together use at least 672 MiB, what they share counted once; 1 of them is not in this mail. ',
    );
  });

  test.each([
    [['ok', 'ok'], 'has 2 namespaces in this mail, none of them over quota.'],
    [['over', 'ok'], 'has 2 namespaces in this mail, 1 of them over quota.'],
    [['over', 'over'], 'has 2 namespaces in this mail, both over quota.'],
    [['over', 'over', 'over'], 'has 3 namespaces in this mail, all of them over quota.'],
  ] as const)('says in natural words how many are over quota: %s', (levels, expected) => {
    const namespaces = levels.map((level, index) =>
      inventNamespace(1, { name: `d1b5d2-${String(index)}`, quota: quotaOf(GI, level, 10) }),
    );
    expect(compose.renderUsage(mailOf(namespaces)).text.replaceAll(/\s+/g, ' ')).toContain(expected);
  });

  test('is said in the unit of the quota wherever it stands', () => {
    const namespace = inventNamespace(1, {
      usedBytes: 1_036.4 * MI,
      quota: quotaOf(512 * MI, 'over', 202.5),
    });
    const { html, text } = compose.renderUsage(mailOf([namespace]));
    for (const part of [readPage(html), text]) {
      expect(part).toContain('uses 1,036.4 of 512 MiB');
      expect(part).toMatch(/d1b5d2-tools uses\s+1,036\.4 MiB/);
    }
  });
});

describe('what to delete first', () => {
  const over = inventNamespace(3, { usedBytes: 62 * GI, quota: quotaOf(50 * GI, 'over', 124) });
  const plan: DeletionPlan = {
    deletions: [
      { stream: 'web', tag: 'pr-1', freesBytes: 8 * GI },
      { stream: 'web', tag: 'pr-2', freesBytes: 4 * GI },
    ],
    freesBytes: 13 * GI,
    reclaimsBytes: 12 * GI,
    usedAfterBytes: 49 * GI,
  };
  const render = (change: Partial<DeletionPlan>, namespace = over, more: Partial<UsageMail> = {}): string =>
    compose
      .renderUsage(
        mailOf([namespace], { plans: new Map([[namespace.name, { ...plan, ...change }]]), ...more }),
      )
      .text.replaceAll(/\s+/g, ' ');

  test('says what each frees, what all do, and that this is enough', () => {
    const text = render({});
    expect(text).toContain('Delete these 2 first No workload we can read uses them.');
    expect(text).toContain('Together they lower the usage by 13 GiB, to 49 of 50 GiB, within the quota.');
    expect(text).toContain('The registry gets back 12 GiB at a later prune.');
    expect(text).toContain('web:pr-1 8 GiB web:pr-2 4 GiB Together, with the layers they share 13 GiB');
    expect(text).toContain(
      'Computed Tuesday 24 November 08:00 UTC for the cluster silver; later deployments are not seen.',
    );
  });

  test('says how much is missing when it is not enough', () => {
    expect(render({ usedAfterBytes: 55 * GI })).toContain('to 55 of 50 GiB: still 5 over.');
  });

  test('says where the rest is: the largest streams without what is to be deleted', () => {
    // Of the three the last is the largest, but not without its tags.
    const tags = inventNamespace(3).streams[0]?.tags ?? [];
    const deletions = tags.map(({ name }) => ({ stream: 'service-0002-web', tag: name, freesBytes: GI }));
    expect(render({ usedAfterBytes: 55 * GI, deletions: deletions.slice(1) })).toContain(
      'The rest is in the list below: the largest are then service-0001-web, service-0000-web and service-0002-web.',
    );
    expect(render({ usedAfterBytes: 55 * GI, deletions })).toContain(
      'The rest is in the list below: the largest are then service-0001-web and service-0000-web.',
    );
  });

  test('says that something stays in the registry, where other tags hold a part of it, of whatever namespace', () => {
    expect(render({ reclaimsBytes: 12 * GI })).toContain(
      'The registry gets back 12 GiB at a later prune. The rest stays there: other tags hold it, too.',
    );
    expect(render({ reclaimsBytes: 13 * GI })).not.toContain('The rest stays there');
  });

  test('names the kinds of workloads that were read, all of each', () => {
    const report = reportOf([over]);
    const lists = ['pods', 'deployments', 'builds', 'namespaces', 'imagestreams', 'images'].map((kind) => ({
      kind,
      readAt: report.generatedAt,
      exact: true,
    }));
    const snapshot = { ...report.snapshot, lists, unreadableKinds: ['builds'] };
    expect(render({}, over, { report: { ...report, snapshot } })).toContain(
      'Looked for uses in pods and deployments. Not seen at all:',
    );
    expect(render({})).not.toContain('Looked for');
  });

  test('is what a mailbox shows beside the subject; else what the mail advises', () => {
    const shownBeside = (mail: UsageMail): string | undefined =>
      /display:none[^>]*>(.*?)</.exec(compose.renderUsage(mail).html)?.[1];
    const plans = new Map([[over.name, plan]]);
    const other = inventNamespace(1, { name: 'a-dev', quota: quotaOf(GI, 'ok', 1) });
    const summary = 'Deleting 2 tags that nothing uses frees 13 GiB, which is enough.';
    expect(shownBeside(mailOf([over], { plans }))).toBe(summary);
    expect(shownBeside(mailOf([other, over], { plans }))).toBe(`d1b5d2-tools: ${summary}`);
    expect(shownBeside(mailOf([over]))).toMatch(/^Nothing is proposed for deletion: /);
    expect(shownBeside(mailOf([other]))).toBe('1 image stream, 5 tags and 8 revisions');
  });

  test('promises nothing where sizes are unknown', () => {
    const text = render({}, { ...over, unknownRevisions: 1 });
    expect(text).toContain('to at least 49 of 50 GiB. The registry');
    expect(text).not.toContain('within the quota');
    expect(render({ usedAfterBytes: 0 }, { ...over, unknownRevisions: 1 })).toContain(
      'lower the usage by 13 GiB; the size of what is left is unknown. The registry',
    );
    expect(render({ usedAfterBytes: 55 * GI }, { ...over, unknownRevisions: 1 })).toContain(
      'to at least 55 of 50 GiB: still at least 5 over. The rest',
    );
    expect(render({ usedAfterBytes: 12 }, { ...over, unknownRevisions: 1 })).toContain(
      'to at least 12 B of 50 GiB. The registry',
    );
    expect(render({ usedAfterBytes: 50 * GI + 12 }, { ...over, unknownRevisions: 1 })).toContain(
      'to at least 50.0 of 50 GiB: still over by at least 12 B. The rest',
    );
  });

  test('is silent about the registry when only part of the cluster was read, and says when it gets nothing', () => {
    expect(render({ reclaimsBytes: null })).not.toContain('The registry');
    const nothing = render({ reclaimsBytes: 0 });
    expect(nothing).toContain('The registry itself gets nothing back: other tags hold the same layers.');
    // They may all be of this namespace: an imported tag holds what it is not charged for.
    expect(nothing).not.toContain('other namespaces');
  });

  test('speaks of one tag as one', () => {
    const text = render({
      deletions: plan.deletions.slice(0, 1),
      freesBytes: 8 * GI,
      usedAfterBytes: 54 * GI,
    });
    expect(text).toContain(
      'Delete this one first No workload we can read uses it. It lowers the usage by 8 GiB',
    );
    expect(text).not.toContain('Together');
  });

  test('stands in one block of commands that checks the cluster', () => {
    const { html, text } = compose.renderUsage(mailOf([over], { plans: new Map([[over.name, plan]]) }));
    const lines = [
      `if [ "$(oc whoami --show-server)" = 'https://api.silver.example.com:6443' ]; then`,
      '  oc tag -d web:pr-1 -n d1b5d2-tools',
      '  oc tag -d web:pr-2 -n d1b5d2-tools',
    ];
    for (const line of lines) expect(text).toContain(`\n    ${line}\n`);
    const block = /<code class="commands">(.*?)<\/code>/s.exec(html)?.[1] ?? '';
    expect(readPage(block)).toContain(lines.join('\n'));
  });

  test('says once what no reading shows, and only where something is proposed', () => {
    const unseen =
      'Not seen at all: pulls from outside the cluster, custom resources that the platform has not listed, and Dockerfiles in git.';
    expect(render({}).split(unseen)).toHaveLength(2);
    expect(compose.renderUsage(mailOf([over])).text).not.toContain('Not seen at all');
  });

  test('names the kinds that could not be read', () => {
    const report = reportOf([over]);
    const text = render({}, over, {
      report: { ...report, snapshot: { ...report.snapshot, unreadableKinds: ['builds', 'cronjobs'] } },
    });
    expect(text).toContain('We could not read builds and cronjobs: please look there yourself.');
  });

  test.each<[string, Partial<NamespaceReport>, readonly string[], string]>([
    [
      'its only tag is in use',
      { streams: [streamOf('web', { tag: {} })], totals: totalsOf(1) },
      [],
      'Nothing is proposed for deletion: the only tag is in use. The list below starts with the largest.',
    ],
    [
      'all are in use, young or kept for their name',
      {
        streams: [
          streamOf('web', { a: {} }),
          streamOf('api', { latest: { inUse: false }, new: { inUse: false } }),
          streamOf('old', { b: { inUse: false, freesBytes: 0 } }),
        ],
        totals: totalsOf(4),
      },
      [],
      'deletion: every tag is in use, is younger than 14 days, has a name that is usually kept (such as latest) or frees nothing alone. The',
    ],
    ['there are none', { streams: [], totals: totalsOf(0) }, [], 'deletion: there is no tag to delete.'],
    [
      'kinds could not be read',
      {},
      ['builds'],
      'deletion: builds could not be read everywhere, so what is unused is not known.',
    ],
    [
      'it is production',
      { environment: 'prod' },
      [],
      'Nothing is proposed for deletion: this is production.',
    ],
  ])('is not proposed when %s, and the mail says so', (_name, change, unreadableKinds, expected) => {
    const report = reportOf([{ ...over, ...change }]);
    const { text } = compose.renderUsage(
      mailOf([], { report: { ...report, snapshot: { ...report.snapshot, unreadableKinds } } }),
    );
    expect(text.replaceAll(/\s+/g, ' ')).toContain(expected);
    expect(text).not.toContain('oc tag');
  });

  test('is not proposed when only a part of the cluster was read, and the mail says so', () => {
    const report = reportOf([over]);
    const cluster = { ...report.cluster, usedBytes: null, sumOfNamespacesBytes: null };
    const { text } = compose.renderUsage(mailOf([], { report: { ...report, cluster } }));
    expect(text.replaceAll(/\s+/g, ' ')).toContain(
      `deletion: only ${over.name} could be read, not the whole cluster, so what is unused is not known.`,
    );
  });

  test('is said once in a mail where the same stands against it in several namespaces', () => {
    const streams = [streamOf('web', { tag: {} })];
    const namespaces = ['a', 'b', 'c'].map((name) => ({ ...over, name, streams, totals: totalsOf(1) }));
    const { html, text } = compose.renderUsage(mailOf([...namespaces, { ...over, environment: 'prod' }]));
    for (const body of [readPage(html), text].map((part) => part.replaceAll(/\s+/g, ' '))) {
      expect(body.match(/Nothing is proposed for deletion[^.]*\./g)?.slice(-4)).toEqual([
        'Nothing is proposed for deletion: the only tag is in use.',
        'Nothing is proposed for deletion, for the same reason as in a.',
        'Nothing is proposed for deletion, for the same reason as in a.',
        'Nothing is proposed for deletion: this is production.',
      ]);
      expect(body).not.toContain('The list below');
    }
  });

  test('is not proposed in the environments that the configuration calls production', async () => {
    const withLive = await createCompose({ mail: {}, plan: { productionEnvironments: ['live'] } });
    const adviceFor = (environment: string): string =>
      withLive.renderUsage(mailOf([{ ...over, environment }])).text;
    expect(adviceFor('live')).toContain('Nothing is proposed for deletion: this is production.');
    expect(adviceFor('prod')).not.toContain('this is production');
  });

  test('is no matter for a namespace within its quota', () => {
    const { text } = compose.renderUsage(mailOf([inventNamespace(1, { quota: quotaOf(99 * GI, 'ok', 1) })]));
    expect(text).not.toMatch(/Delete|proposed/);
  });
});

describe('the list', () => {
  test.each<[string, Partial<RevisionReport>, string]>([
    [
      'by whom and how, the own namespace left out',
      { inUse: true, inUseBy: ['d1b5d2-tools/Deployment/web'], inUseHow: ['scaled-to-0'], inUseCount: 1 },
      'in use by Deployment/web (scaled to 0)',
    ],
    [
      'by two and others',
      {
        inUse: true,
        inUseBy: ['x/Pod/a', 'x/ReplicaSet/b', 'x/Build/c'],
        inUseHow: ['running', 'old-rollout', 'finished'],
        inUseCount: 5,
      },
      'in use by x/Pod/a (running), x/ReplicaSet/b (old rollout) and 3 more',
    ],
    [
      'by others of whom nothing is said',
      { inUse: true, inUseBy: [], inUseCount: 4 },
      'in use by 4 workloads elsewhere',
    ],
    ['where it is not known', { inUse: null }, 'use unknown'],
    ['imported', { charged: false }, 'imported, not charged'],
    ['for several architectures', { architectures: ['amd64', 'arm64'] }, 'amd64 + arm64'],
    ['of unknown size', { sizeBytes: null }, 'unknown'],
  ])('says of a revision in words what it is: %s', (_name, change, expected) => {
    const namespace = inventNamespace(1);
    const streams = namespace.streams.map((stream) => ({
      ...stream,
      tags: stream.tags.map((tag) => ({
        ...tag,
        revisions: tag.revisions.map((revision) => ({ ...revision, ...change })),
      })),
    }));
    const { html, text } = compose.renderUsage(mailOf([{ ...namespace, streams }]));
    expect(readPage(html)).toContain(expected);
    expect(text).toContain(expected);
  });

  test.each<[string, readonly RevisionReport[]]>([
    ['has no revisions', []],
    ['is shown without them', inventNamespace(1).streams[0]?.tags[0]?.revisions ?? []],
  ])('says who uses a tag that %s', (_name, revisions) => {
    const used: UseReport = {
      inUse: true,
      inUseBy: ['d1b5d2-tools/CronJob/nightly'],
      inUseHow: ['scheduled'],
      inUseCount: 1,
    };
    const streams = inventNamespace(1).streams.map((stream) => ({
      ...stream,
      tags: stream.tags.map((tag) => ({ ...tag, ...used, revisions })),
    }));
    // So many that there is no room for revisions.
    const filler = inventNamespace(revisions.length === 0 ? 0 : 70).streams;
    const { html } = compose.renderUsage(
      mailOf([inventNamespace(0, { streams: [...streams, ...filler], quota: quotaOf(GI, 'ok', 0) })]),
    );
    expect(readPage(html)).toContain('in use by CronJob/nightly (scheduled)');
  });

  test.each([
    { count: 1, expected: 'same image as api:t0' },
    { count: 9, expected: 'same image as api:t0, api:t1 and 7 more' },
    { count: 10, expected: 'same image as api:t0, api:t1 and many others' },
  ])(
    'says of a tag what is the same image, and counts no more than is named: $count',
    ({ count, expected }) => {
      const namespace = inventNamespace(1);
      const sameImageAs = Array.from({ length: count }, (_, position) => `api:t${position}`);
      const streams = namespace.streams.map((stream) => ({
        ...stream,
        tags: stream.tags.map((tag) => ({ ...tag, sameImageAs })),
      }));
      expect(readPage(compose.renderUsage(mailOf([{ ...namespace, streams }])).html)).toContain(expected);
    },
  );

  test('has one unit, that of its largest stream, and so has the table of deletions', () => {
    const namespace = inventNamespace(3, { quota: quotaOf(50 * GI, 'over', 200) });
    const plan: DeletionPlan = {
      deletions: [
        { stream: 'web', tag: 'pr-1', freesBytes: 1.1 * GI },
        { stream: 'web', tag: 'pr-2', freesBytes: 1001.6 * MI },
        { stream: 'web', tag: 'pr-3', freesBytes: 7 },
      ],
      freesBytes: 3 * GI,
      reclaimsBytes: 512 * MI,
      usedAfterBytes: 49 * GI,
    };
    const [largest, ...others] = namespace.streams;
    if (largest === undefined) throw new Error('nothing invented');
    const streams = [{ ...largest, countedBytes: 1.1 * GI, sizeBytes: 1.1 * GI }, ...others];
    const plans = new Map([[namespace.name, plan]]);
    const { html } = compose.renderUsage(mailOf([{ ...namespace, streams }], { plans }));
    const cells = [...html.matchAll(/<td(?: class=z| align="right")?>((?:&lt; )?[\d.,]+ \w+)(?=<)/g)];
    expect(cells.length).toBeGreaterThan(50);
    expect(cells.filter(([, cell = '']) => !cell.endsWith(' GiB'))).toEqual([]);
    const words = readPage(html).replaceAll(/\s+/g, ' ');
    expect(words).toContain(
      'lower the usage by 3 GiB, to 49 of 50 GiB, within the quota. The registry gets back 0.5 GiB at',
    );
    expect(words).toContain('web:pr-1 1.1 GiB web:pr-2 1.0 GiB web:pr-3 < 0.1 GiB Together, with');
  });

  test('says in a word what is imported or unknown, where a phone shows no size', () => {
    const namespace = inventNamespace(1);
    const streams = namespace.streams.map((stream) => ({
      ...stream,
      countedBytes: 0,
      freesBytes: 0,
      tags: stream.tags.map((tag, index) => ({
        ...tag,
        countedBytes: 0,
        freesBytes: 0,
        ...(index === 1 ? { unknownRevisions: 1, sizeBytes: 0 } : {}),
        revisions: tag.revisions.map((revision) => ({
          ...revision,
          charged: false,
          countedBytes: 0,
          ...(index === 1 ? { sizeBytes: null } : {}),
        })),
      })),
    }));
    const { html } = compose.renderUsage(mailOf([{ ...namespace, streams }]));
    const shown = [
      ...html.matchAll(/<tr class=(s|t|r)>.*?<td class=z>[^<]*<\/td><td>([^<]*)<\/td><td>([^<]*)</g),
    ];
    expect(shown.map(([, kind, counted, frees]) => [kind, counted, frees])).toEqual([
      ['s', 'imported', '0'],
      ['t', 'imported', '0'],
      ['r', 'imported', ''],
      ['r', 'imported', ''],
      ['r', 'imported', ''],
      ['r', 'imported', ''],
      ['t', 'unknown', 'unknown'],
      ['t', 'imported', '0'],
      ['t', 'imported', '0'],
      ['t', 'imported', '0'],
    ]);
  });

  test('shows every stream, tag and revision, a single revision beside its tag', () => {
    const namespace = inventNamespace(4);
    const page = readPage(compose.renderUsage(mailOf([namespace])).html);
    for (const stream of namespace.streams) {
      expect(page).toContain(stream.name);
      for (const tag of stream.tags) {
        expect(page).toContain(`:${tag.name}`);
        for (const { digest } of tag.revisions) expect(page).toContain(digest.slice(7, 19));
      }
    }
  });

  test.each([
    { streams: 3, head: 'Stream, tag, revision' },
    { streams: 70, head: 'Stream, tag' },
    { streams: 300, head: 'Image stream' },
    { streams: 900, head: 'Image stream' },
  ])('heads the names of $streams streams with what it shows of them: $head', ({ streams, head }) => {
    const { html, text } = compose.renderUsage(mailOf([inventNamespace(streams)]));
    const heads = [...html.matchAll(/<th scope="col" width="38%" align="left">([^<]*)</g)];
    expect(new Set(heads.map(([, name]) => name))).toEqual(new Set([head]));
    expect(text).toMatch(new RegExp(`^${head} +Pushed +Size +Counted +Frees$`, 'm'));
  });

  test('has tables of 45 rows at most, each with its header and a caption that says where it goes on', () => {
    const { html } = compose.renderUsage(mailOf([inventNamespace(12)]));
    const tables = html.split('<caption').slice(1);
    expect(tables).toHaveLength(3);
    for (const table of tables) {
      expect(table.match(/<tr class=\w/g)?.length ?? 0).toBeLessThanOrEqual(45);
      expect(table).toContain('scope="col"');
    }
    expect(readPage(html)).toContain('continued, part 2 of 3');
  });

  test('counts the lines below names as rows of a table, too, and parts none from its name', () => {
    const namespace = inventNamespace(9);
    const streams = namespace.streams.map((stream) => ({
      ...stream,
      tags: stream.tags.map((tag) => ({ ...tag, sameImageAs: ['api:t0'] })),
    }));
    const { html } = compose.renderUsage(mailOf([{ ...namespace, streams }]));
    const tables = html
      .split('<caption')
      .slice(1)
      .map((table) => table.match(/(?<=<tr class=)\w+/g) ?? []);
    expect(tables.flat().filter((kind) => kind === 'n')).toHaveLength(45);
    expect(tables.map((rows) => rows.length <= 45)).toEqual([true, true, true, true]);
    expect(tables.map(([first]) => first)).not.toContain('n');
  });

  test('marks what has no figures in words and leaves the figures out', () => {
    const namespace = inventNamespace(1);
    const [stream] = namespace.streams;
    const [tag] = stream?.tags ?? [];
    if (stream === undefined || tag === undefined) throw new Error('nothing invented');
    const bare = { ...tag, inUse: false, revisions: [], sizeBytes: 0, countedBytes: 0, freesBytes: 0 };
    const tags = [
      { ...bare, name: 'new', state: 'empty' as const },
      { ...bare, name: 'base', state: 'import-failed' as const },
      { ...bare, name: 'link', state: 'reference' as const },
    ];
    const { text } = compose.renderUsage(
      mailOf([
        {
          ...namespace,
          streams: [
            { ...stream, tags },
            { ...stream, name: 'never', inUse: false, tags: [] },
          ],
        },
      ]),
    );
    const lines = text.split('\n').map((line) => line.trim());
    expect(lines).toContain(':new (no revisions)');
    expect(lines).toContain(':base (import failed)');
    expect(lines).toContain(':link (a reference, not stored)');
    expect(lines.some((line) => line.startsWith('never') && line.endsWith('(no tags)'))).toBe(true);
  });
});

test('a revision does not repeat that the use of its tag is unknown', () => {
  const namespace = inventNamespace(1);
  const streams = namespace.streams.map((stream) => ({
    ...stream,
    inUse: null,
    tags: stream.tags.map((tag) => ({
      ...tag,
      inUse: null,
      revisions: tag.revisions.map((revision) => ({ ...revision, inUse: null })),
    })),
  }));
  const { html, text } = compose.renderUsage(mailOf([{ ...namespace, streams }]));
  // A stream and five tags; eight revisions, four of them in rows of their own.
  for (const body of [html, text]) expect(body.match(/use unknown/g)).toHaveLength(6);
});

describe('why and what else', () => {
  test.each<[string, UsageMail['recipient'], string]>([
    [
      'an annotation',
      { roles: ['Owner', 'Technical lead'], rule: 'annotation:contacts' },
      'You get this as Owner and Technical lead of d1b5d2-tools, named by the annotation contacts.',
    ],
    [
      'an override',
      { roles: [], rule: 'overrides[0]' },
      "You get this as a contact of d1b5d2-tools, named by rule 1 of the platform's overrides.",
    ],
    [
      'the fallback',
      { roles: ['platform'], rule: 'fallback' },
      'You get this because nobody of d1b5d2-tools can be told.',
    ],
  ])('says why the reader gets it: %s', (_name, recipient, expected) => {
    const { text } = compose.renderUsage(mailOf([inventNamespace(1)], { recipient }));
    expect(text.replaceAll(/\s+/g, ' ')).toContain(expected);
  });

  test('says of a one-off that it was asked for, in subject and body, on top instead of the week', () => {
    const { subject, text } = compose.renderUsage(mailOf([inventNamespace(1)], { kind: 'one-off' }));
    expect(text).toMatch(/^Image registry usage · cluster silver · requested by the platform team\n/);
    expect(text).not.toContain('week of');
    expect(subject).toMatch(/ \(requested by the platform team\)$/);
    expect(text).toContain('The platform team asked for this mail; it is not a weekly reminder.');
  });

  test('shows findings that concern the team as words, a few names each, and no address', () => {
    const findings = [
      ...['a', 'b', 'c', 'd', 'e'].map((tag) => ({
        code: 'import-failed' as const,
        subject: `web:${tag}`,
        message: 'x',
      })),
      {
        code: 'image-missing' as const,
        subject: `web:a@sha256:${'0123456789abcdef'.repeat(4)}`,
        message: 'x',
      },
      {
        code: 'address-refused' as const,
        subject: 'somebody@else.example',
        message: 'somebody@else.example',
      },
      { code: 'orphan-images' as const, subject: 'images', message: 'x' },
    ];
    const { html, text } = compose.renderUsage(mailOf([inventNamespace(1, { findings })]));
    for (const body of [readPage(html), text]) {
      expect(body).toContain('Import failed: web:a, web:b, web:c and 2 more.');
      expect(body.replaceAll(/\s+/g, ' ')).toContain(
        'Image gone from the cluster, size unknown: web:a@0123456789ab.',
      );
      expect(body).toContain('A contact of the namespace is no plain address');
      expect(body).not.toContain('else.example');
    }
  });

  test('says what the reading of the cluster leaves open', () => {
    const report = reportOf([inventNamespace(1)]);
    const lists = [{ kind: 'images', readAt: report.generatedAt, exact: false }];
    const snapshot = { ...report.snapshot, exact: false, lists, unreadableKinds: ['builds', 'pods'] };
    const { html, text } = compose.renderUsage(mailOf([], { report: { ...report, snapshot } }));
    for (const body of [readPage(html), text.replaceAll(/\s+/g, ' ')]) {
      expect(body).toContain(
        '“Use unknown” does not mean unused: builds and pods could not be read everywhere.',
      );
      expect(body).toContain(
        'Read on Tuesday 24 November 08:00 UTC. The cluster changed while its images were read, so figures may be slightly off.',
      );
      expect(body.match(/Read on/g)).toHaveLength(1);
    }
  });

  test('says at its end in plain words when reading began, where all is exact', () => {
    const report = reportOf([inventNamespace(1)]);
    const lists = ['2026-11-24T08:02:12Z', '2026-11-24T08:00:00Z'].map((readAt) => ({
      kind: 'images',
      readAt,
      exact: true,
    }));
    const snapshot = { ...report.snapshot, lists };
    const { html, text } = compose.renderUsage(mailOf([], { report: { ...report, snapshot } }));
    for (const body of [readPage(html), text].map((part) => part.replaceAll(/\s+/g, ' '))) {
      const [, end = ''] = body.split('About this mail');
      expect(end).toContain(' Read on Tuesday 24 November 08:00 UTC. ');
      expect(body).not.toMatch(/Worth knowing|exact/);
    }
  });

  test('advises a team of the largest layer of all in one line, and of nothing else', () => {
    const layer = (subject: string, amount: number): Advice => ({
      code: 'large-layer',
      subject,
      message: 'for staff',
      amount,
    });
    const many: Advice = { code: 'many-tags', subject: 'api', message: 'for staff', amount: 900 * GI };
    const [a, b] = [
      inventNamespace(1, { name: 'a-dev', advice: [many, layer('api:1', 2 * GI), layer('api:2', GI)] }),
      inventNamespace(1, { name: 'b-dev', advice: [layer('web:1', 3 * GI)] }),
    ];
    const adviceIn = (...namespaces: readonly NamespaceReport[]) => {
      const { html, text } = compose.renderUsage(mailOf(namespaces));
      for (const body of [readPage(html), text]) expect(body).not.toContain('for staff');
      return text.replaceAll(/\s+/g, ' ').match(/Smaller is better: .*? alone is .*? GiB\./g);
    };
    expect(adviceIn(a)).toEqual(['Smaller is better: a layer of api:1 alone is 2 GiB.']);
    expect(adviceIn(a, b)).toEqual(['Smaller is better: a layer of b-dev/web:1 alone is 3 GiB.']);
    expect(adviceIn(inventNamespace(1))).toBeNull();
  });

  test('has no empty section', () => {
    const bare = mailOf([inventNamespace(1)], { otherRoles: [], recipient: null, reportId: null });
    const { html, text } = compose.renderUsage(bare);
    for (const body of [readPage(html), text]) {
      expect(body).not.toMatch(/Worth knowing|Also told|Help:|More about/);
    }
  });

  test('links to https only', async () => {
    const unsafe = await createCompose({
      mail: {
        help: { text: 'call us', url: 'javascript:alert(1)' },
        docs: { url: 'http://docs.example.com' },
      },
    });
    const { html, text } = unsafe.renderUsage(mailOf([inventNamespace(1)]));
    expect(html).toContain('call us');
    expect(html).not.toMatch(/<a /);
    expect(text).not.toMatch(/javascript|docs\.example/);
  });

  test('puts namespaces that are over first, all decisions before all lists', () => {
    const namespaces = [
      inventNamespace(1, { name: 'a-dev', usedBytes: GI / 2, quota: quotaOf(GI, 'ok', 50) }),
      inventNamespace(1, { name: 'b-test', usedBytes: 0.9 * GI, quota: quotaOf(GI, 'warning', 90) }),
      inventNamespace(1, { name: 'c-tools', usedBytes: 2 * GI, quota: quotaOf(GI, 'over', 200) }),
    ];
    const { subject, html, text } = compose.renderUsage(mailOf(namespaces));
    expect(subject).toBe('[Image registry] c-tools: 2 of 1 GiB, 1 over, and 2 more namespaces');
    expect(
      [...html.matchAll(/<h2>([\w-]+ ?[\w-]* ?[\w-]*)/g)].map(([, heading]) => heading).slice(0, 6),
    ).toEqual([
      'c-tools uses 2',
      'b-test uses 0',
      'a-dev uses 0',
      'Everything in c-tools',
      'Everything in b-test',
      'Everything in a-dev',
    ]);
    expect(text.indexOf('Everything in c-tools')).toBeGreaterThan(text.indexOf('a-dev uses'));
  });
});

test('everything stands in the order in which a reader needs it', async () => {
  const branded = await createCompose({
    mail: { help: { text: 'ask in #registry' }, docs: { url: 'https://docs.example.com/registry' } },
  });
  const { html, text } = branded.renderUsage(await readUsageSample());
  const parts = [
    'Image registry usage · cluster silver · week of 23 November 2026',
    'd1b5d2-tools uses at least 36.1 of 25 GiB, at least 11.1 over',
    'quota 25 GiB',
    '144.4% of quota · 11 image streams',
    'Delete these 5 first',
    'No workload we can read uses them.',
    'maps-tiles:2026-q1 2026-03-18 3.3 GiB',
    'Together 11.7 GiB',
    'oc tag -d maps-tiles:2026-q1 -n d1b5d2-tools',
    'sh cleanup-d1b5d2-tools.txt',
    'Not seen at all',
    'Computed Monday 23 November 16:00 UTC for the cluster silver',
    'Everything in d1b5d2-tools',
    'permit-api',
    'd1b5d2-tools uses ≥ 36.1 GiB',
    'What the columns mean',
    'You get this as Technical lead',
    'Also told: Product owner.',
    'Help: ask in #registry',
    'https://docs.example.com/registry',
    'Report weekly-2026-11-23 · figures of Monday 23 November 16:00 UTC',
  ];
  for (const body of [readPage(html), text].map((part) => part.replace(/\s+/g, ' '))) {
    let from = 0;
    for (const part of parts) {
      expect(body.slice(from)).toContain(part);
      from = body.indexOf(part, from) + part.length;
    }
  }
});

describe('hostile text', () => {
  const names = [
    '{{report}}',
    '<script>alert(1)</script>',
    `"onmouseover='x' &amp; \`id\``,
    '$(rm -rf ~)',
    'a'.repeat(128),
  ];

  test.each(names)('%s prints as itself, escaped once', (name) => {
    const namespace = inventNamespace(1, { environment: name });
    const streams = namespace.streams.map((stream) => ({ ...stream, name }));
    const { html, text, attachments } = compose.renderUsage(mailOf([{ ...namespace, streams }]));
    expect(readPage(html).split(name).length - 1).toBeGreaterThanOrEqual(2);
    expect(html).not.toContain('<script');
    expect(text).toContain(name);
    expect(attachments[0]?.content).toContain(name.replaceAll('"', '""'));
  });

  test('what turns text around or moves the cursor is dropped', () => {
    const evil = 'pr\u202e-1\u2066\u0007\u001b[2J\r\nBcc: x';
    const namespace = inventNamespace(1, { environment: evil });
    const streams = namespace.streams.map((stream) => ({ ...stream, name: evil }));
    const { subject, html, text, attachments } = compose.renderUsage(
      mailOf([{ ...namespace, streams, displayName: evil }], { otherRoles: [evil] }),
    );
    for (const body of [subject, html, text, attachments[0]?.content ?? '']) {
      expect(body).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069]/);
    }
    expect(text).toContain('pr-1[2JBcc: x');
  });

  test('no command is made from a name that only looks right once it is cleaned', () => {
    const namespace = inventNamespace(1);
    const deletions = [
      { stream: 'web', tag: 'pr-1\u202e', freesBytes: 1 },
      { stream: 'web', tag: '$(reboot)', freesBytes: 1 },
    ];
    const plans = new Map([
      [namespace.name, { deletions, freesBytes: 2, reclaimsBytes: null, usedAfterBytes: 0 }],
    ]);
    const { html, text } = compose.renderUsage(mailOf([namespace], { plans }));
    for (const body of [html, text]) expect(body).not.toContain('oc tag -d');
    expect(text.replaceAll(/\s+/g, ' ')).toContain(
      'Where there is no command, the name cannot safely stand in one',
    );
  });
});

const quotaOf = (
  limitBytes: number | null,
  level: NamespaceReport['quota']['level'],
  usedPercent: number | null,
): NamespaceReport['quota'] => ({ limitBytes, level, usedPercent, source: 'default', overBytes: 0 });

/** A stream with a tag of each name, in use and pushed today where nothing else is said. */
const streamOf = (name: string, tags: Readonly<Record<string, Partial<TagReport>>>): StreamReport => ({
  ...firstOf(inventNamespace(1).streams),
  name,
  inUse: false,
  tags: Object.entries(tags).map(([tag, change]) => {
    const { revisions, ...like } = firstOf(firstOf(inventNamespace(1).streams).tags);
    const [revision] = revisions.map((one) => ({ ...one, created: '2026-11-24T07:00:00Z' }));
    return {
      ...like,
      name: tag,
      inUse: true,
      revisions: revision === undefined ? [] : [revision],
      ...change,
    };
  }),
});

const firstOf = <Member>([first]: readonly Member[]): Member => {
  if (first === undefined) throw new Error('there is none');
  return first;
};

const totalsOf = (tags: number): NamespaceReport['totals'] => ({
  streams: tags,
  tags,
  revisions: tags,
  images: tags,
  blobs: tags,
});
