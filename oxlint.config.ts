// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from 'oxlint';
import { layerRules } from './codegen/lint/layer-rules.js';
import { networkRules } from './codegen/lint/network-rules.js';
import { languageRules, typeRules } from './codegen/lint/rule-sets.js';
import { testDataRules } from './codegen/lint/test-data-rules.js';
import { writerRules } from './codegen/lint/writer-rules.js';

export default defineConfig({
  options: { typeAware: true, typeCheck: true },
  plugins: ['typescript'],
  jsPlugins: ['./codegen/lint/plugin.js'],
  // Every rule is named below, so that a new version of the linter brings none by itself.
  categories: { correctness: 'off' },
  ignorePatterns: ['node_modules', 'dist', 'dist-of-*', 'build', 'helm', 'testdata', 'docs/site', '**/vendor/**'],
  rules: {
    ...languageRules,
    ...typeRules,
    'no-console': 'error',
    // A copy leaves a field out by naming it next to the rest.
    'no-unused-vars': ['error', { ignoreRestSiblings: true }],
    'typescript/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    'typescript/restrict-template-expressions': ['error', { allowNumber: true }],
    'max-lines': ['error', { max: 320, skipBlankLines: true, skipComments: true }],
    'max-params': ['error', 4],
    'max-depth': ['error', 3],
    complexity: ['error', 16],
  },
  overrides: [
    {
      files: ['**/*.test.ts', '**/*.contract.ts', 'e2e/**/*.ts', 'bench/**/*.ts'],
      rules: {
        // node:test's describe/it return promises that the runner itself awaits.
        'typescript/no-floating-promises': [
          'error',
          {
            allowForKnownSafeCalls: [
              {
                from: 'package',
                name: ['describe', 'it', 'test', 'suite', 'before', 'after', 'beforeEach', 'afterEach'],
                package: 'node:test',
              },
            ],
          },
        ],
        'max-lines': 'off',
      },
    },
    {
      files: ['codegen/monitoring/dashboard.ts'],
      rules: {
        // Its successor writes a form that sidecars do not load yet.
        'typescript/no-deprecated': [
          'error',
          { allow: [{ from: 'package', name: 'DashboardBuilder', package: '@grafana/grafana-foundation-sdk' }] },
        ],
      },
    },
    { files: ['src/cli/**', 'src/main.ts', 'e2e/**', 'bench/**', 'codegen/**'], rules: { 'no-console': 'off' } },
    { files: ['**/*.{js,cjs}'], rules: Object.fromEntries(Object.keys(typeRules).map((name) => [name, 'off'])) },
    // CommonJS has no other way to import.
    { files: ['**/*.cjs'], rules: { 'typescript/no-require-imports': 'off' } },
    ...layerRules,
    ...networkRules,
    ...testDataRules,
    ...writerRules,
  ],
});
