import { writeFile } from 'node:fs/promises';
import { GENERATED } from './generated.ts';

/** `node lint/write.ts imports` or `schema` writes the generated files of that name. */
for (const { path, command, render } of GENERATED) {
  if (command !== process.argv[2]) continue;
  await writeFile(new URL(`../${path}`, import.meta.url), await render());
  console.log(`wrote ${path}`);
}
