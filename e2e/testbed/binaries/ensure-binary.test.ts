// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { missingRecipes } from './ensure-binary.ts';

const variables = ['HALLMARK_TESTBED_BIN', 'KUBEBUILDER_ASSETS', 'XDG_CACHE_HOME'] as const;

it('names what is missing once, in the order in which it is wanted', () => {
  const given = variables.map((name) => [name, process.env[name]] as const);
  const empty = mkdtempSync(join(tmpdir(), 'hallmark-empty-cache-'));
  try {
    for (const name of variables) process.env[name] = empty;
    const missing = missingRecipes(['opa', 'kubectl', 'etcd', 'kube-apiserver']);
    assert.deepEqual(
      missing.map(({ name }) => name),
      ['opa', 'kubectl', 'etcd', 'kubernetes'],
    );
  } finally {
    for (const [name, value] of given) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
    rmSync(empty, { recursive: true });
  }
});
