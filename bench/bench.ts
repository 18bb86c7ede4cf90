import { parseArgs } from 'node:util';
import { measure } from './measure.ts';
import type { Measurements } from './measure.ts';
import { describe, describeGrowth } from './table.ts';

/** `npm run bench`: how fast and in how much memory a large cluster is read and weighed, beside the least it takes. */
const { values } = parseArgs({
  options: {
    images: { type: 'string', default: '5000' },
    namespaces: { type: 'string' },
    seed: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '3' },
    full: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    'node-flags': { type: 'string' },
  },
});

const all: Measurements[] = [];
for (const images of (values.full ? '10000,100000' : values.images).split(',').map(Number)) {
  const namespaces = values.namespaces === undefined ? images / 20 : Number(values.namespaces);
  const measurements = await measure(
    { seed: Number(values.seed), images, namespaces: Math.max(4, Math.round(namespaces)) },
    { rounds: Number(values.rounds), nodeFlags: values['node-flags']?.split(' ').filter(Boolean) ?? null },
  );
  all.push(measurements);
  if (!values.json) console.log(describe(measurements));
}
console.log(values.json ? JSON.stringify(all, null, 2) : describeGrowth(all));
