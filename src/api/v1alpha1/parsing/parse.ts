// SPDX-License-Identifier: Apache-2.0
import type { Static, TSchema } from 'typebox';
import { clusterSigningPolicySchema } from '../cluster-signing-policy/schema.ts';
import { clusterStorageBackendSchema } from '../cluster-storage-backend/schema.ts';
import type { Immutable } from '../fields/immutable.ts';
import { fieldErrorText } from './field-error.ts';
import { policyCeilingSchema } from '../policy-ceiling/schema.ts';
import { provenanceRecordSchema } from '../provenance-record/schema.ts';
import { signingPolicySchema } from '../signing-policy/schema.ts';
import { storageBackendSchema } from '../storage-backend/schema.ts';
import { validator } from './validator.ts';

/** A stored object in its exact type, or one line with every problem. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

/**
 * Parsers of objects from the API server: metadata is complete, and unknown fields are ignored, because a newer version
 * may have written them. Manifests from files go through parse-manifest.ts.
 */
export const parseSigningPolicy = parser(signingPolicySchema);
export const parseClusterSigningPolicy = parser(clusterSigningPolicySchema);
export const parseStorageBackend = parser(storageBackendSchema);
export const parseClusterStorageBackend = parser(clusterStorageBackendSchema);
export const parsePolicyCeiling = parser(policyCeilingSchema);
export const parseProvenanceRecord = parser(provenanceRecordSchema);

function parser<Schema extends TSchema>(schema: Schema): (value: unknown) => Parsed<Immutable<Static<Schema>>> {
  const validate = validator(schema);
  return (value) => {
    const result = validate(value);
    return result.ok ? result : { ok: false, message: result.problems.map(fieldErrorText).join('; ') };
  };
}
