import { expect, test } from 'vitest';
import { createMetrics } from '../../../src/adapters/telemetry/metrics.ts';

const now = (): Date => new Date('2026-11-23T16:20:00Z');

test('events are counted by what came of them', async () => {
  const { observe, text } = createMetrics({ now });
  const runId = 'weekly-2026-11-23';
  observe({ type: 'list-page-read', kind: 'Image', objects: 500 });
  observe({ type: 'list-page-read', kind: 'Image', objects: 20 });
  observe({ type: 'api-retry', kind: 'Image', attempt: 1, waitMs: 500, reason: '503' });
  observe({ type: 'namespace-weighed', runId, namespace: 'a1b2c3-dev', usedBytes: 1, level: 'ok' });
  observe({ type: 'namespace-weighed', runId, namespace: 'a1b2c3-prod', usedBytes: 2, level: 'over' });
  observe({ type: 'run-sealed', runId, namespaces: 2, over: 1, mails: 2 });
  observe({ type: 'mail-submitted', runId, deliveryId: 'f00d' });
  observe({ type: 'mail-submitted', runId, deliveryId: 'beef' });
  observe({ type: 'mail-failed', runId, deliveryId: 'cafe', reason: '550' });
  observe({ type: 'run-finished', runId, submitted: 2, failed: 1 });
  const lines = (await text()).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'quotagram_api_objects_read_total{kind="Image"} 520',
      'quotagram_api_retries_total{kind="Image"} 1',
      'quotagram_namespaces_weighed_total{level="ok"} 1',
      'quotagram_namespaces_weighed_total{level="over"} 1',
      'quotagram_last_run_namespaces_over 1',
      'quotagram_mails_total{outcome="submitted"} 2',
      'quotagram_mails_total{outcome="failed"} 1',
      'quotagram_runs_total{outcome="finished"} 1',
      `quotagram_last_run_timestamp_seconds ${String(now().getTime() / 1000)}`,
    ]),
  );
});

test('a job that failed is counted by its step, not by its namespace or mail', async () => {
  const { observe, text } = createMetrics({ now });
  const jobs = [
    'size/weekly-2026-11-23/mail',
    'size/weekly-2026-11-23/b',
    'repeat:tick:1795420800000',
    'run',
  ];
  for (const job of jobs)
    observe({ type: 'job-failed', job, attempt: 1, reason: 'no answer', nextTryAt: null });
  const counted = (await text())
    .split('\n')
    .filter((line) => line.startsWith('quotagram_job_failures_total'));
  expect(counted.toSorted()).toEqual([
    'quotagram_job_failures_total{step="other"} 1',
    'quotagram_job_failures_total{step="size"} 2',
    'quotagram_job_failures_total{step="tick"} 1',
  ]);
});

test('nothing is said of the last run before there was one', async () => {
  const { observe, text } = createMetrics({ now });
  expect(await text()).not.toMatch(/^quotagram_last_run/m);
  observe({ type: 'run-sealed', runId: 'weekly-2026-11-23', namespaces: 2, over: 0, mails: 0 });
  expect(await text()).toMatch(/^quotagram_last_run_namespaces_over 0$/m);
});

test('two sets of metrics share nothing', async () => {
  const first = createMetrics({ now });
  const second = createMetrics({ now });
  first.observe({ type: 'run-stopped', runId: 'weekly-2026-11-23', reason: 'no rights' });
  expect(await first.text()).toContain('quotagram_runs_total{outcome="stopped"} 1');
  expect(await second.text()).not.toContain('outcome="stopped"');
});
