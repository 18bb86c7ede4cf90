import { startMeter, tellResult } from './meter.ts';

/** Preloaded into a program that knows nothing of being measured: from its first line to its end. */
const meter = startMeter();
process.once('exit', () => tellResult({ reading: meter.read(), phases: {}, counts: {} }));
