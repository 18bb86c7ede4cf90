import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { GENERATED, readRoot } from '../../lint/generated.ts';
import { replaceImportTable } from '../../lint/import-table-markdown.ts';

test.each(GENERATED)('$path is what "npm run $command" writes', async ({ path, render }) => {
  expect(await readRoot(path)).toBe(await render());
});

describe('the import table', () => {
  const rows = [
    { importer: 'src/usage/*.ts', ours: ['src/usage/*.ts'], packages: [], isPure: true } as const,
    {
      importer: 'src/cli/*.ts',
      ours: ['src/app.ts'],
      types: ['src/pipeline/events.ts'],
      packages: ['node:*'],
    },
  ];

  test('replaces what stands between its marks and nothing else', () => {
    const written = replaceImportTable('# Title\n\nBefore.\n', rows, []);
    const rewritten = replaceImportTable(`${written}\nAfter.\n`, rows.slice(1), ['test/**/*.ts']);
    expect(rewritten).toMatch(/^# Title\n\nBefore\.\n\n<!--/);
    expect(rewritten).toMatch(/-->\n\nAfter\.\n$/);
    expect(rewritten).not.toContain('| `usage/*`');
    expect(rewritten).toContain('| `cli/*` | `app`, types of `pipeline/events` | `node:*` |');
    expect(rewritten).toContain('| `test/**` | everything | any |');
  });
});

describe('the schema of reports', () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  const report = {
    schemaVersion: 1,
    generatedAt: '2026-11-23T16:00:00Z',
    cluster: { name: 'silver', apiUrl: null, usedBytes: 2_048, sumOfNamespacesBytes: 2_048 },
    snapshot: { id: null, exact: true, lists: [], unreadableKinds: [], findings: [] },
    reports: [
      {
        team: { id: 'ns:a1b2c3-dev', displayName: 'a1b2c3-dev', usedBytes: 2_048 },
        namespaces: [
          {
            name: 'a1b2c3-dev',
            displayName: 'Harbour (dev)',
            environment: 'dev',
            quota: {
              limitBytes: 1_024,
              source: 'default',
              level: 'over',
              usedPercent: 200,
              overBytes: 1_024,
            },
            usedBytes: 2_048,
            importedBytes: 0,
            sharedWithTeamBytes: 0,
            unknownRevisions: 0,
            totals: { streams: 1, tags: 1, revisions: 1, images: 1, blobs: 2 },
            recipients: [{ address: 'owner@example.com', roles: ['owner'], rule: 'annotation:owner' }],
            noRecipientReason: null,
            streams: [
              {
                name: 'api',
                sizeBytes: 2_048,
                countedBytes: 2_048,
                freesBytes: 2_048,
                reclaimsBytes: null,
                inUse: null,
                unknownRevisions: 0,
                tags: [
                  {
                    name: 'latest',
                    sizeBytes: 2_048,
                    countedBytes: 2_048,
                    freesBytes: 2_048,
                    inUse: true,
                    inUseBy: ['a1b2c3-dev/Deployment/api'],
                    inUseHow: ['scaled-to-0'],
                    inUseCount: 1,
                    unknownRevisions: 0,
                    sameImageAs: [],
                    state: 'ok',
                    revisions: [
                      {
                        digest,
                        created: '2026-11-20T10:00:00Z',
                        sizeBytes: 2_048,
                        countedBytes: 2_048,
                        charged: true,
                        architectures: ['amd64'],
                        inUse: null,
                        inUseBy: [],
                        inUseHow: [],
                        inUseCount: 0,
                      },
                    ],
                  },
                ],
              },
            ],
            findings: [{ code: 'no-recipient', subject: 'a1b2c3-dev', message: 'nobody is named' }],
            advice: [{ code: 'many-tags', subject: 'api', message: '101 tags', amount: 101 }],
          },
        ],
      },
    ],
  };

  const compile = async () =>
    new Ajv2020({ strict: true, allowUnionTypes: true }).compile(
      JSON.parse(await readRoot('docs/report.schema.json')),
    );

  test('accepts a report', async () => {
    const isValid = await compile();
    isValid(report);
    expect(isValid.errors).toBeNull();
  });

  test.each([
    ['a key it does not know', { ...report, note: 'x' }],
    ['a missing key', { ...report, generatedAt: undefined }],
    ['half a byte', { ...report, cluster: { ...report.cluster, usedBytes: 0.5 } }],
    ['another version', { ...report, schemaVersion: 2 }],
  ])('refuses %s', async (_fault, wrong) => {
    const isValid = await compile();
    expect(isValid(JSON.parse(JSON.stringify(wrong)))).toBe(false);
  });
});
