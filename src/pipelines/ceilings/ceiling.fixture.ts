// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { CeilingDefinition } from './ceiling-definition.ts';
import { readCeiling } from './read-ceiling.ts';

/** A PolicyCeiling as the API server delivers it. */
export function ceilingObject(name: string, spec: unknown): object {
  const metadata = {
    name,
    uid: `uid-${name}`,
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2025-01-01T00:00:00Z',
  };
  return { apiVersion: 'hallmark.dev/v1alpha1', kind: 'PolicyCeiling', metadata, spec };
}

/** A PolicyCeiling, read as from the API server. */
export function ceilingDefinition(name: string, spec: object = {}): CeilingDefinition {
  const read = readCeiling(ceilingObject(name, spec));
  assert.ok(read !== undefined && read.invalid === undefined, read?.invalid);
  return read;
}
