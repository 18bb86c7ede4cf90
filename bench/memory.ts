import { readFileSync } from 'node:fs';

/** The most memory that a process, the Redis that it started, and both at once were seen to hold. */
export type MemoryPeaks = {
  readonly processBytes: number;
  readonly redisBytes: number;
  readonly sumBytes: number;
};

const INTERVAL_MS = 20;

/** Watches a process and the Redis below it until the returned function is called. Asks Linux's /proc. */
export const watchMemory = (pid: number): (() => MemoryPeaks) => {
  let peaks: MemoryPeaks = { processBytes: 0, redisBytes: 0, sumBytes: 0 };
  let redis: readonly number[] = [];
  const look = (): void => {
    if (redis.length === 0) redis = findRedis(pid);
    const [own, theirs] = [residentBytes(pid), redis.reduce((sum, each) => sum + residentBytes(each), 0)];
    peaks = {
      processBytes: Math.max(peaks.processBytes, own),
      redisBytes: Math.max(peaks.redisBytes, theirs),
      sumBytes: Math.max(peaks.sumBytes, own + theirs),
    };
  };
  const timer = setInterval(look, INTERVAL_MS);
  return () => {
    clearInterval(timer);
    return peaks;
  };
};

/** A shell starts it and outlives it. */
const findRedis = (pid: number): readonly number[] =>
  childrenOf(pid)
    .flatMap(childrenOf)
    .filter((child) => /^(redis|valkey)-server/.test(read(child, 'comm')));

const childrenOf = (pid: number): readonly number[] =>
  read(pid, `task/${String(pid)}/children`)
    .split(' ')
    .filter(Boolean)
    .map(Number);

const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(read(pid, 'status'))?.[1] ?? 0) * 1024;

/** Empty for a process that is gone. */
const read = (pid: number, file: string): string => {
  try {
    return readFileSync(`/proc/${String(pid)}/${file}`, 'utf8');
  } catch {
    return '';
  }
};
