// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { CliContext } from './cli-context.ts';
import { UncheckedError } from './cli-error.ts';

describe('the cluster of a command', () => {
  const variables = ['KUBECONFIG', 'HOME', 'KUBERNETES_SERVICE_HOST'] as const;
  let kept: readonly (string | undefined)[];
  beforeEach(() => {
    kept = variables.map((name) => process.env[name]);
    for (const name of variables) Reflect.deleteProperty(process.env, name);
  });
  afterEach(() => {
    for (const [index, name] of variables.entries()) {
      const value = kept[index];
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  });

  for (const [what, environment, message] of [
    ['there is no kubeconfig', { HOME: '/no/such/home' }, 'no kubeconfig: set KUBECONFIG, or create ~/.kube/config'],
    [
      'KUBECONFIG names a file that is not there',
      { HOME: '/no/such/home', KUBECONFIG: '/no/such/kubeconfig' },
      'the kubeconfig /no/such/kubeconfig of KUBECONFIG does not exist',
    ],
  ] as const) {
    it(`is reported as not reachable where ${what}`, async () => {
      Object.assign(process.env, environment);
      await assert.rejects(new CliContext({}).cluster(), (error) => {
        assert.ok(error instanceof UncheckedError);
        assert.equal(error.message, `no cluster can be reached: ${message}`);
        return true;
      });
    });
  }
});
