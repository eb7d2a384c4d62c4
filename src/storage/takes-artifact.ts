// SPDX-License-Identifier: Apache-2.0
import type { EffectiveStorageBackendSpec } from '../api/v1alpha1/storage-backend/defaults.ts';
import type { UnsignedArtifact } from '../evidence/signed-artifact.ts';

/**
 * Whether a backend takes an artifact: its kind, and a form that the backend's encoding can hold. Of an image's two signatures a
 * bundle holds the statement and a cosign tag the simple signing; a policy that makes both feeds backends of both encodings.
 */
export function takesArtifact(
  spec: EffectiveStorageBackendSpec,
  { type, form }: Pick<UnsignedArtifact, 'type' | 'form'>,
): boolean {
  return spec.artifacts.includes(type) && fitsForm(spec, form);
}

/** Whether a backend's encoding can hold a form. */
export function fitsForm(spec: EffectiveStorageBackendSpec, form: UnsignedArtifact['form']): boolean {
  // It takes envelopes alone, and a simple signing has none.
  if (spec.type === 'Archivista') return form !== 'SimpleSigning';
  return spec.type !== 'OCI' || spec.oci.encoding !== unfitEncoding(form);
}

/** The encoding of registries that a form cannot be stored in. */
function unfitEncoding(form: UnsignedArtifact['form']): 'CosignTags' | 'SigstoreBundle' | undefined {
  switch (form) {
    case 'SimpleSigning':
      return 'SigstoreBundle';
    case 'SigstoreStatement':
      return 'CosignTags';
    case 'InTotoStatement':
      return undefined;
  }
}
