// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { PolicyDefinition } from '../pipelines/definitions.ts';
import { readPolicy } from '../pipelines/read-policy.ts';

/** A SigningPolicy with a key, as the API server has it. */
export function policyDefinition(namespace: string, name: string, spec: object = {}): PolicyDefinition {
  const metadata = {
    namespace,
    name,
    uid: name,
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2025-01-01T00:00:00Z',
  };
  const signer = { type: 'Key', key: { secretRef: { name: 'k' } } };
  const object = { apiVersion: 'hallmark.dev/v1alpha1', kind: 'SigningPolicy', metadata, spec: { signer, ...spec } };
  const read = readPolicy(object, 'ops');
  assert.ok(read !== undefined && read.invalid === undefined, read?.invalid);
  return read;
}
