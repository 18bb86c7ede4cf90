import { describe, expect, test } from 'vitest';
import { createCompose } from '../../../src/adapters/mail/compose.ts';
import { MAX_HTML_BYTES } from '../../../src/adapters/mail/templates/html-size.ts';
import type { RenderedMail, UsageMail } from '../../../src/pipeline/ports.ts';
import type { NamespaceReport, StreamReport } from '../../../src/usage/report/report.ts';
import type { DeletionPlan } from '../../../src/usage/cleanup/plan.ts';
import { inventCluster, weighInto } from './invented-registry.ts';
import { DELIVERY, inventNamespace, mailOf } from './invented.ts';
import { readPageWords, readTextWords } from './read-figures.ts';
import { readAttachment, readCsv, readPage, readSentPage } from './read-message.ts';

const GI = 1024 ** 3;
const compose = await createCompose({ mail: { from: 'registry@example.com' } });

describe('whatever a namespace holds, all of it is in the mail', () => {
  test.each([
    { streams: 0, tags: 0, revisions: 0, says: 'Everything in' },
    { streams: 1, tags: 0, revisions: 0, says: 'Everything in' },
    { streams: 1, tags: 1, revisions: 1, says: 'Everything in' },
    { streams: 1, tags: 1, revisions: 30_000, says: 'Every image stream and tag in' },
    { streams: 1, tags: 9_000, revisions: 9_000, says: 'Every image stream in' },
    { streams: 12, tags: 60, revisions: 150, says: 'Everything in' },
    { streams: 40, tags: 300, revisions: 900, says: 'Every image stream and tag in' },
    { streams: 342, tags: 1_400, revisions: 3_000, says: 'largest of 342 image streams in' },
    { streams: 1_000, tags: 1_400, revisions: 3_000, says: 'largest of 1,000 image streams in' },
    { streams: 1_000, tags: 5_000, revisions: 30_000, says: 'largest of 1,000 image streams in' },
    { streams: 1_000, tags: 20, revisions: 40, says: 'largest of 1,000 image streams in' },
  ])(
    '$streams streams, $tags tags, $revisions revisions: “$says”',
    async ({ says, ...shape }) => {
      const mail = await weighInto(inventCluster({ name: 'a1b2c3-tools', shape }), 10 * GI);
      const rendered = compose.renderUsage(mail);
      expect(readPage(rendered.html)).toContain(`${says} a1b2c3-tools`);
      expect(namespacesOf(mail)[0]?.totals).toMatchObject(shape);
      await expectWhole(rendered, mail);
    },
    120_000,
  );

  test('a thousand names as long as the API allows, none of them with a tag', async () => {
    const streams = Array.from({ length: 1_000 }, (_, index) =>
      neverPushed(`${String(index).padStart(4, '0')}${'-long'.repeat(49)}`),
    );
    const mail = mailOf([inventNamespace(0, { streams, usedBytes: 0 })]);
    const rendered = compose.renderUsage(mail);
    expect(readPage(rendered.html)).toMatch(
      /The plain-text part of this mail names \d+ other streams without any tag\./,
    );
    await expectWhole(rendered, mail);
  });

  test.each([5, 60, 200, 600])('a team of %i namespaces, each of which has much to delete', async (count) => {
    const namespaces = Array.from({ length: count }, (_, index) => {
      const quota = overBy(index + 1);
      const namespace = inventNamespace(12, { name: `a1b2c3-${String(index)}`, quota });
      return { ...namespace, streams: [...namespace.streams, neverPushed(`never-${String(index)}`)] };
    });
    const plans = new Map(namespaces.map((namespace) => [namespace.name, planOf(namespace)]));
    const mail = mailOf(namespaces, { plans });
    const rendered = compose.renderUsage(mail);
    await expectWhole(rendered, mail);
    // Only the text has room for what no CSV has.
    const text = rendered.text.replace(/^(?:In \S+: )?Image streams without any tag: never-\d+\.$/gm, '');
    expect(readPageWords(rendered.html)).toEqual(readTextWords(text));
    const page = readPage(rendered.html).replace(/\s+/g, ' ');
    const left = Number(/And (\d+) more namespaces? There is no more room here/.exec(page)?.[1] ?? 0);
    expect(left > 0).toBe(count > 5);
    for (const [index, { name }] of namespaces.toReversed().entries()) {
      // The worst have a section; of the next hundred there is a line with their usage and files.
      const hasLine = index >= count - left && index < count - left + 100;
      expect(page.includes(`${name} uses `), name).toBe(index < count - left);
      expect(page.includes(`usage-${name}.csv and cleanup-${name}.txt`), name).toBe(hasLine);
    }
    const unnamed = Number(/And (\d+) more namespaces that use/.exec(page)?.[1] ?? 0);
    expect(unnamed).toBe(Math.max(0, left - 100));
  });
});

/** Nothing of the report is in neither body nor attachments, and the page is light enough to be shown whole. */
const expectWhole = async (rendered: RenderedMail, mail: UsageMail): Promise<void> => {
  const { bytes } = await compose.build(rendered, DELIVERY);
  const page = readSentPage(bytes);
  expect(page?.headers).toContain('quoted-printable');
  expect(page?.body.length).toBeGreaterThan(5_000);
  expect(page?.body.length).toBeLessThanOrEqual(MAX_HTML_BYTES);

  const body = `${readPage(rendered.html)}\n${rendered.text}`;
  for (const namespace of namespacesOf(mail)) {
    const { name, streams, usedBytes } = namespace;
    const file = rendered.attachments.find(({ filename }) => filename.startsWith(`usage-${name}.csv`));
    const rows = file === undefined ? [] : readCsv(readAttachment(file));
    const held = new Set(
      rows.map(([, stream = '', tag = '', position = '', , digest = '']) =>
        [stream, tag, position, digest].join(' '),
      ),
    );
    expect(missingFrom(held, streams)).toEqual([]);
    expect(rows.reduce((sum, row) => sum + Number(row[9]), 0)).toBe(usedBytes);
    if (!body.includes('their files are attached, too'))
      expect(streams.length === 0 || body.includes(file?.filename ?? 'no file')).toBe(true);
    const inNoRow = streams.filter(({ tags }) => tags.length === 0).map((stream) => stream.name);
    const words = new Set(body.split(/[\s,]+|\.$|\.\s/m));
    expect(inNoRow.filter((stream) => !words.has(stream))).toEqual([]);
  }
};

const missingFrom = (held: ReadonlySet<string>, streams: NamespaceReport['streams']): readonly string[] =>
  streams.flatMap((stream) =>
    stream.tags.flatMap((tag) =>
      (tag.revisions.length === 0
        ? [' ']
        : tag.revisions.map(({ digest }, index) => `${String(index + 1)} ${digest}`)
      )
        .map((revision) => `${stream.name} ${tag.name} ${revision}`)
        .filter((row) => !held.has(row)),
    ),
  );

const namespacesOf = ({ report }: UsageMail): readonly NamespaceReport[] =>
  report.reports.flatMap(({ namespaces }) => namespaces);

/** So many MiB over. */
const overBy = (mebibytes: number): NamespaceReport['quota'] => ({
  limitBytes: GI,
  source: 'default',
  level: 'over',
  usedPercent: 120,
  overBytes: mebibytes * 1024 ** 2,
});

const planOf = ({ streams }: NamespaceReport): DeletionPlan => ({
  deletions: streams
    .slice(0, 5)
    .map((stream) => ({ stream: stream.name, tag: stream.tags[1]?.name ?? '', freesBytes: 7 })),
  freesBytes: 35,
  reclaimsBytes: 30,
  usedAfterBytes: GI,
});

const neverPushed = (name: string): StreamReport => ({
  name,
  sizeBytes: 0,
  countedBytes: 0,
  freesBytes: 0,
  reclaimsBytes: 0,
  inUse: false,
  unknownRevisions: 0,
  tags: [],
});
