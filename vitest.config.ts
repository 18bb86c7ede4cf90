import { defineConfig } from 'vitest/config';
import { createVerdictReporter } from './test/verdict-reporter.ts';

/** Test files that start other programs: Redis, a registry, a browser, mail software, Quotagram itself. */
const INTEGRATION = ['test/{e2e,mail-software}/**/*.test.ts', 'test/**/*.integration.test.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: INTEGRATION,
          // Nothing in these files outlives them, so they can share their workers and the modules loaded there.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'integration', include: INTEGRATION } },
    ],
    // All cores, though the runner leaves one free by default: most tests wait for something.
    maxWorkers: '100%',
    setupFiles: ['test/open-handles.ts', 'test/quick-properties.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: [
      'default',
      createVerdictReporter({ requireServices: Boolean(process.env['QUOTAGRAM_REQUIRE_SERVICES']) }),
    ],
  },
});
