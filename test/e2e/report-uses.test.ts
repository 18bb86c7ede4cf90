import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApiServer } from '../../sandbox/api-server.ts';
import type { ApiServer } from '../../sandbox/api-server.ts';
import type { Report } from '../../src/usage/report/report.ts';
import { reportFrom } from './report-from.ts';
import { clusterOf } from './small-cluster.ts';

/** Who uses an image and how, and what is advised, through the real program. */

const IMAGE = 'registry.example.test/wally-tools/web:latest';
const inTemplate = { template: { spec: { containers: [{ image: IMAGE }] } } };
const controlledBy = (kind: string, name: string) => [
  { apiVersion: 'apps/v1', kind, name, uid: '1', controller: true },
];
const LISTS = clusterOf({ 'wally-tools': [], 'wally-prod': [] });

const CONFIG = `
inUse:
  extra:
    - resource: rollouts.argoproj.io
      jsonPath: '{.spec.template.spec.containers[*].image}'
advice: { maxTags: 100, maxLayer: 500, maxImported: unlimited }
`;
const files = { 'quotagram.yaml': CONFIG };

describe('a cluster of workloads in every state', () => {
  let api: ApiServer;
  beforeAll(async () => {
    api = await startApiServer({
      lists: {
        ...LISTS,
        namespaces: ['tools', 'prod'].map((environment) => ({
          metadata: { name: `wally-${environment}`, labels: { environment } },
        })),
        deployments: [
          { metadata: { namespace: 'wally-prod', name: 'web' }, spec: { replicas: 2, ...inTemplate } },
          { metadata: { namespace: 'wally-tools', name: 'web' }, spec: { replicas: 0, ...inTemplate } },
        ],
        replicasets: [
          {
            metadata: {
              namespace: 'wally-prod',
              name: 'web-1',
              ownerReferences: controlledBy('Deployment', 'web'),
            },
            spec: { replicas: 0, ...inTemplate },
          },
        ],
        builds: [
          {
            metadata: { namespace: 'wally-tools', name: 'app-1' },
            spec: { source: { dockerfile: `FROM ${IMAGE}` } },
            status: { phase: 'Complete' },
          },
        ],
      },
      custom: [
        {
          plural: 'rollouts',
          kind: 'RolloutList',
          apiVersion: 'argoproj.io/v1alpha1',
          objects: [{ metadata: { namespace: 'wally-tools', name: 'canary' }, spec: inTemplate }],
        },
      ],
    });
  });
  afterAll(() => api.close());

  test('is a report that names each with how it uses the image', async () => {
    const { stdout, exitCode } = await reportFrom(api, ['-A', '--output', 'json'], { files });
    expect(exitCode).toBe(0);
    const report: Report = JSON.parse(stdout);
    const tools = report.reports
      .flatMap(({ namespaces }) => namespaces)
      .find(({ name }) => name === 'wally-tools');
    const use = {
      inUse: true,
      inUseBy: [
        'wally-tools/Deployment/web',
        'wally-tools/Build/app-1',
        'wally-tools/Rollout/canary',
        'wally-prod/Deployment/web',
        'wally-prod/ReplicaSet/web-1',
      ],
      inUseHow: ['scaled-to-0', 'finished', 'named', 'running', 'old-rollout'],
      inUseCount: 5,
    };
    expect(tools?.streams[0]?.tags[0]).toMatchObject({ ...use, revisions: [use] });
    expect(tools?.advice).toMatchObject([
      { code: 'latest-in-prod', subject: 'web:latest', amount: 1 },
      { code: 'large-layer', subject: 'web:latest', amount: 1_000 },
    ]);
  });

  test('is a table that says so in words', async () => {
    const { stdout } = await reportFrom(api, ['-n', 'wally-tools'], { files });
    expect(stdout).toMatch(/ by wally-tools\/Deployment\/web \(scaled to 0\) and 4 more$/m);
    expect(stdout).toContain(
      '\nAdvice\n  web:latest: 1 workload in production runs whatever is pushed as latest',
    );
  });

  test('is not known to be without other uses where the custom resources may not be listed', async () => {
    api.addFault('/apis/argoproj.io/v1alpha1/rollouts', { status: 403 });
    const { stdout } = await reportFrom(api, ['-n', 'wally-prod'], { files });
    expect(stdout).toContain(
      'What is not in use is unknown: rollouts.argoproj.io could not be read everywhere.',
    );
  });
});
