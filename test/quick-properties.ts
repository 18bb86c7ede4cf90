import fc from 'fast-check';

/** `npm run test:unit` gives each property this long. `npm test` tries as many cases as the property asks for. */
const MOMENT_MS = 300;

if (process.env['QUOTAGRAM_QUICK_TESTS'] !== undefined) {
  fc.configureGlobal({ interruptAfterTimeLimit: MOMENT_MS });
}
