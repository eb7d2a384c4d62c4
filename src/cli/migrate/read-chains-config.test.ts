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
        /^UsageError: a\.yaml: the value of artifacts\.oci\.storage is not a text: write it as Chains reads it/,
      );
    });
  }

  for (const value of [true, 1, null]) {
    it(`refuses ${value} in a ConfigMap, which the API server does not take either`, () => {
      assert.throws(
        () => readChainsConfig('a.yaml', [{ kind: 'ConfigMap', metadata, data: { 'storage.grafeas.noteid': value } }]),
        /^UsageError: a\.yaml: the value of storage\.grafeas\.noteid is no text: put it in quotes/,
      );
    });
  }

  it('reads booleans and numbers of the Tekton operator as the texts that it writes', () => {
    const chain = { 'transparency.enabled': true, 'storage.gcs.bucket': 1 };
    const { data } = readChainsConfig('a.yaml', [{ kind: 'TektonConfig', spec: { chain } }]);
    assert.deepEqual(data, { 'transparency.enabled': 'true', 'storage.gcs.bucket': '1' });
  });

  it('refuses data that is a list, which would be taken for the defaults', () => {
    assert.throws(
      () => readChainsConfig('a.yaml', [{ kind: 'ConfigMap', metadata, data: ['transparency.enabled'] }]),
      /^UsageError: a\.yaml: data of the ConfigMap is no map of keys and values/,
    );
    assert.deepEqual(readChainsConfig('a.yaml', [{ kind: 'ConfigMap', metadata }]).data, {});
  });
});
