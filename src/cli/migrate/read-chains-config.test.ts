// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readChainsConfig } from './read-chains-config.ts';

describe('readChainsConfig', () => {
  const value = { 'artifacts.oci.storage': ['oci'] };
  const metadata = { name: 'chains-config' };
  for (const document of [
    { kind: 'ConfigMap', metadata, data: value },
    { kind: 'TektonConfig', spec: { chain: value } },
  ]) {
    it(`refuses a list as a value of a ${document.kind}, which would be lost`, () => {
      assert.throws(
        () => readChainsConfig('a.yaml', [document]),
        /^UsageError: a\.yaml: the value of artifacts\.oci\.storage is no text: write it as Chains reads it/,
      );
    });
  }
});
