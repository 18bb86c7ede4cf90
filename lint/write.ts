import { writeFile } from 'node:fs/promises';
import { GENERATED, readRoot } from './generated.ts';

/** `node lint/write.ts imports` or `schema` writes the generated files of that name; `check` compares all of them. */
const [command] = process.argv.slice(2);

for (const generated of GENERATED) {
  const content = await generated.render();
  if (command === generated.command) {
    await writeFile(new URL(`../${generated.path}`, import.meta.url), content);
    console.log(`wrote ${generated.path}`);
  } else if (command === 'check' && content === (await readRoot(generated.path))) {
    console.log(`${generated.path} is up to date`);
  } else if (command === 'check') {
    console.error(`${generated.path} is out of date. Run: npm run ${generated.command}`);
    process.exitCode = 1;
  }
}
