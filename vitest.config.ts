import { defineConfig } from 'vitest/config';
import { createVerdictReporter } from './test/verdict-reporter.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    detectAsyncLeaks: true,
    reporters: [
      'default',
      createVerdictReporter({ requireServices: Boolean(process.env['QUOTAGRAM_REQUIRE_SERVICES']) }),
    ],
  },
});
