import { parseArgs } from 'node:util';
import type { ClusterSize } from './cluster.ts';
import { measureRun } from './measure-run.ts';
import type { RunMeasurements } from './measure-run.ts';
import { measure } from './measure.ts';
import type { Measurements } from './measure.ts';
import { describeRun, describeRunGrowth } from './run-table.ts';
import { describe, describeGrowth } from './table.ts';

/**
 * `npm run bench`: how fast and in how much memory a large cluster is read and weighed, beside the least it takes.
 * With `--run`: the same of a whole run, mails included.
 */
const { values } = parseArgs({
  options: {
    run: { type: 'boolean', default: false },
    images: { type: 'string' },
    namespaces: { type: 'string' },
    seed: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '3' },
    full: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    'node-flags': { type: 'string' },
  },
});

const nodeFlags = values['node-flags']?.split(' ').filter(Boolean) ?? null;
const usual = values.run ? '50000' : '5000';
const sizes = (values.full ? '10000,100000' : (values.images ?? usual))
  .split(',')
  .map((images): ClusterSize => {
    const namespaces = values.namespaces ?? Number(images) / 20;
    return {
      seed: Number(values.seed),
      images: Number(images),
      namespaces: Math.max(4, Math.round(Number(namespaces))),
    };
  });

/** Measures size after size and prints each as soon as it is there, and what all of them come to. */
const printEach = async <Measured>(
  measureOne: (size: ClusterSize) => Promise<Measured>,
  write: {
    readonly one: (measured: Measured) => string;
    readonly all: (all: readonly Measured[]) => string;
  },
): Promise<void> => {
  const all: Measured[] = [];
  for (const size of sizes) {
    const measured = await measureOne(size);
    all.push(measured);
    if (!values.json) console.log(write.one(measured));
  }
  console.log(values.json ? JSON.stringify(all, null, 2) : write.all(all));
};

if (values.run) {
  await printEach<RunMeasurements>((size) => measureRun(size, { nodeFlags }), {
    one: describeRun,
    all: describeRunGrowth,
  });
} else {
  await printEach<Measurements>((size) => measure(size, { rounds: Number(values.rounds), nodeFlags }), {
    one: describe,
    all: describeGrowth,
  });
}
