// SPDX-License-Identifier: Apache-2.0
import { describeBackend } from '../storage/backend-definition.ts';
import { fitsForm } from '../storage/takes-artifact.ts';
import type { CompiledBackend, PolicyDefinition } from './definitions.ts';
import { takesOfPolicy } from './takes-of-policy.ts';

/**
 * Names the artifacts of a policy that a backend can never hold, although it accepts their type: cosign reads simple signings in its tags
 * alone and statements in bundles alone, and the tags have no room for an entry of Rekor v2. Includes the remedy; undefined when the
 * backend accepts something of each type.
 */
export function formMismatch({ spec }: PolicyDefinition, backend: CompiledBackend): string | undefined {
  const { asked, taken, holdsWitnesses } = takesOfPolicy(spec, backend.spec);
  if (asked.length === 0) return undefined;
  if (!holdsWitnesses) {
    return `${named(backend)} takes nothing of this policy, because it has no room for entries of Rekor v2: give the backend encoding SigstoreBundle, or use transparency.rekor.apiVersion 1`;
  }
  const isImage = ({ type }: { readonly type: string }): boolean => type === 'ImageSignature';
  if (!asked.some(isImage) || taken.some(isImage)) return undefined;
  const { formats } = spec.imageSignatures;
  const fitting = fitsForm(backend.spec, 'SimpleSigning') ? 'SimpleSigning' : 'SigstoreStatement';
  return `${named(backend)} takes no image signatures of this policy (imageSignatures.formats [${formats.join(', ')}]): add ${fitting}, or take ImageSignature out of the backend's artifacts`;
}

function named(backend: CompiledBackend): string {
  const encoding = backend.spec.type === 'OCI' ? ` (encoding ${backend.spec.oci.encoding})` : '';
  return `${describeBackend(backend)}${encoding}`;
}
