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

/** Runs a project with one test file under this tree's reporter and check of open handles. */
const runProject = async (testFile: string, requireServices = false) => {
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(
    join(folder, 'vitest.config.ts'),
    `import { createVerdictReporter } from ${JSON.stringify(join(root, 'test/verdict-reporter.ts'))};
     const reporters = ['default', createVerdictReporter({ requireServices: ${String(requireServices)} })];
     const setupFiles = [${JSON.stringify(join(root, 'test/open-handles.ts'))}];
     export default { test: { setupFiles, reporters } };`,
  );
  await writeFile(join(folder, 'one.test.ts'), `import { expect, test } from 'vitest';\n${testFile}`);
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = new Promise<number | null>((resolve) => void child.once('close', resolve));
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { exitCode: await closed, lines: output.trimEnd().split('\n'), errors };
};

test('a clean run passes and its last line counts the tests', async () => {
  const { exitCode, lines } = await runProject(`
    test('is right', () => { expect(1).toBe(1); });
    test.skip('waits for a service', () => {});
  `);
  expect(lines.at(-1)).toBe('1 passed, 0 failed, 1 skipped');
  expect(exitCode).toBe(0);
});

test('a run in which a test leaves a server, a socket, a process or a timer open fails and says where', async () => {
  const { exitCode, lines, errors } = await runProject(`
    import { spawn } from 'node:child_process';
    import { connect, createServer } from 'node:net';
    import { setTimeout as wait } from 'node:timers/promises';
    test('leaks', async () => {
      createServer().listen(0);
      const server = createServer().unref().listen(0, () => connect(server.address().port));
      spawn('sleep', ['3'], { stdio: 'ignore' });
      setInterval(() => {}, 1_000);
      await wait(50);
    });
  `);
  const opened = [...errors.matchAll(/(\w+) opened at .*one\.test\.ts:(\d+):/g)];
  expect(Object.fromEntries(opened.map(([, type, line]) => [line, type]))).toEqual({
    7: 'TCPSERVERWRAP',
    8: 'TCPWRAP',
    9: 'PROCESSWRAP',
    10: 'Timeout',
  });
  expect(lines.at(-1)).toBe('1 passed, 1 failed');
  expect(exitCode).toBe(1);
});

test('what a test closes again, or nobody waits for, is not left open', async () => {
  const { exitCode, lines } = await runProject(`
    import { createServer } from 'node:net';
    test('closes', async () => {
      const server = createServer();
      await new Promise((listening) => { server.listen(0, listening); });
      server.close();
      clearInterval(setInterval(() => {}, 1_000));
      setInterval(() => {}, 1_000).unref();
    });
  `);
  expect(lines.at(-1)).toBe('1 passed, 0 failed');
  expect(exitCode).toBe(0);
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
