// SPDX-License-Identifier: Apache-2.0
/** Allows no write of a ProvenanceRecord outside src/records/record-writer.ts, which holds the lease check, the seal and the memory of own writes. */
const WRITES = new Set(['apply', 'create', 'delete', 'mergePatch', 'replace', 'replaceStatus']);
const message = 'ProvenanceRecords are written by RecordWriter alone: see src/records/record-writer.ts.';

export const oneRecordWriter = {
  create(context) {
    const isRecordResource = (node) => {
      if (node?.type === 'CallExpression')
        return node.callee.name === 'hallmarkResource' && node.arguments[0]?.value === 'ProvenanceRecord';
      if (node?.type !== 'Identifier') return false;
      for (let scope = context.sourceCode.getScope(node); scope !== null; scope = scope.upper) {
        const variable = scope.set.get(node.name);
        if (variable !== undefined) return variable.defs.some(({ node: { init } }) => isRecordResource(init));
      }
      return false;
    };
    return {
      CallExpression(node) {
        const { callee } = node;
        const isWrite = callee.type === 'MemberExpression' && WRITES.has(callee.property.name);
        if (isWrite && isRecordResource(node.arguments[0])) context.report({ node, message });
      },
    };
  },
};

/** Allows no other status of src/controllers/ than those of write-status.ts, which checks the lease. */
export const oneStatusWriter = {
  create: (context) => ({
    'CallExpression[callee.type="MemberExpression"][callee.property.name="replaceStatus"]'(node) {
      context.report({ node, message: 'The status of policies and backends is written by write-status.ts alone.' });
    },
  }),
};

/** @type {import('oxlint').OxlintOverride[]} */
export const writerRules = [
  {
    files: ['src/**/*.ts'],
    // The command annotates records with its user's own rights.
    excludeFiles: ['src/records/record-writer.ts', 'src/cli/**', '**/*.test.ts', '**/*.fixture.ts'],
    rules: { 'hallmark/one-record-writer': 'error' },
  },
  {
    files: ['src/controllers/**/*.ts'],
    excludeFiles: ['src/controllers/write-status.ts', '**/*.test.ts', '**/*.fixture.ts'],
    rules: { 'hallmark/one-status-writer': 'error' },
  },
];
