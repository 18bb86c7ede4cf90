import { Counter, Gauge, Registry as MetricSet } from 'prom-client';
import type { Observe } from '../../pipeline/events.ts';
import { JOBS } from '../../pipeline/jobs.ts';
import type { Now } from '../../pipeline/ports.ts';

/** Counts of what happened since the process began. */
export type Metrics = {
  readonly observe: Observe;
  /** All of them in Prometheus' text format. */
  readonly text: () => Promise<string>;
  /** The media type of that text. */
  readonly contentType: string;
};

/** Counts events; two of these share nothing. */
export const createMetrics = ({ now }: { readonly now: Now }): Metrics => {
  const metricSet = new MetricSet();
  const count = <Label extends string = never>(name: string, help: string, labelNames: Label[] = []) =>
    new Counter({ name: `quotagram_${name}`, help, labelNames, registers: [metricSet] });
  const gauge = (name: string, help: string) => {
    const unset = new Gauge({ name: `quotagram_${name}`, help, registers: [metricSet] });
    // It begins as 0, which would tell of a run in 1970.
    unset.remove();
    return unset;
  };

  const runs = count('runs_total', 'Runs by how they ended', ['outcome']);
  const lastRun = gauge('last_run_timestamp_seconds', 'When a run last finished, in Unix time');
  const overQuota = gauge('last_run_namespaces_over', 'Namespaces over their quota in the last sealed run');
  const weighed = count('namespaces_weighed_total', 'Namespaces weighed by level', ['level']);
  const givenUp = count('namespaces_given_up_total', 'Namespaces that could not be weighed');
  const mails = count('mails_total', 'Attempts to send a mail by how they ended', ['outcome']);
  const objects = count('api_objects_read_total', 'Objects read from the cluster by kind', ['kind']);
  const retries = count('api_retries_total', 'Questions asked the cluster again', ['kind']);
  const restarts = count('api_list_restarts_total', 'Lists that expired while they were read', ['kind']);
  const unreadable = count('api_unreadable_total', 'Lists of workloads that could not be read', ['kind']);
  const jobFailures = count('job_failures_total', 'Failed attempts at a job by its step', ['step']);

  const observe: Observe = (event) => {
    switch (event.type) {
      case 'list-page-read':
        return objects.inc({ kind: event.kind }, event.objects);
      case 'list-restarted':
        return restarts.inc({ kind: event.kind });
      case 'kind-unreadable':
        return unreadable.inc({ kind: event.kind });
      case 'api-retry':
        return retries.inc({ kind: event.kind });
      case 'namespace-weighed':
        return weighed.inc({ level: event.level });
      case 'namespace-given-up':
        return givenUp.inc();
      case 'run-sealed':
        return overQuota.set(event.over);
      case 'mail-submitted':
        return mails.inc({ outcome: 'submitted' });
      case 'mail-delayed':
        return mails.inc({ outcome: 'delayed' });
      case 'mail-failed':
        return mails.inc({ outcome: 'failed' });
      case 'mail-uncertain':
        return mails.inc({ outcome: 'uncertain' });
      case 'run-finished':
        lastRun.set(now().getTime() / 1000);
        return runs.inc({ outcome: 'finished' });
      case 'run-stopped':
        return runs.inc({ outcome: 'stopped' });
      case 'job-failed':
        return jobFailures.inc({ step: stepOf(event.job) });
      case 'list-read':
      case 'blobs-asked':
      case 'run-claimed':
      case 'run-resumed':
      case 'run-collected':
        return undefined;
      default:
        return event satisfies never;
    }
  };
  return { observe, text: () => metricSet.metrics(), contentType: metricSet.contentType };
};

/** A job's id names its namespace or mail, too: a series for each would never end. A timer's has its own form. */
const stepOf = (job: string): string =>
  JOBS.find((name) => job.startsWith(name) || job.startsWith(`repeat:${name}:`)) ?? 'other';
