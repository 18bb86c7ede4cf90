import { createHash } from 'node:crypto';
import type { UsageMail } from '../../../src/pipeline/ports.ts';
import type { Delivery } from '../../../src/pipeline/records/delivery.ts';
import type {
  NamespaceReport,
  Report,
  RevisionReport,
  StreamReport,
  TagReport,
} from '../../../src/usage/report/report.ts';

const MI = 1024 ** 2;

/** A brand of another name and other colours. */
export const CONTAINER_STORE = {
  productName: 'Container store',
  logoText: 'Platform & services',
  colors: {
    accent: '#006b3c',
    alert: '#8a1c1c',
    link: '#00558c',
    dark: { accent: '#4fc38a', alert: '#ff9a90', link: '#8cc8ff' },
  },
} as const;

/** The delivery of such a mail. */
export const DELIVERY: Delivery = {
  id: '5f'.repeat(32),
  runId: 'weekly-2026-11-23',
  kind: 'usage-report',
  thread: { id: '7e'.repeat(32), last: '5e'.repeat(32) },
  teamId: 'ns:d1b5d2-tools',
  recipient: { address: 'mira@example.com', roles: ['Technical lead'], rule: 'annotation:contacts' },
  namespaces: ['d1b5d2-tools'],
  state: 'planned',
  date: '2026-11-24T08:05:00Z',
  changedAt: '2026-11-24T08:05:00Z',
  nextTryAt: null,
  detail: null,
};

/** A mail about one invented namespace of so many streams; figures are whole MiB and add up. */
export const inventMail = (streams: number, change: Partial<NamespaceReport> = {}): UsageMail =>
  mailOf([inventNamespace(streams, change)]);

/** The mail of a team that holds these namespaces. */
export const mailOf = (
  namespaces: readonly NamespaceReport[],
  change: Partial<UsageMail> = {},
): UsageMail => ({
  report: reportOf(namespaces),
  plans: new Map(),
  kind: 'usage-report',
  recipient: { roles: ['Technical lead'], rule: 'annotation:contacts' },
  otherRoles: [],
  reportId: 'weekly-2026-11-23',
  ...change,
});

/** A namespace with five tags a stream, a tag of the first kind with four revisions, the others with one. */
export const inventNamespace = (count: number, change: Partial<NamespaceReport> = {}): NamespaceReport => {
  const streams = Array.from({ length: count }, (_, index) => inventStream(index)).toSorted(
    (a, b) => b.countedBytes - a.countedBytes || (a.name < b.name ? -1 : 1),
  );
  const tags = streams.flatMap((stream) => stream.tags);
  const usedBytes = sum(streams.map(({ countedBytes }) => countedBytes));
  const limitBytes = Math.ceil(usedBytes / 2) + 1;
  return {
    name: 'd1b5d2-tools',
    displayName: 'd1b5d2-tools',
    environment: 'tools',
    quota: {
      limitBytes,
      source: 'default',
      level: 'over',
      usedPercent: Math.ceil((usedBytes / limitBytes) * 1000) / 10,
      overBytes: usedBytes - limitBytes,
    },
    usedBytes,
    importedBytes: 0,
    sharedWithTeamBytes: 0,
    unknownRevisions: 0,
    totals: {
      streams: streams.length,
      tags: tags.length,
      revisions: tags.flatMap(({ revisions }) => revisions).length,
      images: tags.flatMap(({ revisions }) => revisions).length,
      blobs: 0,
    },
    recipients: [],
    noRecipientReason: null,
    streams,
    findings: [],
    advice: [],
    ...change,
  };
};

/** A report on these namespaces, all of one team. */
export const reportOf = (namespaces: readonly NamespaceReport[]): Report => ({
  schemaVersion: 1,
  generatedAt: '2026-11-24T08:00:00Z',
  cluster: {
    name: 'silver',
    apiUrl: 'https://api.silver.example.com:6443',
    usedBytes: sum(namespaces.map(({ usedBytes }) => usedBytes)),
    sumOfNamespacesBytes: sum(namespaces.map(({ usedBytes }) => usedBytes)),
  },
  snapshot: { id: null, exact: true, lists: [], unreadableKinds: [], findings: [] },
  reports: [
    {
      team: {
        id: `ns:${namespaces[0]?.name ?? ''}`,
        displayName: 'Wally',
        usedBytes: sum(namespaces.map(({ usedBytes }) => usedBytes)),
      },
      namespaces,
    },
  ],
});

const inventStream = (index: number): StreamReport => {
  const tags = Array.from({ length: 5 }, (_, tag) => inventTag(index, tag));
  const countedBytes = sum(tags.map((tag) => tag.countedBytes));
  return {
    name: `service-${String(index).padStart(4, '0')}-web`,
    sizeBytes: countedBytes + 300 * MI,
    countedBytes,
    freesBytes: countedBytes - MI,
    reclaimsBytes: null,
    inUse: index % 3 === 0,
    unknownRevisions: 0,
    tags,
  };
};

const inventTag = (stream: number, index: number): TagReport => {
  const revisions = Array.from({ length: index === 0 ? 4 : 1 }, (_, revision) =>
    inventRevision(`${String(stream)}/${String(index)}/${String(revision)}`, stream + index + revision),
  );
  const countedBytes = sum(revisions.map((revision) => revision.countedBytes));
  const inUse = index === 0 && stream % 3 === 0;
  return {
    name: index === 0 ? 'latest' : `pr-${String(100 + stream * 7 + index)}`,
    sizeBytes: countedBytes + 200 * MI,
    countedBytes,
    freesBytes: countedBytes,
    inUse,
    inUseBy: inUse ? [`d1b5d2-tools/Deployment/service-${String(stream)}`] : [],
    inUseHow: inUse ? ['running'] : [],
    inUseCount: inUse ? 1 : 0,
    unknownRevisions: 0,
    sameImageAs: [],
    state: 'ok',
    revisions,
  };
};

const inventRevision = (name: string, age: number): RevisionReport => ({
  digest: `sha256:${createHash('sha256').update(name).digest('hex')}`,
  created: new Date(Date.UTC(2026, 10, 20) - age * 86_400_000).toISOString(),
  sizeBytes: (400 + (age % 37)) * MI,
  countedBytes: (40 + (age % 91)) * MI,
  charged: true,
  architectures: ['amd64'],
  inUse: false,
  inUseBy: [],
  inUseHow: [],
  inUseCount: 0,
});

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
