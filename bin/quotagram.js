#!/usr/bin/env -S node --max-semi-space-size=8 --no-parallel-scavenge --no-allocation-site-pretenuring
// V8 as reading a large cluster wants it (docs/decisions/0022-how-v8-collects.md); `npm run quotagram` gives the same.
// Plain JavaScript that any old Node reads, so that one too old says what it lacks instead of a stack trace.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 12)) {
  process.stderr.write(
    `quotagram needs Node 24.12 or newer; this is ${process.versions.node}.\n` +
      'In a checkout, "npm run quotagram -- …" brings its own.\n',
  );
  process.exitCode = 2;
} else {
  const { main } = await import('../src/cli/main.ts');
  await main();
}
