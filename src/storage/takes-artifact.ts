// SPDX-License-Identifier: Apache-2.0
import type { EffectiveStorageBackendSpec } from '../api/v1alpha1/storage-backend/defaults.ts';
import type { LogEntry, Artifact } from '../evidence/artifact.ts';

type WitnessedBy = readonly Pick<LogEntry, 'integratedTime'>[];

/** What decides whether a backend takes an artifact, signed or not. */
export interface OfferedArtifact extends Pick<Artifact, 'type' | 'form'> {
  readonly logEntries?: WitnessedBy;
}

/**
 * True when a backend takes an artifact: its kind, and a form and log entries that the backend's encoding can hold. Of an image's two
 * signatures a bundle holds the statement and a cosign tag the simple signing; a policy that makes both feeds backends of both encodings.
 */
export function takesArtifact(
  spec: EffectiveStorageBackendSpec,
  { type, form, logEntries = [] }: OfferedArtifact,
): boolean {
  return spec.artifacts.includes(type) && fitsForm(spec, form) && holdsLogEntries(spec, logEntries);
}

/** True when a backend has room for entries of logs: cosign's tags have none for those of Rekor v2, which state no time. */
export function holdsLogEntries(spec: EffectiveStorageBackendSpec, logEntries: WitnessedBy): boolean {
  const isTags = spec.type === 'OCI' && spec.oci.encoding === 'CosignTags';
  return !isTags || logEntries.every(({ integratedTime }) => integratedTime !== undefined);
}

/** Whether a backend's encoding can hold a form. */
export function fitsForm(spec: EffectiveStorageBackendSpec, form: Artifact['form']): boolean {
  // It takes envelopes alone, and a simple signing has none.
  if (spec.type === 'Archivista') return form !== 'SimpleSigning';
  return spec.type !== 'OCI' || spec.oci.encoding !== unfitEncoding(form);
}

/** The encoding of registries that a form cannot be stored in. */
function unfitEncoding(form: Artifact['form']): 'CosignTags' | 'SigstoreBundle' | undefined {
  switch (form) {
    case 'SimpleSigning':
      return 'SigstoreBundle';
    case 'SigstoreStatement':
      return 'CosignTags';
    case 'InTotoStatement':
      return undefined;
  }
}
