import { posix } from 'node:path';
import type { ImportRow } from './imports.ts';

/** The linter's configuration: the rules for all files, and one override per row of the import table. */
export const createOxlintConfig = (rows: readonly ImportRow[], freeImporters: readonly string[]): object => ({
  $schema: './node_modules/oxlint/configuration_schema.json',
  options: { typeAware: true, reportUnusedDisableDirectives: 'error' },
  plugins: ['eslint', 'typescript', 'unicorn', 'oxc', 'import'],
  jsPlugins: ['./lint/rules.ts'],
  ignorePatterns: ['out', 'coverage'],
  categories: { correctness: 'error', suspicious: 'error' },
  rules: { ...RULES, ...forbidImports([], 'has no row in lint/imports.ts'), ...FORBID_PROCESS },
  overrides: [
    {
      files: freeImporters,
      // The rows of a table of cases come as parameters.
      rules: { 'no-restricted-imports': 'off', ...ALLOW_PROCESS, 'max-params': 'off' },
    },
    ...rows.map(createOverride),
    { files: ['lint/rules.ts', '*.config.ts'], rules: { 'import/no-default-export': 'off' } },
  ],
});

const RULES = {
  eqeqeq: 'error',
  'prefer-const': 'error',
  'no-var': 'error',
  'no-empty': 'error',
  'no-param-reassign': 'error',
  'max-params': ['error', { max: 4 }],
  'import/no-default-export': 'error',
  'import/no-cycle': ['error', { ignoreTypes: false }],
  'import/extensions': ['error', 'always', { ignorePackages: true }],
  'quotagram/no-re-export': 'error',
  'quotagram/no-computed-import': 'error',
  'typescript/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
  'typescript/consistent-type-definitions': ['error', 'type'],
  'typescript/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
  'typescript/no-explicit-any': 'error',
  'typescript/no-floating-promises': 'error',
  'typescript/no-import-type-side-effects': 'error',
  'typescript/no-misused-promises': 'error',
  'typescript/no-non-null-assertion': 'error',
  'typescript/no-require-imports': 'error',
  'typescript/only-throw-error': 'error',
  'typescript/prefer-readonly': 'error',
  'typescript/return-await': 'error',
  'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  'unicorn/filename-case': ['error', { case: 'kebabCase' }],
  'unicorn/prefer-node-protocol': 'error',
  // Of the two categories, what finds nothing here but sound code.
  'no-control-regex': 'off',
  'no-shadow': 'off',
  'no-unmodified-loop-condition': 'off',
  'import/no-named-as-default': 'off',
  'import/no-named-as-default-member': 'off',
  'typescript/consistent-return': 'off',
  'typescript/no-misused-spread': 'off',
  'typescript/unbound-method': 'off',
  'unicorn/consistent-function-scoping': 'off',
  'unicorn/no-array-sort': 'off',
  'unicorn/no-thenable': 'off',
};

/** What belongs to the process belongs to the command line. */
const FORBID_PROCESS = {
  'no-console': 'error',
  'no-restricted-properties': [
    'error',
    ...['env', 'argv', 'exit', 'exitCode', 'stdin', 'stdout', 'stderr'].map((property) => ({
      object: 'process',
      property,
      message: 'Only the command line reads and ends the process, and prints.',
    })),
  ],
};

const ALLOW_PROCESS = { 'no-console': 'off', 'no-restricted-properties': 'off' };

const OUTSIDE = [
  'process',
  'console',
  'globalThis',
  'fetch',
  'crypto',
  'performance',
  'Buffer',
  'Intl',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
];

const LOCALE_METHODS = [
  'toLocaleString',
  'toLocaleDateString',
  'toLocaleTimeString',
  'toLocaleUpperCase',
  'toLocaleLowerCase',
  'localeCompare',
];

/** Without these there is nothing to reach for but the arguments. */
const FORBID_OUTSIDE = {
  'no-restricted-globals': ['error', ...OUTSIDE],
  'no-restricted-properties': [
    'error',
    { object: 'Date', property: 'now', message: 'The time is an argument here.' },
    { object: 'Math', property: 'random', message: 'Chance is an argument here.' },
    ...LOCALE_METHODS.map((property) => ({
      property,
      message: 'The result depends on where the program runs.',
    })),
  ],
  'quotagram/no-clock': 'error',
};

const createOverride = (row: ImportRow): object => {
  const specify = (target: string): string => specifierOf(row.importer, target);
  const types = row.types ?? [];
  const allowed = [
    ...[...row.ours, ...types].map((target) => `!${specify(target)}`),
    ...row.packages.flatMap((name) =>
      name === 'node:*' ? ['!node:*', '!node:*/**'] : [`!${name}`, `!${name}/**`],
    ),
    ...(row.ownsProcess ? [] : ['node:process', 'node:console']),
  ];
  return {
    files: [row.importer],
    rules: {
      ...forbidImports(allowed, `is not in the row of ${row.importer}`, types.map(specify)),
      ...(row.ownsProcess ? ALLOW_PROCESS : {}),
      ...(row.isPure ? FORBID_OUTSIDE : {}),
    },
  };
};

/**
 * Forbids what is not allowed, and values from files whose types are. The order matters: once a group lets an import
 * pass, the linter asks no other, and it has no group that lets only types pass.
 */
const forbidImports = (allowed: readonly string[], reason: string, types: readonly string[] = []): object => {
  const message = `This import ${reason}: see the table in ARCHITECTURE.md.`;
  return {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          ...types.map((type) => ({ regex: toRegex(type), allowTypeImports: true, message })),
          { group: ['**', ...allowed], message },
        ],
      },
    ],
  };
};

/** A file of ours as the importing file writes it: `../usage/*.ts`. */
const specifierOf = (importer: string, target: string): string => {
  const path = posix.relative(posix.dirname(importer), target);
  return path.startsWith('.') ? path : `./${path}`;
};

// In a glob `**/` stands for any number of folders, `*` for a name or a part of one.
const toRegex = (glob: string): string =>
  `^${RegExp.escape(glob).replaceAll('\\*\\*\\/', '(?:[^/]+/)*').replaceAll('\\*', '[^/]*')}$`;
