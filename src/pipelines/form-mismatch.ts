// SPDX-License-Identifier: Apache-2.0
import { describeBackend } from '../storage/backend-definition.ts';
import { takesArtifact } from '../storage/takes-artifact.ts';
import type { CompiledBackend, PolicyDefinition } from './definitions.ts';

/**
 * Why what a policy makes can never be stored in a backend: cosign reads simple signings in its tags alone and statements in bundles
 * alone, and the tags have no room for an entry of Rekor v2. undefined when all is well.
 */
export function formMismatch({ spec }: PolicyDefinition, backend: CompiledBackend): string | undefined {
  if (backend.spec.type !== 'OCI') return undefined;
  const { encoding } = backend.spec.oci;
  const name = `${describeBackend(backend)} (encoding ${encoding})`;
  const { formats } = spec.imageSignatures;
  const type = 'ImageSignature';
  const signsImages = formats.length > 0 && spec.runs.kinds.includes('TaskRun');
  const takesImages = backend.spec.artifacts.includes(type);
  if (signsImages && takesImages && !formats.some((form) => takesArtifact(backend.spec, { type, form }))) {
    const fitting = encoding === 'CosignTags' ? 'SimpleSigning' : 'SigstoreStatement';
    return `imageSignatures.formats [${formats.join(', ')}] cannot be stored in ${name}: add ${fitting}, or take ImageSignature out of the backend's artifacts`;
  }
  const { transparency } = spec;
  if (encoding === 'CosignTags' && transparency.rekor?.apiVersion === 2) {
    return `entries of Rekor v2 cannot be stored in ${name}: give the backend encoding SigstoreBundle, or use transparency.rekor.apiVersion 1`;
  }
  return undefined;
}
