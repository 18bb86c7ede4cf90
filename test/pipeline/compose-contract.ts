import { describe, expect, test } from 'vitest';
import type { Compose, RunSummary, UsageMail } from '../../src/pipeline/ports.ts';
import type { Delivery } from '../../src/pipeline/records/delivery.ts';
import type { NamespaceReport } from '../../src/usage/report/report.ts';

/** What every `Compose` does. `create` makes one that has a sender. */
export const describeCompose = (name: string, create: () => Promise<Compose>): void => {
  describe(`${name} as a composer`, () => {
    test('renders the same mail from the same figures', async () => {
      const compose = await create();
      expect(compose.renderUsage(usageMail())).toEqual(compose.renderUsage(usageMail()));
      expect(compose.renderSummary(runSummary())).toEqual(compose.renderSummary(runSummary()));
    });

    test('names every namespace in both bodies and attaches its CSV', async () => {
      const { html, text, attachments } = (await create()).renderUsage(usageMail());
      for (const namespace of ['a1b2c3-dev', 'a1b2c3-tools']) {
        expect(html).toContain(namespace);
        expect(text).toContain(namespace);
      }
      expect(attachments.map(({ filename }) => filename)).toEqual([
        'usage-a1b2c3-dev.csv',
        'usage-a1b2c3-tools.csv',
      ]);
    });

    test('tells the roles of others who are told', async () => {
      expect((await create()).renderUsage(usageMail()).text).toContain('Product owner');
    });

    test('names the run, and why a namespace was given up, in the summary', async () => {
      const { subject, html, text } = (await create()).renderSummary(runSummary());
      expect(subject).toContain('weekly-2026-11-23');
      for (const body of [html, text]) expect(body).toContain('its snapshot is gone');
    });

    test('keeps a subject on one line of ASCII', async () => {
      const compose = await create();
      for (const { subject } of [compose.renderUsage(usageMail()), compose.renderSummary(runSummary())]) {
        expect(subject).toMatch(/^[\x20-\x7e]{1,200}$/);
      }
    });

    test('builds the same bytes each time, for one recipient, named after the delivery', async () => {
      const compose = await create();
      const delivery = deliveryTo(compose, 'mira@example.com');
      const first = await compose.build(compose.renderUsage(usageMail()), delivery);
      const again = await compose.build(compose.renderUsage(usageMail()), { ...delivery, state: 'sending' });
      expect(again).toEqual(first);
      expect(first.envelope.to).toBe('mira@example.com');
      const source = new TextDecoder().decode(first.bytes);
      expect(source).toContain(`<${delivery.id}@`);
      expect(source.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    });

    test('identifies by all parts and where they end', async () => {
      const { hashId } = await create();
      const ids = [hashId('a', 'bc'), hashId('ab', 'c'), hashId('abc'), hashId('a', 'bc', '')];
      expect(new Set(ids).size).toBe(4);
      for (const id of ids) expect(id).toMatch(/^[0-9a-f]{64}$/);
      expect(hashId('a', 'bc')).toBe(ids[0]);
    });
  });
};

const usageMail = (): UsageMail => ({
  report: {
    schemaVersion: 1,
    generatedAt: '2026-11-24T08:00:00Z',
    cluster: { name: 'silver', apiUrl: null, usedBytes: 0, sumOfNamespacesBytes: 0 },
    snapshot: { id: null, exact: true, lists: [], unreadableKinds: [], findings: [] },
    reports: [
      {
        team: { id: 'label:wally', displayName: 'Wally', usedBytes: 0 },
        namespaces: [emptyNamespace('a1b2c3-dev'), emptyNamespace('a1b2c3-tools')],
      },
    ],
  },
  plans: new Map(),
  kind: 'usage-report',
  recipient: { roles: ['Technical lead'], rule: 'annotation:contacts' },
  otherRoles: ['Product owner'],
  reportId: 'weekly-2026-11-23',
});

const emptyNamespace = (name: string): NamespaceReport => ({
  name,
  displayName: name,
  environment: null,
  quota: { limitBytes: 1024 ** 3, source: 'default', level: 'ok', usedPercent: 0, overBytes: 0 },
  usedBytes: 0,
  importedBytes: 0,
  sharedWithTeamBytes: 0,
  unknownRevisions: 0,
  totals: { streams: 0, tags: 0, revisions: 0, images: 0, blobs: 0 },
  recipients: [],
  noRecipientReason: null,
  streams: [],
  findings: [],
  advice: [],
});

const runSummary = (): RunSummary => ({
  run: {
    id: 'weekly-2026-11-23',
    kind: 'weekly',
    state: 'finished',
    claimedAt: '2026-11-23T16:00:00Z',
    cluster: { name: 'silver', apiUrl: null },
    takenAt: '2026-11-23T16:00:02Z',
    exact: true,
    lists: [],
    unreadableKinds: [],
    namespaces: ['a1b2c3-dev'],
    clusterUsedBytes: 0,
    sumOfNamespacesBytes: 0,
    findings: [],
    givenUp: [{ namespace: 'a1b2c3-dev', reason: 'its snapshot is gone' }],
    sealedAt: '2026-11-23T16:01:00Z',
    endedAt: '2026-11-23T16:02:00Z',
    stopReason: null,
  },
  rows: [
    {
      namespace: 'a1b2c3-dev',
      usedBytes: null,
      unknownRevisions: 0,
      limitBytes: null,
      level: null,
      recipients: 0,
      noRecipientReason: null,
      mails: {},
      problem: 'its snapshot is gone',
    },
  ],
  mails: {},
  advice: [],
  failing: [],
});

const deliveryTo = ({ hashId }: Compose, address: string): Delivery => ({
  id: hashId('weekly-2026-11-23', 'label:wally', address, 'usage-report'),
  runId: 'weekly-2026-11-23',
  kind: 'usage-report',
  thread: { id: hashId('thread', address), last: null },
  teamId: 'label:wally',
  recipient: { address, roles: ['Technical lead'], rule: 'annotation:contacts' },
  namespaces: ['a1b2c3-dev', 'a1b2c3-tools'],
  state: 'planned',
  date: '2026-11-24T08:05:00Z',
  changedAt: '2026-11-24T08:05:00Z',
  nextTryAt: null,
  detail: null,
});
