#!/usr/bin/env node
// Plain JavaScript that any old Node reads, so that one too old says what it lacks instead of a stack trace.
import { readFileSync } from 'node:fs';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 12)) {
  process.stderr.write(
    `quotagram needs Node 24.12 or newer; this is ${process.versions.node}.\n` +
      'In a checkout, "npm run quotagram -- …" brings its own.\n',
  );
  process.exitCode = 2;
} else {
  // V8 as reading a large cluster wants it (docs/decisions/0022-how-v8-collects.md). It cannot be told once it runs, so
  // the process starts over in its own place; whatever else Node was started with comes last and wins.
  const flags = JSON.parse(readFileSync(new URL('v8-flags.json', import.meta.url), 'utf8'));
  if (process.execve !== undefined && !flags.every((flag) => process.execArgv.includes(flag))) {
    const args = [process.execPath, ...flags, ...process.execArgv, ...process.argv.slice(1)];
    process.execve(process.execPath, args, process.env);
  }
  const { main } = await import('../src/cli/main.ts');
  await main();
}
