// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { before, describe, it } from 'node:test';
import { promisify } from 'node:util';

const CLIENT_PACKAGE = '/@kubernetes/client-node/';

/** Makes an operator as a pod does, and prints what was loaded of the client's package for it. */
const program = `
  import { registerHooks } from 'node:module';
  const loaded = new Set();
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context);
      const [, path] = resolved.url.split(${JSON.stringify(CLIENT_PACKAGE)});
      if (path !== undefined) loaded.add(path);
      return resolved;
    },
  });
  const { HallmarkOperator } = await import('./hallmark-operator.ts');
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const operator = new HallmarkOperator({ logger, init: async () => {}, shutdownGraceSeconds: 0, abortedSeconds: 0 });
  await operator.start();
  await operator.shutDown();
  console.log(JSON.stringify([...loaded]));
`;

describe('the base class of the operator', () => {
  let loaded: readonly string[];

  before(async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: import.meta.dirname,
      env: {},
    });
    const paths: unknown = JSON.parse(stdout);
    assert.ok(Array.isArray(paths));
    loaded = paths.map(String);
  });

  it('works with what is loaded of the Kubernetes client', () => {
    assert.ok(loaded.includes('dist/config.js'), loaded.join('\n'));
  });

  it('loads none of the generated models and API classes of the Kubernetes client', () => {
    const generated = loaded.filter((path) => /gen\/(models|types|apis\/\w+Api\.js)/.test(path));
    assert.deepEqual(generated, []);
    assert.ok(loaded.length < 30, loaded.join('\n'));
  });
});
