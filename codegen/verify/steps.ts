// SPDX-License-Identifier: Apache-2.0
/** A step of the static gate: a command, run at the top of the checkout. */
export interface Step {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** The remedy of a failure. */
  readonly remedy: string;
}

/** The static gate, longest steps first. Unchanged files that passed are not checked again. */
export const steps: readonly Step[] = [
  { name: 'types and lint', command: ['node', 'codegen/verify/lint.ts'], remedy: 'fix the lines above' },
  {
    name: 'format',
    command: ['node', 'codegen/verify/check-format.ts'],
    remedy: 'npm run format',
  },
  { name: 'dead code', command: ['knip'], remedy: 'remove what is not used' },
  {
    name: 'test-only code',
    command: ['node', 'codegen/verify/check-test-only.ts'],
    remedy: 'remove what only tests use, or allow it with a reason',
  },
  { name: 'chart', command: ['node', 'codegen/chart/lint-chart.ts'], remedy: 'fix the lines above' },
  { name: 'generated files', command: ['node', 'codegen/generate.ts', '--check'], remedy: 'npm run generate' },
  {
    name: 'packages',
    command: ['node', 'codegen/verify/check-packages.ts'],
    remedy: 'use another package, or add the licence to codegen/packages/licences.ts if it may be used',
  },
  { name: 'sources', command: ['node', 'codegen/verify/check-sources.ts'], remedy: 'fix the lines above' },
];
