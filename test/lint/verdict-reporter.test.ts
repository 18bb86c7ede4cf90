import { spawn } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quotagram-verdict-'));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
});

afterEach(() => rm(folder, { recursive: true }));

/** Runs a project with one test file under this tree's reporter. */
const runProject = async (testFile: string, requireServices = false) => {
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(
    join(folder, 'vitest.config.ts'),
    `import { createVerdictReporter } from ${JSON.stringify(join(root, 'test/verdict-reporter.ts'))};
     const reporters = ['default', createVerdictReporter({ requireServices: ${String(requireServices)} })];
     export default { test: { detectAsyncLeaks: true, reporters } };`,
  );
  await writeFile(join(folder, 'one.test.ts'), `import { expect, test } from 'vitest';\n${testFile}`);
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const closed = new Promise<number | null>((resolve) => void child.once('close', resolve));
  const output = await text(child.stdout);
  return { exitCode: await closed, lines: output.trimEnd().split('\n') };
};

test('a clean run passes and its last line counts the tests', async () => {
  const { exitCode, lines } = await runProject(`
    test('is right', () => { expect(1).toBe(1); });
    test.skip('waits for a service', () => {});
  `);
  expect(lines.at(-1)).toBe('1 passed, 0 failed, 1 skipped');
  expect(exitCode).toBe(0);
});

test('a run in which a test leaves a server open fails', async () => {
  const { exitCode, lines } = await runProject(`
    import { createServer } from 'node:net';
    test('leaks', () => new Promise<void>((listening) => { createServer().listen(0, listening); }));
  `);
  expect(lines.at(-1)).toBe('1 passed, 1 failed');
  expect(exitCode).toBe(1);
});

test('a run in which a test was skipped fails where every service is required, and names the test', async () => {
  const { exitCode, lines } = await runProject(`test.skip('waits for a service', () => {});`, true);
  expect(lines.slice(-2)).toEqual(['  one.test.ts > waits for a service', '0 passed, 1 failed']);
  expect(exitCode).toBe(1);
});

test('a failed test and a file that does not load are counted', async () => {
  const wrong = await runProject(`test('is wrong', () => { expect(1).toBe(2); });`);
  expect(wrong.lines.at(-1)).toBe('0 passed, 1 failed');
  expect(wrong.exitCode).toBe(1);
  const broken = await runProject(`throw new Error('does not load');`);
  expect(broken.lines.at(-1)).toBe('0 passed, 1 failed');
  expect(broken.exitCode).toBe(1);
});
