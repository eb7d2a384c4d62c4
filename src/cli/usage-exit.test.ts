// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CommanderError } from 'commander';
import { KubeError } from '../kube/kube-error.ts';
import { UncheckedError, UsageError } from './cli-error.ts';
import { exitCodeOf } from './usage-exit.ts';

describe('the exit code of a failed command', () => {
  const cases: readonly (readonly [string, unknown, number])[] = [
    ['its own', new CommanderError(4, 'own', 'm'), 4],
    ['2 for a wrong command line', new UsageError('m'), 2],
    ['3 where it could not find out', new UncheckedError('m'), 3],
    ['3 where the cluster refuses', new KubeError({ status: 401, reason: 'Unauthorized', message: 'm' }), 3],
    ['3 where its time was over', new DOMException('m', 'TimeoutError'), 3],
    ['3 where a request was given up', new DOMException('m', 'AbortError'), 3],
    ['1 for every other failure', new Error('m'), 1],
  ];
  for (const [what, error, code] of cases) {
    it(`is ${what}`, () => {
      assert.equal(exitCodeOf(error), code);
    });
  }
});
