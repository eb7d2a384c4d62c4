// SPDX-License-Identifier: Apache-2.0
const testData = /\.(test|contract|fixture)\.ts$/;
const message = 'Neither the image nor the package holds test data: import it from tests alone.';

/** Allows no import of test data. */
export const noTestData = {
  create(context) {
    const look = (node) => {
      if (testData.test(node.source?.value)) context.report({ node, message });
    };
    return {
      ImportDeclaration: look,
      ExportNamedDeclaration: look,
      ExportAllDeclaration: look,
      ImportExpression: look,
    };
  },
};

/**
 * Test data stays out of what ships: only tests, and what runs them, may import it.
 * @type {import('oxlint').OxlintOverride[]}
 */
export const testDataRules = [
  {
    files: ['src/**/*.ts'],
    excludeFiles: ['**/*.test.ts', '**/*.contract.ts', '**/*.fixture.ts', 'src/simulation/**'],
    rules: { 'hallmark/no-test-data': 'error' },
  },
];
