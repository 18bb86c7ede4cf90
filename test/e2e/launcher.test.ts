import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { LAUNCHER } from './command-line.ts';

const run = promisify(execFile);

test('the launcher starts on its own, and npm starts it with the same flags for V8', async () => {
  const [line = ''] = (await readFile(LAUNCHER, 'utf8')).split('\n', 1);
  expect(line).toMatch(/^#!\/usr\/bin\/env -S node --max-semi-space-size=\d+ /);
  const flags = line.split(' ').filter((word) => word.startsWith('--'));
  expect(packageJson.scripts.quotagram).toBe(`node ${flags.join(' ')} bin/quotagram.js`);
  const env = { PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` };
  expect(await run(LAUNCHER, ['--version'], { env })).toEqual({
    stdout: `${packageJson.version}\n`,
    stderr: '',
  });
});
