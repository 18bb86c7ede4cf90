import { writeSync } from 'node:fs';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { z } from 'zod';

const readingSchema = z.object({
  wallMs: z.number(),
  /** On all cores. */
  cpuMs: z.number(),
  /** The most memory that the process ever held. */
  peakRssBytes: z.number(),
  /** How late the event loop was, as `monitorEventLoopDelay` says it: 10 ms of its own timer included. */
  delayMs: z.object({ p50: z.number(), p99: z.number(), max: z.number() }),
});
/** What a process took. */
export type Reading = z.output<typeof readingSchema>;

/** What a measured program tells about its run. */
export const resultSchema = z.object({
  reading: readingSchema,
  /** Parts of the whole, in milliseconds. */
  phases: z.record(z.string(), z.number()),
  /** What it saw, to tell that it did its work. */
  counts: z.record(z.string(), z.number()),
});
export type Result = z.output<typeof resultSchema>;

/** Measures this process from now on. */
export type Meter = {
  /** Milliseconds since the one before. */
  readonly lap: () => number;
  readonly read: () => Reading;
};

export const startMeter = (): Meter => {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const startedAt = performance.now();
  const cpuAtStart = process.cpuUsage();
  let lapAt = startedAt;
  return {
    lap: () => {
      const since = lapAt;
      lapAt = performance.now();
      return lapAt - since;
    },
    read: () => {
      const cpu = process.cpuUsage(cpuAtStart);
      return {
        wallMs: performance.now() - startedAt,
        cpuMs: (cpu.user + cpu.system) / 1e3,
        peakRssBytes: process.resourceUsage().maxRSS * 1024,
        delayMs: { p50: delay.percentile(50) / 1e6, p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 },
      };
    },
  };
};

/** Stdout may be the program's own: results go to the descriptor after stderr. */
export const RESULT_FD = 3;

/** Tells whoever measures. */
export const tellResult = (result: Result): void => void writeSync(RESULT_FD, JSON.stringify(result));
