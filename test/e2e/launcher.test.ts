import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import v8Flags from '../../bin/v8-flags.json' with { type: 'json' };
import packageJson from '../../package.json' with { type: 'json' };
import { LAUNCHER } from './command-line.ts';

const run = promisify(execFile);

/** Has each process of Node say with what it was started, when it ends. */
const TELL_FLAGS = "process.on('exit',()=>process.stderr.write(JSON.stringify(process.execArgv)))";
const BESIDES = `--import=data:text/javascript,${encodeURIComponent(TELL_FLAGS)}`;

describe.each([
  { name: 'by itself', command: LAUNCHER, args: [] },
  { name: 'with node', command: process.execPath, args: [LAUNCHER] },
  { name: 'with npm', command: 'npm', args: ['run', '-s', 'quotagram', '--'] },
  {
    name: 'with node and a flag of one’s own',
    command: process.execPath,
    args: ['--max-semi-space-size=16', LAUNCHER],
  },
])('the launcher, started $name', ({ command, args }) => {
  test('runs the command once, with its flags for V8 and behind them those it was given', async () => {
    const env = {
      PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      HOME: process.env['HOME'],
      NODE_OPTIONS: BESIDES,
    };
    const cwd = fileURLToPath(new URL('../..', import.meta.url));
    const { stdout, stderr } = await run(command, [...args, '--version'], { env, cwd });
    expect(stdout).toBe(`${packageJson.version}\n`);
    const own = args.filter((arg) => arg.startsWith('--max'));
    // Last, for npm is a process of Node, too, and ends after it.
    expect(stderr).toContain(JSON.stringify([...v8Flags, ...own]));
    expect(stderr.split(v8Flags[0] ?? '')).toHaveLength(2);
  });
});
