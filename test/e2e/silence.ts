import { vi } from 'vitest';
import { PATHS } from './paged-cluster.ts';
import type { Disturbance } from './weekly-run.ts';

/** For how long an answer of the API is waited for. */
const PATIENCE_MS = 30_000;

/**
 * An API that leaves this many questions for images unanswered from midway on. Half a minute passes at once each time;
 * all other timers keep real time. Only one at a time, and no other run beside it.
 */
export const keepSilent = (times: number): Required<Pick<Disturbance, 'midway'>> & Disposable => {
  const clock = holdTimersOf(PATIENCE_MS);
  let watch: NodeJS.Timeout | undefined;
  return {
    midway: ({ api }) => {
      api.addFault(PATHS.images, 'hang', times);
      const before = api.requests.length;
      let passed = 0;
      watch = setInterval(() => {
        const asked = api.requests
          .slice(before)
          .filter((request) => request.startsWith(`GET ${PATHS.images}?`));
        if (passed === Math.min(asked.length, times)) return;
        passed += 1;
        clock.expire();
      }, 10);
    },
    [Symbol.dispose]: () => {
      clearInterval(watch);
      vi.unstubAllGlobals();
    },
  };
};

/** Timers of exactly this length end when they are told to. */
const holdTimersOf = (heldMs: number): { readonly expire: () => void } => {
  const { setTimeout: start, clearTimeout: stop } = globalThis;
  const held = new Map<NodeJS.Timeout | undefined, () => void>();
  vi.stubGlobal('setTimeout', (callback: () => void, ms?: number, ...rest: readonly []) => {
    const timer = start(callback, ms, ...rest);
    if (ms === heldMs) held.set(timer, callback);
    return timer;
  });
  vi.stubGlobal('clearTimeout', (timer: NodeJS.Timeout | undefined) => {
    held.delete(timer);
    stop(timer);
  });
  return {
    expire: () => {
      // Who is told may wait anew.
      const due = [...held];
      held.clear();
      for (const [timer, callback] of due) {
        stop(timer);
        callback();
      }
    },
  };
};
