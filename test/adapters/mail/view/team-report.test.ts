import { describe, expect, test } from 'vitest';
import { createCompose } from '../../../../src/adapters/mail/compose.ts';
import { previewRun } from '../../../../src/pipeline/direct/preview.ts';
import type { PreviewedMail } from '../../../../src/pipeline/direct/preview.ts';
import { createFakeCluster } from '../../../fakes.ts';
import { pipelineRules } from '../../../pipeline/build.ts';
import { NOW } from '../../../usage/build.ts';
import { inventCluster } from '../invented-registry.ts';
import type { Shape } from '../invented-registry.ts';
import { isSizeOf, readLists, readUsage } from '../read-figures.ts';
import { readPage } from '../read-message.ts';

const GI = 1024 ** 3;
const [LEA, TOM, KIM] = ['lea@example.test', 'tom@example.test', 'kim@example.test'] as const;

/** Tom is named by all namespaces of the team, Lea by two, Kim by one that has the team's label by mistake. */
const cluster = inventCluster(
  place('tools', { streams: 6, tags: 24, revisions: 60 }, [LEA, TOM]),
  place('dev', { streams: 4, tags: 8, revisions: 12 }, [LEA, TOM]),
  place('prod', { streams: 3, tags: 5, revisions: 7 }, [TOM]),
  place('lost', { streams: 1, tags: 2, revisions: 3 }, [KIM]),
);

const mails = await composeMails();

describe('a team of several namespaces', () => {
  test('gets one mail a person, about the namespaces that name this person and about no other', () => {
    const about = [...mails].map(([address, { delivery }]) => [
      address,
      delivery.teamId,
      delivery.namespaces,
    ]);
    expect(about).toEqual([
      [LEA, 'label:Wally', ['a1b2c3-dev', 'a1b2c3-tools']],
      [TOM, 'label:Wally', ['a1b2c3-dev', 'a1b2c3-prod', 'a1b2c3-tools']],
      [KIM, 'label:Wally', ['a1b2c3-lost']],
    ]);
    for (const [address, { delivery, message }] of mails) {
      const source = new TextDecoder().decode(message.bytes).replaceAll('=\r\n', '');
      const named = new Set(source.match(/a1b2c3-\w+/g));
      expect([...named].toSorted(), address).toEqual(delivery.namespaces);
    }
  });

  test('names the worst in subject and heading, and how many follow', () => {
    expect(mailTo(TOM).rendered.subject).toMatch(
      /^\[Image registry\] a1b2c3-tools: at least [\d,.]+ of 512 MiB, at least [\d,.]+ over, and 2 more namespaces$/,
    );
    expect(mailTo(LEA).rendered.subject).toMatch(
      /^\[Image registry\] a1b2c3-tools: .*, and 1 more namespace$/,
    );
    expect(mailTo(KIM).rendered.subject).toMatch(/^\[Image registry\] a1b2c3-lost: .* over$/);
    for (const { rendered } of mails.values()) {
      const { headline } = readUsage(rendered.html);
      expect(rendered.subject).toBe(`[Image registry] ${headline.replace(' uses ', ': ')}`);
      expect(rendered.text.replace(/\s+/g, ' ')).toContain(` ${headline} `);
    }
  });

  test('has a section and a list for each, the worst first, with its environment', () => {
    const { html, text } = mailTo(TOM).rendered;
    const { sections } = readUsage(html);
    const names = ['tools', 'dev', 'prod'];
    for (const [index, name] of names.entries()) {
      expect(sections[index]?.words).toMatch(
        new RegExp(`^a1b2c3-${name} uses .* over environment: ${name} quota`),
      );
      expect(readLists(html)[index]?.heading).toMatch(new RegExp(`in a1b2c3-${name} environment: ${name}$`));
      expect(text.replace(/\s+/g, ' ')).toMatch(
        new RegExp(
          `- a1b2c3-${name} uses (at least )?[\\d,.]+ of 512 MiB, (at least )?[\\d,.]+ over \\(environment: ${name}\\)`,
        ),
      );
    }
  });

  test('says once what all of the team uses, what is shared counted once, and to nobody who has only one of them', () => {
    const sum = readSum(mailTo(TOM));
    // The same with everything that is charged in one namespace or another, each blob once.
    const layers = new Map(
      [...cluster.streams].flatMap((stream) =>
        stream.tags.flatMap(({ revisions }) =>
          revisions.flatMap(({ digest, reference }) => {
            const image = reference.startsWith('docker.')
              ? undefined
              : [...cluster.images].find((one) => one.digest === digest);
            const blobs = image?.layers ?? [];
            const layerBytes = blobs.reduce((all, { sizeBytes }) => all + sizeBytes, 0);
            const config = {
              digest: image?.configDigest ?? '',
              sizeBytes: (image?.statedBytes ?? 0) - layerBytes,
            };
            return [...blobs, config].map((blob) => [blob.digest, blob.sizeBytes] as const);
          }),
        ),
      ),
    );
    expect(
      isSizeOf(
        sum,
        [...layers.values()].reduce((all, bytes) => all + bytes, 0),
      ),
    ).toBe(true);
    expect(readSum(mailTo(LEA))).toBe(sum);
    for (const body of bodiesOf(TOM)) {
      expect(body).toContain('The 4 namespaces of the team together use');
      expect(body).toContain('what they share counted once; 1 of them is not in this mail.');
    }
    for (const body of bodiesOf(LEA)) {
      expect(body).toContain('The 4 namespaces of the team together use');
      expect(body).toContain('what they share counted once; 2 of them are not in this mail.');
    }
    expect(readPage(mailTo(KIM).rendered.html)).not.toContain('of the team together use');
  });

  test('attaches for each a CSV and, where something can be deleted, its commands', () => {
    expect(filesOf(TOM)).toEqual([
      'usage-a1b2c3-dev.csv',
      'cleanup-a1b2c3-dev.txt',
      'usage-a1b2c3-prod.csv',
      'usage-a1b2c3-tools.csv',
      'cleanup-a1b2c3-tools.txt',
    ]);
    expect(filesOf(LEA)).toEqual(filesOf(TOM).filter((name) => !name.includes('prod')));
    expect(filesOf(KIM)).toEqual(['usage-a1b2c3-lost.csv']);
  });

  test('learns of a promoted image where else it stands, and why the registry keeps it', () => {
    const why = 'such as an image promoted with oc tag, is stored once and counted in the quota of each.';
    for (const body of bodiesOf(TOM)) {
      expect(body).toContain('also in a1b2c3-dev/service-0000:latest and a1b2c3-prod/service-0000:latest');
      expect(body).toContain('also in a1b2c3-tools/service-0000:latest');
      expect(body).toContain('is also counted in other namespaces of the team.');
      expect(body.split(why)).toHaveLength(2);
      expect(body).toMatch(
        /The registry gets back [\d.]+ [MG]iB at a later prune\. The rest stays there: other tags hold it, too\./,
      );
    }
    // What stands in a namespace that is not the reader's is not named.
    for (const body of bodiesOf(LEA)) expect(body).toContain('also in a1b2c3-dev/service-0000:latest ');
  });
});

function place(environment: string, shape: Shape, contacts: readonly string[]) {
  return { name: `a1b2c3-${environment}`, environment, shape, contacts, team: 'Wally' };
}

/** By recipient. */
async function composeMails(): Promise<ReadonlyMap<string, PreviewedMail>> {
  const compose = await createCompose({ mail: { from: 'registry@example.test' } });
  const base = pipelineRules({ groupByLabel: 'team' });
  const rules = { ...base, quota: { ...base.quota, default: GI / 2 } };
  const deps = { cluster: createFakeCluster(cluster), compose, now: () => new Date(NOW) };
  const { mails: composed } = await previewRun(deps, rules, 'weekly-2026-11-23');
  return new Map(
    [LEA, TOM, KIM].flatMap((address) =>
      composed
        .filter(({ delivery }) => delivery.recipient.address === address)
        .map((mail) => [address, mail]),
    ),
  );
}

const mailTo = (address: string): PreviewedMail => {
  const mail = mails.get(address);
  if (mail === undefined) throw new Error(`no mail to ${address}`);
  return mail;
};

const bodiesOf = (address: string): readonly string[] => {
  const { html, text } = mailTo(address).rendered;
  return [readPage(html), text].map((body) => body.replace(/\s+/g, ' '));
};

const filesOf = (address: string): readonly string[] =>
  mailTo(address).rendered.attachments.map(({ filename }) => filename);

/** The team's total, which must stand in each body once. */
const readSum = ({ rendered: { html, text } }: PreviewedMail): string => {
  const sums = [readPage(html), text].map((body) =>
    [...body.replace(/\s+/g, ' ').matchAll(/of the team together use (?:at least )?(\S+ \w+)/g)].map(
      ([, sum = '']) => sum,
    ),
  );
  expect(sums.map((found) => found.length)).toEqual([1, 1]);
  expect(sums[0]).toEqual(sums[1]);
  return sums[0]?.[0] ?? '';
};
