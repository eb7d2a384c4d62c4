// SPDX-License-Identifier: Apache-2.0
import tseslint from 'typescript-eslint';
import { layerRules } from './codegen/lint/layer-rules.js';
import { networkRules } from './codegen/lint/network-rules.js';
import { writerRules } from './codegen/lint/writer-rules.js';
import { testDataRules } from './codegen/lint/test-data-rules.js';

export default tseslint.config(
  { ignores: ['node_modules', 'dist', 'dist-of-*', 'build', 'helm', 'testdata', 'docs/site', '**/vendor/**'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      // A field is left out of a copy by naming it beside the rest.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // A quarter of the time of all rules, for little: there are no enums here, and types are structural.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      'max-lines': ['error', { max: 320, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 4],
      'max-depth': ['error', 3],
      complexity: ['error', 16],
      'no-console': 'error',
    },
  },
  {
    files: ['**/*.test.ts', '**/*.contract.ts', 'e2e/**/*.ts', 'bench/**/*.ts'],
    rules: {
      // node:test's describe/it return promises that the runner itself awaits.
      '@typescript-eslint/no-floating-promises': [
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
      '@typescript-eslint/no-deprecated': [
        'error',
        { allow: [{ from: 'package', name: 'DashboardBuilder', package: '@grafana/grafana-foundation-sdk' }] },
      ],
    },
  },
  { files: ['src/cli/**', 'src/main.ts', 'e2e/**', 'bench/**', 'codegen/**'], rules: { 'no-console': 'off' } },
  { files: ['**/*.js'], ...tseslint.configs.disableTypeChecked },
  ...layerRules,
  ...networkRules,
  ...testDataRules,
  ...writerRules,
);
