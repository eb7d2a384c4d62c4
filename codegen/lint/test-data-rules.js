// SPDX-License-Identifier: Apache-2.0
/** Test data stays out of what ships: only tests, and what runs them, may import it. */
export const testDataRules = [
  {
    files: ['src/**/*.ts'],
    ignores: ['**/*.test.ts', '**/*.contract.ts', '**/*.fixture.ts', 'src/simulation/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '\\.(test|contract|fixture)\\.ts$',
              message: 'Neither the image nor the package holds test data: import it from tests alone.',
            },
          ],
        },
      ],
    },
  },
];
