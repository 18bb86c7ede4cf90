import { defineConfig } from 'vitest/config';
import { createVerdictReporter } from './test/verdict-reporter.ts';

const DYING = ['test/pipeline/crash.test.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'all', include: ['test/**/*.test.ts'], exclude: DYING, detectAsyncLeaks: true },
      },
      // Here processes die in the middle of a call, which then never ends: that is the point, not a leak.
      { extends: true, test: { name: 'dying', include: DYING, detectAsyncLeaks: false } },
    ],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: [
      'default',
      createVerdictReporter({ requireServices: Boolean(process.env['QUOTAGRAM_REQUIRE_SERVICES']) }),
    ],
  },
});
