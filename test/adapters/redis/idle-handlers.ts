import type { JobHandlers } from '../../../src/pipeline/ports.ts';

const unused = async (): Promise<void> => {};

/** Handlers that do nothing with any job. */
export const IDLE: JobHandlers = {
  tick: unused,
  collect: unused,
  seal: unused,
  finish: unused,
  size: unused,
  mail: unused,
};
