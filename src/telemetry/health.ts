// SPDX-License-Identifier: Apache-2.0
import type { HttpAnswer } from './http-server.ts';

/** Says what is wrong, or undefined when all is well. */
export type HealthCheck = () => string | undefined;

/**
 * Named checks as one answer in the form Kubernetes' own components use: a line a check, `[+]` or `[-]`, and the sum at the end;
 * 200 when all pass, else 503.
 */
export function healthAnswer(endpoint: 'livez' | 'readyz', checks: Readonly<Record<string, HealthCheck>>): HttpAnswer {
  const results = Object.entries(checks).map(([name, check]) => ({ name, problem: check() }));
  const lines = results.map(({ name, problem }) =>
    problem === undefined ? `[+]${name} ok` : `[-]${name} failed: ${problem}`,
  );
  const passed = results.every(({ problem }) => problem === undefined);
  const text = [...lines, `${endpoint} check ${passed ? 'passed' : 'failed'}`, ''].join('\n');
  return { status: passed ? 200 : 503, contentType: 'text/plain; charset=utf-8', text };
}
