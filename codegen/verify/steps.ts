// SPDX-License-Identifier: Apache-2.0
/** One step of the static gate: a command, run at the top of the checkout. */
export interface Step {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** What to do when it fails. */
  readonly remedy: string;
}

/** The static gate, quickest first. */
export const steps: readonly Step[] = [
  { name: 'sources', command: ['node', 'codegen/verify/check-sources.ts'], remedy: 'mend the lines above' },
  { name: 'generated files', command: ['node', 'codegen/generate.ts', '--check'], remedy: 'npm run generate' },
  { name: 'types', command: ['tsc', '--noEmit', '-p', '.'], remedy: 'mend the lines above' },
  { name: 'format', command: ['prettier', '--check', '.', '--log-level', 'warn'], remedy: 'npx prettier --write .' },
  { name: 'dead code', command: ['knip'], remedy: 'remove what is not used' },
  { name: 'lint', command: ['eslint', '.'], remedy: 'mend the lines above' },
  { name: 'chart', command: ['node', 'codegen/chart/lint-chart.ts'], remedy: 'mend the lines above' },
];
