import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM } from '../../../sandbox/picture.ts';
import { createCompose } from '../../../src/adapters/mail/compose.ts';
import { readSummarySample, readUsageSample } from '../../../src/adapters/mail/samples.ts';
import type { NamespaceReport } from '../../../src/usage/report.ts';
import { inventCluster, weighInto } from './invented-registry.ts';
import { inventNamespace, mailOf } from './invented.ts';
import { SCREENS } from './look-at-pages.ts';
import type { Look } from './look-at-pages.ts';

const hasChromium = existsSync(CHROMIUM);

/** How mails look in a real browser. */
describe.skipIf(!hasChromium)(
  hasChromium ? 'in Chromium' : `in Chromium, which is not at ${CHROMIUM} (apt-get install chromium)`,
  () => {
    let looks: readonly Look[] = [];

    beforeAll(async () => {
      const folder = await mkdtemp(join(tmpdir(), 'pages-'));
      try {
        for (const [name, render] of PAGES) await writeFile(join(folder, `${name}.html`), await render());
        looks = await lookAt(folder);
      } finally {
        await rm(folder, { recursive: true });
      }
    }, 300_000);

    const lookAtPage = (name: string, screen: string): Look => {
      const found = looks.find((look) => look.file === `${name}.html` && look.screen === screen);
      if (found === undefined) throw new Error(`nobody looked at ${name} on ${screen}`);
      return found;
    };

    describe.each(PAGES)('%s', (name) => {
      test.each(SCREENS.map((screen) => screen.name))('fits %s and can be read by everyone', (screen) => {
        const { overflow, faults } = lookAtPage(name, screen);
        expect(overflow).toEqual([]);
        expect(faults).toEqual([]);
      });
    });

    test('a phone hides dates and sizes', () => {
      expect(lookAtPage('the usage report', '600 px, light').columns).toEqual([
        'Stream, tag, revision',
        'Pushed',
        'Size',
        'Counted',
        'Frees',
      ]);
      expect(lookAtPage('the usage report', '360 px, light').columns).toEqual([
        'Stream, tag, revision',
        'Counted',
        'Frees',
      ]);
    });

    test('the line for the mailbox is not on the page, with or without a style sheet', () => {
      for (const { name } of SCREENS) {
        const { visibleText } = lookAtPage('the usage report', name);
        expect(visibleText).toContain('Delete these 5 first');
        expect(visibleText).not.toContain('Deleting 5 tags that nothing uses');
      }
    });
  },
);

const PAGES: readonly (readonly [string, () => Promise<string>])[] = [
  ['the usage report', () => renderUsageSample()],
  ['the run summary', () => renderSummarySample()],
  ['a report with the longest names', () => renderLongNames()],
  ['a report on several namespaces', () => renderSeveral()],
  ['a report on a team that promotes its images', () => renderPromoted()],
  ['a report on more namespaces than there is room for', () => renderTooMany()],
];

const lookAt = async (folder: string): Promise<readonly Look[]> => {
  const script = fileURLToPath(new URL('look-at-pages.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, folder], { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout);
};

const newCompose = () =>
  createCompose({
    mail: {
      help: { text: 'ask in #image-registry', url: 'https://chat.example.com/image-registry' },
      docs: { url: 'https://docs.example.com/image-registry' },
    },
  });

const renderUsageSample = async (): Promise<string> =>
  (await newCompose()).renderUsage(await readUsageSample()).html;

const renderSummarySample = async (): Promise<string> =>
  (await newCompose()).renderSummary(await readSummarySample()).html;

/** As long as the API allows, with and without places where a line may break. */
const renderLongNames = async (): Promise<string> => {
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
  const plans = new Map([[namespace.name, plan]]);
  return (await newCompose()).renderUsage(mailOf([{ ...namespace, streams }], { plans })).html;
};

const renderPromoted = async (): Promise<string> => {
  const places = ['tools', 'prod'].map((environment) => ({
    name: `a1b2c3-${environment}`,
    environment,
    team: 'Wally',
    shape: { streams: 4, tags: 8, revisions: 12 },
  }));
  return (await newCompose()).renderUsage(await weighInto(inventCluster(...places), 2 ** 30)).html;
};

/** The shortest and the longest name, in every second a name and an environment without a place to break. */
const renderTooMany = async (): Promise<string> => {
  const namespaces = Array.from({ length: 60 }, (_, index) =>
    inventNamespace(9, {
      name: `a${String(index)}${index % 2 === 0 ? '' : 'n'.repeat(60)}`,
      environment: 'e'.repeat(index % 2 === 0 ? 1 : 63),
    }),
  );
  return (await newCompose()).renderUsage(mailOf(namespaces)).html;
};

const renderSeveral = async (): Promise<string> => {
  const quota = (
    level: NamespaceReport['quota']['level'],
    limitBytes: number | null,
  ): NamespaceReport['quota'] => ({
    level,
    limitBytes,
    source: 'default',
    usedPercent: 50,
    overBytes: 0,
  });
  const namespaces = [
    inventNamespace(2, { name: 'a1b2c3-tools' }),
    inventNamespace(1, { name: 'a1b2c3-dev', quota: quota('ok', 2 ** 40) }),
    inventNamespace(1, { name: 'a1b2c3-test', quota: quota('ok', null) }),
    inventNamespace(0, { name: 'a1b2c3-prod', environment: null, quota: quota('ok', 2 ** 30) }),
  ];
  return (await newCompose()).renderUsage(mailOf(namespaces)).html;
};
