import { startMeter, tellResult } from './meter.ts';

/** The least that reading a cluster takes: fetch a page, parse it, drop it, fetch the next. Arguments: URLs of lists. */
const meter = startMeter();
let objects = 0;
let characters = 0;
for (const url of process.argv.slice(2)) {
  let token = '';
  do {
    const query = new URLSearchParams({ limit: '500', ...(token && { continue: token }) });
    const response = await fetch(`${url}?${query.toString()}`);
    const text = await response.text();
    const page = JSON.parse(text);
    objects += page.items.length;
    characters += text.length;
    token = page.metadata.continue ?? '';
  } while (token !== '');
}
tellResult({ reading: meter.read(), phases: {}, counts: { objects, characters } });
