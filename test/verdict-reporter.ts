import type { Reporter, TestModule, Vitest } from 'vitest/node';

/**
 * Ends a test run with the line `N passed, N failed`. Failed is also a file that does not load or leaves something
 * open, and a skipped test where `requireServices` says that everything must run.
 */
export const createVerdictReporter = (options: { readonly requireServices: boolean }): Reporter => {
  let runner: Vitest | undefined;
  return {
    onInit: (vitest) => {
      runner = vitest;
    },
    onTestRunEnd: (modules, errors) => {
      const states = modules.flatMap((module) =>
        [...module.children.allTests()].map((test) => test.result().state),
      );
      const skipped = modules.flatMap(listSkipped);
      const missed = options.requireServices ? skipped.length : 0;
      const broken = modules.filter((module) => module.errors().length > 0).length + errors.length;
      const passed = states.filter((state) => state === 'passed').length;
      const failed = states.filter((state) => state === 'failed').length + broken + missed;
      const lines = [
        ...(missed > 0 ? ['skipped, though QUOTAGRAM_REQUIRE_SERVICES is set:', ...skipped] : []),
        `${String(passed)} passed, ${String(failed)} failed${skipped.length > missed ? `, ${String(skipped.length)} skipped` : ''}`,
      ];
      runner?.logger.log(lines.join('\n'));
      if (failed > 0) process.exitCode = 1;
    },
  };
};

const listSkipped = (module: TestModule): readonly string[] =>
  [...module.children.allTests('skipped')].map((test) => `  ${module.relativeModuleId} > ${test.fullName}`);
