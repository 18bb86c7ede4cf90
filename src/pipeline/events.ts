import type { Level } from '../usage/policy/quota.ts';
import type { Delivery } from './records/delivery.ts';

/**
 * Everything a run reports while it happens. One union drives the terminal, the log and the metrics.
 * No event holds an address or a token; a delivery is named by its id.
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
  | {
      readonly type: 'run-resumed';
      readonly runId: string;
      readonly state: string;
      /** Mails that the mail server put off. */
      readonly delayedMails: number;
      /** When the first of them is tried again; null where there is none. */
      readonly nextTryAt: string | null;
    }
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
      readonly type: 'mail-delayed';
      readonly runId: string;
      readonly deliveryId: string;
      readonly reason: string;
      /** Which try it was, counted from 1. */
      readonly attempt: number;
      readonly nextTryAt: string;
    }
  | {
      readonly type: 'mail-failed' | 'mail-uncertain';
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
  | {
      readonly type: 'job-failed';
      readonly job: string;
      readonly attempt: number;
      readonly reason: string;
      /** null: it has failed for good. */
      readonly nextTryAt: string | null;
    };

/**
 * Hears of an event. `mail` is the delivery that an event about a mail is about: it holds an address, so it is for the
 * terminal of whoever runs the command, never for a log.
 */
export type Observe = (event: RunEvent, mail?: Delivery) => void;

/** A reason fit for an event: mail servers like to quote the address in their answers. */
export const withoutAddresses = (reason: string): string =>
  reason.replaceAll(/[^\s<>"']+@[^\s<>"']+\.[^\s<>"']+/g, '(address)');
