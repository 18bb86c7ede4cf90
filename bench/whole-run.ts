import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApp } from '../src/app.ts';
import { loadConfig } from '../src/config.ts';
import type { RunEvent } from '../src/pipeline/events.ts';
import { startMeter, tellResult } from './meter.ts';
import { splitByPhase } from './run-phases.ts';
import type { Heard } from './run-phases.ts';

/**
 * A whole run as `quotagram run` does it: embedded Redis, every role in this process, mails to the server of the
 * configuration. Arguments: configuration and kubeconfig.
 */
const [, , configFile = '', kubeconfig = ''] = process.argv;
const meter = startMeter();
const startedAt = performance.now();
/** In milliseconds since the start. */
const heard: { -readonly [Step in keyof Heard]: Heard[Step] } = {};
const counts = { objects: 0, namespaces: 0, mails: 0, failed: 0 };

const observe = (event: RunEvent): void => {
  const now = performance.now() - startedAt;
  if (event.type === 'list-read') counts.objects += event.objects;
  if (event.type === 'run-collected') counts.namespaces = event.namespaces;
  if (event.type === 'mail-submitted' && heard['run-finished'] === undefined) {
    counts.mails += 1;
    heard['usage-mail-submitted'] = now;
  }
  if (event.type === 'run-finished') counts.failed = event.failed;
  heard[event.type] = now;
};

const loaded = loadConfig(readFileSync(configFile, 'utf8'), {}, String);
const surroundings = { kubeconfig, context: null, now: () => new Date(), observe, warn: console.error };
const roles = ['collector', 'sizer', 'mailer'] as const;
{
  await using app = await createApp(loaded, surroundings, { roles, connectOnly: false, log: null });
  await app.verifyTransport();
  const { id } = await app.startRun(null);
  await app.work(roles);
  let run = await app.loadRun(id);
  while (run.endedAt === null) {
    await sleep(200);
    run = await app.loadRun(id);
  }
  if (run.stopReason !== null) throw new Error(run.stopReason);
  await app.summariseRun(id);
}

tellResult({ reading: meter.read(), phases: splitByPhase(heard), counts });
