import { defineConfig } from 'vitest/config';
import { createVerdictReporter } from './test/verdict-reporter.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/open-handles.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: [
      'default',
      createVerdictReporter({ requireServices: Boolean(process.env['QUOTAGRAM_REQUIRE_SERVICES']) }),
    ],
  },
});
