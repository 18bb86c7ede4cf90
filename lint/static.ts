import { spawnSync } from 'node:child_process';

/** Every check but the tests: all of them, even where one fails, and at the end which ones did. */
const CHECKS = ['format', 'lint', 'types', 'unused', 'generated'];

const failed = CHECKS.filter((check) => {
  console.log(`\n== ${check}`);
  return spawnSync('npm', ['run', '--silent', `check:${check}`], { stdio: 'inherit' }).status !== 0;
});

if (failed.length > 0) {
  console.error(`\nFailed: ${failed.join(', ')}. Each runs alone with npm run check:NAME.`);
  process.exitCode = 1;
}
