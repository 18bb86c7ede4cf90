import type { Level } from '../usage/policy/quota.ts';

/**
 * Everything a run reports while it happens. One union drives the terminal, the log and the metrics.
 * No event carries an address or a token; a delivery is named by its id.
 */
export type RunEvent =
  | { readonly type: 'list-page-read'; readonly kind: string; readonly objects: number }
  | { readonly type: 'list-read'; readonly kind: string; readonly objects: number; readonly pages: number }
  | { readonly type: 'list-restarted'; readonly kind: string; readonly exact: boolean }
  | { readonly type: 'kind-unreadable'; readonly kind: string; readonly reason: string }
  | {
      readonly type: 'api-retry';
      readonly kind: string;
      readonly attempt: number;
      readonly waitMs: number;
      readonly reason: string;
    }
  | { readonly type: 'blobs-asked'; readonly asked: number; readonly of: number }
  | { readonly type: 'run-claimed'; readonly runId: string }
  | { readonly type: 'run-resumed'; readonly runId: string; readonly state: string }
  | { readonly type: 'run-collected'; readonly runId: string; readonly namespaces: number }
  | {
      readonly type: 'namespace-weighed';
      readonly runId: string;
      readonly namespace: string;
      readonly usedBytes: number;
      readonly level: Level;
    }
  | {
      readonly type: 'namespace-given-up';
      readonly runId: string;
      readonly namespace: string;
      readonly reason: string;
    }
  | {
      readonly type: 'run-sealed';
      readonly runId: string;
      readonly namespaces: number;
      readonly over: number;
      readonly mails: number;
    }
  | { readonly type: 'mail-submitted'; readonly runId: string; readonly deliveryId: string }
  | {
      readonly type: 'mail-delayed' | 'mail-failed' | 'mail-uncertain';
      readonly runId: string;
      readonly deliveryId: string;
      readonly reason: string;
    }
  | {
      readonly type: 'run-finished';
      readonly runId: string;
      readonly submitted: number;
      readonly failed: number;
    }
  | { readonly type: 'run-stopped'; readonly runId: string; readonly reason: string }
  | { readonly type: 'job-failed'; readonly job: string; readonly attempt: number; readonly reason: string };

export type Observe = (event: RunEvent) => void;

/** A reason fit for an event: mail servers like to quote the address in their answers. */
export const withoutAddresses = (reason: string): string =>
  reason.replaceAll(/[^\s<>"']+@[^\s<>"']+\.[^\s<>"']+/g, '(address)');
